"""The numeric bodies of `conv2d` and of its two gradients: strided copies and matrix products.

A convolution is a product: the weight, `O` rows of `C·kH·kW` taps, times the *windows* of the input. They are written
down in one of three ways, chosen by `formulation`:

* **columns**, `(C·kH·kW, outH·outW)` per image: output positions lie side by side, so that even a single channel is
  copied in long runs. Reads contiguous tensors fastest, and takes groups.
* **rows**, `(outH·outW, kH·kW·C)`: each window is `kH` runs of `kW·C` neighbours. Reads channels-last tensors fastest.
* **lowered**, `(H·outW, kW·C)`: rows along the width only. Kernel row `i` multiplies the same matrix, shifted by
  `i·dH` image rows, so that a `kH`-th is copied. Source: Cho & Brand, "MEC: Memory-efficient Convolution for Deep
  Neural Network" (2017).

Each gradient is the same product with another factor unknown. Windows are written in blocks of at most `BLOCK`
elements a thread, half the output where that is less, and multiplied while the cache still holds them; `del` hands
the memory of a block to the next one. Blocks are no smaller than that, because every copy and every product starts
all threads and waits for the slowest.

Shapes: input `N C H W`, weight `O C/groups kH kW`, output `N O outH outW`, with any strides in memory; results may be
laid out channels-last. Nothing here validates (`core.ops.vectorized.conv2d` does), and autograd records nothing.
"""

import math
from collections.abc import Iterator, Sequence
from enum import Enum

import torch
import torch.nn.functional as F
from torch import Tensor

Pair = tuple[int, int]

BLOCK = 1 << 18
"""Window elements each thread writes before they are multiplied: 1 MB in float32, the second-level cache of a core."""

SMALL_BLOCK = 1 << 16
"""Elements of a block that is worth its calls, however small the output: 256 kB in float32."""

FOLD_BLOCK = 1 << 21
"""Elements sent back to the input at once. Taps are added one by one, and only long additions use all threads."""

FEW_TAPS = 64
"""Up to so many taps (`C/groups·kH·kW`), columns are written faster than rows."""

VECTOR = 16
"""float32 values in a wide register. Channels-last columns are stored in whole registers where this divides `O`."""


class Formulation(Enum):
    """How the windows are written down."""

    COLUMNS = "columns"
    ROWS = "rows"
    LOWERED = "lowered"


def formulation(weight_size: Sequence[int], output_size: Sequence[int], stride: Pair, groups: int) -> Formulation:
    """Return how the windows are written for these shapes.

    Columns when a window has few taps; rows when the stride skips image rows, or when all windows fit one block and
    so one product; lowered otherwise.
    """
    taps = math.prod(weight_size[1:])
    if groups > 1 or taps <= FEW_TAPS:
        return Formulation.COLUMNS
    if stride[0] > 1 or taps * output_size[0] * output_size[2] * output_size[3] <= SMALL_BLOCK:
        return Formulation.ROWS
    return Formulation.LOWERED


@torch.no_grad()
def forward(input: Tensor, weight: Tensor, stride: Pair, padding: Pair, dilation: Pair, groups: int) -> Tensor:
    """Return `output[n, o, y, x] = Σ_{c,i,j} weight[o, c, i, j] · input[n, c, y·sH − pH + i·dH, x·sW − pW + j·dW]`."""
    padded = _pad(input, padding)
    O, _, kH, kW = weight.shape
    N, _, H, W = padded.shape
    outH = (H - dilation[0] * (kH - 1) - 1) // stride[0] + 1
    outW = (W - dilation[1] * (kW - 1) - 1) // stride[1] + 1
    way = formulation(weight.shape, (N, O, outH, outW), stride, groups)
    if way is Formulation.COLUMNS:
        return _forward_columns(_windows(padded, (kH, kW), (outH, outW), stride, dilation), weight, groups)
    rows = _rows(padded, way, (kH, kW), (outH, outW), stride, dilation)
    return _forward_rows(rows, _filters(weight, way), dilation[0])


