"""A step as one line of PyTorch: what is printed is what is called."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor

from core.explain.trace import named_tensors


class Unexplained(ValueError):
    """No arithmetic is known for this operation, or not for these arguments."""


class Name(str):
    """The name of an argument, in the place of its value."""

    __slots__ = ()


@dataclass(frozen=True)
class Line:
    """A call with its arguments: constants, and `Name`s of what is filled in.

    `spelling` is the callable's name ("F.conv2d", "torch.add"), that of a method of the first argument (".view"), or a
    form with a pair of braces for each argument ("{} / {}", which `function` computes).
    """

    spelling: str
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    part: int | None = None
    """Which of the returned tensors."""
    function: Callable[..., Any] | None = None

    def __str__(self) -> str:
        if braces := self.spelling.count("{}"):
            text = self.spelling.format(*map(literal, self.args[:braces]))
            return text if self.part is None else f"{text}[{self.part}]"
        texts = [literal(value) for value in self.args]
        named = [f"{name}={literal(value)}" for name, value in self.kwargs.items()]
        if self.spelling.startswith("."):
            text = f"{texts[0]}{self.spelling}({', '.join(texts[1:] + named)})"
        else:
            text = f"{self.spelling}({', '.join(texts + named)})"
        return text if self.part is None else f"{text}[{self.part}]"

    def run(self, arguments: Mapping[str, Any]) -> Tensor:
        """Returns what the line gives where its names stand for `arguments`."""

        def filled(value: Any) -> Any:
            return arguments[value] if isinstance(value, Name) else value

        function = _function(self.spelling) if self.function is None else self.function
        output = function(*map(filled, self.args), **{name: filled(value) for name, value in self.kwargs.items()})
        return cast(Tensor, output if self.part is None else output[self.part])


def named(name: str, value: Any) -> Any:
    """Returns what stands for an argument in a line: its name where tensors are in it, otherwise itself."""
    return Name(name) if named_tensors(value) else value


def literal(value: Any) -> str:
    """Returns Python that evaluates to `value`, with the names `torch` and `F`.

    Raises:
        Unexplained: There is none.
    """
    if isinstance(value, Name):
        return str(value)
    if isinstance(value, float) and not isfinite(value):
        return f'float("{value}")'
    if isinstance(value, torch.device):
        return f"torch.device({str(value)!r})"
    if value is Ellipsis:
        return "..."
    if isinstance(value, slice):
        return f"slice({literal(value.start)}, {literal(value.stop)}, {literal(value.step)})"
    if isinstance(value, torch.dtype | torch.memory_format | torch.layout | bool | int | float | str | None):
        return str(value) if isinstance(value, torch.dtype | torch.memory_format | torch.layout) else repr(value)
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    if isinstance(value, tuple):
        return f"({', '.join(map(literal, value))}{',' * (len(value) == 1)})"
    raise Unexplained(f"a {type(value).__name__} cannot be written in a line of PyTorch")


def subscript(index: Any) -> str:
    """Returns what stands between the brackets of `input[…]`."""

    def one(item: Any) -> str:
        if isinstance(item, slice):
            parts = ("" if part is None else str(part) for part in (item.start, item.stop))
            return ":".join(parts) + ("" if item.step is None else f":{item.step}")
        return literal(item)

    return ", ".join(map(one, index)) if isinstance(index, tuple) and index else one(index)


def called(spelling: str, names: Sequence[str], arguments: Mapping[str, Any], unnamed: Sequence[str]) -> Line:
    """Returns the line that calls `spelling` with the arguments `names`, those in `unnamed` by position."""
    values = {name: named(name, arguments[name]) for name in names}
    args = tuple(value for name, value in values.items() if name in unnamed)
    return Line(spelling, args, {name: value for name, value in values.items() if name not in unnamed})


def _function(spelling: str) -> Callable[..., Any]:
    owner, _, name = spelling.rpartition(".")
    function: Callable[..., Any] = getattr(
        {"F": F, "torch": torch, "torch.linalg": torch.linalg, "": Tensor}[owner], name
    )
    return function
