"""Padding by copying the whole, then the columns and the rows that are repeated."""

from functools import lru_cache

from torch import Tensor

from core.ops.arguments import Pair, Size, check_size
from core.ops.checks import check_tensors
from core.ops.geometry import padded_size

__all__ = ["pad2d", "pad2d_input_grad"]


def pad2d(input: Tensor, padding: Size, *, padding_mode: str = "zeros") -> Tensor:
    """Return the input with elements added around its rows and columns; see `core.ops.naive.pad2d`."""
    check_tensors(input=input)
    size = padded_size(input.shape, padding, padding_mode)
    (H, W), (left, right, top, bottom) = input.shape[2:], padding
    output = input.new_zeros(size) if padding_mode == "zeros" else input.new_empty(size)
    output[:, :, top : top + H, left : left + W] = input
    if padding_mode != "zeros":
        for col, source in _edges(W, left, right, padding_mode):
            output[:, :, top : top + H, col] = input[:, :, :, source]
        for row, source in _edges(H, top, bottom, padding_mode):
            output[:, :, row] = output[:, :, top + source]
    return output


def pad2d_input_grad(input_size: Size, grad_output: Tensor, padding: Size, *, padding_mode: str = "zeros") -> Tensor:
    """Return dL/dinput of `pad2d`; see `core.ops.naive.pad2d_input_grad`."""
    check_tensors(grad_output=grad_output)
    check_size("grad_output", grad_output.shape, padded_size(input_size, padding, padding_mode))
    (N, C, H, W), (left, right, top, bottom) = input_size, padding
    if padding_mode == "zeros":
        return grad_output[:, :, top : top + H, left : left + W].clone()
    grad_rows = grad_output[:, :, top : top + H].clone()
    for row, source in _edges(H, top, bottom, padding_mode):
        grad_rows[:, :, source] += grad_output[:, :, row]
    grad_input = grad_rows[:, :, :, left : left + W].clone()
    for col, source in _edges(W, left, right, padding_mode):
        grad_input[:, :, :, source] += grad_rows[:, :, :, col]
    return grad_input


@lru_cache(maxsize=1024)
def _edges(size: int, before: int, after: int, padding_mode: str) -> list[Pair]:
    """Return each index that an axis is padded by, and which of its own elements is repeated there."""
    added = [*range(-before, 0), *range(size, size + after)]
    if padding_mode == "reflect":
        sources = [(size - 1) - abs((size - 1) - abs(k)) for k in added]
    elif padding_mode == "replicate":
        sources = [min(max(k, 0), size - 1) for k in added]
    else:
        sources = [k % size for k in added]
    return [(before + k, source) for k, source in zip(added, sources, strict=True)]
