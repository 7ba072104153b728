"""Elementwise functions, normalisations, softmax, losses, max pooling in few passes over memory: calls `pointwise.cpp`.

Each function computes what the operator of its name does, for float32 tensors on the processor that lie without gaps,
and returns None for others, for sizes that do not fit, and where there is no compiler: the operators then say what is
wrong, or compute by whole-tensor arithmetic. A call on a few elements costs some microseconds, of which every look at
a tensor is a tenth, so what is asked for is asked once.
"""

import ctypes
from collections.abc import Collection, Sequence
from functools import cache, lru_cache
from math import prod
from struct import pack

import torch
from torch import Tensor, empty_like, get_num_threads
from torch.nn import Parameter

from core.ops.geometry import Windows
from core.ops.vectorized import compiled

__all__ = [
    *("Moments", "activation", "loss", "max_pool", "max_pool_grad", "normal", "normal_grads", "pad"),
    *("reads", "softmax"),
]

FLOAT, CPU = torch.float32, torch.device("cpu")
NUMBER = torch.empty((), dtype=FLOAT, device=CPU)
"""What an empty one is made like: sooner than of its size."""

WORTH_A_THREAD = 1 << 15
"""Elements from which on another thread takes its share: with fewer, starting it costs more than it gives."""

ACTIVATIONS = (
    *("leaky_relu", "sigmoid", "hardsigmoid", "hardswish", "silu", "mish", "gelu none", "gelu tanh"),
    *("relu", "tanh"),
)
"""In the order of their numbers in `pointwise.cpp`; the last two have only a gradient there, sigmoid's and tanh's are
those of the output."""

_NUMBERS = {name: number for number, name in enumerate(ACTIVATIONS)}

_POINTERS = {"activation": 4, "norm": 7, "norm_grad": 9, "softmax": 4, "loss": 5}
_POINTERS |= {"pad": 5, "max_pool": 5, "max_pool_grad": 4}
"""How many arguments each function has, addresses or integers; at the first lies a struct of settings."""

Pair = tuple[int, int]
Sources = tuple[tuple[int, ...], tuple[int, ...]]
"""The rows and the columns of images that those of padded ones repeat."""

Moments = tuple[Tensor, Tensor]
"""Means and variances, of every channel or of every image's groups."""


def reads(*tensors: Tensor | None) -> bool:
    """Return whether these tensors, None left out, are float32 in memory that our C++ reads, and that it is there.

    Only plain tensors and parameters are: others may have no memory, or stand for several.
    """
    for tensor in tensors:
        if tensor is not None and not _is_read(tensor):
            return False
    return _functions() is not None  # asked last: the first answer may take a compiler's time


def _is_read(tensor: Tensor) -> bool:
    kind = type(tensor)
    return (kind is Tensor or kind is Parameter) and tensor.dtype is FLOAT and tensor.is_cpu and not tensor.is_neg()


def without_gaps(tensor: Tensor) -> bool:
    """Return whether a tensor lies contiguous, or channels-last."""
    return tensor.is_contiguous() or (tensor.dim() == 4 and tensor.is_contiguous(memory_format=torch.channels_last))


def laid_as(input: Tensor, grad: Tensor) -> Tensor:
    """Return the gradient laid out as the input is; a copy where it is not."""
    if input.is_contiguous():
        return grad if grad.is_contiguous() else grad.contiguous()
    return grad.contiguous(memory_format=torch.channels_last)


def activation(name: str, input: Tensor, grad: Tensor | None = None, slope: float = 0.0) -> Tensor | None:
    """Return an activation of every element, or its derivative times `grad`."""
    if not _is_read(input) or not (input.is_contiguous() or without_gaps(input)):
        return None
    if grad is not None:
        if not _is_read(grad) or grad.shape != input.shape:
            return None
        grad = laid_as(input, grad)
    functions = _functions()
    if functions is None:
        return None
    output = empty_like(input)
    settings = _activation(name, input.numel(), get_num_threads(), slope)
    functions.activation(settings, input.data_ptr(), None if grad is None else grad.data_ptr(), output.data_ptr())
    return output


