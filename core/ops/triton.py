"""Convolution on the graphics card by a kernel of our own, written in Triton: a matrix product without the matrix.

Triton comes with PyTorch on Linux. Without a card its interpreter runs the same kernel on the processor, slowly, when
`TRITON_INTERPRET=1` is set before Triton is imported.
"""

# mypy: disable-error-code="no-untyped-def, untyped-decorator"
import torch
import triton
import triton.language as tl
from torch import Tensor
from triton.language import constexpr

from core.device import current
from core.ops.arguments import Ints
from core.ops.conv_checks import check_conv
from core.ops.vectorized.pad import pad2d

__all__ = ["conv2d"]

POSITIONS, OUTPUTS, TAPS = 64, 32, 16
"""Output positions and output channels of a program's tile, and how many taps it multiplies at a time: with more,
registers run out and spill into memory."""

WARPS = 4
"""Groups of 32 threads that compute a tile."""

TYPES = (torch.float32, torch.float16, torch.bfloat16)
NARROW = 2**31
"""Elements of a tensor from which positions in it no longer fit into 32 bits, of which a card has more registers."""


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
        ValueError: Not on a CUDA device, and Triton's interpreter is off; float64, which no card multiplies in tiles of
            this kernel; bfloat16 in the interpreter, which reads its numbers wrongly.
    """
    windows = check_conv(2, input, weight, bias, stride, padding, dilation, groups, padding_mode)
    interpreted = triton.knobs.runtime.interpret
    if not input.is_cuda and not interpreted:
        raise ValueError(f"input is on {input.device}, Triton's kernel expects cuda (or TRITON_INTERPRET=1)")
    if input.dtype not in TYPES or (interpreted and input.dtype == torch.bfloat16):
        expected = "float32 or float16" if interpreted else "float32, float16 or bfloat16"
        raise ValueError(f"input is {str(input.dtype).removeprefix('torch.')}, Triton's kernel expects {expected}")
    (sH, sW), (dH, dW), (outH, outW) = windows.stride, windows.dilation, windows.output
    (pH, pW), (left, right, top, bottom) = windows.before, windows.around
    if padding_mode != "zeros" or (left, top) != (right, bottom):
        input, pH, pW = pad2d(input, windows.around, padding_mode=padding_mode), 0, 0
    (N, C, H, W), (O, channels, kH, kW) = input.shape, weight.shape
    output = input.new_empty(N, O, outH, outW)
    positions, each = N * outH * outW, O // groups
    if output.numel():
        grid = (triton.cdiv(positions, POSITIONS), triton.cdiv(each, OUTPUTS), groups)
        read = tuple(map(_plain, (input, weight, weight if bias is None else bias)))
        wide = max(tensor.numel() for tensor in (*read, output)) >= NARROW - POSITIONS
        with current(input.device):  # Triton launches on the current card
            _tile[grid](
                *read, output, bias is not None,
                positions, C, H, W, O, each, channels, kH, kW, outH, outW, sH, sW, pH, pW, dH, dW,
                POSITIONS, OUTPUTS, TAPS, wide, num_warps=WARPS,
            )  # fmt: skip
    return output


def _plain(tensor: Tensor) -> Tensor:
    """Return a tensor whose memory holds its numbers as they are, one after the other."""
    return tensor.resolve_neg().contiguous()


@triton.jit
def _tile(
    input, weight, bias, output, has_bias: constexpr,
    positions, C, H, W, O, each, channels, kH, kW, outH, outW, sH, sW, pH, pW, dH, dW,
    POSITIONS: constexpr, OUTPUTS: constexpr, TAPS: constexpr, WIDE: constexpr,
):  # fmt: skip
    tile, group = tl.program_id(0), tl.program_id(2)
    if WIDE:
        tile, group = tile.to(tl.int64), group.to(tl.int64)
    position = tile * POSITIONS + tl.arange(0, POSITIONS)
    member = tl.program_id(1) * OUTPUTS + tl.arange(0, OUTPUTS)
    n = position // (outH * outW)
    y, x = (position // outW % outH).to(tl.int32), (position % outW).to(tl.int32)
    o = group * each + member
    top, left = y * sH - pH, x * sW - pW
    corner = ((n * C + group * channels) * H + top) * W + left
    taps = channels * kH * kW
    total = tl.zeros((POSITIONS, OUTPUTS), tl.float32)
    for first in range(0, taps, TAPS):
        tap = first + tl.arange(0, TAPS)
        c, i, j = tap // (kH * kW), tap // kW % kH, tap % kW
        row, col = top[:, None] + (i * dH)[None, :], left[:, None] + (j * dW)[None, :]
        inside = (row >= 0) & (row < H) & (col >= 0) & (col < W)
        inside = inside & (position < positions)[:, None] & (tap < taps)[None, :]
        away = (c * H + i * dH) * W + j * dW
        window = tl.load(input + corner[:, None] + away[None, :], mask=inside, other=0.0)
        known = (tap < taps)[:, None] & (member < each)[None, :]
        filters = tl.load(weight + o[None, :] * taps + tap[:, None], mask=known, other=0.0)
        total += tl.dot(window, filters, input_precision="ieee", out_dtype=tl.float32)
    if has_bias:
        total += tl.load(bias + o, mask=member < each, other=0.0)[None, :].to(tl.float32)
    place = ((n[:, None] * O + o[None, :]) * outH + y[:, None]) * outW + x[:, None]
    written = (position < positions)[:, None] & (member < each)[None, :]
    tl.store(output + place, total.to(output.dtype.element_ty), mask=written)
