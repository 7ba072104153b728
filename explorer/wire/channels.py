"""How strong each channel of a step is, and in which order that puts them."""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

__all__ = ["SORTS", "ordered", "strengths"]

Numbers = npt.NDArray[np.float32] | npt.NDArray[np.float64]
Row = npt.NDArray[np.float64]

SORTS = ("index", "activation", "gradient", "attribution")
"""What channels can be sorted by; the last two need a loss run backwards."""


def strengths(value: Tensor, gradient: Tensor | None, by: str) -> Row:
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
        return _mean(a)
    if gradient is None:
        return np.zeros(len(a))
    g = _channels(gradient)
    return _mean(g) if by == "gradient" else np.einsum("ck,ck->c", a, g, dtype=np.float64)


def ordered(strength: Row) -> Sequence[int]:
    """Return the channels from the strongest to the weakest, by |strength|; equals in their own order, NaN last."""
    order: list[int] = (-np.abs(strength)).argsort(kind="stable").tolist()  # it puts NaN last
    return order


def _mean(channels: Numbers) -> Row:
    """Return the mean |value| of each row, summed in float64."""
    mean: Row = np.abs(channels).mean(1, dtype=np.float64)
    return mean


def _channels(tensor: Tensor) -> Numbers:
    """Return each channel's values as a row, `(C, …)`; all axes before the last two count channels."""
    sample = tensor.detach()[0].cpu()
    if sample.dtype not in (torch.float32, torch.float64):
        sample = sample.double()
    channels = math.prod(sample.shape[:-2]) if sample.ndim > 2 else len(sample)
    rows: Numbers = sample.numpy().reshape(channels, -1)
    return rows
