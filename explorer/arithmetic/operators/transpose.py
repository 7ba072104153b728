"""Transposed convolution: what torch says; what reaches a cell, or what an element reaches, and the kernel."""

import torch
import torch.nn.functional as F
from torch import Tensor

from core.explain import Step
from core.ops.geometry import Windows, conv_transpose_windows
from explorer.arithmetic.operators.base import KERNEL, Operator, Tensors, backward, descended, grad, leaves
from explorer.arithmetic.operators.cut import (
    Cut,
    Index,
    Sent,
    Unsent,
    bias,
    exact,
    limited,
    one_image,
    patch,
    spans,
)
from explorer.arithmetic.settings import Settings

__all__ = ["CUTS", "OPERATORS"]


def _transpose(tensors: Tensors, settings: Settings) -> Tensors:
    input, weight, bias = leaves(tensors, "input", "weight", "bias")
    stride, padding, more = (settings.pair(name) for name in ("stride", "padding", "outputPadding"))
    groups, dilation = settings.count("groups"), settings.pair("dilation")
    conv_transpose_windows(input[None].shape, weight.shape, stride, padding, more, groups, dilation)
    output = F.conv_transpose2d(input, weight, bias, stride, padding, more, groups, dilation)
    backward(output, tensors)
    found = {"output": output, "gradInput": grad(input), "gradWeight": grad(weight), "gradBias": grad(bias)}
    return found | descended(settings.rate("lr"), newWeight=weight, newBias=bias)


OPERATORS = {"transpose": Operator(KERNEL, _transpose)}


def _windows(step: Step) -> Windows:
    names = ("stride", "padding", "output_padding", "groups", "dilation")
    size = (1, *step.tensor("input").shape[-3:])
    return conv_transpose_windows(size, step.tensor("weight").shape, *(step.arguments[name] for name in names))


def _value(step: Step, index: Index) -> Sent:
    *image, o, y, x = index
    windows, weight = _windows(step), exact(step.tensor("weight"))
    each, own = weight.shape[0] // step.arguments["groups"], weight.shape[1]
    planes = exact(step.tensor("input"))[tuple(image)][o // own * each :][:each]
    span, bounds, places = spans(windows), [], []
    for axis, at in enumerate((y, x)):
        reach, stride = at + windows.before[axis], windows.stride[axis]
        first, end = max(0, -(-(reach - span[axis] + 1) // stride)), min(planes.shape[1 + axis], reach // stride + 1)
        if first >= end:
            raise Unsent("no element of the input reaches this cell: it is the bias alone")
        bounds.append((first, end))
        places.append((reach - first * stride, (end - first - 1) * stride + span[axis]))
    (top, bottom), (left, right) = bounds
    (row, height), (column, width) = places
    tensors = {
        "input": limited(planes[:, top:bottom, left:right], "the sum"),
        "weight": limited(weight[o // own * each :][:each, o % own : o % own + 1], "the sum"),
        "bias": bias(step, o, o + 1),
        "gradOutput": torch.ones(1, height, width, dtype=torch.float64),
    }
    return Sent("transpose", _settings(windows), tensors, row * width + column)


def _gradient(step: Step, wrt: str, index: Index, grad: Tensor) -> Sent:
    windows, weight = _windows(step), exact(step.tensor("weight"))
    each, own = weight.shape[0] // step.arguments["groups"], weight.shape[1]
    if wrt == "input":
        *image, c, row, col = index
        corner = [at * stride - pad for at, stride, pad in zip((row, col), windows.stride, windows.before, strict=True)]
        first = c // each * own
        tensors = {
            "input": exact(step.tensor("input"))[index].reshape(1, 1, 1),
            "weight": limited(weight[c : c + 1], "the sum"),
            "bias": bias(step, first, first + own),
            "gradOutput": limited(
                patch(exact(grad)[tuple(image)][first : first + own], corner, spans(windows)), "the sum"
            ),
        }
        return Sent("transpose", _settings(windows), tensors, 0, "inputGrad")
    c, o, *tap = index if wrt == "weight" else (index[0] // own * each, index[0] % own)
    output = c // each * own + o
    tensors = {
        "input": limited(one_image(step.tensor("input"))[c : c + 1], "the map"),
        "weight": weight[c : c + 1, o : o + 1],
        "bias": bias(step, output, output + 1),
        "gradOutput": limited(one_image(grad)[output : output + 1], "the gradient's map"),
    }
    reach = [
        (extent - 1) * stride - 2 * pad + span
        for extent, stride, pad, span in zip(
            tensors["input"].shape[1:], windows.stride, windows.before, spans(windows), strict=True
        )
    ]
    more = [out - least for out, least in zip(windows.output, reach, strict=True)]
    settings = _settings(windows) | {"padding": list(windows.before), "outputPadding": more}
    if wrt == "bias":
        return Sent("transpose", settings, tensors, 0, "biasGrad")
    return Sent("transpose", settings, tensors, tap[0] * windows.kernel[1] + tap[1], "weightGrad")


def _settings(windows: Windows) -> dict[str, object]:
    moves = {"stride": list(windows.stride), "dilation": list(windows.dilation)}
    return moves | {"padding": [0, 0], "outputPadding": [0, 0], "groups": 1, "lr": 0.1}


CUTS = {"conv_transpose2d": Cut(_value, _gradient)}
