"""Convolution, plain and transposed."""

import torch.nn.functional as F

from core.ops.geometry import PADDING_MODES, conv_transpose_windows, conv_windows
from explorer.arithmetic.operators.base import PICTURE, Operator, Tensors, backward, descended, grad, leaves
from explorer.arithmetic.settings import Settings

__all__ = ["OPERATORS"]


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


def _transpose(tensors: Tensors, settings: Settings) -> Tensors:
    input, weight, bias = leaves(tensors, "input", "weight", "bias")
    stride, padding, more = (settings.pair(name) for name in ("stride", "padding", "outputPadding"))
    groups, dilation = settings.count("groups"), settings.pair("dilation")
    conv_transpose_windows(input[None].shape, weight.shape, stride, padding, more, groups, dilation)
    output = F.conv_transpose2d(input, weight, bias, stride, padding, more, groups, dilation)
    backward(output, tensors)
    found = {"output": output, "gradInput": grad(input), "gradWeight": grad(weight), "gradBias": grad(bias)}
    return found | descended(settings.rate("lr"), newWeight=weight, newBias=bias)


KERNEL = {**PICTURE, "weight": 4, "bias": 1}

OPERATORS = {"conv": Operator(KERNEL, _conv), "transpose": Operator(KERNEL, _transpose)}
