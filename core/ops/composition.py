"""Two kernels applied one after the other are one kernel: convolution is associative."""

from torch import Tensor

from core.ops.arguments import Ints, check_not_empty, check_rank, entries
from core.ops.checks import check_tensors
from core.ops.vectorized.conv_transpose2d import conv_transpose2d

__all__ = ["compose"]


def compose(
    first: Tensor, second: Tensor, stride: Ints = 1, first_dilation: Ints = 1, second_dilation: Ints = 1
) -> Tensor:
    """Return the kernel whose cross-correlation is that with `first`, then that with `second`.

    kernel[i·d₁ + k·s·d₂, j·d₁ + l·s·d₂] = Σ first[i, j] · second[k, l]

    Its taps stand 1 apart, its windows `stride` times as far as those of `second`. It scatters the first kernel by the
    second's taps: a transposed convolution.

    Args:
        first: `(kH, kW)`, applied first, its windows `stride` apart.
        second: `(kH, kW)`.
        stride: Of the first, one number or (sH, sW).
        first_dilation: Elements between neighbouring taps of the first.
        second_dilation: Elements of the first's output between neighbouring taps of the second.

    Returns:
        `(d₁·(kH₁ − 1) + s·d₂·(kH₂ − 1) + 1, …)`.

    Raises:
        TypeError: A kernel is not of a floating-point dtype.
        ValueError: A kernel has not two dimensions or is empty, or a setting is not positive.
    """
    check_tensors(first=first, second=second)
    for name, kernel in (("first", first), ("second", second)):
        check_rank(name, kernel.shape, 2)
        check_not_empty(name, kernel.shape, 0)
    steps = entries(stride, "stride")
    apart = tuple(step * gap for step, gap in zip(steps, entries(second_dilation, "second_dilation"), strict=True))
    return conv_transpose2d(second[None, None], first[None, None], stride=apart, dilation=first_dilation)[0, 0]
