"""Separable kernels: an outer product of a column and a row is applied in two one-dimensional passes."""

import torch
from torch import Tensor

from core.ops.arguments import Ints, check_not_empty, check_rank, entries
from core.ops.checks import check_tensors
from core.ops.vectorized.conv2d import conv2d

# Share of the largest singular value below which the second one is rounding error: single precision has 24 bits.
TOLERANCE = 1e-6


def separate(kernel: Tensor, tolerance: float = TOLERANCE) -> tuple[Tensor, Tensor] | None:
    """Return the column and the row whose outer product is the kernel, or None if there are none.

    kernel[i, j] = column[i] · row[j]

    They exist when the kernel has rank 1: when its second singular value is at most `tolerance` times the first. Both
    carry the square root of the first singular value; the first element of the row that is more
    than half of its largest (in absolute value) is positive. A kernel of zeros is the product of zeros.

    Args:
        kernel: `(kH, kW)`.
        tolerance: Largest share σ₂ / σ₁ that counts as 0.

    Returns:
        The column `(kH,)` and the row `(kW,)`.

    Raises:
        TypeError: The kernel is not of a floating-point dtype.
        ValueError: The kernel has not two dimensions, is empty or not finite, or the tolerance is negative.

    Source: the singular value decomposition; Eckart & Young 1936.
    """
    check_tensors(kernel=kernel)
    check_rank("kernel", kernel.shape, 2)
    check_not_empty("kernel", kernel.shape, 0)
    if not kernel.isfinite().all():
        raise ValueError("kernel holds NaN or infinity")
    if tolerance < 0:
        raise ValueError(f"tolerance must not be negative, not {tolerance}")
    columns, sizes, rows = torch.linalg.svd(kernel.double(), full_matrices=False)
    if len(sizes) > 1 and sizes[1] > tolerance * sizes[0]:
        return None
    root, row = sizes[0].sqrt(), rows[0]
    first = (row.abs() > row.abs().max() / 2).int().argmax()
    scale = torch.where(row[first] < 0, -root, root)
    return (scale * columns[:, 0]).to(kernel.dtype), (scale * row).to(kernel.dtype)


def separable_conv2d(
    input: Tensor,
    column: Tensor,
    row: Tensor,
    stride: Ints = 1,
    padding: Ints = 0,
    dilation: Ints = 1,
    *,
    padding_mode: str = "zeros",
) -> Tensor:
    """Return the cross-correlation of every channel with the kernel column ⊗ row, in two passes.

    output[n, c, y, x] = Σ_i column[i] · Σ_j row[j] · input[n, c, y·sH − pH + i·dH, x·sW − pW + j·dW]

    kH + kW products for an element in the place of kH · kW.

    Args:
        input: `(N, C, H, W)`.
        column: `(kH,)`.
        row: `(kW,)`.
        stride: Elements between neighbouring windows, one number or (sH, sW).
        padding: Elements on each side, one number or (pH, pW).
        dilation: Elements between neighbouring taps, one number or (dH, dW).
        padding_mode: What the padding holds: "zeros", "reflect", "replicate" or "circular".

    Returns:
        `(N, C, outH, outW)`.

    Raises:
        TypeError: A tensor is not of a floating-point dtype.
        ValueError: As `core.ops.naive.conv2d`.
    """
    check_tensors(input=input, column=column, row=row)
    check_rank("input", input.shape, 4)
    check_rank("column", column.shape, 1)
    check_rank("row", row.shape, 1)
    (sH, sW), (pH, pW) = entries(stride, "stride"), entries(padding, "padding")
    dH, dW = entries(dilation, "dilation")
    C = input.shape[1]
    along, down = row.expand(C, 1, 1, -1), column[:, None].expand(C, 1, -1, 1)
    bands = conv2d(input, along, None, (1, sW), (0, pW), (1, dW), C, padding_mode=padding_mode)
    return conv2d(bands, down, None, (sH, 1), (pH, 0), (dH, 1), C, padding_mode=padding_mode)
