"""The edge of `core.ops`: what the tensors must be before any arithmetic starts.

All tensors are floating point (class indices and masks apart), of one dtype, on one device. NaN and infinity are
numbers: they propagate as they do in torch.
"""

from collections.abc import Iterable
from math import prod
from typing import Literal, get_args

import torch
from torch import Tensor

from core.ops.arguments import Size, check_not_empty, check_rank, check_size

PLAIN = (Tensor, torch.nn.Parameter)
"""Tensors whose memory can be read: others may have none, or stand for several."""

Approximation = Literal["none", "tanh"]
"""How `gelu` can be computed."""


def check_tensors(**tensors: Tensor | None) -> None:
    """Refuse tensors that cannot be computed with together; the first one, never None, sets dtype and device.

    Raises:
        TypeError: An argument is not a tensor, or not of a real floating-point dtype.
        ValueError: The dtype or the device differs from the first one's.
    """
    if _are_plain(tensors.values()):
        return
    first: tuple[str, Tensor] | None = None
    for name, tensor in tensors.items():
        if tensor is None and first:
            continue
        if not isinstance(tensor, Tensor):
            raise TypeError(f"{name} must be a tensor, not {type(tensor).__name__}")
        if not tensor.is_floating_point():
            raise TypeError(f"{name} has dtype {tensor.dtype}, expected a floating-point dtype")
        if first is None:
            first = name, tensor
            continue
        if tensor.dtype != first[1].dtype:
            raise ValueError(f"{name} has dtype {tensor.dtype}, {first[0]} has {first[1].dtype}")
        if tensor.device != first[1].device:
            raise ValueError(f"{name} is on {tensor.device}, {first[0]} is on {first[1].device}")


def _are_plain(tensors: Iterable[Tensor | None]) -> bool:
    """Return whether all are float32 on the processor, the most frequent case and the one whose microsecond counts."""
    missing = True  # the first is never None
    for tensor in tensors:
        if tensor is None:
            if missing:
                return False
        elif type(tensor) not in PLAIN or tensor.dtype is not torch.float32 or not tensor.is_cpu:
            return False
        missing = False
    return True


def check_optional(name: str, tensor: Tensor | None, expected: Size) -> None:
    """Refuse an optional tensor that is there and not of the expected size.

    Raises:
        ValueError: The sizes differ.
    """
    if tensor is not None:
        check_size(name, tensor.shape, expected)


def check_linear(input_size: Size, weight_size: Size) -> tuple[int, int, int]:
    """Return `(N, O, F)` of a fully connected layer, N counting through all leading dimensions of the input.

    Raises:
        ValueError: In this order: ranks, empty axes, features.
    """
    check_rank("weight", weight_size, 2)
    check_not_empty("weight", weight_size, 0)
    O, F = weight_size
    features = last_size("input", input_size)
    if features != F:
        raise ValueError(f"input has {features} features, weight expects {F}")
    return prod(input_size[:-1]), O, F


def check_linear_grad(input_size: Size, weight_size: Size, grad_output: Tensor) -> tuple[int, int, int]:
    """Return `(N, O, F)` of the layer whose output has the gradient `grad_output`.

    Raises:
        ValueError: As `check_linear`, or `grad_output` is not of the output's size.
    """
    N, O, F = check_linear(input_size, weight_size)
    check_size("grad_output", grad_output.shape, (*input_size[:-1], O))
    return N, O, F


def last_size(name: str, size: Size) -> int:
    """Return the size of the last dimension.

    Raises:
        ValueError: There is no dimension, or the last one is empty.
    """
    if len(size) == 0 or size[-1] == 0:
        raise ValueError(f"{name} has size {tuple(size)}, expected at least one feature in the last dimension")
    return size[-1]


def check_elementwise(input: Tensor, grad_output: Tensor) -> None:
    """Refuse a gradient that does not match its input element by element.

    Raises:
        TypeError: As `check_tensors`.
        ValueError: As `check_tensors`, or the sizes differ.
    """
    check_tensors(grad_output=grad_output, input=input)
    check_size("grad_output", grad_output.shape, input.shape)


def check_approximate(approximate: str) -> None:
    """Refuse a name that is of no way to compute `gelu`.

    Raises:
        ValueError: It is neither "none" nor "tanh".
    """
    if approximate not in get_args(Approximation):
        raise ValueError(f'approximate must be one of {", ".join(get_args(Approximation))}, not "{approximate}"')


def check_dim(size: Size, dim: int) -> tuple[int, int]:
    """Return `(M, K)`: the number of rows along dimension `dim` and their length.

    Raises:
        ValueError: There is no such dimension, or it has no elements.
    """
    if not -len(size) <= dim < len(size):
        raise ValueError(f"dim {dim} is out of range, input has {len(size)} dimensions")
    if size[dim] == 0:
        raise ValueError(f"input has size {tuple(size)}, expected at least one element along dim {dim}")
    return prod(size) // size[dim], size[dim]


def channel_sizes(name: str, size: Size) -> tuple[int, int, int]:
    """Return `(N, C, L)` of a size `(N, C, *)`, L the number of elements of the trailing dimensions.

    Raises:
        ValueError: There are fewer than two dimensions, or an axis other than the batch is empty.
    """
    if len(size) < 2:
        raise ValueError(f"{name} has {len(size)} dimensions, expected at least 2")
    check_not_empty(name, size)
    return size[0], size[1], prod(size[2:])


def check_dropout(input: Tensor, mask: Tensor, p: float) -> None:
    """Refuse a mask that is not boolean, does not fit the input, or a share outside [0, 1].

    Raises:
        TypeError: As `check_tensors`, or the mask is not boolean.
        ValueError: The mask is on another device or cannot be broadcast to the input; p is out of its range.
    """
    check_tensors(input=input)
    if mask.dtype != torch.bool:
        raise TypeError(f"mask has dtype {mask.dtype}, expected torch.bool")
    if mask.device != input.device:
        raise ValueError(f"mask is on {mask.device}, input is on {input.device}")
    fits = len(mask.shape) == input.dim() and all(m in (1, s) for m, s in zip(mask.shape, input.shape, strict=True))
    if not fits:
        raise ValueError(f"mask has size {tuple(mask.shape)}, expected {tuple(input.shape)} or 1 where it repeats")
    if not 0 <= p <= 1:
        raise ValueError(f"p must be between 0 and 1, not {p}")
