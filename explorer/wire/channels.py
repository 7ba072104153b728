"""How strong each channel of a step is, and in which order that puts them."""

from collections.abc import Sequence

import torch
from torch import Tensor

__all__ = ["SORTS", "ordered", "strengths"]

SORTS = ("index", "activation", "gradient", "attribution")
"""What channels can be sorted by; the last two need a loss run backwards."""


def strengths(value: Tensor, gradient: Tensor | None, by: str) -> Tensor:
    """Return one number for each channel of a `(1, …, C, H, W)` output (or `(1, C, W)`), `(C,)`.

    "activation": mean |a| over the channel's cells. "gradient": mean |dL/da|. "attribution": Σ a · dL/da, the change of
    the loss, to first order, if the channel grew by its own size.

    Args:
        value: The step's output a.
        gradient: dL/da; None stands for 0.
        by: One of `SORTS` but the first.

    Raises:
        ValueError: `by` is none of them.
    """
    if by not in SORTS[1:]:
        raise ValueError(f"channels are sorted by {by!r}, expected one of {', '.join(SORTS)}")
    a = _channels(value)
    if by == "activation":
        return a.abs().mean(1)
    g = torch.zeros_like(a) if gradient is None else _channels(gradient)
    return g.abs().mean(1) if by == "gradient" else (a * g).sum(1)


def ordered(strength: Tensor) -> Sequence[int]:
    """Return the channels from the strongest to the weakest, by |strength|; equals in their own order, NaN last."""
    order: list[int] = strength.abs().nan_to_num(-1.0).argsort(descending=True, stable=True).tolist()
    return order


def _channels(tensor: Tensor) -> Tensor:
    """Return each channel's values as a row, `(C, …)`; all axes before the last two count channels."""
    sample = tensor.detach()[0]
    return sample.flatten(-2 if sample.ndim > 2 else -1).flatten(0, -2).double()
