"""What torch says of one operator on small matrices."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor

from explorer.arithmetic.settings import Settings

__all__ = ["KERNEL", "MOST_ELEMENTS", "PICTURE", "Operator", "Tensors", "backward", "descended", "grad", "leaves"]

Tensors = dict[str, Tensor]

MOST_ELEMENTS = 6000
"""Most elements that one tensor of the page may have: 64 × 64 with padding around them."""

PICTURE = {"input": 3, "gradOutput": 3}
"""Ranks of an operator on pictures `(C, H, W)` without parameters."""

KERNEL = {**PICTURE, "weight": 4, "bias": 1}
"""Ranks of a convolution."""


@dataclass(frozen=True)
class Operator:
    """What torch says of one operator.

    Attributes:
        ranks: Its tensors and their numbers of dimensions; a picture has no batch.
        results: Its output and gradients for L = Σ gradOutput · output, by the names that the page gives them.
    """

    ranks: Mapping[str, int]
    results: Callable[[Tensors, Settings], Tensors]


def leaves(tensors: Tensors, *names: str) -> list[Tensor]:
    """Return copies that gather gradients."""
    return [tensors[name].clone().requires_grad_() for name in names]


def backward(output: Tensor, tensors: Tensors) -> None:
    """Run L = Σ gradOutput · output backward.

    Raises:
        ValueError: `gradOutput` is not of the output's size.
    """
    gradient = tensors["gradOutput"]
    if gradient.shape != output.shape:
        raise ValueError(f"gradOutput has shape {tuple(gradient.shape)}, the output {tuple(output.shape)}")
    output.backward(gradient)  # type: ignore[no-untyped-call]


def grad(tensor: Tensor) -> Tensor:
    """Return a copy of the gradient that a tensor has gathered."""
    return cast(Tensor, tensor.grad).clone()


def descended(lr: float, **parameters: Tensor) -> Tensors:
    """Return parameters after one step of SGD along their gradients."""
    torch.optim.SGD(list(parameters.values()), lr=lr).step()
    return parameters
