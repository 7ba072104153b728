"""Operations whose values decide which element is taken: extremes, masks, ranks."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor
from typing_extensions import override

from core.explain.axes import IntArray, Product, Relation, broadcast, same, whole
from core.explain.terms.base import (
    Addends,
    Factor,
    Letters,
    Operator,
    Partials,
    Terms,
    cell,
    element,
    reached,
    read,
    summed,
)
from core.explain.terms.line import Line, Unexplained, named
from core.explain.terms.pairs import Larger
from core.explain.terms.reduction import over_axes
from core.explain.trace import Step

POSITIONS = ("argmax", "argmin")
LEAST = ("min", "amin", "argmin")


class Extreme(Operator):
    """As `torch.max` and `torch.min` over axes, with the positions that they return; `amax`, `argmax` and the like.

    `torch.max(input, other)` is `torch.maximum`.
    """

    names = ("max", "min", "amax", "amin", "argmax", "argmin")
    call = "torch.{op}"

    @override
    @staticmethod
    def bind(
        input: Any, dim: Any = None, keepdim: bool = False, *, other: Any = None, out: Any = None
    ) -> dict[str, Any]:
        other = dim if isinstance(dim, Tensor) else other
        return {"input": input, "dim": dim, "keepdim": keepdim} if other is None else {"input": input, "other": other}

    @override
    def relations(self, step: Step) -> dict[str, Product]:
        return _pair(step).relations(step) if "other" in step.arguments else over_axes(step)

    @override
    def terms(self, step: Step, index: tuple[int, ...]) -> Terms:
        if "other" in step.arguments:
            return _pair(step).terms(step, index)
        cells = over_axes(step)["input"].cells(index)
        factor = read(step, "input", cells)
        sign = -1.0 if step.op in LEAST else 1.0
        winner = int(np.argmax(sign * factor.values))
        top = float(sign * factor.values[winner])
        rows = Addends("window", "input" if sign > 0 else "−input", (factor,), sign * factor.values)
        value, after = sign * top, "" if sign > 0 else "-x"
        if step.op in POSITIONS or step.part == 1:
            value, after = float(self._position(step, cells[winner])), r"\mathrm{position}(x)"
        return Terms(step.op, index, (rows,), "max", top, after, value, element(step, index), 0.0, winner=winner)

    def _position(self, step: Step, at: IntArray) -> int:
        """Returns how torch numbers a cell: on the axis that is reduced, or among all elements."""
        shape, dim = tuple(step.tensor("input").shape), step.arguments["dim"]
        return int(np.ravel_multi_index(tuple(at), shape)) if dim is None else int(at[dim % len(shape)])

    @override
    def partials(self, step: Step, wrt: str, index: tuple[int, ...]) -> Partials:
        if "other" in step.arguments:
            return _pair(step).partials(step, wrt, index)
        outputs = reached(over_axes(step)["input"], index)
        found = self.terms(step, tuple(outputs[0].tolist()))
        products = found.addends[0].products
        ties = np.flatnonzero(products == found.reduced)
        cells = found.addends[0].factors[0].cells
        shared = step.op.startswith("a") or step.arguments["dim"] is None  # equal values share the gradient
        chosen = ties if shared else ties[:1]
        wins = any(tuple(cells[k]) == index for k in chosen)
        return Partials(outputs, np.array([wins / len(chosen)]), "1 if it is chosen, else 0")

    @override
    def letters(self, step: Step) -> Letters:
        return {}

    @override
    def line(self, step: Step) -> Line:
        line = super().line(step)
        if "other" in step.arguments:
            return line
        kept = {name: value for name, value in line.kwargs.items() if step.arguments["dim"] not in (None, ())}
        parts = step.op in ("max", "min") and step.arguments["dim"] is not None
        return replace(line, kwargs=kept, part=step.part if parts else None)


def _pair(step: Step) -> Larger:
    return MAXIMUM if step.op == "max" else MINIMUM


class _LargerOf(Larger):
    """`torch.max(input, other)`: the same arithmetic under another name."""


MAXIMUM = _LargerOf("max", np.maximum, "max(input, other)", exact=True)
MINIMUM = _LargerOf("min", np.minimum, "min(input, other)", exact=True)


class Choice(Operator):
    """As `torch.where` and `masked_fill`: a condition says which of two values an element is."""

    def __init__(self, name: str, condition: str, chosen: str, other: str, call: str) -> None:
        self.names = (name,)
        self.condition = condition
        self.chosen = chosen
        self.other = other
        self.call = call
        self.bind = self._bind

    def _bind(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        names = ("condition", "input", "other") if self.condition == "condition" else ("input", "mask", "value")
        given = dict(zip(names, args, strict=False)) | {k: v for k, v in kwargs.items() if k in names}
        if self.condition == "condition" and args and _is_condition(given):
            given |= {"condition": given["input"], "input": args[0]}  # x.where(condition, y)
        return {name: given[name] for name in names if name in given}

    @override
    def check(self, step: Step) -> None:
        if len(step.arguments) < 3:
            raise Unexplained(f"{step.op} of a condition alone gives positions")

    @override
    def relations(self, step: Step) -> dict[str, Relation]:
        tensors = {name: value for name, value in step.arguments.items() if isinstance(value, Tensor)}
        return {name: broadcast(tuple(value.shape), tuple(step.output.shape)) for name, value in tensors.items()}

    @override
    def terms(self, step: Step, index: tuple[int, ...]) -> Terms:
        condition = self._read(step, self.condition, index)
        name = self.chosen if condition.values[0] else self.other
        factor = self._read(step, name, index)
        rule = f"{name} where {self.condition} is {bool(condition.values[0])}".lower()
        rows = Addends("source", rule, (factor, condition), factor.values)

        def held(value: float) -> float:
            return torch.tensor(value, dtype=torch.float64).to(step.output.dtype).double().item()

        return summed(step, index, (rows,), function=held, exact=True)

    @override
    def line(self, step: Step) -> Line:
        if step.op == "where":
            return Line(self.call.format(op=step.op), tuple(named(k, value) for k, value in step.arguments.items()))
        return super().line(step)

    def _read(self, step: Step, name: str, index: tuple[int, ...]) -> Factor:
        if isinstance(step.arguments[name], Tensor):
            return read(step, name, self.relations(step)[name].cells(index))
        return Factor(name, np.zeros((1, 0), dtype=np.int64), np.array([float(step.arguments[name])]))

    @override
    def partials(self, step: Step, wrt: str, index: tuple[int, ...]) -> Partials:
        if wrt == self.condition:
            return super().partials(step, wrt, index)
        relations = self.relations(step)
        outputs = reached(relations[wrt], index)
        cells = np.vstack([relations[self.condition].cells(tuple(each)) for each in outputs.tolist()])
        condition = read(step, self.condition, cells)
        taken = (condition.values != 0) == (wrt == self.chosen)
        return Partials(outputs, taken.astype(np.float64), "1 where it is chosen, else 0", (condition,))


def _is_condition(given: dict[str, Any]) -> bool:
    """Whether the second argument is the condition: it is boolean, and the first is not."""
    kinds = [getattr(given.get(name), "dtype", None) for name in ("condition", "input")]
    return kinds[1] == torch.bool and kinds[0] != torch.bool


class Ranked(Operator):
    """As `torch.topk`, `torch.sort`, `torch.kthvalue`: values of a row by their rank, and the positions they had."""

    names = ("topk", "sort", "argsort", "kthvalue", "median")
    call = "torch.{op}"

    @override
    @staticmethod
    def bind(input: Any, *args: Any, **settings: Any) -> dict[str, Any]:
        return {"input": input, **{f"argument_{k}": value for k, value in enumerate(args, 1)}, **settings}

    def _chosen(self, step: Step) -> tuple[IntArray, int]:
        """Returns the positions on the ranked axis, of the output's shape, and that axis."""
        found = self.line(step)
        tensor = step.tensor("input")
        result = replace(found, part=None).run(step.arguments)
        if isinstance(result, Tensor) and step.op != "argsort":
            raise Unexplained(f"{step.op} over all elements is not explained")
        positions = result if isinstance(result, Tensor) else result[1]
        named = step.arguments.get("dim")
        place = {"topk": 2, "kthvalue": 2}.get(step.op, 1)
        given = step.arguments.get(f"argument_{place}", -1) if named is None else named
        dim = given if type(given) is int else -1
        return positions.cpu().numpy(), dim % max(1, tensor.ndim)

    @override
    def check(self, step: Step) -> None:
        if step.op == "median" and len(step.arguments) == 1:
            raise Unexplained("the median of all elements is not explained")

    @override
    def relations(self, step: Step) -> dict[str, Relation]:
        positions, dim = self._chosen(step)
        sizes = step.tensor("input").shape
        dropped = positions.ndim < len(sizes)
        rules = [whole(n) if a == dim else same(a - (dropped and a > dim), n) for a, n in enumerate(sizes)]
        return {"input": Product(tuple(rules), tuple(step.output.shape))}

    def _source(self, step: Step, index: tuple[int, ...]) -> tuple[int, ...]:
        positions, dim = self._chosen(step)
        at = list(index)
        if positions.ndim < step.tensor("input").ndim:
            at.insert(dim, 0)
        at[dim] = int(positions[index])
        return tuple(at)

    @override
    def terms(self, step: Step, index: tuple[int, ...]) -> Terms:
        source = self._source(step, index)
        factor = cell(step, "input", source)
        if step.part == 0 and step.op != "argsort":
            return summed(step, index, (Addends("source", "input", (factor,), factor.values),), exact=True)
        position = float(source[self._chosen(step)[1]])
        rows = Addends("position", "its position", (factor,), np.array([position]))
        return summed(step, index, (rows,), exact=True)

    @override
    def partials(self, step: Step, wrt: str, index: tuple[int, ...]) -> Partials:
        outputs = reached(self.relations(step)["input"], index)
        taken = [self._source(step, tuple(each)) == index for each in outputs.tolist()]
        return Partials(outputs, np.array(taken, dtype=np.float64), "1 where it is chosen, else 0")

    @override
    def line(self, step: Step) -> Line:
        line = super().line(step)
        return line if step.op == "argsort" else replace(line, part=step.part)