@torch.no_grad()
def weight_grad(
    input: Tensor,
    weight_size: Sequence[int],
    grad_output: Tensor,
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    groups: int,
) -> Tensor:
    """Return `dL/dweight[o, c, i, j] = Σ_{n,y,x} dL/doutput[n, o, y, x] · input[n, c, y·sH − pH + i·dH, …]`."""
    padded = _pad(input, padding)
    _, C, kH, kW = weight_size
    O, outH, outW = grad_output.shape[1:]
    way = formulation(weight_size, grad_output.shape, stride, groups)
    if way is Formulation.COLUMNS:
        windows = _windows(padded, (kH, kW), (outH, outW), stride, dilation)
        return _weight_grad_columns(windows, grad_output, groups).view(O, C, kH, kW)
    rows = _rows(padded, way, (kH, kW), (outH, outW), stride, dilation)
    total = _weight_grad_rows(rows, grad_output.permute(0, 2, 3, 1), kH // rows.shape[3], dilation[0])
    return total.view(kH // rows.shape[3], O, rows.shape[3], kW, C).permute(1, 4, 0, 2, 3).reshape(O, C, kH, kW)


@torch.no_grad()
def input_grad(
    input_size: Sequence[int],
    weight: Tensor,
    grad_output: Tensor,
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    groups: int,
) -> Tensor:
    """Return `dL/dinput[n, c, row, col]`, the sum of `weight[o, c, i, j] · dL/doutput[n, o, y, x]` where they met."""
    (N, C, H, W), (pH, pW) = input_size, padding
    _, _, kH, kW = weight.shape
    outH, outW = grad_output.shape[2:]
    way = formulation(weight.shape, grad_output.shape, stride, groups)
    if way is Formulation.COLUMNS or (stride[0] > 1 and C < VECTOR):  # few channels are short runs to add
        padded = grad_output.new_zeros(N, C, H + 2 * pH, W + 2 * pW)
        _input_grad_columns(_windows(padded, (kH, kW), (outH, outW), stride, dilation), weight, grad_output, groups)
    else:
        padded = grad_output.new_zeros(N, H + 2 * pH, W + 2 * pW, C).permute(0, 3, 1, 2)
        rows = _rows(padded, way, (kH, kW), (outH, outW), stride, dilation)
        _input_grad_rows(rows, _filters(weight, way), grad_output.permute(0, 2, 3, 1), dilation[0])
    return padded[:, :, pH : pH + H, pW : pW + W]


def _forward_columns(windows: Tensor, weight: Tensor, groups: int) -> Tensor:
    N, C, kH, kW, outH, outW = windows.shape
    O, taps = weight.shape[0], C // groups * kH * kW
    filters = weight.reshape(groups, O // groups, taps)
    if groups == 1 and O % VECTOR == 0:
        output = windows.new_empty(N, outH, outW, O)
        for images, lines in _blocks((N, O, outH, outW), taps):
            product = output[images, lines].flatten(1, 2)
            columns = windows[images, ..., lines, :].reshape(len(product), taps, -1)
            torch.bmm(columns.mT, filters.mT.expand(len(product), -1, -1), out=product)
            del columns
        return output.permute(0, 3, 1, 2)
    output = windows.new_empty(N, O, outH, outW)
    for images, lines in _blocks((N, O, outH, outW), C * kH * kW):
        part = output[images, :, lines]
        columns = windows[images, ..., lines, :].reshape(len(part) * groups, taps, -1)
        repeated = filters.expand(len(part), -1, -1, -1).flatten(0, 1)
        if part.is_contiguous():
            torch.bmm(repeated, columns, out=part.view(len(columns), O // groups, -1))
        else:
            part.copy_(torch.bmm(repeated, columns).view_as(part))
        del columns
    return output


def _weight_grad_columns(windows: Tensor, grad_output: Tensor, groups: int) -> Tensor:
    N, C, kH, kW, outH, outW = windows.shape
    O, taps = grad_output.shape[1], C // groups * kH * kW
    total = windows.new_zeros(groups, O // groups, taps)
    for images, lines in _blocks((N, O, outH, outW), C * kH * kW, _cached()):
        part = grad_output[images, :, lines]
        grad = part.reshape(len(part), groups, O // groups, -1)
        columns = windows[images, ..., lines, :].reshape(len(part), groups, taps, -1)
        if taps > O // groups:  # the product with the longer lines is the faster one
            total += (grad @ columns.mT).sum(0)
        else:
            total += (columns @ grad.mT).sum(0).mT
        del columns
    return total.view(O, taps)


def _input_grad_columns(windows: Tensor, weight: Tensor, grad_output: Tensor, groups: int) -> None:
    N, C, kH, kW, outH, outW = windows.shape
    O, taps = weight.shape[0], C // groups * kH * kW
    filters = weight.reshape(groups, O // groups, taps).mT
    for images, lines in _blocks((N, O, outH, outW), C * kH * kW, FOLD_BLOCK):
        part = windows[images, ..., lines, :]
        grad = grad_output[images, :, lines].reshape(len(part), groups, O // groups, -1)
        _add_taps(part, (filters @ grad).view(part.shape), 2)


def _forward_rows(rows: Tensor, filters: Tensor, dilation: int) -> Tensor:
    (N, H, outW), (products, O, taps) = rows.shape[:3], filters.shape
    halo = dilation * (products - 1)
    output = rows.new_empty(N, H - halo, outW, O)
    for images, lines in _blocks((N, O, H - halo, outW), taps):
        result = output[images, lines].flatten(1, 2)
        lowered = rows[images, lines.start : lines.stop + halo].reshape(len(result), -1, taps)
        for i in range(products):
            shifted = lowered[:, i * dilation * outW :][:, : result.shape[1]]
            _accumulate(result, shifted, filters[i].mT, keep=i > 0)
        del lowered, shifted
    return output.permute(0, 3, 1, 2)


def _weight_grad_rows(rows: Tensor, grad_output: Tensor, products: int, dilation: int) -> Tensor:
    (N, H, outW), taps, O = rows.shape[:3], math.prod(rows.shape[3:]), grad_output.shape[3]
    halo = dilation * (products - 1)
    total = rows.new_zeros(products, O, taps)
    for images, lines in _blocks((N, O, H - halo, outW), taps, _cached()):
        grad = grad_output[images, lines].flatten(1, 2)
        lowered = rows[images, lines.start : lines.stop + halo].reshape(len(grad), -1, taps)
        for i in range(products):
            shifted = lowered[:, i * dilation * outW :][:, : grad.shape[1]]
            total[i].add_(torch.bmm(_shared(grad).mT, _shared(shifted)).sum(0))
        del lowered, shifted
    return total


def _input_grad_rows(rows: Tensor, filters: Tensor, grad_output: Tensor, dilation: int) -> None:
    (N, H, outW), (products, O, taps) = rows.shape[:3], filters.shape
    halo = dilation * (products - 1)
    for images, lines in _blocks((N, O, H - halo, outW), taps, _cached()):
        grad, target = grad_output[images, lines].flatten(1, 2), rows[images, lines.start : lines.stop + halo]
        sent = grad.new_zeros(target.shape)
        for i in range(products):
            shifted = sent.view(len(grad), -1, taps)[:, i * dilation * outW :][:, : grad.shape[1]]
            _accumulate(shifted, grad, filters[i])
        _add_taps(target, sent, 3)
        del sent, shifted


def _add_taps(targets: Tensor, sent: Tensor, axis: int) -> None:
    """Add to the elements that windows show, one tap after the other; `axis` and the next one count the taps."""
    for row, sent_row in zip(targets.unbind(axis), sent.unbind(axis), strict=True):
        for target, value in zip(row.unbind(axis), sent_row.unbind(axis), strict=True):
            target.add_(value)


def _accumulate(total: Tensor, left: Tensor, right: Tensor, keep: bool = True) -> None:
    """Add `left @ right` to `total` for each image, or replace it."""
    total, left = _shared(total), _shared(left)
    total.baddbmm_(left, right.expand(len(left), -1, -1), beta=int(keep))


def _shared(image: Tensor) -> Tensor:
    """Return the lines of a single image's matrix as one matrix for each thread, where they can be shared out.

    One product of several threads waits for its parts more often, above all where the result is small.
    """
    threads = torch.get_num_threads()
    if len(image) > 1 or image.shape[1] % threads:
        return image
    return image.view(threads, -1, image.shape[2])


def _pad(input: Tensor, padding: Pair) -> Tensor:
    pH, pW = padding
    return F.pad(input, (pW, pW, pH, pH)) if pH or pW else input


def _windows(padded: Tensor, kernel: Pair, out: Pair, stride: Pair, dilation: Pair) -> Tensor:
    """Return the view `(N, C, kH, kW, outH, outW)`."""
    sN, sC, sRow, sCol = padded.stride()
    strides = (sN, sC, dilation[0] * sRow, dilation[1] * sCol, stride[0] * sRow, stride[1] * sCol)
    return padded.as_strided((*padded.shape[:2], *kernel, *out), strides)


def _rows(padded: Tensor, way: Formulation, kernel: Pair, out: Pair, stride: Pair, dilation: Pair) -> Tensor:
    """Return the view `(N, outH, outW, kH, kW, C)`, or `(N, H, outW, 1, kW, C)` of windows along the width only."""
    if way is Formulation.LOWERED:
        kernel, out = (1, kernel[1]), (padded.shape[2], out[1])
    channels_last = padded.contiguous(memory_format=torch.channels_last)
    return _windows(channels_last, kernel, out, stride, dilation).permute(0, 4, 5, 2, 3, 1)


def _filters(weight: Tensor, way: Formulation) -> Tensor:
    """Return the weight as `(1, O, kH·kW·C)`, or `(kH, O, kW·C)`: one matrix for each product of a block."""
    split = weight.unsqueeze(0) if way is Formulation.ROWS else weight.permute(2, 0, 1, 3).unsqueeze(3)
    return split.permute(0, 1, 3, 4, 2).flatten(2)


def _cached() -> int:
    """Return how many elements all threads' caches hold."""
    return BLOCK * torch.get_num_threads()


def _blocks(
    output_size: tuple[int, int, int, int], elements: int, block: int | None = None
) -> Iterator[tuple[slice, slice]]:
    """Yield the images and the output rows of each block: several images, or some rows of one image.

    Args:
        output_size: `(N, O, outH, outW)`.
        elements: elements written for one output position.
        block: elements of a block; by default as many as the caches hold, and at most half the output.
    """
    N, O, outH, outW = output_size
    block = block or min(_cached(), max(SMALL_BLOCK, N * O * outH * outW // 2))
    images = max(1, block // (outH * outW * elements))
    lines = min(outH, max(1, block // (outW * elements)))
    for n in range(0, N, images):
        for y in range(0, outH, lines):
            yield slice(n, min(n + images, N)), slice(y, min(y + lines, outH))