@lru_cache(maxsize=4096)
def _activation(name: str, count: int, threads: int, slope: float) -> bytes:
    """Return the struct `Activation` of `pointwise.cpp`."""
    return _settings("activation", count, threads, _NUMBERS[name], count, slope)


def normal(
    input: Tensor,
    moments: Moments | None,
    weight: Tensor | None,
    bias: Tensor | None,
    eps: float,
    *,
    groups: int = 0,
) -> tuple[Tensor, Moments] | None:
    """Return every channel normalised, or every group of channels, and what by: its own moments if none are given."""
    own = moments is None
    plan = _norm(input, groups, not own, not own, eps)
    if plan is None:
        return None
    settings, C, sets = plan
    mean, var = moments or (input.new_empty(sets), input.new_empty(sets))
    if not (own or _are_vectors(sets, mean, var)) or not _are_vectors(C, weight, bias):
        return None
    output = empty_like(input)
    _compiled().norm(
        *(settings, input.data_ptr(), mean.data_ptr(), var.data_ptr(), _at(weight), _at(bias), output.data_ptr())
    )
    return output, (mean, var)


def normal_grads(
    input: Tensor,
    grad: Tensor,
    moments: Moments | None,
    weight: Tensor | None,
    eps: float,
    wanted: Collection[str] = ("input", "weight", "bias"),
    *,
    constant: bool = False,
    groups: int = 0,
) -> dict[str, Tensor] | None:
    """Return the wanted gradients of `normal` by name.

    Args:
        input: `(N, C, *)`.
        grad: dL/doutput.
        moments: What it was normalised by, if that is known.
        weight: `(C,)`, or None.
        eps: Of the forward pass.
        wanted: Of "input", "weight" and "bias".
        constant: Whether the moments do not depend on the input.
        groups: Groups of channels; 0 where every channel of all images has its own moments.
    """
    plan = _norm(input, groups, True, constant, eps)
    if plan is None or not _is_read(grad) or grad.shape != input.shape:
        return None
    settings, C, sets = plan
    if moments is None and (found := normal(input, None, None, None, eps, groups=groups)) is not None:
        moments = found[1]
    if moments is None or not (_are_vectors(sets, *moments) and _are_vectors(C, weight)):
        return None
    grad, (mean, var) = laid_as(input, grad), moments
    grads = {which: empty_like(input) if which == "input" else input.new_zeros(C) for which in wanted}
    to = [_at(grads.get(which)) for which in ("input", "weight", "bias")]
    from_ = input.data_ptr(), grad.data_ptr(), mean.data_ptr(), var.data_ptr(), _at(weight)
    _compiled().norm_grad(settings, *from_, *to)
    return grads


