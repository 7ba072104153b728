"""What the Arithmetic page gets of a network: one operator, with the numbers that one element needs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from core.explain import Step
from core.ops.geometry import Windows
from core.told import keyed
from explorer.arithmetic.operators.base import MOST_ELEMENTS, Tensors

__all__ = [
    "Cut",
    "Index",
    "Sent",
    "Unsent",
    "bias",
    "exact",
    "filled",
    "limited",
    "one_image",
    "patch",
    "reaching",
    "spans",
    "weightiest",
]

Index = tuple[int, ...]


class Unsent(ValueError):
    """The page cannot walk through this element; the message says why."""


@dataclass(frozen=True)
class Sent:
    """One element as a case of the page.

    Attributes:
        op: The page's operator.
        settings: Its settings.
        tensors: float64, of the ranks of `explorer.arithmetic.operators`.
        element: Which element of the walk's result it is, row by row.
        walk: The page's name of the walk: "forward", "inputGrad" …
        left: How many products did not travel, and their sum, which stands in the bias.
    """

    op: str
    settings: dict[str, Any]
    tensors: Tensors
    element: int = 0
    walk: str = "forward"
    left: tuple[int, float] | None = None


@dataclass(frozen=True)
class Cut:
    """How an operation's elements are cut out of a step.

    Attributes:
        value: Cuts one element of the output.
        gradient: Cuts one element of the gradient by an argument, for dL/d(output).
    """

    value: Callable[[Step, Index], Sent]
    gradient: Callable[[Step, str, Index, Tensor], Sent]


def exact(tensor: Tensor) -> Tensor:
    """Return the very numbers, in float64 on the processor."""
    return tensor.detach().to("cpu", torch.float64)


def limited(tensor: Tensor, what: str) -> Tensor:
    """Return a tensor that the page can walk through.

    Raises:
        Unsent: It has too many elements.
    """
    if tensor.numel() > MOST_ELEMENTS:
        raise keyed(
            Unsent(f"{what} has {tensor.numel():,} numbers; Arithmetic walks through at most {MOST_ELEMENTS:,}"),
            "told.unsent.large",
            count=tensor.numel(),
            most=MOST_ELEMENTS,
        )
    return tensor


def one_image(tensor: Tensor) -> Tensor:
    """Return the `(C, H, W)` of a batch of one image, or of an image without a batch.

    Raises:
        Unsent: There are several images.
    """
    if tensor.ndim == 4 and tensor.shape[0] > 1:
        raise Unsent(f"the sum runs over {tensor.shape[0]} images; Arithmetic walks through one")
    return exact(tensor).reshape(tensor.shape[-3:])


def filled(value: float, *shape: int) -> Tensor:
    """Return a tensor of one number, in float64."""
    return torch.full(shape, value, dtype=torch.float64)


def bias(step: Step, first: int, end: int) -> Tensor:
    """Return the biases of some output channels; 0 where there are none."""
    given = step.arguments["bias"]
    return torch.zeros(end - first, dtype=torch.float64) if given is None else exact(step.tensor("bias"))[first:end]


def weightiest(products: Tensor, most: int) -> Tensor:
    """Return the places of the products that weigh most, ascending; of equals the first."""
    return products.abs().argsort(descending=True, stable=True)[:most].sort().values


def spans(windows: Windows) -> tuple[int, ...]:
    """Return the rows and columns that a window reaches over, gaps included."""
    return tuple(gap * (taps - 1) + 1 for gap, taps in zip(windows.dilation, windows.kernel, strict=True))


def patch(planes: Tensor, corner: Sequence[int], size: Sequence[int]) -> Tensor:
    """Return `size` rows and columns of `(C, H, W)` from `corner` on; what lies outside is 0."""
    (top, left), (height, width) = corner, size
    return F.pad(planes, (-left, left + width - planes.shape[2], -top, top + height - planes.shape[1]))


def reaching(windows: Windows, place: Sequence[int]) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return of each axis the first window that covers an element of the input, and the one after the last.

    Raises:
        Unsent: No window does.
    """
    bounds = []
    for axis, at in enumerate(place):
        padded, stride = at + windows.before[axis], windows.stride[axis]
        first, end = (
            max(0, -(-(padded - spans(windows)[axis] + 1) // stride)),
            min(windows.output[axis], padded // stride + 1),
        )
        if first >= end:
            raise keyed(
                Unsent("no window reads this element: its gradient is 0, there is nothing to add up"),
                "told.unsent.zero",
            )
        bounds.append((first, end))
    return bounds[0], bounds[1]
