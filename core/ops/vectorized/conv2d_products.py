"""`conv2d` and its two gradients as strided copies and matrix products: on any device, in any precision, with groups.

A convolution is a product: the weight, `O` rows of `C·kH·kW` taps, times the *windows* of the input. They are written
down in one of two ways, chosen by `formulation`:

* **rows**, `(N·outH·outW, kH·kW·C)`: a window lies in `kH` runs of neighbours. Reads channels-last tensors fastest.
* **columns**, `(C·kH·kW, N·outH·outW)`: output positions lie side by side, so that even a single channel is copied in
  long runs. Reads contiguous tensors fastest, and takes groups.

Each gradient is the same product with another factor unknown; the input's is spread over the windows and added up.
The windows of a 1 × 1 kernel are the input's own elements: nothing is written down where none are stepped over,
in either layout.

Windows are written in blocks of whole images, as many as the caches hold, and multiplied while they are there; the
forward pass writes rows at once where half the output's memory and the input's hold them.

Shapes: input `N C H W`, weight `O C/groups kH kW`, output `N O outH outW`, with any strides in memory; results may be
laid out channels-last. Nothing here validates (`core.ops.vectorized.conv2d` does), and autograd records nothing.
"""

from collections.abc import Sequence
from enum import Enum
from functools import reduce
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from core.ops.geometry import Windows
from core.ops.vectorized.matmul import product, times

Pair = tuple[int, int]

BLOCK = 1 << 20
"""Window elements written before they are multiplied: 4 MB in float32."""

IMAGE = 1 << 22
"""Window elements from which the lines of a single image are shared out among blocks: 16 MB in float32."""

SHORT_RUN = 8
"""Rows whose runs are shorter, in elements, are copied slower than columns."""

SHORT_SUM = 32
"""The same for the weight's gradient, whose product takes either; PyTorch copies less than 32 elements one by one."""


class Formulation(Enum):
    """How the windows are written down."""

    COLUMNS = "columns"
    ROWS = "rows"


def formulation(weight_size: Sequence[int], groups: int, short: int = SHORT_RUN) -> Formulation:
    """Return how the windows are written: columns for groups and for runs shorter than `short`, else rows."""
    _, C, _, kW = weight_size
    return Formulation.COLUMNS if groups > 1 or kW * C < short else Formulation.ROWS


class Geometry(NamedTuple):
    """Where windows lie in the padded input, and where outputs lie."""

    kernel: Pair
    out: Pair
    stride: Pair
    padding: Pair
    dilation: Pair

    def pad(self, input: Tensor) -> Tensor:
        """Return the input with its padding."""
        pH, pW = self.padding
        return F.pad(input, (pW, pW, pH, pH)) if pH or pW else input

    def rows(self, input: Tensor, lines: slice) -> Tensor:
        """Return the matrix `(N·outH·outW, kH·kW·C)` of some output lines."""
        (kH, kW), (_, outW), (sH, sW), _, (dH, dW) = self
        padded = self.pad(input).contiguous(memory_format=torch.channels_last)
        N, C, H, W = padded.shape
        line = W * C
        size = (N, lines.stop - lines.start, outW, kH, kW, C)
        strides = (H * line, sH * line, sW * C, dH * line, dW * C, 1)
        view = padded.as_strided(size, strides, padded.storage_offset() + lines.start * sH * line)
        return view.reshape(-1, kH * kW * C)

    def windows(self, input: Tensor, lines: slice) -> Tensor:
        """Return the windows `(N, C, kH, kW, outH, outW)` of some output lines, a view of the padded input."""
        (kH, kW), (_, outW), (sH, sW), _, (dH, dW) = self
        padded = self.pad(input).contiguous()
        N, C, H, W = padded.shape
        size = (N, C, kH, kW, lines.stop - lines.start, outW)
        strides = (C * H * W, H * W, dH * W, dW, sH * W, sW)
        return padded.as_strided(size, strides, padded.storage_offset() + lines.start * sH * W)


