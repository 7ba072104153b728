"""An operator's settings as a page sends them, read one by one and refused where they are of another kind."""

import sys
from collections.abc import Collection
from typing import Any

__all__ = ["FAR", "LARGEST", "Settings"]

LARGEST = 64
"""Largest whole number that a setting may be."""

FAR = sys.float_info.max
"""Farthest from 0 that a number may be: all that float64 holds, for what overflows is shown as torch has it."""


class Settings:
    """Settings by name; each way of reading one raises `ValueError` for what is missing or of another kind.

    Args:
        given: What the page sent.
    """

    def __init__(self, given: Any) -> None:
        if not isinstance(given, dict):
            raise ValueError(f"settings are {given!r}, expected an object")
        self._given: dict[str, Any] = given

    def pair(self, name: str) -> tuple[int, int]:
        """Return two whole numbers: of rows and of columns."""
        value = self._given.get(name)
        if not isinstance(value, list) or len(value) != 2 or not all(type(size) is int for size in value):
            raise ValueError(f"{name} is {value!r}, expected two whole numbers")
        return self._limited(name, value[0]), self._limited(name, value[1])

    def padding(self, name: str) -> tuple[int, int] | str:
        """Return two whole numbers, or the name of a padding."""
        value = self._given.get(name)
        return value if isinstance(value, str) else self.pair(name)

    def count(self, name: str) -> int:
        """Return a whole number."""
        value = self._given.get(name)
        if type(value) is not int:
            raise ValueError(f"{name} is {value!r}, expected a whole number")
        return self._limited(name, value)

    def flag(self, name: str) -> bool:
        """Return a switch."""
        value = self._given.get(name)
        if not isinstance(value, bool):
            raise ValueError(f"{name} is {value!r}, expected a switch")
        return value

    def number(self, name: str) -> float:
        """Return a number."""
        value = self._given.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= FAR:
            raise ValueError(f"{name} is {value!r:.80}, expected a number up to {FAR:g}")
        return float(value)

    def rate(self, name: str) -> float:
        """Return a number that is not negative."""
        value = self.number(name)
        if not value >= 0:
            raise ValueError(f"{name} is {value}, expected 0 or more")
        return value

    def choice(self, name: str, options: Collection[str]) -> str:
        """Return one of `options`."""
        value = self._given.get(name)
        if value not in options:
            raise ValueError(f"{name} is {value!r}, expected one of {', '.join(options)}")
        return str(value)

    @staticmethod
    def _limited(name: str, value: int) -> int:
        if abs(value) > LARGEST:
            raise ValueError(f"{name} is {str(value)[:80]}, at most {LARGEST} is computed")
        return value
