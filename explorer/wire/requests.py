"""What pages send, checked before anything is computed: every field has a kind, every list and number a range.

ASKED: Fields = DRAWING | {"step": STEP, "sort": optional(choice("index", "activation"))}
asked = checked(request, ASKED)
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from core.data.strokes import MAX_PEN, MAX_POINTS
from core.told import keyed

__all__ = [
    "CELL",
    "CHANNEL",
    "CLASS",
    "DRAWING",
    "FLAG",
    "MODEL",
    "MOST_EDITS",
    "MOST_VALUES",
    "ON_PAD",
    "PAD",
    "PAGE",
    "PAGES",
    "PLACE",
    "STEP",
    "STROKES",
    "Fields",
    "Kind",
    "affordable",
    "anything",
    "checked",
    "choice",
    "listed",
    "number",
    "optional",
    "or_null",
    "record",
    "text",
    "whole",
]

PAD = 1.0
"""Side of the pad in the unit of the strokes."""

MOST_VALUES = 8_000_000
"""Most values of tensors in one answer: 11 MB as codes, 43 MB as float32."""

MOST_EDITS = 500
"""Most changes of a model that one request may carry."""

MOST_NUMBERS = 1000
"""Most numbers that say one page of maps: `[step, first channel]`, or these, how many, and channels by name."""

LARGEST = 2**53
"""The largest whole number that a page has exactly."""

SHOWN_LETTERS = 80
"""How much of a value that does not fit is repeated in the message."""


@dataclass(frozen=True)
class Kind:
    """What a field may be.

    Attributes:
        words: the kind in words.
        problem: returns for a field's name and value what is wrong with it, None where nothing is.
        needed: whether the field has to be there.
    """

    words: str
    problem: Callable[[str, Any], str | None]
    needed: bool = True


Fields = Mapping[str, Kind]


def checked(request: Any, fields: Fields) -> dict[str, Any]:
    """Return a request whose fields are of the kinds that the page sends.

    Raises:
        ValueError: a field is missing, of another kind or out of its range.
    """
    if not isinstance(request, dict):
        raise ValueError(f"expected an object with {', '.join(fields)}, got {type(request).__name__}")
    for name, kind in fields.items():
        if kind.needed and name not in request:
            raise keyed(ValueError(f"the field {name!r} is missing, expected {kind.words}"), "told.request", field=name)
        problem = kind.problem(name, request[name]) if kind.needed or request.get(name) is not None else None
        if problem:
            raise keyed(ValueError(problem), "told.request", field=name)
    return request


def affordable(values: int, what: str) -> None:
    """Check that so many values fit into one answer.

    Raises:
        ValueError: they do not.
    """
    if values > MOST_VALUES:
        raise ValueError(f"{what} {values:,} values, at most {MOST_VALUES:,} travel in one answer")


def of_kind(words: str, fits: Callable[[Any], bool]) -> Kind:
    """Return the kind of the values that fit."""

    def problem(name: str, value: Any) -> str | None:
        return None if fits(value) else f"the field {name!r} is {_shown(value)}, expected {words}"

    return Kind(words, problem)


def whole(low: int = 0, high: int = LARGEST) -> Kind:
    """Return the whole numbers of a range."""
    words = f"a whole number from {low}" + (f" to {high:,}" if high < LARGEST else "")
    return of_kind(words, lambda value: type(value) is int and low <= value <= high)


def number(low: float, high: float) -> Kind:
    """Return the numbers of a range."""
    return of_kind(f"a number from {low:g} to {high:g}", lambda value: _is_number(value) and low <= value <= high)


def text(longest: int) -> Kind:
    """Return texts."""
    return of_kind(
        f"text of at most {longest:,} letters", lambda value: isinstance(value, str) and len(value) <= longest
    )


def choice(*options: str) -> Kind:
    """Return some words."""
    return of_kind(f"one of {', '.join(options)}", lambda value: isinstance(value, str) and value in options)


def listed(kind: Kind, most: int) -> Kind:
    """Return lists whose entries are of a kind."""
    words = f"a list of at most {most:,} entries, each {kind.words}"

    def problem(name: str, value: Any) -> str | None:
        if not isinstance(value, list):
            return f"the field {name!r} is {_shown(value)}, expected {words}"
        if len(value) > most:
            return f"{name} has {len(value):,} entries, at most {most:,} are taken"
        wrong = (entry for entry in value if kind.problem(name, entry))
        return next((f"{name} holds {_shown(entry)}, expected {kind.words}" for entry in wrong), None)

    return Kind(words, problem)


def record(fields: Fields) -> Kind:
    """Return objects with some fields."""
    words = f"an object with {', '.join(fields)}" if fields else "an object"

    def problem(name: str, value: Any) -> str | None:
        try:
            checked(value, fields)
        except ValueError as error:
            return str(error) if isinstance(value, dict) else f"the field {name!r} is {_shown(value)}, expected {words}"
        return None

    return Kind(words, problem)


def or_null(kind: Kind) -> Kind:
    """Return a kind, or null in its place."""
    words = f"{kind.words}, or null"

    def problem(name: str, value: Any) -> str | None:
        found = None if value is None else kind.problem(name, value)
        return found and found.replace(f"expected {kind.words}", f"expected {words}")

    return Kind(words, problem)


def optional(kind: Kind) -> Kind:
    """Return a kind whose field may be missing, or null."""
    return replace(kind, needed=False)


def anything(words: str) -> Kind:
    """Return what is checked by whoever reads it."""
    return Kind(words, lambda name, value: None)


def _strokes(name: str, value: Any) -> str | None:
    """Count the points of strokes before anything is made of them; `core.data.strokes` reads them one by one."""
    if not isinstance(value, list):
        return f"the field {name!r} is {_shown(value)}, expected {STROKES.words}"
    points = sum(max(1, len(stroke)) if isinstance(stroke, list) else 1 for stroke in value)
    if points > MAX_POINTS:
        words = f"the drawing has {points:,} points, at most {MAX_POINTS:,} are accepted"
        raise keyed(ValueError(words), "told.points", count=points, most=MAX_POINTS)
    for index, stroke in enumerate(value):
        for point in stroke if isinstance(stroke, list) else ():
            if isinstance(point, list) and len(point) > 2:
                return f"stroke {index} has a point of {len(point):,} numbers, expected [x, y]"
    return None


def _page(name: str, value: Any) -> str | None:
    numbers = value if isinstance(value, list) and 2 <= len(value) <= MOST_NUMBERS else [None]
    fits = all(type(one) is int and abs(one) <= LARGEST for one in numbers)
    return None if fits else f"the field {name!r} is {_shown(value)}, expected [step, first channel]"


def _is_number(value: Any) -> bool:
    return type(value) in (int, float)


def _shown(value: Any) -> str:
    """Return the beginning of a value, without writing out all of a large one."""
    if isinstance(value, str):
        value = value[:SHOWN_LETTERS]
    elif isinstance(value, list | dict) and len(value) > SHOWN_LETTERS:
        return f"{type(value).__name__} of {len(value):,} entries"
    elif type(value) is int and abs(value) > 10**SHOWN_LETTERS:
        return f"a whole number of {value.bit_length():,} bits"
    told = repr(value)
    return told if len(told) <= SHOWN_LETTERS else f"{told[:SHOWN_LETTERS]}…"


FLAG = of_kind("true or false", lambda value: isinstance(value, bool))
MODEL = text(200)
STEP = whole(-1, 1_000_000)
CHANNEL = whole()
CLASS = whole(0, 1_000_000)
CELL = listed(whole(), 16)
PAGE = Kind("[step, first channel]", _page)
PAGES = listed(PAGE, 10_000)
STROKES = Kind("a list of strokes, each a list of points [x, y]", _strokes)

ON_PAD: Fields = {
    "strokes": STROKES,
    "brush": number(0, MAX_PEN),
    "centred": FLAG,
    "source": optional(anything("null, 'example', a digit, a run's picture, or width, height and data")),
    "perturbation": optional(anything("amounts by name")),
}
"""What the network is shown; `explorer.screen.inputs` reads it."""

DRAWING: Fields = {"model": MODEL, **ON_PAD, "label": or_null(CLASS), "edits": listed(record({}), MOST_EDITS)}
"""What is on the pad, the model it is shown to, the true class, and the model's changes."""

PLACE: Fields = {**DRAWING, "step": STEP, "cell": CELL, "of": text(200), "every": optional(FLAG)}
"""One cell, as the link names it."""
