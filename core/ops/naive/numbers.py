"""Tensors as plain Python numbers, so that a loop reads like its formula and still ends within a lesson."""

from typing import cast

import torch
from torch import Tensor

Index = tuple[int, ...]


def numbers(tensor: Tensor) -> "memoryview[float]":
    """Return a float64 view of a tensor's values: `view[n, c, row, col]` is a plain float."""
    return _view(tensor.detach().cpu().double())


def integers(tensor: Tensor) -> "memoryview[int]":
    """Return a view of a tensor's values as plain integers."""
    return cast("memoryview[int]", _view(tensor.detach().cpu().long()))


def _view(tensor: Tensor) -> "memoryview[float]":
    return memoryview(tensor.contiguous().numpy())  # type: ignore[arg-type]


class Output:
    """A tensor written one element at a time, of 0.0 where nothing was written.

    Its elements are float64 (or int64, as indices are) until `tensor()` rounds them to the dtype of `like`, once.

    Args:
        like: The tensor whose dtype and device the result gets.
        size: The result's size.
        dtype: Of the elements and, if it is `torch.int64`, of the result.

    Attributes:
        elements: The elements written so far.
    """

    def __init__(self, like: Tensor, *size: int, dtype: torch.dtype = torch.float64) -> None:
        self._dtype = dtype if dtype == torch.int64 else like.dtype
        self._device = like.device
        self._tensor = torch.zeros(size, dtype=dtype)
        self.elements = _view(self._tensor)

    def __getitem__(self, index: Index) -> float:
        return self.elements[index]

    def __setitem__(self, index: Index, value: float) -> None:
        self.elements[index] = value

    def tensor(self) -> Tensor:
        """Return the tensor, on the device and of the dtype of `like`."""
        return self._tensor.to(self._device, self._dtype)
