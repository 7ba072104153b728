"""Padding by copying the input, then the rows and columns that are repeated around it."""

import torch
from torch import Tensor

from core.ops.arguments import Size, check_size
from core.ops.checks import check_tensors
from core.ops.geometry import padded_size

__all__ = ["pad2d", "pad2d_input_grad"]


def pad2d(input: Tensor, padding: Size, *, padding_mode: str = "zeros") -> Tensor:
    """Return the input with elements added around its rows and columns; see `core.ops.naive.pad2d`."""
    check_tensors(input=input)
    size = padded_size(input.shape, padding, padding_mode)
    (H, W), (left, right, top, bottom) = input.shape[2:], padding
    zeros = padding_mode == "zeros"
    output = input.new_zeros(size) if zeros else input.new_empty(size)
    middle = output[:, :, top : top + H]
    middle[:, :, :, left : left + W] = input
    if zeros:
        return output
    for col, source in enumerate(_sources(W, left, right, padding_mode).tolist()):
        if not left <= col < left + W:
            middle[:, :, :, col] = input[:, :, :, source]
    for row, source in enumerate(_sources(H, top, bottom, padding_mode).tolist()):
        if not top <= row < top + H:
            output[:, :, row] = middle[:, :, source]
    return output


def pad2d_input_grad(input_size: Size, grad_output: Tensor, padding: Size, *, padding_mode: str = "zeros") -> Tensor:
    """Return dL/dinput of `pad2d`; see `core.ops.naive.pad2d_input_grad`."""
    check_tensors(grad_output=grad_output)
    check_size("grad_output", grad_output.shape, padded_size(input_size, padding, padding_mode))
    (N, C, H, W), (left, right, top, bottom) = input_size, padding
    if padding_mode == "zeros":
        return grad_output[:, :, top : top + H, left : left + W].clone()
    rows = _sources(H, top, bottom, padding_mode, grad_output.device)
    cols = _sources(W, left, right, padding_mode, grad_output.device)
    grad_rows = grad_output.new_zeros(N, C, H, grad_output.shape[3]).index_add_(2, rows, grad_output)
    return grad_output.new_zeros(N, C, H, W).index_add_(3, cols, grad_rows)


def _sources(size: int, before: int, after: int, padding_mode: str, device: torch.device | None = None) -> Tensor:
    """Return for each index of a padded axis the element that it repeats."""
    index = torch.arange(-before, size + after, device=device)
    if padding_mode == "reflect":
        return (size - 1) - ((size - 1) - index.abs()).abs()
    if padding_mode == "replicate":
        return index.clamp(0, size - 1)
    return index % size
