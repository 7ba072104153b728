"""Sums, differences, products and quotients of two tensors, or of a tensor and a number."""

from dataclasses import replace
from operator import truediv
from typing import Any

import numpy as np
import torch
from torch import Tensor
from typing_extensions import override

from core.explain.axes import IntArray, Product, broadcast
from core.explain.terms.base import Addends, Factor, Letters, Operator, Partials, Terms, reached, read, summed
from core.explain.terms.line import Line, Unexplained, named
from core.explain.trace import Step


class Arithmetic(Operator):
    """A binary operation with broadcasting; either side may be a plain number."""

    @override
    def check(self, step: Step) -> None:
        for name in ("input", "other"):
            if not isinstance(step.arguments[name], Tensor | int | float):
                raise Unexplained(f"{step.op}: {name} is a {type(step.arguments[name]).__name__}, not a number")

    def _sides(self, step: Step, index: tuple[int, ...]) -> dict[str, Factor]:
        """Returns what both sides read for the element; a plain number reads no cell."""
        relations = self.relations(step)
        nowhere = np.zeros((1, 0), dtype=np.int64)
        return {
            name: read(step, name, relations[name].cells(index))
            if name in relations
            else Factor(name, nowhere, np.array([step.arguments[name]], dtype=np.float64))
            for name in ("input", "other")
        }

    @override
    def relations(self, step: Step) -> dict[str, Product]:
        shape = tuple(step.output.shape)
        sides = {name: step.arguments[name] for name in ("input", "other")}
        return {name: broadcast(tuple(v.shape), shape) for name, v in sides.items() if isinstance(v, Tensor)}

    @override
    def letters(self, step: Step) -> Letters:
        sides = {"a": step.arguments["input"], "b": step.arguments["other"]}
        return {letter: float(value) for letter, value in sides.items() if not isinstance(value, Tensor)}

    def _outputs(self, step: Step, wrt: str, index: tuple[int, ...]) -> tuple[IntArray, dict[str, Factor]]:
        """Returns the output cells that a cell takes part in, and what both sides read for each of them."""
        relations = self.relations(step)
        outputs = reached(relations[wrt], index)
        nowhere = np.zeros((len(outputs), 0), dtype=np.int64)
        sides: dict[str, Factor] = {}
        for name in ("input", "other"):
            if name in relations:
                sides[name] = read(step, name, np.vstack([relations[name].cells(tuple(o)) for o in outputs.tolist()]))
            else:
                sides[name] = Factor(name, nowhere, np.full(len(outputs), float(step.arguments[name])))
        return outputs, sides


class Sum(Arithmetic):
    """As `torch.add` and `torch.sub`."""

    names = ("add", "sub", "rsub")
    call = "torch.{op}"

    @override
    @staticmethod
    def bind(input: Any, other: Any, *, alpha: Any = 1, out: Any = None) -> dict[str, Any]:
        return {"input": input, "other": other, "alpha": alpha}

    @override
    def letters(self, step: Step) -> Letters:
        return {**super().letters(step), r"\alpha": step.arguments["alpha"]}

    @override
    def terms(self, step: Step, index: tuple[int, ...]) -> Terms:
        signs = {"add": (1, 1), "sub": (1, -1), "rsub": (-1, 1)}[step.op]
        scaled = "input" if step.op == "rsub" else "other"
        addends = []
        for (name, factor), sign in zip(self._sides(step, index).items(), signs, strict=True):
            scale = sign * (step.arguments["alpha"] if name == scaled else 1)
            rule = name if scale == 1 else f"{scale} · {name}"
            addends.append(Addends(name, rule, (factor,), factor.values * scale))
        return summed(step, index, tuple(addends))

    @override
    def partials(self, step: Step, wrt: str, index: tuple[int, ...]) -> Partials:
        outputs = reached(self.relations(step)[wrt], index)
        negative = {"add": "", "sub": "other", "rsub": "input"}[step.op]
        scaled = "input" if step.op == "rsub" else "other"
        slope = (step.arguments["alpha"] if wrt == scaled else 1) * (-1 if wrt == negative else 1)
        return Partials(outputs, np.full(len(outputs), float(slope)), f"{slope}")


class ElementProduct(Arithmetic):
    """As `torch.mul`."""

    names = ("mul",)
    call = "torch.{op}"

    @override
    @staticmethod
    def bind(input: Any, other: Any, *, out: Any = None) -> dict[str, Any]:
        return {"input": input, "other": other}

    @override
    def terms(self, step: Step, index: tuple[int, ...]) -> Terms:
        input, other = self._sides(step, index).values()
        return summed(step, index, (Addends("product", "input · other", (input, other), input.values * other.values),))

    @override
    def partials(self, step: Step, wrt: str, index: tuple[int, ...]) -> Partials:
        outputs, sides = self._outputs(step, wrt, index)
        factor = sides["other" if wrt == "input" else "input"]
        return Partials(outputs, factor.values, factor.argument, (factor,))


class Quotient(Arithmetic):
    """As `torch.div`, rounded to a whole number where `rounding_mode` says so; "rdiv" is number / tensor."""

    names = ("div", "rdiv")
    call = "torch.{op}"

    @override
    @staticmethod
    def bind(input: Any, other: Any, *, rounding_mode: Any = None, out: Any = None) -> dict[str, Any]:
        return {"input": input, "other": other, "rounding_mode": rounding_mode}

    @override
    def line(self, step: Step) -> Line:
        if step.op == "rdiv":
            sides = (named(name, step.arguments[name]) for name in ("other", "input"))
            return Line("{} / {}", tuple(sides), function=truediv)
        return super().line(step)

    @override
    def terms(self, step: Step, index: tuple[int, ...]) -> Terms:
        input, other = self._sides(step, index).values()
        above, below = (other, input) if step.op == "rdiv" else (input, other)
        with np.errstate(divide="ignore", invalid="ignore"):
            products = above.values / below.values
        rows = (Addends("quotient", f"{above.argument} / {below.argument}", (input, other), products),)
        mode = step.arguments["rounding_mode"]
        if mode is None:
            return summed(step, index, rows)
        after = rf"\mathrm{{{mode}}}(x)"
        found = summed(step, index, rows, after=after, function=np.floor if mode == "floor" else np.trunc, exact=True)
        kind = step.output.dtype
        doubt = 8 * torch.finfo(kind).eps if kind.is_floating_point else 0.0
        near = abs(found.reduced - round(found.reduced)) <= doubt * abs(found.reduced) if doubt else False
        return replace(found, value=float(found.value), tolerance=float(near))  # either side of a whole number

    @override
    def partials(self, step: Step, wrt: str, index: tuple[int, ...]) -> Partials:
        outputs, sides = self._outputs(step, wrt, index)
        above, below = ("other", "input") if step.op == "rdiv" else ("input", "other")
        if step.arguments["rounding_mode"] is not None:
            return Partials(outputs, np.zeros(len(outputs)), "0")
        if wrt == above:
            return Partials(outputs, 1 / sides[below].values, f"1 / {below}", (sides[below],))
        factors = (sides[above], sides[below])
        slopes = -sides[above].values / sides[below].values ** 2
        return Partials(outputs, slopes, f"−{above} / {below}²", factors)
