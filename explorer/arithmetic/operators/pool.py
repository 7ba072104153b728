"""Max, average and adaptive average pooling."""

import torch.nn.functional as F
from torch import Tensor

from core.ops.geometry import adaptive_output_size, pool_windows
from explorer.arithmetic.operators.base import PICTURE, Operator, Tensors, backward, grad, leaves
from explorer.arithmetic.settings import Settings

__all__ = ["OPERATORS"]


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
