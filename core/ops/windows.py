"""The windows of an image as a view, as columns of a matrix, and back."""

from torch import Tensor

from core.ops.arguments import Ints, Size, check_rank, check_size, non_negative, positive
from core.ops.checks import check_tensors
from core.ops.geometry import Windows, conv_windows
from core.ops.vectorized.pad import pad2d


def sliding_windows(input: Tensor, kernel_size: Ints, stride: Ints = 1, dilation: Ints = 1) -> Tensor:
    """Return every window of an image, a view that copies nothing.

    windows[n, c, y, x, i, j] = input[n, c, y·sH + i·dH, x·sW + j·dW]

    Args:
        input: `(N, C, H, W)`.
        kernel_size: Taps of a window, one number or (kH, kW).
        stride: Elements between neighbouring windows.
        dilation: Elements between neighbouring taps.

    Returns:
        `(N, C, outH, outW, kH, kW)`, sharing the input's memory: elements of overlapping windows are the same.

    Raises:
        TypeError: `input` is not of a floating-point dtype.
        ValueError: The rank is not 4, a setting is out of its range, or a window is larger than the input.
    """
    check_tensors(input=input)
    placed = window_positions(input.shape, kernel_size, stride, 0, dilation)
    (kH, kW), (sH, sW), (dH, dW) = placed.kernel, placed.stride, placed.dilation
    windows = input.unfold(2, dH * (kH - 1) + 1, sH).unfold(3, dW * (kW - 1) + 1, sW)
    return windows[..., ::dH, ::dW]


def im2col(input: Tensor, kernel_size: Ints, dilation: Ints = 1, padding: Ints = 0, stride: Ints = 1) -> Tensor:
    """Return every window of an image as a column, so that a convolution is one matrix product.

    columns[n, (c·kH + i)·kW + j, y·outW + x] = input[n, c, y·sH − pH + i·dH, x·sW − pW + j·dW]

    Args:
        input: `(N, C, H, W)`.
        kernel_size: Taps of a window, one number or (kH, kW).
        dilation: Elements between neighbouring taps.
        padding: Zeros on each side.
        stride: Elements between neighbouring windows.

    Returns:
        `(N, C·kH·kW, outH·outW)`.

    Raises:
        TypeError: `input` is not of a floating-point dtype.
        ValueError: The rank is not 4, a setting is out of its range, or a window is larger than the padded input.

    Source: `torch.nn.functional.unfold`.
    """
    check_tensors(input=input)
    check_rank("input", input.shape, 4)
    pH, pW = non_negative(padding, "padding")
    windows = sliding_windows(pad2d(input, (pW, pW, pH, pH)), kernel_size, stride, dilation)
    N, C, outH, outW, kH, kW = windows.shape
    return windows.permute(0, 1, 4, 5, 2, 3).reshape(N, C * kH * kW, outH * outW)


def col2im(
    columns: Tensor,
    output_size: Ints,
    kernel_size: Ints,
    dilation: Ints = 1,
    padding: Ints = 0,
    stride: Ints = 1,
) -> Tensor:
    """Return the image in which every element is the sum of its copies in the columns: the gradient of `im2col`.

    Args:
        columns: `(N, C·kH·kW, outH·outW)`.
        output_size: (H, W) of the image.
        kernel_size: As given to `im2col`, and so are the arguments that follow.
        dilation: See `im2col`.
        padding: See `im2col`.
        stride: See `im2col`.

    Returns:
        `(N, C, H, W)`.

    Raises:
        TypeError: `columns` is not of a floating-point dtype.
        ValueError: A setting is out of its range, or the columns are not those of such an image.

    Source: `torch.nn.functional.fold`.
    """
    check_tensors(columns=columns)
    check_rank("columns", columns.shape, 3)
    (H, W), (kH, kW) = positive(output_size, "output_size"), positive(kernel_size, "kernel_size")
    N, C = len(columns), columns.shape[1] // (kH * kW)
    if columns.shape[1] % (kH * kW) or C == 0:
        raise ValueError(f"columns have {columns.shape[1]} rows, expected a multiple of {kH}·{kW}")
    placed = window_positions((N, C, H, W), kernel_size, stride, padding, dilation)
    (sH, sW), (dH, dW), (pH, pW), (outH, outW) = placed.stride, placed.dilation, placed.before, placed.output
    check_size("columns", columns.shape, (N, C * kH * kW, outH * outW))
    taps = columns.reshape(N, C, kH, kW, outH, outW)
    padded = columns.new_zeros(N, C, H + 2 * pH, W + 2 * pW)
    for i in range(kH):
        for j in range(kW):
            rows = slice(i * dH, i * dH + (outH - 1) * sH + 1, sH)
            cols = slice(j * dW, j * dW + (outW - 1) * sW + 1, sW)
            padded[:, :, rows, cols] += taps[:, :, i, j]
    return padded[:, :, pH : pH + H, pW : pW + W].contiguous()


def window_positions(input_size: Size, kernel_size: Ints, stride: Ints, padding: Ints, dilation: Ints) -> Windows:
    """Return where windows lie that read all channels, those of a convolution.

    Raises:
        ValueError: As `core.ops.geometry.conv_windows`, or the kernel's size is not positive.
    """
    check_rank("input", input_size, 4)
    kernel = positive(kernel_size, "kernel_size")
    return conv_windows(input_size, (1, input_size[1], *kernel), stride, padding, dilation)
