"""Convolution: what torch says; an element's window and the kernel over it, padding as the zeros that it is."""

import torch
import torch.nn.functional as F
from torch import Tensor

from core.explain import Step
from core.ops.geometry import PADDING_MODES, Windows, conv_windows
from explorer.arithmetic.operators.base import (
    KERNEL,
    MOST_ELEMENTS,
    Operator,
    Tensors,
    backward,
    descended,
    grad,
    leaves,
)
from explorer.arithmetic.operators.cut import (
    Cut,
    Index,
    Sent,
    bias,
    exact,
    limited,
    one_image,
    patch,
    reaching,
    spans,
    weightiest,
)
from explorer.arithmetic.settings import Settings

__all__ = ["CUTS", "OPERATORS"]


def _conv(tensors: Tensors, settings: Settings) -> Tensors:
    input, weight, bias = leaves(tensors, "input", "weight", "bias")
    stride, dilation, groups = settings.pair("stride"), settings.pair("dilation"), settings.count("groups")
    mode = settings.choice("mode", PADDING_MODES)
    windows = conv_windows(input[None].shape, weight.shape, stride, settings.padding("padding"), dilation, groups, mode)
    padded = F.pad(input[None], windows.around, mode="constant" if mode == "zeros" else mode)
    padded.retain_grad()
    kernel = weight.flip(2, 3) if settings.flag("flip") else weight
    output = F.conv2d(padded, kernel, bias, stride, 0, dilation, groups)[0]
    backward(output, tensors)
    found = {"output": output, "gradInput": grad(input), "gradWeight": grad(weight), "gradBias": grad(bias)}
    if mode != "zeros" and max(windows.around) > 0:
        found["gradPadded"] = grad(padded)[0]
    return found | descended(settings.rate("lr"), newWeight=weight, newBias=bias)


OPERATORS = {"conv": Operator(KERNEL, _conv)}


PLAIN = {"padding": [0, 0], "mode": "zeros", "groups": 1, "flip": False, "lr": 0.1}


def _windows(step: Step) -> Windows:
    input, weight, arguments = step.tensor("input"), step.tensor("weight"), step.arguments
    size = (1, *input.shape[-3:])
    return conv_windows(size, weight.shape, *(arguments[name] for name in ("stride", "padding", "dilation", "groups")))


def _channels(step: Step) -> tuple[int, int]:
    """Return the input and the output channels of a group."""
    weight = step.tensor("weight")
    return weight.shape[1], weight.shape[0] // step.arguments["groups"]


def _value(step: Step, index: Index) -> Sent:
    *image, o, y, x = index
    windows = _windows(step)
    span = spans(windows)
    each, own = _channels(step)
    planes = exact(step.tensor("input"))[tuple(image)][o // own * each :][:each]
    corner = [at * stride - pad for at, stride, pad in zip((y, x), windows.stride, windows.before, strict=True)]
    input, weight = patch(planes, corner, span), exact(step.tensor("weight"))[o : o + 1]
    offset, left = bias(step, o, o + 1), None
    room = MOST_ELEMENTS // (span[0] * span[1])
    if each > room:
        sums = (input[:, :: windows.dilation[0], :: windows.dilation[1]] * weight[0]).sum((1, 2))
        kept = weightiest(sums, room)
        rest = (sums.sum() - sums[kept].sum()).item()
        left = ((each - room) * windows.kernel[0] * windows.kernel[1], rest)
        input, weight, offset = input[kept], weight[:, kept], offset + rest
    settings = PLAIN | {"stride": list(windows.stride), "dilation": list(windows.dilation)}
    one = torch.ones(1, 1, 1, dtype=torch.float64)
    return Sent("conv", settings, {"input": input, "weight": weight, "bias": offset, "gradOutput": one}, left=left)


def _gradient(step: Step, wrt: str, index: Index, grad: Tensor) -> Sent:
    windows, (each, own) = _windows(step), _channels(step)
    moves = {"stride": list(windows.stride), "dilation": list(windows.dilation)}
    weight = exact(step.tensor("weight"))
    if wrt == "input":
        *image, c, row, col = index
        (top, bottom), (left, right) = reaching(windows, (row, col))
        corner = [
            first * stride - pad for first, stride, pad in zip((top, left), windows.stride, windows.before, strict=True)
        ]
        counts, span = (bottom - top, right - left), spans(windows)
        size = [(count - 1) * stride + reach for count, stride, reach in zip(counts, windows.stride, span, strict=True)]
        first = c // each * own
        kernels = limited(weight[first : first + own, c % each : c % each + 1], "the sum")
        tensors = {
            "input": patch(exact(step.tensor("input"))[tuple(image)][c : c + 1], corner, size),
            "weight": kernels,
            "bias": bias(step, first, first + own),
            "gradOutput": exact(grad)[tuple(image)][first : first + own, top:bottom, left:right],
        }
        return Sent("conv", PLAIN | moves, tensors, (row - corner[0]) * size[1] + col - corner[1], "inputGrad")
    o, c, *tap = index if wrt == "weight" else (*index, 0)
    planes = one_image(step.tensor("input"))
    tensors = {
        "input": limited(planes[o // own * each + c :][:1], "the map"),
        "weight": weight[o : o + 1, c : c + 1],
        "bias": bias(step, o, o + 1),
        "gradOutput": limited(one_image(grad)[o : o + 1], "the gradient's map"),
    }
    padding = "same" if step.arguments["padding"] == "same" else list(windows.before)
    settings = PLAIN | moves | {"padding": padding}
    if wrt == "bias":
        return Sent("conv", settings, tensors, 0, "biasGrad")
    return Sent("conv", settings, tensors, tap[0] * windows.kernel[1] + tap[1], "weightGrad")


CUTS = {"conv2d": Cut(_value, _gradient)}
