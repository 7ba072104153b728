"""What a run's files hold, read as the dataclasses that were written: whatever else stands there is no such thing."""

import math
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

__all__ = ["fits", "read_as"]

T = TypeVar("T")

Check = Callable[[Any], bool]

FARTHEST = 1e300
"""The largest number that a file may hold."""


KNOWN: dict[tuple[type[Any], bool], dict[str, tuple[Check, bool]]] = {}
"""What checks the fields of a dataclass, made once."""


def read_as(kind: type[T], found: Mapping[str, Any]) -> T:
    """Return a dataclass from its fields in JSON; what is left out has its default, what is unknown is left alone.

    Raises:
        ValueError: a field is of another type, or missing without a default; the message names it.
    """
    checks = _checks(kind, null=False)
    for name, (check, needed) in checks.items():
        if name in found and not check(found[name]):
            raise ValueError(f"{name} is {str(found[name])[:60]!r}")
        if needed and name not in found:
            raise ValueError(f"{name} is missing")
    return kind(**{name: found[name] for name in checks if name in found})


def fits(kind: type[Any], found: Any, *, null: bool) -> bool:
    """Return whether a JSON value is an object with the fields of a dataclass; `null`: its floats may be null."""
    return isinstance(found, dict) and all(
        check(found[name]) if name in found else not needed
        for name, (check, needed) in _checks(kind, null=null).items()
    )


def _checks(kind: type[Any], *, null: bool) -> dict[str, tuple[Check, bool]]:
    """Return for each field of a dataclass what checks its value, and whether it has no default."""
    if (kind, null) not in KNOWN:
        hints = get_type_hints(kind)
        KNOWN[kind, null] = {
            item.name: (_check(hints[item.name], null), item.default is MISSING and item.default_factory is MISSING)
            for item in fields(kind)
        }
    return KNOWN[kind, null]


def _check(hint: Any, null: bool) -> Check:
    """Return what says whether a JSON value is of a type."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        checks = [_check(part, null) for part in inner]
        return lambda found: any(check(found) for check in checks)
    if origin is Literal:
        return lambda found: isinstance(found, str) and found in inner
    if origin is tuple:
        places = [_check(part, null) for part in inner]
        return lambda found: (
            isinstance(found, list)
            and len(found) == len(places)
            and all(check(item) for check, item in zip(places, found, strict=True))
        )
    if origin is not None:
        item = _check(inner[-1], null)
        if issubclass(origin, Mapping):
            return lambda found: isinstance(found, dict) and all(map(item, found.values()))
        return lambda found: isinstance(found, list) and all(map(item, found))
    if is_dataclass(hint):
        return lambda found: fits(hint, found, null=null)  # type: ignore[arg-type]
    if hint is float and null:
        return lambda found: found is None or _number(found)
    return {int: _whole, float: _number, str: _text, NoneType: _nothing, bool: _flag}[hint]


def _whole(found: Any) -> bool:
    return type(found) is int and abs(found) <= 2**53


def _number(found: Any) -> bool:
    return type(found) in (int, float) and abs(found) <= FARTHEST and not math.isnan(found)


def _text(found: Any) -> bool:
    return isinstance(found, str)


def _nothing(found: Any) -> bool:
    return found is None


def _flag(found: Any) -> bool:
    return isinstance(found, bool)