class LogSumExp(Operator):
    """As `torch.logsumexp`: the logarithm of the sum of all exponentials, taken from the largest."""

    names = ("logsumexp",)
    call = "torch.{op}"

    @override
    @staticmethod
    def bind(input: Any, dim: Any, keepdim: bool = False, *, out: Any = None) -> dict[str, Any]:
        return {"input": input, "dim": dim, "keepdim": keepdim}

    @override
    def relations(self, step: Step) -> dict[str, Product]:
        return over_axes(step)

    @override
    def terms(self, step: Step, index: tuple[int, ...]) -> Terms:
        factor = read(step, "input", over_axes(step)["input"].cells(index))
        top = float(factor.values.max())
        rows = Addends("logits", "exp(input − max)", (factor,), np.exp(factor.values - top))
        after, magnitude = r"\mathrm{max} + \ln x", 1 + abs(top)
        function: Callable[[float], float] = lambda total: top + float(np.log(total))  # noqa: E731
        return summed(step, index, (rows,), after=after, function=function, magnitude=magnitude, held=abs(top))

    @override
    def partials(self, step: Step, wrt: str, index: tuple[int, ...]) -> Partials:
        outputs = reached(over_axes(step)["input"], index)
        found = self.terms(step, tuple(outputs[0].tolist()))
        own = cell(step, "input", index)
        return Partials(outputs, np.exp(own.values - found.value), "exp(input − y)", (own,), 1 + abs(found.value))


SELECTIONS: tuple[Operator, ...] = (
    Extreme(),
    Choice("where", "condition", "input", "other", "torch.{op}"),
    Choice("masked_fill", "mask", "value", "input", ".{op}"),
    Ranked(),
    LogSumExp(),
)
