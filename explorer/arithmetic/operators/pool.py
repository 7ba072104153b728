"""Max, average and adaptive average pooling."""

import torch.nn.functional as F
from torch import Tensor

from core.ops import naive
from core.ops.geometry import adaptive_output_size, pool_windows
from explorer.arithmetic.operators.base import PICTURE, Listed, Operator, Tensors, backward, grad, leaves
from explorer.arithmetic.settings import Settings

__all__ = ["LISTED", "OPERATORS"]


def _pooled(input: Tensor, output: Tensor, tensors: Tensors) -> Tensors:
    backward(output, tensors)
    return {"output": output, "gradInput": grad(input)}


def _max_pool(tensors: Tensors, settings: Settings) -> Tensors:
    (input,) = leaves(tensors, "input")
    kernel, stride, padding, dilation = (settings.pair(name) for name in ("kernel", "stride", "padding", "dilation"))
    ceil = settings.flag("ceil")
    pool_windows(input[None].shape, kernel, stride, padding, dilation, ceil)
    return _pooled(input, F.max_pool2d(input, kernel, stride, padding, dilation, ceil), tensors)


def _avg_pool(tensors: Tensors, settings: Settings) -> Tensors:
    (input,) = leaves(tensors, "input")
    kernel, stride, padding = (settings.pair(name) for name in ("kernel", "stride", "padding"))
    ceil = settings.flag("ceil")
    pool_windows(input[None].shape, kernel, stride, padding, 1, ceil)
    return _pooled(input, F.avg_pool2d(input, kernel, stride, padding, ceil, settings.flag("countPadding")), tensors)


def _adaptive_avg_pool(tensors: Tensors, settings: Settings) -> Tensors:
    (input,) = leaves(tensors, "input")
    size = adaptive_output_size(input[None].shape, settings.pair("output"))
    return _pooled(input, F.adaptive_avg_pool2d(input, size), tensors)


OPERATORS = {
    "max": Operator(PICTURE, _max_pool),
    "avg": Operator(PICTURE, _avg_pool),
    "adaptive": Operator(PICTURE, _adaptive_avg_pool),
}

LISTED = {
    "max_pool2d": Listed(
        naive.max_pool2d,
        {
            "start": "best, index = -inf, -1",
            "skip": "if 0 <= row < H and 0 <= col < W:",
            "stay": "if index < 0 or value > best or isnan(value):",
            "term": "best, index = value, row * W + col",
            "done": "output[n, c, y, x], indices[n, c, y, x] = best, index",
        },
    ),
    "max_pool2d_input_grad": Listed(
        naive.max_pool2d_input_grad,
        {
            "start": "row, col = divmod(indices[n, c, y, x], W)",
            "term": "grad_input[n, c, row, col] += grad_output[n, c, y, x]",
        },
    ),
    "avg_pool2d": Listed(
        naive.avg_pool2d,
        {
            "start": "total = 0.0",
            "skip": "if 0 <= row < H and 0 <= col < W:",
            "term": "total += input[n, c, row, col]",
            "done": "output[n, c, y, x] = total / (divisor_override or rows[y] * cols[x])",
        },
    ),
    "avg_pool2d_input_grad": Listed(
        naive.avg_pool2d_input_grad,
        {
            "start": "share = grad_output[n, c, y, x] / (divisor_override or rows[y] * cols[x])",
            "skip": "if 0 <= row < H and 0 <= col < W:",
            "term": "grad_input[n, c, row, col] += share",
        },
    ),
    "adaptive_avg_pool2d": Listed(
        naive.adaptive_avg_pool2d,
        {
            "start": "total, count = 0.0, 0",
            "term": "total, count = total + input[n, c, row, col], count + 1",
            "done": "output[n, c, y, x] = total / count",
        },
    ),
    "adaptive_avg_pool2d_input_grad": Listed(
        naive.adaptive_avg_pool2d_input_grad,
        {
            "start": "share = grad_output[n, c, y, x] / ((bottom - top) * (right - left))",
            "term": "grad_input[n, c, row, col] += share",
        },
    ),
}
