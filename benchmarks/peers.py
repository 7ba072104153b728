"""Every other operator of `core.ops.vectorized` beside the functions of the framework that compute the same.

A case is one call on one input size: the forward passes of both sides, and on both sides all gradients that a
training step asks for. The framework is given what its own forward pass has kept for its gradient (the output,
statistics, indices), ours what `core.nn` gives them: the operator's tensors, and what its `NAME_kept`, which is then
timed as the forward pass, has kept.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from core.ops import vectorized

__all__ = ["CASES", "LEFT_OUT", "Case"]

Call = Callable[[], Any]
Two = tuple[Call, Call]
Size = tuple[int, ...]

aten: Any = torch.ops.aten


@dataclass(frozen=True)
class Case:
    """One call of an operator: `(ours, the framework's)` forward, and of all gradients."""

    name: str
    size: Size
    forward: Two
    gradients: Two


def _mine(name: str, *args: Any, **options: Any) -> Call:
    return partial(getattr(vectorized, name), *args, **options)


def _each(*calls: Call) -> Call:
    return lambda: [call() for call in calls]


def _elementwise(name: str, forward: Callable[[Tensor], Tensor], backward: Callable[..., Tensor]) -> Any:
    """An activation; its gradient takes the framework `(grad, input, output)`."""

    def make(_: str, size: Size) -> Case:
        input = 3 * torch.randn(size)
        output, grad = forward(input), torch.randn(size)
        of_output = hasattr(vectorized, f"{name}_grads")  # as `core.nn` asks for it
        mine = _mine(f"{name}_grads", output, grad) if of_output else _mine(f"{name}_input_grad", input, grad)
        gradients = mine, partial(backward, grad, input, output)
        return Case(name, size, (_mine(name, input), partial(forward, input)), gradients)

    return make


def _softmax(name: str, size: Size) -> Case:
    input, grad = torch.randn(size), torch.randn(size)
    forward = partial(getattr(F, name), input, 1)
    backward = {"softmax": aten._softmax_backward_data, "log_softmax": aten._log_softmax_backward_data}[name]
    theirs, mine = partial(backward, grad, forward(), 1, torch.float32), _mine(f"{name}_grads", forward(), grad, 1)
    return Case(name, size, (_mine(name, input, 1), forward), (mine, theirs))


def _nll_loss(name: str, size: Size) -> Case:
    input, target, one = torch.randn(size).log_softmax(1), torch.randint(size[1], size[:1]), torch.ones(())
    count = torch.tensor(float(size[0]))
    theirs = partial(aten.nll_loss_backward, one, input, target, None, 1, -100, count)
    mine = _mine("nll_loss_input_grad", input.shape, target, one)
    return Case(name, size, (_mine(name, input, target), partial(F.nll_loss, input, target)), (mine, theirs))


def _cross_entropy(name: str, size: Size) -> Case:
    input, target, one = torch.randn(size), torch.randint(size[1], size[:1]), torch.ones(())
    log_p, count = input.log_softmax(1), torch.tensor(float(size[0]))

    def theirs() -> Tensor:
        grad = aten.nll_loss_backward(one, log_p, target, None, 1, -100, count)
        result: Tensor = aten._log_softmax_backward_data(grad, log_p, 1, torch.float32)
        return result

    mine = _mine("cross_entropy_input_grad", input, target, one)
    return Case(name, size, (_mine(name, input, target), partial(F.cross_entropy, input, target)), (mine, theirs))


def _batch_norm(training: bool) -> Any:
    def make(name: str, size: Size) -> Case:
        input, grad = torch.randn(size), torch.randn(size)
        (mean, weight, bias), var = torch.randn(3, size[1]), torch.rand(size[1]) + 0.5
        running: Any = (None, None) if training else (mean, var)
        kept = aten.native_batch_norm(input, weight, bias, *running, training, 0.1, 1e-5)[1:]
        theirs = partial(
            aten.native_batch_norm_backward, grad, input, weight, *running, *kept, training, 1e-5, [True] * 3
        )
        forward_kept = _mine("batch_norm_kept", input, *running, weight, bias, training)
        grads = _mine("batch_norm_grads", input, grad, *running, weight, training, kept=forward_kept()[1])
        forward = partial(F.batch_norm, input, running[0], running[1], weight, bias, training)
        return Case(name, size, (forward_kept, forward), (grads, theirs))

    return make


def _group_norm(name: str, size: Size) -> Case:
    groups = next(groups for groups in (32, 8, 4, 2, 1) if size[1] % groups == 0)
    input, grad, (weight, bias) = torch.randn(size), torch.randn(size), torch.randn(2, size[1])
    area = input[0, 0].numel()
    kept = aten.native_group_norm(input, weight, bias, size[0], size[1], area, groups, 1e-5)[1:]
    theirs = partial(
        aten.native_group_norm_backward, grad, input, *kept, weight, size[0], size[1], area, groups, [True] * 3
    )
    mine = _mine(
        "group_norm_grads", input, grad, groups, weight, kept=vectorized.group_norm_kept(input, groups, weight, bias)[1]
    )
    forward = partial(F.group_norm, input, groups, weight, bias)
    return Case(name, size, (_mine("group_norm_kept", input, groups, weight, bias), forward), (mine, theirs))


def _linear(name: str, size: Size) -> Case:
    outputs = 128 if len(size) == 2 else size[-1]
    input, weight, bias = torch.randn(size), torch.randn(outputs, size[-1]) / size[-1] ** 0.5, torch.randn(outputs)
    grad = torch.randn(*size[:-1], outputs)
    rows, grad_rows = input.flatten(0, -2), grad.flatten(0, -2)
    theirs = _each(lambda: grad @ weight, lambda: grad_rows.mT @ rows, lambda: grad_rows.sum(0))
    mine = _each(
        _mine("linear_input_grad", input.shape, weight, grad),
        _mine("linear_weight_grad", input, weight.shape, grad),
        _mine("linear_bias_grad", grad),
    )
    return Case(name, size, (_mine(name, input, weight, bias), partial(F.linear, input, weight, bias)), (mine, theirs))


def _dropout(name: str, size: Size) -> Case:
    input, mask = torch.randn(size), torch.rand(size) < 0.5
    theirs = partial(aten.native_dropout_backward, input, mask, 2.0)
    return Case(name, size, (_mine(name, input, mask, 0.5), theirs), (_mine("dropout_input_grad", mask, input), theirs))


def _max_pool2d(*settings: int) -> Any:
    kernel, stride, padding = settings

    def make(name: str, size: Size) -> Case:
        input = torch.randn(size)
        output, indices = aten.max_pool2d_with_indices(input, [kernel] * 2, [stride] * 2, [padding] * 2)
        grad = torch.randn_like(output)
        theirs = partial(
            aten.max_pool2d_with_indices_backward,
            *(grad, input, [kernel] * 2, [stride] * 2, [padding] * 2, [1, 1], False, indices),
        )
        kept = _mine("max_pool2d_kept", input, *settings)
        mine = _mine("max_pool2d_grads", input, grad, *settings, kept=kept()[1])
        forward = kept, partial(F.max_pool2d, input, *settings)
        return Case(name, size, forward, (mine, theirs))

    return make


def _avg_pool2d(name: str, size: Size) -> Case:
    input = torch.randn(size)
    grad = torch.randn_like(F.avg_pool2d(input, 2))
    theirs = partial(aten.avg_pool2d_backward, grad, input, [2, 2], [2, 2], [0, 0], False, True, None)
    mine = _mine("avg_pool2d_input_grad", input.shape, grad, 2)
    return Case(name, size, (_mine(name, input, 2), partial(F.avg_pool2d, input, 2)), (mine, theirs))


def _adaptive_avg_pool2d(name: str, size: Size) -> Case:
    input, grad = torch.randn(size), torch.randn(*size[:2], 1, 1)

    def theirs() -> Tensor:  # to a single average the framework goes by the mean, whose gradient is a division
        return (grad / math.prod(size[2:])).expand(size).contiguous()

    mine = _mine("adaptive_avg_pool2d_input_grad", input.shape, grad)
    return Case(name, size, (_mine(name, input, 1), partial(F.adaptive_avg_pool2d, input, 1)), (mine, theirs))


def _pad2d(mode: str) -> Any:
    def make(name: str, size: Size) -> Case:
        input, grad = torch.randn(size), torch.randn(*size[:2], size[2] + 2, size[3] + 2)
        forward = partial(F.pad, input, (1, 1, 1, 1), "constant" if mode == "zeros" else mode)
        backward = {
            "zeros": partial(aten.constant_pad_nd, grad, [-1] * 4),
            "reflect": partial(aten.reflection_pad2d_backward, grad, input, [1] * 4),
        }
        mine = _mine("pad2d_input_grad", input.shape, grad, (1, 1, 1, 1), padding_mode=mode)
        ours = _mine("pad2d", input, (1, 1, 1, 1), padding_mode=mode)
        return Case(name, size, (ours, forward), (mine, backward[mode]))

    return make


def _conv1d(name: str, size: Size) -> Case:
    N, C, _, W = size
    input, weight = torch.randn(N, C, W), torch.randn(C, C, 3) / (3 * C) ** 0.5
    grad = torch.randn(N, C, W)
    theirs = partial(
        aten.convolution_backward, grad, input, weight, [C], [1], [1], [1], False, [0], 1, [True, True, True]
    )
    mine = _each(
        _mine("conv1d_input_grad", input.shape, weight, grad, 1, 1),
        _mine("conv1d_weight_grad", input, weight.shape, grad, 1, 1),
        _mine("conv1d_bias_grad", grad),
    )
    forward = _mine(name, input, weight, None, 1, 1), partial(F.conv1d, input, weight, None, 1, 1)
    return Case(name, size, forward, (mine, theirs))


def _conv_transpose2d(name: str, size: Size) -> Case:
    """A decoder's layer: twice as large, half as many channels, kernel 4, stride 2."""
    C = size[1]
    input, weight = torch.randn(size), torch.randn(C, max(1, C // 2), 4, 4) / (4 * C) ** 0.5
    forward = partial(F.conv_transpose2d, input, weight, None, 2, 1)
    grad = torch.randn_like(forward())
    theirs = partial(
        aten.convolution_backward,
        *(grad, input, weight, [weight.shape[1]], [2, 2], [1, 1], [1, 1], True, [0, 0], 1, [True, True, True]),
    )
    mine = _each(
        _mine("conv_transpose2d_input_grad", input.shape, weight, grad, 2, 1),
        _mine("conv_transpose2d_weight_grad", input, weight.shape, grad, 2, 1),
        _mine("conv_transpose2d_bias_grad", grad),
    )
    return Case(name, size, (_mine(name, input, weight, None, 2, 1), forward), (mine, theirs))


CASES: dict[str, tuple[Callable[[str, Size], Case], str]] = {
    "relu": (_elementwise("relu", F.relu, lambda g, x, y: aten.threshold_backward(g, x, 0)), "relu"),
    "leaky_relu": (
        _elementwise("leaky_relu", F.leaky_relu, lambda g, x, y: aten.leaky_relu_backward(g, x, 0.01, False)),
        "relu",
    ),
    "gelu": (_elementwise("gelu", F.gelu, lambda g, x, y: aten.gelu_backward(g, x)), "gelu"),
    "silu": (_elementwise("silu", F.silu, lambda g, x, y: aten.silu_backward(g, x)), "silu"),
    "mish": (_elementwise("mish", F.mish, lambda g, x, y: aten.mish_backward(g, x)), "silu"),
    "sigmoid": (_elementwise("sigmoid", torch.sigmoid, lambda g, x, y: aten.sigmoid_backward(g, y)), "relu"),
    "tanh": (_elementwise("tanh", torch.tanh, lambda g, x, y: aten.tanh_backward(g, y)), "relu"),
    "hardsigmoid": (
        _elementwise("hardsigmoid", F.hardsigmoid, lambda g, x, y: aten.hardsigmoid_backward(g, x)),
        "hardswish",
    ),
    "hardswish": (_elementwise("hardswish", F.hardswish, lambda g, x, y: aten.hardswish_backward(g, x)), "hardswish"),
    "batch_norm, evaluation": (_batch_norm(False), "batch_norm"),
    "batch_norm, training": (_batch_norm(True), "batch_norm"),
    "group_norm": (_group_norm, "batch_norm"),
    "max_pool2d, 2": (_max_pool2d(2, 2, 0), "max_pool2d"),
    "max_pool2d, 3, stride 2": (_max_pool2d(3, 2, 1), "max_pool2d"),
    "avg_pool2d": (_avg_pool2d, "avg_pool2d"),
    "adaptive_avg_pool2d": (_adaptive_avg_pool2d, "adaptive_avg_pool2d"),
    "linear": (_linear, "linear"),
    "dropout": (_dropout, "dropout"),
    "softmax": (_softmax, "output"),
    "log_softmax": (_softmax, "output"),
    "nll_loss": (_nll_loss, "output"),
    "cross_entropy": (_cross_entropy, "output"),
    "pad2d, zeros": (_pad2d("zeros"), "max_pool2d"),
    "pad2d, reflect": (_pad2d("reflect"), "max_pool2d"),
    "conv1d": (_conv1d, "max_pool2d"),
    "conv_transpose2d": (_conv_transpose2d, "avg_pool2d"),
}
"""How a case is made, and the operation of the networks whose sizes it is made for; "output" is what they return."""

LEFT_OUT = {
    "conv2d": "`benchmarks.operators` times it apart",
    "convolve2d": "the framework has no convolution that turns its kernel around",
    "batch_norm_running_stats": "timed within training steps",
}
"""Operators without a case, and why."""