def softmax(input: Tensor, dim: int, grad: Tensor | None = None, *, logarithm: bool) -> Tensor | None:
    """Return the softmax along the last dimension, or its logarithm; given `grad`, the gradient, `input` the output."""
    if not (_is_read(input) and input.is_contiguous() and (dim == -1 or dim == input.dim() - 1)):
        return None
    size = input.shape
    if 0 in size or not size:
        return None
    if grad is not None and not (_is_read(grad) and grad.shape == size and grad.is_contiguous()):
        return None
    functions = _functions()
    if functions is None:
        return None
    output, C, count = empty_like(input), size[-1], input.numel()
    settings = _settings("softmax", count, get_num_threads(), count // C, C, logarithm)
    functions.softmax(settings, input.data_ptr(), None if grad is None else grad.data_ptr(), output.data_ptr())
    return output


def loss(
    input: Tensor | None,
    target: Tensor,
    size: Sequence[int] | None,
    ignore_index: int,
    reduction: str,
    *,
    logits: bool = False,
    grad: Tensor | None = None,
) -> Tensor | None:
    """Return the loss of log-probabilities or of logits, or its gradient; None also if a class is wrong.

    Args:
        input: `(N, C)`; the gradient of log-probabilities does not read it.
        target: `(N,)`, class indices.
        size: `(N, C)`; None is the input's.
        ignore_index: The class whose rows are left out.
        reduction: "mean", "sum" or "none".
        logits: Whether the input still is to be normalised.
        grad: dL/dloss, where the gradient is asked for.
    """
    if input is None or size is None:
        size = size if input is None else input.shape
    elif input.shape != size:
        return None
    if size is None or len(size) != 2 or reduction not in ("mean", "sum", "none") or not reads(input, grad):
        return None
    if type(target) is not Tensor or target.dtype is not torch.int64 or not target.is_cpu:
        return None
    (N, C), each = size, reduction == "none"
    losses = (N,) if each else ()
    if not (N and C and target.shape == (N,) and target.is_contiguous() and (input is None or input.is_contiguous())):
        return None
    if grad is not None and (grad.shape != losses or not grad.is_contiguous()):
        return None
    output = torch.empty(N, dtype=FLOAT, device=CPU) if each else empty_like(NUMBER)
    if grad is not None:
        output = grad.new_empty(N, C)
    settings = _settings("loss", 0, 1, N, C, ignore_index, logits, each, reduction == "mean")
    wrong = _compiled().loss(settings, _at(input), target.data_ptr(), _at(grad), output.data_ptr())
    return output if wrong < 0 else None


def pad(images: Tensor | None, padded: Tensor | None, size: Sequence[int], sources: Sources) -> Tensor | None:
    """Return padded images, or, where these are given, what they send to the images of that size.

    Args:
        images: `(N, C, H, W)`, or None where the gradient is asked for.
        padded: The gradient with respect to the padded images, or None.
        size: `(N, C, H, W)`.
        sources: Rows and columns.
    """
    given = padded if images is None else images
    if given is None or not (reads(given) and given.is_contiguous()):
        return None
    (N, C, H, W), (rows, cols) = size, sources
    made = given.new_empty(N, C, len(rows), len(cols)) if padded is None else given.new_empty(N, C, H, W)
    outputs, runs = len(rows) * len(cols), _runs(W, rows, cols)
    settings = _settings("planes", N * C * outputs, get_num_threads(), N * C, H * W, outputs, len(runs))
    both = (given, made) if padded is None else (made, given)
    _compiled().pad(settings, runs.data_ptr(), *(tensor.data_ptr() for tensor in both), padded is not None)
    return made


@lru_cache(maxsize=256)
def _runs(W: int, rows: tuple[int, ...], cols: tuple[int, ...]) -> Tensor:
    """Return the runs of neighbours in a plane that a padded one repeats, `(runs, 3)`: to, from, count; int32."""
    places = (torch.tensor(rows, device=CPU)[:, None] * W + torch.tensor(cols, device=CPU)).flatten()
    starts = (places.diff(prepend=places[:1] - 2) != 1).nonzero()[:, 0]
    counts = starts.diff(append=torch.tensor([len(places)], device=CPU))
    return torch.stack((starts, places[starts], counts), 1).to(torch.int32)


def max_pool(input: Tensor, windows: Windows) -> tuple[Tensor, Tensor] | None:
    """Return the largest element of every window, and its index in its plane, int32."""
    if not (reads(input) and input.numel() and input.is_contiguous()):
        return None
    output = input.new_empty(*input.shape[:2], *windows.output)
    indices, places = empty_like(output, dtype=torch.int32), _places(tuple(input.shape[2:]), windows)
    settings = _pooling(input.shape, windows, get_num_threads())
    _compiled().max_pool(settings, places.data_ptr(), input.data_ptr(), output.data_ptr(), indices.data_ptr())
    return output, indices


def max_pool_grad(size: Sequence[int], grad: Tensor, indices: Tensor, windows: Windows) -> Tensor | None:
    """Return dL/dinput of the max pooling of an input of that size that gave these indices, int32."""
    if not (reads(grad) and grad.is_contiguous() and indices.dtype is torch.int32 and 0 not in size):
        return None
    output = grad.new_empty(size)
    settings = _pooling(size, windows, get_num_threads())
    _compiled().max_pool_grad(settings, indices.data_ptr(), grad.data_ptr(), output.data_ptr())
    return output


def _pooling(size: Sequence[int], windows: Windows, threads: int) -> bytes:
    """Return the struct `Planes` of `pointwise.cpp`."""
    planes, pixels, outputs = size[0] * size[1], size[2] * size[3], prod(windows.output)
    return _settings("planes", planes * pixels, threads, planes, pixels, outputs, prod(windows.kernel))


@lru_cache(maxsize=256)
def _places(size: Pair, windows: Windows) -> Tensor:
    """Return `(taps, windows)`, int32: which element of a plane of that size each tap of each window reads.

    Taps beside the plane read what the tap before them inside it has read, or else the first inside.
    """
    indices, inside = torch.zeros((), dtype=torch.int64, device=CPU), torch.ones((), dtype=torch.bool, device=CPU)
    for axis, extent in enumerate(size):
        starts = torch.arange(windows.output[axis], device=CPU) * windows.stride[axis] - windows.before[axis]
        reads = torch.arange(windows.kernel[axis], device=CPU)[:, None] * windows.dilation[axis] + starts
        reads = reads[:, None, :, None] if axis == 0 else reads[:, None, :]
        indices, inside = indices * extent + reads, inside & (reads >= 0) & (reads < extent)
    indices, inside = indices.flatten(0, 1).flatten(1), inside.flatten(0, 1).flatten(1)
    first = indices.where(inside, prod(size)).amin(0)
    return torch.maximum(indices.where(inside, -1).cummax(0).values, first).to(torch.int32)


@cache
def _functions() -> ctypes.CDLL | None:
    if compiled.missing("pointwise"):
        return None
    functions = compiled.functions("pointwise")
    for name, count in _POINTERS.items():
        function = getattr(functions, name)
        function.argtypes, function.restype = [ctypes.c_char_p, *[ctypes.c_void_p] * (count - 1)], None
    functions.loss.restype = ctypes.c_int64
    return functions


def _compiled() -> ctypes.CDLL:
    functions = _functions()
    assert functions is not None
    return functions


def _norm(input: Tensor, groups: int, given: bool, constant: bool, eps: float) -> tuple[bytes, int, int] | None:
    """Return the struct `Norm` of `pointwise.cpp`, the channels and the sets; None where it does not read the input."""
    if not reads(input):
        return None
    contiguous = input.is_contiguous()
    if not contiguous and (groups or not without_gaps(input)):
        return None
    return _norm_plan(input.shape, contiguous, get_num_threads(), groups, given, constant, eps)


@lru_cache(maxsize=4096)
def _norm_plan(
    size: Sequence[int], contiguous: bool, threads: int, groups: int, given: bool, constant: bool, eps: float
) -> tuple[bytes, int, int] | None:
    """Return what `_norm` does; without pixels behind them channels lie last."""
    if len(size) < 2 or 0 in size or (groups and size[1] % groups):
        return None
    N, C, L = *size[:2], prod(size[2:])
    if not constant and N * L * (C // groups if groups else 1) == 1:  # refused: a single value has no variance
        return None
    sets, last = N * groups or C, not groups and (L == 1 or not contiguous)
    if L == 1 and last:  # one run of rows
        N, L = 1, N
    return _settings("norm", N * C * L, threads, N, C, L, groups, last, given, constant, eps), C, sets


@lru_cache(maxsize=4096)
def _settings(function: str, elements: int, threads: int, *numbers: int | float) -> bytes:
    """Return the struct of a function's settings: as many threads as so many elements are worth, then the numbers.

    They are int64, of two functions with a double at their end.
    """
    last = "d" if function in ("activation", "norm") else "q"
    worth = max(1, min(-(-elements // WORTH_A_THREAD), threads))
    return pack("q" * len(numbers) + last, worth, *numbers)


def _at(tensor: Tensor | None) -> int | None:
    return None if tensor is None else tensor.data_ptr()


def _are_vectors(count: int, *tensors: Tensor | None) -> bool:
    """Return whether these tensors, None left out, are read, contiguous and of so many elements."""
    for tensor in tensors:
        if tensor is not None and not (_is_read(tensor) and tensor.is_contiguous() and tensor.shape == (count,)):
            return False
    return True
