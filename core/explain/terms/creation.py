"""Tensors that are made of settings alone: constants, counted numbers, the unit matrix."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor
from typing_extensions import override

from core.explain.axes import Relation
from core.explain.terms.base import Addends, Letters, Operator, Terms, summed
from core.explain.terms.line import Line, Name, Unexplained
from core.explain.trace import UNSEEN, Step

Value = Callable[[dict[str, Any], tuple[int, ...]], float]


LETTERS = {"fill_value": "v", "value": "v", "start": "a", "end": "b", "step": "s", "steps": "N"}
"""What the formulas call settings."""


class Created(Operator):
    """Each element follows from settings and its own place: `value(settings, index)`."""

    only_shape = frozenset({"input"})

    def __init__(
        self, *names: str, value: Value, rule: str, order: tuple[str, ...] = (), call: str = "torch.{op}"
    ) -> None:
        self.names = names
        self.value = value
        self.rule = rule
        self.order = order  # names of the arguments that torch takes by position
        self.call = call
        self.bind = self._bind

    def _bind(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        kwargs.pop("out", None)
        kwargs.pop("names", None)
        if self.order == ("start", "end", "step") and len(args) == 1:
            args = (0, *args)
        if len(self.order) == 1 and self.order[0] == "size" and not _is_sizes(args[:1]):
            args = (args,)
        elif self.order[:2] == ("input", "size") and not _is_sizes(args[1:2]):
            args = (args[0], args[1:])
        return dict(zip(self.order, args, strict=False)) | kwargs

    @override
    def relations(self, step: Step) -> dict[str, Relation]:
        return {}

    @override
    def check(self, step: Step) -> None:
        settings = (value for name, value in step.arguments.items() if name not in ("input", UNSEEN))
        if any(isinstance(value, Tensor) for value in settings):
            raise Unexplained(f"{step.op} of settings that are tensors is not explained")

    @override
    def letters(self, step: Step) -> Letters:
        given = {letter: step.arguments.get(name) for name, letter in LETTERS.items()}
        return {letter: value for letter, value in given.items() if isinstance(value, int | float)}

    @override
    def terms(self, step: Step, index: tuple[int, ...]) -> Terms:
        value = float(self.value(step.arguments, index))
        rows = Addends("constant", self.rule, (), np.array([value]))

        def held(number: float) -> float:
            return torch.tensor(number, dtype=torch.float64).to(step.output.dtype).double().item()

        counted = step.op in ("arange", "linspace") and step.output.is_floating_point()
        ends = [abs(float(step.arguments.get(name) or 0)) for name in ("start", "end")]
        return summed(step, index, (rows,), function=held, exact=not counted, scale=max(ends))

    @override
    def line(self, step: Step) -> Line:
        given = {name: value for name, value in step.arguments.items() if name != UNSEEN}
        input = given.pop("input", None)
        ordered = [given.pop(name) for name in self.order if name in given]
        if input is not None:
            ordered.insert(0, Name("input"))
        kept = {name: value for name, value in given.items() if not (name == "pin_memory" and not value)}
        return Line(self.call.format(op=step.op), tuple(ordered), kept)


def _is_sizes(args: tuple[Any, ...]) -> bool:
    return bool(args) and isinstance(args[0], list | tuple)


def _counted(settings: dict[str, Any], index: tuple[int, ...]) -> float:
    start = settings.get("start") or 0
    return float(start + index[0] * settings.get("step", 1))


def _spaced(settings: dict[str, Any], index: tuple[int, ...]) -> float:
    start, end, steps = settings["start"], settings["end"], settings["steps"]
    return float(start + index[0] * (end - start) / (steps - 1)) if steps > 1 else float(start)


def _diagonal(settings: dict[str, Any], index: tuple[int, ...]) -> float:
    return float(index[0] == index[1])


def _constant(value: float) -> Value:
    return lambda settings, index: value


def _filled(settings: dict[str, Any], index: tuple[int, ...]) -> float:
    return float(settings["fill_value"])


CREATIONS: tuple[Operator, ...] = (
    *(
        Created(*names, value=value, rule=rule, order=order, call=call)
        for value, rule, kind, more in (
            (_constant(0.0), "0", "zeros", ()),
            (_constant(1.0), "1", "ones", ()),
            (_filled, "fill_value", "full", ("fill_value",)),
        )
        for names, order, call in (
            ((kind,), ("size", *more), "torch.{op}"),
            ((f"new_{kind}",), ("input", "size", *more), ".{op}"),
            ((f"{kind}_like",), ("input", *more), "torch.{op}"),
        )
    ),
    Created("zero", value=_constant(0.0), rule="0", order=("input",), call="torch.zeros_like"),
    Created("fill", value=lambda s, index: float(s["value"]), rule="value", order=("input", "value")),
    Created("arange", value=_counted, rule="start + k · step", order=("start", "end", "step")),
    Created("linspace", value=_spaced, rule="start + k · (end − start) / (steps − 1)", order=("start", "end", "steps")),
    Created("eye", value=_diagonal, rule="1 on the diagonal, else 0", order=("n", "m")),
)
