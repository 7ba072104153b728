"""What a person can put right, told by a key and its values besides the words: who shows it may say it in other words.

raise keyed(ValueError(f"momentum is {momentum}, expected below 1"), "told.momentum", value=momentum)
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

__all__ = ["Told", "Value", "keyed", "told"]

Value = str | int | float

E = TypeVar("E", bound=BaseException)

NAME = "convscope_told"


@dataclass(frozen=True)
class Told:
    """A message as data.

    Attributes:
        key: of the words, in every catalogue of `explorer/web/i18n`.
        values: what stands in their places.
    """

    key: str
    values: Mapping[str, Value]


def keyed(error: E, key: str, **values: Value) -> E:
    """Return the error, which now also carries the key of its message and the values in it."""
    vars(error)[NAME] = Told(key, values)
    return error


def told(error: BaseException) -> Told | None:
    """Return what an error tells by key; None where it has words alone."""
    found = vars(error).get(NAME)
    return found if isinstance(found, Told) else None
