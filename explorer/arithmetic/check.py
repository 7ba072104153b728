"""One operator on small matrices, computed by torch and its autograd: what the page's arithmetic is checked against."""

import math

from torch import Tensor

from explorer.arithmetic.operators import OPERATORS, Tensors
from explorer.arithmetic.settings import Settings

__all__ = ["answered", "differentiate"]


def differentiate(op: str, tensors: Tensors, settings: Settings) -> Tensors:
    """Return an operator's output, its gradients by autograd for L = Σ gradOutput · output, and its parameters stepped.

    Args:
        op: One of `OPERATORS`.
        tensors: float64, of the ranks that the operator asks for.
        settings: Its settings by the names that the page gives them.

    Raises:
        ValueError: A setting is missing or does not fit, or `gradOutput` is not of the output's size.
    """
    return {name: tensor.detach() for name, tensor in OPERATORS[op].results(tensors, settings).items()}


def answered(tensor: Tensor) -> list[float | str]:
    """Return a tensor's elements in one list, those that are not finite by their name."""
    return [value if math.isfinite(value) else str(value) for value in tensor.flatten().tolist()]
