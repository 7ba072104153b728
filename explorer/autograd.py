"""One operator on small matrices, computed by torch and its autograd: what the page's arithmetic is checked against."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor

from core.ops.geometry import PADDING_MODES, adaptive_output_size, conv_windows, pool_windows
from explorer.settings import Settings

__all__ = ["OPERATORS", "Operator", "answered", "differentiate"]

Tensors = dict[str, Tensor]


@dataclass(frozen=True)
class Operator:
    """What torch says of one operator.

    Attributes:
        ranks: Its tensors and their numbers of dimensions; a picture has no batch.
        results: Its output and gradients for L = Σ gradOutput · output, by the names that the page gives them.
    """

    ranks: Mapping[str, int]
    results: Callable[[Tensors, Settings], Tensors]


def differentiate(op: str, tensors: Tensors, settings: Settings) -> Tensors:
    """Return an operator's output, its gradients by autograd for L = Σ gradOutput · output, and a step of its parameters.

    Args:
        op: One of `OPERATORS`.
        tensors: float64, of the ranks that the operator asks for.
        settings: Its settings by the names that the page gives them.

    Raises:
        ValueError: A setting is missing or does not fit, or `gradOutput` is not of the output's size.
    """
    return {name: tensor.detach() for name, tensor in OPERATORS[op].results(tensors, settings).items()}


def answered(tensor: Tensor) -> list[float | str]:
    """Return a tensor's elements in one list, those that are not finite by their name."""
    return [value if math.isfinite(value) else str(value) for value in tensor.flatten().tolist()]


def _leaves(tensors: Tensors, *names: str) -> list[Tensor]:
    return [tensors[name].clone().requires_grad_() for name in names]


def _backward(output: Tensor, tensors: Tensors) -> None:
    """Run L = Σ gradOutput · output backward."""
    gradient = tensors["gradOutput"]
    if gradient.shape != output.shape:
        raise ValueError(f"gradOutput has shape {tuple(gradient.shape)}, the output {tuple(output.shape)}")
    output.backward(gradient)  # type: ignore[no-untyped-call]


def _grad(tensor: Tensor) -> Tensor:
    return cast(Tensor, tensor.grad).clone()


def _descended(lr: float, **parameters: Tensor) -> Tensors:
    """Return parameters after one step of SGD along their gradients."""
    torch.optim.SGD(list(parameters.values()), lr=lr).step()
    return parameters


def _conv(tensors: Tensors, settings: Settings) -> Tensors:
    input, weight, bias = _leaves(tensors, "input", "weight", "bias")
    stride, dilation, groups = settings.pair("stride"), settings.pair("dilation"), settings.count("groups")
    mode = settings.choice("mode", PADDING_MODES)
    padding = settings.padding("padding")
    windows = conv_windows(input[None].shape, weight.shape, stride, padding, dilation, groups, mode)
    padded = F.pad(input[None], windows.around, mode="constant" if mode == "zeros" else mode)
    padded.retain_grad()
    kernel = weight.flip(2, 3) if settings.flag("flip") else weight
    output = F.conv2d(padded, kernel, bias, stride, 0, dilation, groups)[0]
    _backward(output, tensors)
    found = {"output": output, "gradInput": _grad(input), "gradWeight": _grad(weight), "gradBias": _grad(bias)}
    if mode != "zeros" and max(windows.around) > 0:
        found["gradPadded"] = _grad(padded)[0]
    return found | _descended(settings.rate("lr"), newWeight=weight, newBias=bias)


def _pooled(input: Tensor, output: Tensor, tensors: Tensors) -> Tensors:
    _backward(output, tensors)
    return {"output": output, "gradInput": _grad(input)}


def _max_pool(tensors: Tensors, settings: Settings) -> Tensors:
    (input,) = _leaves(tensors, "input")
    windows = (*(settings.pair(name) for name in ("kernel", "stride", "padding", "dilation")), settings.flag("ceil"))
    pool_windows(input[None].shape, *windows)
    return _pooled(input, F.max_pool2d(input, *windows), tensors)


def _avg_pool(tensors: Tensors, settings: Settings) -> Tensors:
    (input,) = _leaves(tensors, "input")
    kernel, stride, padding = (settings.pair(name) for name in ("kernel", "stride", "padding"))
    ceil = settings.flag("ceil")
    pool_windows(input[None].shape, kernel, stride, padding, 1, ceil)
    return _pooled(input, F.avg_pool2d(input, kernel, stride, padding, ceil, settings.flag("countPadding")), tensors)


def _adaptive_avg_pool(tensors: Tensors, settings: Settings) -> Tensors:
    (input,) = _leaves(tensors, "input")
    size = adaptive_output_size(input[None].shape, settings.pair("output"))
    return _pooled(input, F.adaptive_avg_pool2d(input, size), tensors)


PICTURE = {"input": 3, "gradOutput": 3}

OPERATORS: dict[str, Operator] = {
    "conv": Operator({**PICTURE, "weight": 4, "bias": 1}, _conv),
    "max": Operator(PICTURE, _max_pool),
    "avg": Operator(PICTURE, _avg_pool),
    "adaptive": Operator(PICTURE, _adaptive_avg_pool),
}
"""By the name that the page gives them."""
