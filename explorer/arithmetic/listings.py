"""The naive loops as they stand in `core.ops`, with the lines that a walk through their arithmetic stops at."""

import inspect
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from core.ops import naive
from core.ops.naive.loss import reduce_loss
from core.ops.naive.norm import batch_norm_statistics
from core.ops.optim import adam_step, sgd_step
from explorer.arithmetic.marks import Marks, walks

__all__ = ["FUNCTIONS", "Listing", "listings", "walked"]

REPOSITORY = Path(__file__).resolve().parents[2]

FUNCTIONS: tuple[Callable[..., Any], ...] = (
    *(getattr(naive, name) for name in naive.__all__),
    batch_norm_statistics,
    reduce_loss,
    sgd_step,
    adam_step,
)
"""What the page lists, as far as there is something to walk through."""


@dataclass(frozen=True)
class Listing:
    """A function's source.

    Attributes:
        file: Its file in the repository.
        first: Number of its first line there.
        lines: Its source, line by line.
        documentation: First line of the docstring and the one after its last, counted from 0 in `lines`.
        marks: Where a walk stops, as indices of `lines`; `explorer.arithmetic.marks` says how they are named.
    """

    file: str
    first: int
    lines: list[str]
    documentation: tuple[int, int]
    marks: Marks


def walked(function: Callable[..., Any]) -> dict[str, Listing]:
    """Return a function's source for each walk through it: by the function's name, of several "function.walk"."""
    source, first = inspect.getsourcelines(function)
    lines = [line.rstrip("\n") for line in source]
    quotes = [k for k, line in enumerate(lines) for _ in range(line.count('"""'))]
    file = Path(inspect.getfile(function)).relative_to(REPOSITORY).as_posix()
    found = walks("".join(source))
    return {
        function.__name__ if len(found) == 1 else f"{function.__name__}.{walk}": Listing(
            file, first, lines, (quotes[0], quotes[1] + 1), marks
        )
        for walk, marks in found.items()
    }


def listings() -> dict[str, dict[str, Any]]:
    """Return the listings of all functions as the page takes them."""
    return {name: asdict(listing) for function in FUNCTIONS for name, listing in walked(function).items()}
