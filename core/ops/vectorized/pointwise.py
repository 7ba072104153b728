"""Elementwise functions, normalisations, softmax and losses in one pass over memory: calls of `pointwise.cpp`.

Each function computes what the operator of its name does, for float32 tensors on the processor that lie without gaps.
For others, and where there is no compiler, the operators compute by whole-tensor arithmetic.
"""

import ctypes
from collections.abc import Collection
from functools import cache, lru_cache
from math import prod

import torch
from torch import Tensor

from core.ops.vectorized import compiled

__all__ = ["activation", "batch_norm", "batch_norm_grads", "loss", "max_pool_grad", "moments", "reads", "softmax"]

FLOAT = torch.float32

PLAIN = (Tensor, torch.nn.Parameter)
"""Tensors whose memory can be read: others may have none, or stand for several."""

ACTIVATIONS = (
    *("relu", "leaky_relu", "sigmoid", "tanh", "hardsigmoid", "hardswish", "silu", "mish"),
    *("gelu none", "gelu tanh"),
)
"""In the order of their numbers in `pointwise.cpp`."""

_ARGUMENTS = {  # p: an address or None; i: an integer; f: a float
    "activation": "ipppifi",
    "moments": "pppp",
    "batch_norm": "ppppppfip",
    "batch_norm_grad": "ppppppfippp",
    "softmax": "pppiiii",
    "loss": "ppppiiiiii",
    "max_pool_grad": "pppipi",
}
_KINDS = {"p": ctypes.c_void_p, "i": ctypes.c_int64, "f": ctypes.c_float}

_Numbers = ctypes.c_int64 * 12


def reads(*tensors: Tensor | None) -> bool:
    """Return whether these tensors, None left out, are float32 in memory that our C++ reads, and that it is there."""
    for tensor in tensors:
        if tensor is None:
            continue
        if type(tensor) not in PLAIN or tensor.dtype is not FLOAT or not tensor.is_cpu or tensor.is_neg():
            return False
    return _is_compiled()  # asked last: the first answer may take a compiler's time


def without_gaps(tensor: Tensor) -> bool:
    """Return whether a tensor lies contiguous, or channels-last."""
    return tensor.is_contiguous() or (tensor.dim() == 4 and tensor.is_contiguous(memory_format=torch.channels_last))


def laid_as(input: Tensor, grad: Tensor) -> Tensor:
    """Return the gradient laid out as the input is; a copy where it is not."""
    return grad.contiguous(memory_format=torch.contiguous_format if input.is_contiguous() else torch.channels_last)


def activation(name: str, input: Tensor, grad: Tensor | None = None, slope: float = 0.0) -> Tensor | None:
    """Return an activation of every element, or its derivative times `grad`; None if the tensors cannot be read."""
    if not (reads(input, grad) and without_gaps(input)):
        return None
    grad = None if grad is None else laid_as(input, grad)
    output = torch.empty_like(input)
    _functions().activation(
        *(ACTIVATIONS.index(name), input.data_ptr(), _at(grad), output.data_ptr(), input.numel(), slope),
        torch.get_num_threads(),
    )
    return output


def moments(input: Tensor) -> tuple[Tensor, Tensor] | None:
    """Return mean and variance of every channel; None if unreadable."""
    if not (input.numel() and reads(input) and without_gaps(input)):
        return None
    mean, var = input.new_empty(2, input.shape[1])
    _functions().moments(_channels(input), input.data_ptr(), mean.data_ptr(), var.data_ptr())
    return mean, var


def batch_norm(
    input: Tensor, mean: Tensor | None, var: Tensor | None, weight: Tensor | None, bias: Tensor | None, eps: float
) -> Tensor | None:
    """Return every channel normalised, with its own mean and variance where none are given; None if unreadable."""
    if not (
        input.numel()
        and reads(input, mean, var, weight, bias)
        and without_gaps(input)
        and _dense(mean, var, weight, bias)
    ):
        return None
    training = mean is None or var is None
    mean, var = input.new_empty(2, input.shape[1]) if mean is None or var is None else (mean, var)
    output = torch.empty_like(input)
    _functions().batch_norm(
        *(_channels(input), input.data_ptr(), mean.data_ptr(), var.data_ptr(), _at(weight), _at(bias)),
        *(eps, training, output.data_ptr()),
    )
    return output


