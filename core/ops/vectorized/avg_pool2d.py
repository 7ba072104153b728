"""Average pooling, plain and adaptive, as sums of strided views, first along the columns, then along the rows."""

from collections.abc import Sequence
from functools import reduce

import torch
from torch import Tensor

from core.ops.arguments import Ints, Size, check_divisor, check_rank, check_size
from core.ops.checks import check_tensors
from core.ops.conv_checks import check_pool_grad
from core.ops.geometry import Windows, adaptive_bounds, adaptive_output_size, pool_divisors, pool_windows
from core.ops.vectorized.taps import pad_to_reach, tap

__all__ = ["adaptive_avg_pool2d", "adaptive_avg_pool2d_input_grad", "avg_pool2d", "avg_pool2d_input_grad"]


def avg_pool2d(
    input: Tensor,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """Return the average of every window; see `core.ops.naive.avg_pool2d`."""
    check_tensors(input=input)
    windows = pool_windows(input.shape, kernel_size, stride, padding, 1, ceil_mode)
    check_divisor(divisor_override)
    (kH, kW), padded = windows.kernel, pad_to_reach(input, windows, 0.0)
    columns = reduce(torch.add, (tap(padded, windows, 1, j) for j in range(kW)))
    total = reduce(torch.add, (tap(columns, windows, 0, i) for i in range(kH)))
    return total / _divisors(input, input.shape, windows, count_include_pad, divisor_override)


def avg_pool2d_input_grad(
    input_size: Size,
    grad_output: Tensor,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """Return dL/dinput of `avg_pool2d`; see `core.ops.naive.avg_pool2d_input_grad`."""
    check_tensors(grad_output=grad_output)
    windows = pool_windows(input_size, kernel_size, stride, padding, 1, ceil_mode)
    check_divisor(divisor_override)
    check_pool_grad(input_size, grad_output, windows)
    (N, C, H, W), (kH, kW), (top, left) = input_size, windows.kernel, windows.before
    reachH, reachW = max(windows.reach[0], top + H), max(windows.reach[1], left + W)
    share = grad_output / _divisors(grad_output, input_size, windows, count_include_pad, divisor_override)
    grad_columns = grad_output.new_zeros(N, C, reachH, windows.output[1])
    for i in range(kH):
        tap(grad_columns, windows, 0, i).add_(share)
    grad_padded = grad_output.new_zeros(N, C, reachH, reachW)
    for j in range(kW):
        tap(grad_padded, windows, 1, j).add_(grad_columns)
    return grad_padded[:, :, top : top + H, left : left + W].contiguous()


def adaptive_avg_pool2d(input: Tensor, output_size: int | Sequence[int | None]) -> Tensor:
    """Return averages over windows that give the output its size; see `core.ops.naive.adaptive_avg_pool2d`."""
    check_tensors(input=input)
    outH, outW = adaptive_output_size(input.shape, output_size)
    if outH == outW == 1:
        return input.mean((2, 3), keepdim=True)
    rows, cols = adaptive_bounds(input.shape[2], outH), adaptive_bounds(input.shape[3], outW)
    bands = torch.cat([input[:, :, top:bottom].mean(2, keepdim=True) for top, bottom in rows], 2)
    return torch.cat([bands[:, :, :, left:right].mean(3, keepdim=True) for left, right in cols], 3)


def adaptive_avg_pool2d_input_grad(input_size: Size, grad_output: Tensor) -> Tensor:
    """Return dL/dinput of `adaptive_avg_pool2d`; see `core.ops.naive.adaptive_avg_pool2d_input_grad`."""
    check_tensors(grad_output=grad_output)
    check_rank("grad_output", grad_output.shape, 4)
    outH, outW = adaptive_output_size(input_size, grad_output.shape[2:])
    check_size("grad_output", grad_output.shape, (*input_size[:2], outH, outW))
    N, C, H, W = input_size
    if outH == outW == 1:
        return (grad_output / (H * W)).expand(N, C, H, W).contiguous()
    grad_bands = grad_output.new_zeros(N, C, outH, W)
    for x, (left, right) in enumerate(adaptive_bounds(W, outW)):
        grad_bands[:, :, :, left:right] += grad_output[:, :, :, x : x + 1] / (right - left)
    grad_input = grad_output.new_zeros(N, C, H, W)
    for y, (top, bottom) in enumerate(adaptive_bounds(H, outH)):
        grad_input[:, :, top:bottom] += grad_bands[:, :, y : y + 1] / (bottom - top)
    return grad_input


def _divisors(
    like: Tensor, input_size: Size, windows: Windows, count_include_pad: bool, divisor_override: int | None
) -> Tensor | int:
    """Return what the windows' sums are divided by: one number, or one for each window."""
    if divisor_override is not None:
        return divisor_override
    rows, cols = (
        pool_divisors(size, kernel, stride, padding, output, count_include_pad)
        for size, kernel, stride, padding, output in zip(
            input_size[2:], windows.kernel, windows.stride, windows.before, windows.output, strict=True
        )
    )
    if len(set(rows)) == len(set(cols)) == 1:
        return rows[0] * cols[0]
    return like.new_tensor(rows)[:, None] * like.new_tensor(cols)
