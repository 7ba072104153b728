"""Where a value comes from, map by map: the terms of its sum, added up by the map that each one reads."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from core.explain.terms import Addends, Terms, Unexplained, terms
from core.explain.trace import Step, Trace

__all__ = ["Contribution", "Level", "contributions", "down_to_sum"]


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one map of an earlier step adds to a sum; of a vector, what one of its values adds.

    Attributes:
        step: the step whose output is read, −1 for the input.
        cell: the cell of it, batch included, whose term weighs most.
        value: Σ of the terms that read this map, in float64; of a maximum, the maximum itself.
        count: how many terms that are.
    """

    step: int
    cell: tuple[int, ...]
    value: float
    count: int


@dataclass(frozen=True, slots=True)
class Level:
    """One value and what contributes to its sum, the largest |value| first: all of it but for its constants."""

    step: int
    cell: tuple[int, ...]
    contributions: tuple[Contribution, ...]


def contributions(step: Step, found: Terms) -> tuple[Contribution, ...]:
    """Returns what each map that a sum reads contributes to it, the largest |value| first.

    A map is what stands at one index of all axes but the last two (of two axes beside the batch, but the last); every
    value of a vector counts by itself. A constant (a bias) and padding are of no map; of a maximum only the winner
    contributes. What multiplies values of two steps is a contribution of both.
    """
    whole = [each for addends in found.addends for each in _by_map(step, addends, found.winner)]
    return tuple(sorted(whole, key=lambda each: -abs(np.nan_to_num(each.value, nan=np.inf))))


def down_to_sum(trace: Trace, step: int, cell: tuple[int, ...]) -> tuple[Level, ...]:
    """Returns what contributes to a value, and where that is a single one (ReLU, norm, max pooling), what does to that.

    It ends with the first value that several were added up for, at the input, or where no arithmetic is known.

    Raises:
        Unexplained: the arithmetic of `step` itself is not known.
    """
    levels: list[Level] = []
    while True:
        try:
            found = contributions(trace.steps[step], terms(trace.steps[step], cell))
        except Unexplained:
            if not levels:
                raise
            break
        levels.append(Level(step, cell, found))
        if len(found) != 1 or found[0].count != 1 or found[0].step < 0:
            break
        step, cell = found[0].step, found[0].cell
    return tuple(levels)


def _by_map(step: Step, addends: Addends, winner: int | None) -> Iterable[Contribution]:
    """Yields the contributions of one kind of terms, for each factor that an earlier step made."""
    counted = np.ones(len(addends.products), bool) if addends.outside is None else ~addends.outside
    if winner is not None:
        counted &= np.arange(len(counted)) == winner
    for factor in addends.factors:
        parent = step.parents.get(factor.argument)
        if parent is None or not counted.any():
            continue
        cells, products = factor.cells[counted], addends.products[counted]
        _, place = np.unique(cells[:, : max(2, cells.shape[1] - 2)], axis=0, return_inverse=True)
        place = place.reshape(-1)
        order = np.lexsort((-np.abs(products), place))  # by map, the largest first
        starts = np.flatnonzero(np.diff(place[order], prepend=-1))
        sums, counts = np.bincount(place, products), np.bincount(place)
        for value, count, at in zip(sums.tolist(), counts.tolist(), order[starts].tolist(), strict=True):
            yield Contribution(parent, tuple(cells[at].tolist()), value, count)