def batch_norm_grads(
    input: Tensor,
    grad: Tensor,
    mean: Tensor | None,
    var: Tensor | None,
    weight: Tensor | None,
    eps: float,
    wanted: Collection[str] = ("input", "weight", "bias"),
) -> dict[str, Tensor] | None:
    """Return the wanted gradients by name, with its own mean and variance where none are given; None if unreadable."""
    if not (
        input.numel() and reads(input, grad, mean, var, weight) and without_gaps(input) and _dense(mean, var, weight)
    ):
        return None
    grad = laid_as(input, grad)
    training, C = mean is None or var is None, input.shape[1]
    mean, var = input.new_empty(2, C) if mean is None or var is None else (mean, var)
    grads = {which: torch.empty_like(input) if which == "input" else input.new_empty(C) for which in wanted}
    _functions().batch_norm_grad(
        *(_channels(input), input.data_ptr(), grad.data_ptr(), mean.data_ptr(), var.data_ptr(), _at(weight)),
        *(eps, training, *(_at(grads.get(which)) for which in ("input", "weight", "bias"))),
    )
    return grads


def softmax(input: Tensor, dim: int, grad: Tensor | None = None, *, logarithm: bool) -> Tensor | None:
    """Return the softmax along the last dimension, its logarithm, or their gradient; None if unreadable."""
    last = dim in (-1, input.dim() - 1)
    if not (last and input.numel() and reads(input, grad) and _dense(input, grad)):
        return None
    output, C = torch.empty_like(input), input.shape[-1]
    _functions().softmax(
        *(input.data_ptr(), _at(grad), output.data_ptr(), input.numel() // C, C, logarithm),
        torch.get_num_threads(),
    )
    return output


def loss(
    input: Tensor | None,
    target: Tensor,
    classes: int,
    ignore_index: int,
    reduction: str,
    *,
    logits: bool = False,
    grad: Tensor | None = None,
) -> Tensor | None:
    """Return the loss of log-probabilities or of logits, or its gradient; None if unreadable or a class is wrong.

    Args:
        input: `(N, C)`; the gradient of log-probabilities does not read it.
        target: `(N,)`, class indices.
        classes: C.
        ignore_index: The class whose rows are left out.
        reduction: "mean", "sum" or "none".
        logits: Whether the input still is to be normalised.
        grad: dL/dloss, where the gradient is asked for.
    """
    like = input if grad is None else grad
    if like is None or not (target.numel() and reads(input, grad) and _dense(input, target, grad)):
        return None
    if type(target) is not Tensor or not target.is_cpu:
        return None
    N, each = len(target), reduction == "none"
    output = like.new_empty((N, classes) if grad is not None else (N,) if each else ())
    wrong = _functions().loss(
        *(_at(input), target.data_ptr(), _at(grad), output.data_ptr(), N, classes, ignore_index, logits),
        *(each, reduction == "mean"),
    )
    return output if wrong < 0 else None


def max_pool_grad(input: Tensor, grad: Tensor, settings: tuple[int, ...]) -> Tensor | None:
    """Return dL/dinput of a max pooling; None if unreadable.

    Args:
        input: `(N, C, H, W)`.
        grad: `(N, C, outH, outW)`.
        settings: kernel, stride, padding and dilation, two numbers each.
    """
    if not (input.numel() and reads(input, grad) and without_gaps(input) and without_gaps(grad)):
        return None
    input, grad = input.contiguous(), grad.contiguous()
    output, (H, W) = torch.empty_like(input), input.shape[2:]
    numbers = _numbers(H, W, *grad.shape[2:], *settings)
    _functions().max_pool_grad(
        *(input.data_ptr(), grad.data_ptr(), output.data_ptr(), input.numel() // (H * W), numbers),
        torch.get_num_threads(),
    )
    return output


@cache
def _is_compiled() -> bool:
    return compiled.missing("pointwise") is None


@cache
def _functions() -> ctypes.CDLL:
    functions = compiled.functions("pointwise")
    for name, kinds in _ARGUMENTS.items():
        function = getattr(functions, name)
        function.argtypes, function.restype = [_KINDS[kind] for kind in kinds], None
    functions.loss.restype = ctypes.c_int64
    return functions


def _channels(input: Tensor) -> "ctypes.Array[ctypes.c_int64]":
    """Return the struct `Channels` of `pointwise.cpp`; without pixels behind them channels lie last."""
    N, C, *size = input.shape
    L = prod(size)
    return _numbers(N, C, L, int(L == 1 or not input.is_contiguous()), torch.get_num_threads())


@lru_cache(maxsize=4096)
def _numbers(*numbers: int) -> "ctypes.Array[ctypes.c_int64]":
    return _Numbers(*numbers)


def _at(tensor: Tensor | None) -> int | None:
    return None if tensor is None else tensor.data_ptr()


def _dense(*tensors: Tensor | None) -> bool:
    return all(tensor is None or tensor.is_contiguous() for tensor in tensors)
