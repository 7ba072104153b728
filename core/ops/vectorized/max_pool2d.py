"""Max pooling as the maximum of strided views, one per tap of the window."""

from functools import reduce
from itertools import product
from math import inf
from typing import Any, Literal, overload

import torch
from torch import Tensor

from core.ops.arguments import Ints
from core.ops.checks import check_tensors
from core.ops.conv_checks import check_pool_grad
from core.ops.geometry import Windows, pool_windows
from core.ops.vectorized import pointwise
from core.ops.vectorized.taps import pad_to_reach, tap

__all__ = ["max_pool2d", "max_pool2d_input_grad"]


@overload
def max_pool2d(
    input: Tensor,
    kernel_size: Ints,
    stride: Ints | None = ...,
    padding: Ints = ...,
    dilation: Ints = ...,
    ceil_mode: bool = ...,
    return_indices: Literal[False] = ...,
) -> Tensor: ...


@overload
def max_pool2d(
    input: Tensor,
    kernel_size: Ints,
    stride: Ints | None = ...,
    padding: Ints = ...,
    dilation: Ints = ...,
    ceil_mode: bool = ...,
    *,
    return_indices: Literal[True],
) -> tuple[Tensor, Tensor]: ...


def max_pool2d(
    input: Tensor,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    dilation: Ints = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Tensor | tuple[Tensor, Tensor]:
    """Return the largest element of every window; see `core.ops.naive.max_pool2d`."""
    if return_indices:
        output, indices = max_pool2d_kept(input, kernel_size, stride, padding, dilation, ceil_mode)
        return output, indices.long()
    check_tensors(input=input)
    windows = pool_windows(input.shape, kernel_size, stride, padding, dilation, ceil_mode)
    padded, (kH, kW) = pad_to_reach(input, windows, -inf), windows.kernel
    columns = reduce(torch.maximum, (tap(padded, windows, 1, j) for j in range(kW)))
    output = reduce(torch.maximum, (tap(columns, windows, 0, i) for i in range(kH)))
    return output if kH > 1 else output.clone()


def max_pool2d_kept(
    input: Tensor,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    dilation: Ints = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> tuple[Any, Tensor]:
    """Return `max_pool2d` and what its gradient can use: where in its plane each element comes from."""
    check_tensors(input=input)
    windows = pool_windows(input.shape, kernel_size, stride, padding, dilation, ceil_mode)
    output, indices = _with_indices(input, windows)
    return (output, indices.long()) if return_indices else output, indices


def max_pool2d_input_grad(
    input: Tensor,
    grad_output: Tensor,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    dilation: Ints = 1,
    ceil_mode: bool = False,
) -> Tensor:
    """Return dL/dinput of `max_pool2d`; see `core.ops.naive.max_pool2d_input_grad`."""
    return max_pool2d_grads(input, grad_output, kernel_size, stride, padding, dilation, ceil_mode)["input"]


def max_pool2d_grads(
    input: Tensor,
    grad_output: Tensor,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    dilation: Ints = 1,
    ceil_mode: bool = False,
    *,
    kept: Tensor | None = None,
) -> dict[str, Tensor]:
    """Return `max_pool2d_input_grad` under the name "input"; `kept` is what `max_pool2d_kept` kept, if at hand."""
    check_tensors(grad_output=grad_output, input=input)
    windows = pool_windows(input.shape, kernel_size, stride, padding, dilation, ceil_mode)
    check_pool_grad(input.shape, grad_output, windows)
    indices = _with_indices(input, windows)[1] if kept is None else kept
    if (grad_input := pointwise.max_pool_grad(input.shape, grad_output, indices, windows)) is not None:
        return {"input": grad_input}
    grad_planes = grad_output.new_zeros((*input.shape[:2], input.shape[2] * input.shape[3]))
    grad_planes.scatter_add_(2, indices.flatten(2).long(), grad_output.flatten(2))
    return {"input": grad_planes.reshape(input.shape)}


def _with_indices(input: Tensor, windows: Windows) -> tuple[Tensor, Tensor]:
    """Return the largest elements and where they came from, int64, or int32 from `pointwise`.

    `winner` is the index of the winning tap relative to the window's first. A later tap replaces an earlier one where
    it is larger or NaN, and its index is larger, so an arithmetic maximum takes the place of a selection, whose
    branches made it the slowest step. Padding is never larger; the winner starts at the first tap inside the input.
    """
    if (found := pointwise.max_pool(input, windows)) is not None:
        return found
    padded, W = pad_to_reach(input, windows, -inf), input.shape[3]
    (kH, kW), (dH, dW) = windows.kernel, windows.dilation
    tops, first_rows = _starts(windows, 0, padded.device)
    lefts, first_cols = _starts(windows, 1, padded.device)
    winner = (first_rows[:, None] * W + first_cols).to(torch.int32)
    largest = tap(tap(padded, windows, 0, 0), windows, 1, 0).clone()
    for i, j in product(range(kH), range(kW)):
        value = tap(tap(padded, windows, 0, i), windows, 1, j).contiguous()
        replaces = (value > largest) | value.isnan()
        winner = torch.maximum(winner, replaces.to(torch.int32).mul_(i * dH * W + j * dW))
        largest = torch.maximum(largest, value)
    indices = (tops[:, None] * W + lefts) + winner
    return largest, indices.expand(largest.shape)


def _starts(windows: Windows, axis: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Return for each window along an axis where its first tap lies, and how far from it the first tap inside."""
    starts = torch.arange(windows.output[axis], device=device) * windows.stride[axis] - windows.before[axis]
    gap = windows.dilation[axis]
    return starts, -(starts.clamp(max=0) // gap) * gap
