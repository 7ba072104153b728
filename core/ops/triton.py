"""Convolution on the graphics card by a kernel of our own, written in Triton: a matrix product without the matrix.

Triton comes with PyTorch on Linux. Without a card its interpreter runs the same kernel on the processor, slowly, when
`TRITON_INTERPRET=1` is set before Triton is imported.
"""

# mypy: disable-error-code="no-untyped-def, untyped-decorator"
import triton
import triton.language as tl
from torch import Tensor
from triton.language import constexpr

from core.ops.arguments import Ints
from core.ops.conv_checks import check_conv
from core.ops.vectorized.pad import pad2d

__all__ = ["conv2d"]

POSITIONS, OUTPUTS, TAPS = 64, 32, 32
"""Output positions and output channels of a program's tile, and how many taps it multiplies at a time."""


def conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Ints = 1,
    padding: Ints | str = 0,
    dilation: Ints = 1,
    groups: int = 1,
    *,
    padding_mode: str = "zeros",
) -> Tensor:
    """Return the cross-correlation of `core.ops.naive.conv2d`, computed by implicit matrix product in Triton.

    Each program computes a tile of output positions × output channels. The windows that an `im2col` would write down
    are gathered from the image as they are multiplied, so that no memory is needed beside the output. Sums are kept
    in float32.

    Raises:
        ValueError: Not on a CUDA device, and Triton's interpreter is off.
    """
    windows = check_conv(2, input, weight, bias, stride, padding, dilation, groups, padding_mode)
    if not input.is_cuda and not triton.knobs.runtime.interpret:
        raise ValueError(f"input is on {input.device}, Triton's kernel expects cuda (or TRITON_INTERPRET=1)")
    (sH, sW), (dH, dW), (outH, outW) = windows.stride, windows.dilation, windows.output
    (pH, pW), (left, right, top, bottom) = windows.before, windows.around
    if padding_mode != "zeros" or (left, top) != (right, bottom):
        input, pH, pW = pad2d(input, windows.around, padding_mode=padding_mode), 0, 0
    (N, C, H, W), (O, channels, kH, kW) = input.shape, weight.shape
    output = input.new_empty(N, O, outH, outW)
    positions, each = N * outH * outW, O // groups
    if output.numel():
        grid = (triton.cdiv(positions, POSITIONS), triton.cdiv(each, OUTPUTS), groups)
        no_bias = weight if bias is None else bias
        _tile[grid](
            input.contiguous(), weight.contiguous(), no_bias.contiguous(), output, bias is not None,
            positions, C, H, W, O, each, channels, kH, kW, outH, outW, sH, sW, pH, pW, dH, dW,
            POSITIONS, OUTPUTS, TAPS,
        )  # fmt: skip
    return output


@triton.jit
def _tile(
    input, weight, bias, output, has_bias: constexpr,
    positions, C, H, W, O, each, channels, kH, kW, outH, outW, sH, sW, pH, pW, dH, dW,
    POSITIONS: constexpr, OUTPUTS: constexpr, TAPS: constexpr,
):  # fmt: skip
    position = tl.program_id(0).to(tl.int64) * POSITIONS + tl.arange(0, POSITIONS)
    member = tl.program_id(1) * OUTPUTS + tl.arange(0, OUTPUTS)
    group = tl.program_id(2)
    n, y, x = position // (outH * outW), position // outW % outH, position % outW
    o = group * each + member
    taps = channels * kH * kW
    total = tl.zeros((POSITIONS, OUTPUTS), tl.float32)
    for first in range(0, taps, TAPS):
        tap = first + tl.arange(0, TAPS)
        c, i, j = tap // (kH * kW), tap // kW % kH, tap % kW
        row = (y * sH - pH)[:, None] + (i * dH)[None, :]
        col = (x * sW - pW)[:, None] + (j * dW)[None, :]
        inside = (row >= 0) & (row < H) & (col >= 0) & (col < W)
        inside = inside & (position < positions)[:, None] & (tap < taps)[None, :]
        image = n[:, None] * C + (group * channels + c)[None, :]
        window = tl.load(input + (image * H + row) * W + col, mask=inside, other=0.0)
        known = (tap < taps)[:, None] & (member < each)[None, :]
        filters = tl.load(weight + o[None, :] * taps + tap[:, None], mask=known, other=0.0)
        total += tl.dot(window, filters, input_precision="ieee", out_dtype=tl.float32)
    if has_bias:
        total += tl.load(bias + o, mask=member < each, other=0.0)[None, :].to(tl.float32)
    place = ((n[:, None] * O + o[None, :]) * outH + y[:, None]) * outW + x[:, None]
    written = (position < positions)[:, None] & (member < each)[None, :]
    tl.store(output + place, total.to(output.dtype.element_ty), mask=written)
