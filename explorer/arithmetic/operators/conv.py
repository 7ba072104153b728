"""Convolution, plain and transposed."""

import torch.nn.functional as F

from core.ops import naive
from core.ops.geometry import PADDING_MODES, conv_transpose_windows, conv_windows
from core.ops.optim import sgd_step
from explorer.arithmetic.operators.base import PICTURE, Listed, Operator, Tensors, backward, descended, grad, leaves
from explorer.arithmetic.settings import Settings

__all__ = ["LISTED", "OPERATORS"]


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

CORRELATION = {
    "start": "total = 0.0 if bias is None else bias[o]",
    "skip": "if 0 <= row < H and 0 <= col < W:",
    "term": "total += weight[o, c, i, j] * input[n, first + c, row, col]",
    "done": "output[n, o, y, x] = total",
}
INPUT_GRAD = {
    "start": "total = 0.0",
    "skip": "if y_rest == 0 and x_rest == 0 and 0 <= y < outH and 0 <= x < outW:",
    "term": "total += weight[o, channel, i, j] * grad_output[n, o, y, x]",
    "done": "grad_input[n, c, row, col] = total",
}
WEIGHT_GRAD = {
    "start": "total = 0.0",
    "skip": "if 0 <= row < H and 0 <= col < W:",
    "term": "total += grad_output[n, o, y, x] * input[n, first + c, row, col]",
    "done": "grad_weight[o, c, i, j] = total",
}

LISTED = {
    "conv2d": Listed(naive.conv2d, CORRELATION),
    "conv2d_input_grad": Listed(naive.conv2d_input_grad, INPUT_GRAD),
    "conv2d_weight_grad": Listed(naive.conv2d_weight_grad, WEIGHT_GRAD),
    "conv2d_bias_grad": Listed(
        naive.conv2d_bias_grad,
        {"start": "total = 0.0", "term": "total += grad_output[n, o, y, x]", "done": "grad_bias[o,] = total"},
    ),
    "convolve2d": Listed(naive.convolve2d, CORRELATION),
    "convolve2d_input_grad": Listed(naive.convolve2d_input_grad, INPUT_GRAD),
    "convolve2d_weight_grad": Listed(naive.convolve2d_weight_grad, WEIGHT_GRAD),
    "pad2d_input_grad": Listed(
        naive.pad2d_input_grad, {"term": "grad_input[n, c, row, col] += grad_output[n, c, y, x]"}
    ),
    "conv_transpose2d": Listed(
        naive.conv_transpose2d,
        {
            "start": "total = 0.0 if bias is None else bias[o]",
            "skip": "if row_rest == 0 and col_rest == 0 and 0 <= row < H and 0 <= col < W:",
            "term": "total += weight[c, channel, i, j] * input[n, c, row, col]",
            "done": "output[n, o, y, x] = total",
        },
    ),
    "conv_transpose2d_input_grad": Listed(
        naive.conv_transpose2d_input_grad,
        {
            "start": "total = 0.0",
            "skip": "if 0 <= y < outH and 0 <= x < outW:",
            "term": "total += weight[c, o, i, j] * grad_output[n, first + o, y, x]",
            "done": "grad_input[n, c, row, col] = total",
        },
    ),
    "conv_transpose2d_weight_grad": Listed(
        naive.conv_transpose2d_weight_grad,
        {
            "start": "total = 0.0",
            "skip": "if 0 <= y < outH and 0 <= x < outW:",
            "term": "total += input[n, c, row, col] * grad_output[n, first + o, y, x]",
            "done": "grad_weight[c, o, i, j] = total",
        },
    ),
    "sgd_step": Listed(sgd_step, {"term": "return parameter - lr * g, None"}),
}
