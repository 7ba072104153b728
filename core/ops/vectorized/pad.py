"""Padding by copying rows and columns, in one pass where `pointwise` has it, else on whole tensors."""

from functools import lru_cache

import torch
from torch import Tensor

from core.ops.arguments import Size, check_size
from core.ops.checks import check_tensors
from core.ops.geometry import padded_size
from core.ops.vectorized import pointwise

__all__ = ["pad2d", "pad2d_input_grad"]


def pad2d(input: Tensor, padding: Size, *, padding_mode: str = "zeros") -> Tensor:
    """Return the input with elements added around its rows and columns; see `core.ops.naive.pad2d`."""
    check_tensors(input=input)
    size = padded_size(input.shape, padding, padding_mode)
    (H, W), (left, right, top, bottom) = input.shape[2:], padding
    if padding_mode == "zeros":
        output = input.new_zeros(*size)
        output.as_strided(input.shape, output.stride(), top * size[3] + left).copy_(input)
        return output
    rows, cols = _sources(H, top, bottom, padding_mode), _sources(W, left, right, padding_mode)
    if (padded := pointwise.pad(input, None, input.shape, (rows, cols))) is not None:
        return padded
    return input[:, :, list(rows)][:, :, :, list(cols)]


def pad2d_input_grad(input_size: Size, grad_output: Tensor, padding: Size, *, padding_mode: str = "zeros") -> Tensor:
    """Return dL/dinput of `pad2d`; see `core.ops.naive.pad2d_input_grad`."""
    check_tensors(grad_output=grad_output)
    check_size("grad_output", grad_output.shape, padded_size(input_size, padding, padding_mode))
    (N, C, H, W), (left, right, top, bottom) = input_size, padding
    if padding_mode == "zeros":
        return grad_output[:, :, top : top + H, left : left + W].clone()
    rows, cols = _sources(H, top, bottom, padding_mode), _sources(W, left, right, padding_mode)
    if (grad_input := pointwise.pad(None, grad_output, input_size, (rows, cols))) is not None:
        return grad_input
    on_rows, on_cols = (torch.tensor(sources, device=grad_output.device) for sources in (rows, cols))
    grad_rows = grad_output.new_zeros(N, C, H, grad_output.shape[3]).index_add_(2, on_rows, grad_output)
    return grad_output.new_zeros(N, C, H, W).index_add_(3, on_cols, grad_rows)


@lru_cache(maxsize=1024)
def _sources(size: int, before: int, after: int, padding_mode: str) -> tuple[int, ...]:
    """Return for each index of a padded axis the element that it repeats."""
    index = range(-before, size + after)
    if padding_mode == "reflect":
        return tuple((size - 1) - abs((size - 1) - abs(k)) for k in index)
    if padding_mode == "replicate":
        return tuple(min(max(k, 0), size - 1) for k in index)
    return tuple(k % size for k in index)
