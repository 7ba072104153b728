"""Average pooling, plain and adaptive, and its gradients, one sum at a time."""

# mypy: allow-redefinition
from collections.abc import Sequence
from itertools import product

from torch import Tensor

from core.ops.arguments import Ints, Size, check_divisor, check_rank, check_size
from core.ops.checks import check_tensors
from core.ops.conv_checks import check_pool_grad
from core.ops.geometry import adaptive_bounds, adaptive_output_size, pool_divisors, pool_windows
from core.ops.naive.numbers import Output, numbers

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
    """Return the average of every window.

    output[n, c, y, x] = Σ_{i,j} input[n, c, y·sH − pH + i, x·sW − pW + j] / divisor

    Args:
        input: `(N, C, H, W)`.
        kernel_size: Taps of a window, one number or (kH, kW).
        stride: Elements between neighbouring windows; the kernel's size unless given.
        padding: Zeros on each side, at most half of a window.
        ceil_mode: Keep windows that start inside the input and end outside.
        count_include_pad: Divide by the window's elements in the padded input, else by those in the input.
        divisor_override: Divide by this number instead.

    Returns:
        `(N, C, outH, outW)`.

    Raises:
        TypeError: `input` is not of a floating-point dtype.
        ValueError: The rank is not 4, a setting is out of its range, or a window is larger than the padded input.

    Source: `torch.nn.functional.avg_pool2d`.
    """
    check_tensors(input=input)
    windows = pool_windows(input.shape, kernel_size, stride, padding, 1, ceil_mode)
    check_divisor(divisor_override)
    (N, C, H, W), (kH, kW), (outH, outW) = input.shape, windows.kernel, windows.output
    (sH, sW), (pH, pW) = windows.stride, windows.before
    rows = pool_divisors(H, kH, sH, pH, outH, count_include_pad)
    cols = pool_divisors(W, kW, sW, pW, outW, count_include_pad)
    output = Output(input, N, C, outH, outW)
    input = numbers(input)
    for n, c, y, x in product(range(N), range(C), range(outH), range(outW)):
        total = 0.0
        for i, j in product(range(kH), range(kW)):
            row, col = y * sH - pH + i, x * sW - pW + j
            if 0 <= row < H and 0 <= col < W:
                total += input[n, c, row, col]
        output[n, c, y, x] = total / (divisor_override or rows[y] * cols[x])
    return output.tensor()


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
    """Return dL/dinput of `avg_pool2d`: every output's gradient is spread evenly over its window.

    grad_input[n, c, row, col] = Σ_{y,x: (row, col) in window (y, x)} grad_output[n, c, y, x] / divisor

    Args:
        input_size: `(N, C, H, W)`.
        grad_output: `(N, C, outH, outW)`.
        kernel_size: As given to `avg_pool2d`, and so are the arguments that follow.
        stride: See `avg_pool2d`.
        padding: See `avg_pool2d`.
        ceil_mode: See `avg_pool2d`.
        count_include_pad: See `avg_pool2d`.
        divisor_override: See `avg_pool2d`.

    Raises:
        TypeError: `grad_output` is not of a floating-point dtype.
        ValueError: As `avg_pool2d`, or `grad_output` is not of the output's size.
    """
    check_tensors(grad_output=grad_output)
    windows = pool_windows(input_size, kernel_size, stride, padding, 1, ceil_mode)
    check_divisor(divisor_override)
    check_pool_grad(input_size, grad_output, windows)
    (N, C, H, W), (kH, kW), (outH, outW) = input_size, windows.kernel, windows.output
    (sH, sW), (pH, pW) = windows.stride, windows.before
    rows = pool_divisors(H, kH, sH, pH, outH, count_include_pad)
    cols = pool_divisors(W, kW, sW, pW, outW, count_include_pad)
    grad_input = Output(grad_output, N, C, H, W)
    grad_output = numbers(grad_output)
    for n, c, y, x in product(range(N), range(C), range(outH), range(outW)):
        share = grad_output[n, c, y, x] / (divisor_override or rows[y] * cols[x])
        for i, j in product(range(kH), range(kW)):
            row, col = y * sH - pH + i, x * sW - pW + j
            if 0 <= row < H and 0 <= col < W:
                grad_input[n, c, row, col] += share
    return grad_input.tensor()


def adaptive_avg_pool2d(input: Tensor, output_size: int | Sequence[int | None]) -> Tensor:
    """Return averages over windows chosen so that the output has the given size.

    output[n, c, y, x] = mean of input[n, c, row, col] over ⌊y·H / outH⌋ ≤ row < ⌈(y + 1)·H / outH⌉, cols alike

    Args:
        input: `(N, C, H, W)`.
        output_size: Rows and columns of the output, one number or two; None keeps the input's.

    Returns:
        `(N, C, outH, outW)`.

    Raises:
        TypeError: `input` is not of a floating-point dtype.
        ValueError: The rank is not 4, or the output's size is not positive.

    Source: `torch.nn.functional.adaptive_avg_pool2d`.
    """
    check_tensors(input=input)
    outH, outW = adaptive_output_size(input.shape, output_size)
    N, C, H, W = input.shape
    rows, cols = adaptive_bounds(H, outH), adaptive_bounds(W, outW)
    output = Output(input, N, C, outH, outW)
    input = numbers(input)
    for n, c, y, x in product(range(N), range(C), range(outH), range(outW)):
        total, count = 0.0, 0
        for row, col in product(range(*rows[y]), range(*cols[x])):
            total, count = total + input[n, c, row, col], count + 1
        output[n, c, y, x] = total / count
    return output.tensor()


def adaptive_avg_pool2d_input_grad(input_size: Size, grad_output: Tensor) -> Tensor:
    """Return dL/dinput of `adaptive_avg_pool2d`: every output's gradient is spread evenly over its window.

    Args:
        input_size: `(N, C, H, W)`.
        grad_output: `(N, C, outH, outW)`.

    Raises:
        TypeError: `grad_output` is not of a floating-point dtype.
        ValueError: A rank is not 4, a size is not positive, or batch and channels differ.
    """
    check_tensors(grad_output=grad_output)
    check_rank("grad_output", grad_output.shape, 4)
    outH, outW = adaptive_output_size(input_size, grad_output.shape[2:])
    check_size("grad_output", grad_output.shape, (*input_size[:2], outH, outW))
    N, C, H, W = input_size
    rows, cols = adaptive_bounds(H, outH), adaptive_bounds(W, outW)
    grad_input = Output(grad_output, N, C, H, W)
    grad_output = numbers(grad_output)
    for n, c, y, x in product(range(N), range(C), range(outH), range(outW)):
        (top, bottom), (left, right) = rows[y], cols[x]
        share = grad_output[n, c, y, x] / ((bottom - top) * (right - left))
        for row, col in product(range(top, bottom), range(left, right)):
            grad_input[n, c, row, col] += share
    return grad_input.tensor()
