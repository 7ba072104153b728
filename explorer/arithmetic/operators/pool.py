"""Max, average and adaptive pooling: what torch says; one window, or the map that windows over an element lie in."""

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from core.explain import Step
from core.ops.geometry import Windows, adaptive_bounds, adaptive_output_size, pool_windows
from explorer.arithmetic.operators.base import PICTURE, Operator, Tensors, backward, grad, leaves
from explorer.arithmetic.operators.cut import Cut, Index, Sent, Unsent, exact, limited, reaching, spans
from explorer.arithmetic.settings import Settings

__all__ = ["CUTS", "OPERATORS"]


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


Bounds = Sequence[Sequence[int]]


def _plane(step: Step, index: Index) -> Tensor:
    """Return the `(1, H, W)` that the cell's window lies in."""
    return exact(step.tensor("input"))[index[:-2]][None]


def _windows(step: Step) -> Windows:
    arguments, size = step.arguments, (1, 1, *step.tensor("input").shape[-2:])
    kernel, stride, padding = (arguments[name] for name in ("kernel_size", "stride", "padding"))
    return pool_windows(size, kernel, stride, padding, arguments.get("dilation", 1), arguments["ceil_mode"])


def _one_window(step: Step, index: Index, rows: Sequence[int], columns: Sequence[int]) -> Tensor:
    return _plane(step, index)[:, list(rows)][:, :, list(columns)]


def _window_alone(op: str, input: Tensor, **more: Any) -> Sent:
    """Return a case whose one window is the whole input."""
    size = list(input.shape[1:])
    settings = {"kernel": size, "stride": size, "padding": [0, 0], "ceil": False, **more}
    return Sent(op, settings, {"input": input, "gradOutput": torch.ones(1, 1, 1, dtype=torch.float64)})


def _max(step: Step, index: Index) -> Sent:
    """Padding never wins: the window travels without it."""
    windows = _windows(step)
    rows, columns = (
        [
            at
            for tap in range(windows.kernel[axis])
            if 0 <= (at := place * windows.stride[axis] - windows.before[axis] + tap * windows.dilation[axis]) < extent
        ]
        for axis, (place, extent) in enumerate(zip(index[-2:], step.tensor("input").shape[-2:], strict=True))
    )
    return _window_alone("max", _one_window(step, index, rows, columns), dilation=[1, 1])


def _average(step: Step, index: Index) -> Sent:
    """Padding that counts travels as zeros."""
    if step.arguments["divisor_override"] is not None:
        raise Unsent("the divisor is set by hand; Arithmetic divides by the window's elements")
    windows, counts = _windows(step), step.arguments["count_include_pad"]
    plane = _plane(step, index)
    for axis, place in enumerate(index[-2:], start=1):
        extent, pad = plane.shape[axis], windows.before[axis - 1]
        first = place * windows.stride[axis - 1] - pad
        end = min(first + windows.kernel[axis - 1], extent + pad)
        first, end = (first, end) if counts else (max(0, first), min(end, extent))
        inside = plane.narrow(axis, max(0, first), min(end, extent) - max(0, first))
        around = [0] * (2 * (2 - axis)) + [max(0, -first), max(0, end - extent)]
        plane = torch.nn.functional.pad(inside, around)
    return _window_alone("avg", plane, countPadding=True)


def _gradient(op: str, step: Step, index: Index, grad: Tensor, **more: Any) -> Sent:
    """Cut the windows over an element, or the whole map where they reach beyond it."""
    windows, plane = _windows(step), _plane(step, index)
    settings = {"kernel": list(windows.kernel), "stride": list(windows.stride), "ceil": False, **more}
    arriving, (row, col) = exact(grad)[index[:-2]][None], index[-2:]
    bounds = reaching(windows, (row, col))
    edges = []
    for axis, (first, end) in enumerate(bounds):
        stride = windows.stride[axis]
        start = first * stride - windows.before[axis]
        edges.append((start, start + (end - first - 1) * stride + spans(windows)[axis]))
    if any(start < 0 or end > extent for (start, end), extent in zip(edges, plane.shape[1:], strict=True)):
        tensors = {"input": limited(plane, "the map"), "gradOutput": arriving}
        settings |= {"padding": list(windows.before), "ceil": step.arguments["ceil_mode"]}
        return Sent(op, settings, tensors, row * plane.shape[2] + col, "inputGrad")
    ((top, bottom), (left, right)), ((first, end), (start, stop)) = edges, bounds
    tensors = {"input": plane[:, top:bottom, left:right], "gradOutput": arriving[:, first:end, start:stop]}
    return Sent(op, settings | {"padding": [0, 0]}, tensors, (row - top) * (right - left) + col - left, "inputGrad")


def _max_gradient(step: Step, wrt: str, index: Index, grad: Tensor) -> Sent:
    return _gradient("max", step, index, grad, dilation=list(_windows(step).dilation))


def _average_gradient(step: Step, wrt: str, index: Index, grad: Tensor) -> Sent:
    if step.arguments["divisor_override"] is not None:
        raise Unsent("the divisor is set by hand; Arithmetic divides by the window's elements")
    return _gradient("avg", step, index, grad, countPadding=step.arguments["count_include_pad"])


def _adaptive(step: Step, index: Index) -> Sent:
    extents = zip(step.tensor("input").shape[-2:], step.output.shape[-2:], index[-2:], strict=True)
    rows, columns = (range(*adaptive_bounds(extent, windows)[place]) for extent, windows, place in extents)
    one = torch.ones(1, 1, 1, dtype=torch.float64)
    return Sent("adaptive", {"output": [1, 1]}, {"input": _one_window(step, index, rows, columns), "gradOutput": one})


def _adaptive_gradient(step: Step, wrt: str, index: Index, grad: Tensor) -> Sent:
    tensors = {"input": limited(_plane(step, index), "the map"), "gradOutput": exact(grad)[index[:-2]][None]}
    element = index[-2] * tensors["input"].shape[2] + index[-1]
    return Sent("adaptive", {"output": list(step.output.shape[-2:])}, tensors, element, "inputGrad")


CUTS = {
    "max_pool2d": Cut(_max, _max_gradient),
    "avg_pool2d": Cut(_average, _average_gradient),
    "adaptive_avg_pool2d": Cut(_adaptive, _adaptive_gradient),
}