def forward(input: Tensor, weight: Tensor, stride: Pair, padding: Pair, dilation: Pair, groups: int) -> Tensor:
    """Return `output[n, o, y, x] = Σ_{c,i,j} weight[o, c, i, j] · input[n, c, y·sH − pH + i·dH, x·sW − pW + j·dW]`."""
    input, weight = _constant(input), _constant(weight)
    if _is_pointwise(weight.shape[2:], padding, groups):
        return _pointwise(_every(input, stride), weight.view(weight.shape[:2]).mT)
    (H, W), (kH, kW) = input.shape[2:], weight.shape[2:]
    outH = (H + 2 * padding[0] - dilation[0] * (kH - 1) - 1) // stride[0] + 1
    outW = (W + 2 * padding[1] - dilation[1] * (kW - 1) - 1) // stride[1] + 1
    geometry = Geometry((kH, kW), (outH, outW), stride, padding, dilation)
    if formulation(weight.shape, groups) is Formulation.COLUMNS:
        return _forward_columns(input, weight, geometry, groups)
    return _forward_rows(input, weight, geometry)


def forward_by_channels(
    input: Tensor, weight: Tensor, stride: Pair, padding: Pair, dilation: Pair, room: int
) -> Tensor:
    """Return the same without groups: windows of some channels at a time, times the weight where it lies.

    A large weight, with few positions to multiply it by, takes its time to be read, and longer to be laid out anew.

    Args:
        input: `(N, C, H, W)`.
        weight: `(O, C, kH, kW)`, contiguous.
        stride: Of the windows.
        padding: On both sides of each axis.
        dilation: Between taps.
        room: Elements of windows that may be written at a time.
    """
    input, matrix = _constant(input), _constant(weight).flatten(1)
    (N, C, H, W), (O, _, kH, kW), (pH, pW) = input.shape, weight.shape, padding
    outH = (H + 2 * pH - dilation[0] * (kH - 1) - 1) // stride[0] + 1
    outW = (W + 2 * pW - dilation[1] * (kW - 1) - 1) // stride[1] + 1
    geometry = Geometry((kH, kW), (outH, outW), stride, padding, dilation)
    some, output = max(1, room // (N * kH * kW * outH * outW)), input.new_empty(N * outH * outW, O)
    for c in range(0, C, some):
        images = input if some >= C else input[:, c : c + some]
        windows = geometry.windows(images, slice(0, outH)).permute(1, 2, 3, 0, 4, 5).reshape(-1, N * outH * outW)
        factor = matrix[:, c * kH * kW : (c + some) * kH * kW]
        torch.addmm(output, windows.mT, factor.mT, beta=min(c, 1), out=output)
        del windows
    return output.view(N, outH, outW, O).permute(0, 3, 1, 2)


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
    input, grad_output = _constant(input), _constant(grad_output)
    if _is_pointwise(weight_size[2:], padding, groups):
        return _pointwise_weight_grad(_every(input, stride), grad_output)
    grads = grad_output.transpose(0, 1)
    (O, C, kH, kW), (_, N, outH, outW) = weight_size, grads.shape
    geometry = Geometry((kH, kW), (outH, outW), stride, padding, dilation)
    columns = formulation(weight_size, groups, SHORT_SUM) is Formulation.COLUMNS

    def part(images: slice, lines: slice) -> Tensor:
        factor = grads[:, images, lines].reshape(O, -1)
        if not columns:
            return product(factor, geometry.rows(input[images], lines).mT)
        windows = geometry.windows(input[images], lines).permute(1, 2, 3, 0, 4, 5).reshape(groups * C * kH * kW, -1)
        if groups == 1:
            return product(windows, factor).mT
        return torch.bmm(factor.view(groups, O // groups, -1), windows.view(groups, C * kH * kW, -1).mT)

    grad = reduce(Tensor.add_, (part(*block) for block in _blocks((N, outH, outW), groups * C * kH * kW)))
    return grad.reshape(O, C, kH, kW) if columns else grad.view(O, kH, kW, C).permute(0, 3, 1, 2)


def signals_weight_grad(input: Tensor, grad_output: Tensor, windows: Windows) -> Tensor:
    """Return dL/dweight of signals, `(N, C, W)`, without groups: all windows are written down at once."""
    (kW,), (sW,), (dW,), (outW,) = windows.kernel, windows.stride, windows.dilation, windows.output
    padded = F.pad(_constant(input), (*windows.before, *windows.after)).contiguous()
    N, C, W = padded.shape
    columns = padded.as_strided((C, kW, N, outW), (W, dW, C * W, sW)).reshape(C * kW, N * outW)
    factor = _constant(grad_output).transpose(0, 1).reshape(-1, N * outW)
    return torch.mm(factor, columns.mT).view(-1, C, kW)


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
    weight, grad_output = _constant(weight), _constant(grad_output)
    (N, C, H, W), (pH, pW) = input_size, padding
    if _is_pointwise(weight.shape[2:], padding, groups):
        sent = _pointwise(grad_output, weight.view(weight.shape[:2]))
        if stride == (1, 1) and sent.shape[2:] == (H, W):
            return sent
        last = sent.is_contiguous(memory_format=torch.channels_last)
        grad = sent.new_zeros(N, H, W, C).permute(0, 3, 1, 2) if last else sent.new_zeros(N, C, H, W)
        grad[:, :, :: stride[0], :: stride[1]][:, :, : sent.shape[2], : sent.shape[3]] = sent
        return grad
    (kH, kW), (outH, outW) = weight.shape[2:], grad_output.shape[2:]
    geometry = Geometry((kH, kW), (outH, outW), stride, padding, dilation)
    if formulation(weight.shape, groups) is Formulation.COLUMNS:
        padded = grad_output.new_zeros(N, C, H + 2 * pH, W + 2 * pW)
        _input_grad_columns(padded, weight, grad_output, geometry, groups)
    else:
        padded = grad_output.new_zeros(N, H + 2 * pH, W + 2 * pW, C).permute(0, 3, 1, 2)
        _input_grad_rows(padded, weight, grad_output, geometry)
    return padded[:, :, pH : pH + H, pW : pW + W]


def _constant(tensor: Tensor) -> Tensor:
    """Return the tensor as one whose use autograd does not record."""
    return tensor.detach() if tensor.requires_grad else tensor


def _is_pointwise(kernel: Sequence[int], padding: Pair, groups: int) -> bool:
    """Return whether the windows are the input's own elements."""
    return kernel[0] == kernel[1] == groups == 1 and padding == (0, 0)


def _pointwise(input: Tensor, matrix: Tensor) -> Tensor:
    """Return `Σ_c matrix[c, o] · input[n, c, y, x]`, laid out as the input is: channels-last, or contiguous."""
    (N, C, H, W), O = input.shape, matrix.shape[1]
    last = input.is_contiguous(memory_format=torch.channels_last)
    if not last and input.is_contiguous():
        return torch.bmm(matrix.mT.expand(N, O, C), input.view(N, C, H * W)).view(N, O, H, W)
    rows = input.as_strided((N * H * W, C), (C, 1)) if last else _pixels(input)
    # of fewer pixels oneDNN copies the weight, which takes its time, and more memory than they do
    multiply = torch.mm if N * H * W <= O < C else times
    return multiply(rows, matrix).as_strided((N, O, H, W), (H * W * O, 1, W * O, O))


def _pointwise_weight_grad(input: Tensor, grad_output: Tensor) -> Tensor:
    """Return `Σ_{n,y,x} grad_output[n, o, y, x] · input[n, c, y, x]`, `(O, C, 1, 1)`."""
    grad = torch.mm(_pixels(grad_output).mT, _pixels(input))
    return grad.view(*grad.shape, 1, 1)


def _pixels(images: Tensor) -> Tensor:
    """Return the channels of every pixel, `(N·H·W, C)`: a view of channels-last images, a copy of others."""
    N, C, H, W = images.shape
    if images.is_contiguous(memory_format=torch.channels_last):
        return images.as_strided((N * H * W, C), (C, 1))
    return images.permute(0, 2, 3, 1).reshape(N * H * W, C)


def _every(input: Tensor, stride: Pair) -> Tensor:
    """Return the pixels that windows of one element read."""
    return input if stride == (1, 1) else input[:, :, :: stride[0], :: stride[1]]


def _forward_rows(input: Tensor, weight: Tensor, geometry: Geometry) -> Tensor:
    (N, O), (outH, outW) = (input.shape[0], weight.shape[0]), geometry.out
    filters = weight.permute(0, 2, 3, 1).reshape(O, -1)
    written, positions = filters.shape[1], N * outH * outW
    room = input.numel() + positions * O // 2
    blocks = _blocks((N, outH, outW), written + O, room // (written + O))
    if len(blocks) == 1 or written * positions <= room:
        output = product(geometry.rows(input, slice(0, outH)), filters)
        return output.view(N, outH, outW, O).permute(0, 3, 1, 2)
    output = input.new_empty(N, outH, outW, O)
    for images, lines in blocks:
        part = output[images, lines].view(-1, O)
        part.copy_(product(geometry.rows(input[images], lines), filters))
    return output.permute(0, 3, 1, 2)


def _forward_columns(input: Tensor, weight: Tensor, geometry: Geometry, groups: int) -> Tensor:
    (N, O), (outH, outW) = (input.shape[0], weight.shape[0]), geometry.out
    filters = weight.reshape(O, -1)
    taps = filters.shape[1]
    positions = (input.numel() + N * O * outH * outW // 2) // (groups * taps)
    blocks = _blocks((N, outH, outW), groups * taps + O, positions)
    if N == groups == len(blocks) == 1:
        columns = geometry.windows(input, blocks[0][1]).reshape(taps, outH * outW)
        return torch.mm(filters, columns).view(1, O, outH, outW)
    output = input.new_empty(N, O, outH, outW)
    for images, lines in blocks:
        windows, part = geometry.windows(input[images], lines), output[images, :, lines]
        n, height = part.shape[0], part.shape[2]
        columns = windows.reshape(n * groups, taps, height * outW)
        repeated = filters.view(groups, O // groups, taps).expand(n, -1, -1, -1).flatten(0, 1)
        if height == outH:
            torch.bmm(repeated, columns, out=part.view(n * groups, O // groups, height * outW))
        else:
            part.copy_(torch.bmm(repeated, columns).view_as(part))
        del windows, columns
    return output


def _input_grad_rows(padded: Tensor, weight: Tensor, grad_output: Tensor, geometry: Geometry) -> None:
    (N, C), (kH, kW) = padded.shape[:2], geometry.kernel
    filters = weight.permute(0, 3, 2, 1).flatten(1).mT  # (kW·kH·C, O)
    for images, lines in _blocks((N, *geometry.out), filters.shape[0]):
        grads = grad_output[images, :, lines].permute(0, 2, 3, 1)
        n, outH, outW, O = grads.shape
        sent = product(grads.reshape(-1, O), filters).view(n, outH, outW, kW, kH, C)
        spread = sent.new_zeros(n, outH, padded.shape[3], kH, C)
        _add_taps(sent.permute(3, 4, 0, 5, 1, 2), spread.permute(3, 0, 4, 1, 2), padded[images], lines, geometry)


def _input_grad_columns(padded: Tensor, weight: Tensor, grad_output: Tensor, geometry: Geometry, groups: int) -> None:
    (N, C), O, (kH, kW) = padded.shape[:2], weight.shape[0], geometry.kernel
    filters = weight.transpose(2, 3).reshape(groups, O // groups, -1).mT  # (groups, C/groups·kW·kH, O/groups)
    filters = filters.contiguous()
    for images, lines in _blocks((N, *geometry.out), C * kH * kW):
        grads = grad_output[images, :, lines]
        n, _, outH, outW = grads.shape
        factor = grads.transpose(0, 1).reshape(groups, O // groups, -1)
        sent = product(filters[0], factor[0].mT) if groups == 1 else torch.bmm(filters, factor)
        spread = sent.new_zeros(C, kH, n, outH, padded.shape[3])
        sent = sent.view(C, kW, kH, n, outH, outW).permute(1, 2, 3, 0, 4, 5)
        _add_taps(sent, spread.permute(1, 2, 0, 3, 4), padded[images], lines, geometry)


def _add_taps(sent: Tensor, spread: Tensor, padded: Tensor, lines: slice, geometry: Geometry) -> None:
    """Add to the padded input what the outputs of some lines send to it, first along the width, then along the height.

    Args:
        sent: `(kW, kH, N, C, outH, outW)`.
        spread: `(kH, N, C, outH, W)`, zeros.
        padded: `(N, C, H, W)`.
        lines: the output lines that send.
        geometry: of the convolution.
    """
    (sH, sW), (dH, dW) = geometry.stride, geometry.dilation
    outH, outW = sent.shape[4:]
    for j, part in enumerate(sent.unbind(0)):
        spread[..., j * dW :: sW][..., :outW].add_(part)
    for i, part in enumerate(spread.unbind(0)):
        padded[:, :, lines.start * sH + i * dH :: sH][:, :, :outH].add_(part)


def _blocks(size: tuple[int, int, int], elements: int, positions: int = BLOCK) -> list[tuple[slice, slice]]:
    """Return the images and the output lines of each block: some images, or some lines of one large image.

    Args:
        size: `(N, outH, outW)`.
        elements: elements written for one output position, of windows and of results.
        positions: output positions at most, as many as there is room for, unless a single image has more.
    """
    N, outH, outW = size
    images = max(1, min(BLOCK // elements, positions) // (outH * outW))
    lines = min(outH, max(1, IMAGE // (outW * elements)))
    return [
        (slice(n, min(n + images, N)), slice(y, min(y + lines, outH)))
        for n in range(0, max(N, 1), images)
        for y in range(0, outH, lines)
    ]
