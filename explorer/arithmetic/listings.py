"""The naive loops as they stand in `core.ops`, with the lines that a walk through their arithmetic stops at."""

import inspect
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from explorer.arithmetic.operators import LISTED, Listed

__all__ = ["Listing", "listing", "listings"]

REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Listing:
    """A function's source.

    Attributes:
        file: Its file in the repository.
        first: Number of its first line there.
        lines: Its source, line by line.
        documentation: First line of the docstring and the one after its last, counted from 0 in `lines`.
        marks: Where a walk stops, as indices of `lines`.
    """

    file: str
    first: int
    lines: list[str]
    documentation: tuple[int, int]
    marks: dict[str, int]


def listing(listed: Listed) -> Listing:
    """Return a function's source with its marked lines.

    Raises:
        ValueError: A marked line is not in the source.
    """
    source, first = inspect.getsourcelines(listed.function)
    lines = [line.rstrip("\n") for line in source]
    quotes = [k for k, line in enumerate(lines) for _ in range(line.count('"""'))]
    bare = [line.strip() for line in lines]
    for text in listed.marks.values():
        if text not in bare:
            raise ValueError(f"{listed.function.__name__} has no line {text!r}")
    file = Path(inspect.getfile(listed.function)).relative_to(REPOSITORY).as_posix()
    places = {mark: bare.index(text) for mark, text in listed.marks.items()}
    return Listing(file, first, lines, (quotes[0], quotes[1] + 1), places)


def listings() -> dict[str, dict[str, Any]]:
    """Return every function of `LISTED` as the page takes it."""
    return {name: asdict(listing(listed)) for name, listed in LISTED.items()}
