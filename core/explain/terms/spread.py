"""How large and how widely spread a row is: norms and variances, and rows that are scaled by them."""

from dataclasses import replace
from math import sqrt
from typing import Any

import numpy as np
import torch
from typing_extensions import override

from core.explain.axes import AxisRule, Product, Relation, broadcast, same, whole
from core.explain.terms.base import (
    Addends,
    Factor,
    FloatArray,
    Letters,
    Operator,
    Partials,
    Quantity,
    Terms,
    cell,
    column,
    element,
    read,
    summed,
)
from core.explain.terms.line import Line, Unexplained, called
from core.explain.terms.reduction import over_axes
from core.explain.trace import Step


def by_column(operator: Operator, step: Step, wrt: str, index: tuple[int, ...], scale: float) -> Partials:
    """Returns the slopes of all output cells that a cell moves, by autograd in float64."""
    slopes = column(operator, step, wrt, index)
    outputs = np.argwhere(slopes != 0).astype(np.int64)
    return Partials(outputs, slopes[tuple(outputs.T)], f"∂y/∂{wrt}", scale=scale)


class Norm(Operator):
    """As `torch.linalg.vector_norm`: (Σ |x|^p)^(1/p), the largest |x| for p = ∞."""

    names = ("norm",)

    @override
    @staticmethod
    def bind(
        input: Any,
        p: Any = 2,
        dim: Any = None,
        keepdim: bool = False,
        dtype: Any = None,
        *,
        out: Any = None,
        **ord: Any,
    ) -> dict[str, Any]:
        p = ord.get("ord", p)
        return {"input": input, "ord": 2 if p in (None, "fro") else p, "dim": dim, "keepdim": keepdim, "dtype": dtype}

    @override
    def check(self, step: Step) -> None:
        power = step.arguments["ord"]
        if not isinstance(power, int | float) or power <= 0:
            raise Unexplained(f"a norm of order {power} is not explained")

    @override
    def letters(self, step: Step) -> Letters:
        power = step.arguments["ord"]
        return {"p": r"\infty" if power == float("inf") else power}

    @override
    def relations(self, step: Step) -> dict[str, Product]:
        return over_axes(step)

    @override
    def terms(self, step: Step, index: tuple[int, ...]) -> Terms:
        factor = read(step, "input", over_axes(step)["input"].cells(index))
        p, sizes = float(step.arguments["ord"]), np.abs(factor.values)
        if np.isinf(p):
            winner = int(np.argmax(sizes))
            rows = Addends("row", "|input|", (factor,), sizes)
            top = float(sizes[winner])
            return Terms(step.op, index, (rows,), "max", top, "", top, element(step, index), 0.0, winner=winner)
        rows = Addends("row", f"|input|^{p:g}", (factor,), sizes**p)
        after = rf"x^{{1/{p:g}}}"
        return summed(
            step, index, (rows,), after=after, function=lambda x: float(x ** (1 / p)), magnitude=_norm(sizes, p)
        )

    @override
    def partials(self, step: Step, wrt: str, index: tuple[int, ...]) -> Partials:
        return by_column(self, step, wrt, index, scale=1.0)

    @override
    def line(self, step: Step) -> Line:
        return called("torch.linalg.vector_norm", list(step.arguments), step.arguments, ["input"])


def _norm(sizes: FloatArray, p: float) -> float:
    return float((sizes**p).sum() ** (1 / p))


class Normalize(Operator):
    """As `torch.nn.functional.normalize`: x / max(‖x‖, eps)."""

    names = ("normalize",)

    @override
    @staticmethod
    def bind(input: Any, p: float = 2.0, dim: Any = 1, eps: float = 1e-12, out: Any = None) -> dict[str, Any]:
        return {"input": input, "p": p, "dim": dim, "eps": eps}

    @override
    def letters(self, step: Step) -> Letters:
        return {"p": step.arguments["p"], r"\varepsilon": step.arguments["eps"]}

    @override
    def relations(self, step: Step) -> dict[str, Product]:
        shape = tuple(step.output.shape)
        dims = step.arguments["dim"]
        gone = {d % len(shape) for d in ([dims] if isinstance(dims, int) else dims)}
        return {"input": Product(tuple(whole(n) if k in gone else same(k, n) for k, n in enumerate(shape)), shape)}

    @override
    def terms(self, step: Step, index: tuple[int, ...]) -> Terms:
        row = read(step, "input", self.relations(step)["input"].cells(index))
        p, own = float(step.arguments["p"]), cell(step, "input", index)
        powers = np.abs(row.values) ** p
        norm = max(float(powers.sum() ** (1 / p)), float(step.arguments["eps"]))
        quantities = {"norm": Quantity(norm, Addends("norm", f"|input|^{p:g}", (row,), powers))}
        rows = Addends("normalised", "input / norm", (own,), own.values / norm)
        return summed(step, index, (rows,), terms=len(powers), quantities=quantities)

    @override
    def partials(self, step: Step, wrt: str, index: tuple[int, ...]) -> Partials:
        norm = self.terms(step, index).quantities["norm"].value
        return by_column(self, step, wrt, index, scale=1 / norm)


class RmsNorm(Operator):
    """As `torch.nn.functional.rms_norm`: x / √(mean x² + eps) · weight, over the last axes."""

    names = ("rms_norm",)

    @override
    @staticmethod
    def bind(input: Any, normalized_shape: Any, weight: Any = None, eps: Any = None) -> dict[str, Any]:
        return locals()

    def _eps(self, step: Step) -> float:
        given = step.arguments["eps"]
        return torch.finfo(step.tensor("input").dtype).eps if given is None else float(given)

    @override
    def letters(self, step: Step) -> Letters:
        return {r"\varepsilon": self._eps(step)} | ({} if step.arguments["weight"] is not None else {r"\gamma_f": None})

    @override
    def relations(self, step: Step) -> dict[str, Product]:
        shape = tuple(step.output.shape)
        kept = len(shape) - len(step.arguments["normalized_shape"])
        return {"input": Product(tuple(same(k, n) if k < kept else whole(n) for k, n in enumerate(shape)), shape)}

    @override
    def terms(self, step: Step, index: tuple[int, ...]) -> Terms:
        seen, own = read(step, "input", self.relations(step)["input"].cells(index)), cell(step, "input", index)
        squares = seen.values**2 / len(seen.values)
        scale = 1 / sqrt(float(squares.sum()) + self._eps(step))
        mean = Addends("mean square", f"input² / {len(squares)}", (seen,), squares)
        quantities = {"mean square": Quantity(float(squares.sum()), mean), "1/√(mean square + eps)": Quantity(scale)}
        factors, rule, products = [own], "input / √(mean square + eps)", own.values * scale
        if step.arguments["weight"] is not None:
            weight = cell(step, "weight", index[len(index) - len(step.arguments["normalized_shape"]) :])
            factors, rule, products = [own, weight], rule + " · weight", products * weight.values
        rows = Addends("normalised", rule, tuple(factors), products)
        held = float(np.abs(products[0]))
        return summed(step, index, (rows,), terms=len(squares), held=held, quantities=quantities)

    @override
    def partials(self, step: Step, wrt: str, index: tuple[int, ...]) -> Partials:
        if wrt == "weight":
            return by_column(self, step, wrt, index, scale=0.0)
        scale = self.terms(step, index).quantities["1/√(mean square + eps)"].value
        weight = step.arguments["weight"]
        return by_column(
            self, step, wrt, index, scale * (1.0 if weight is None else float(weight.detach().abs().max()))
        )


class Spread(Operator):
    """As `torch.var` and `torch.std`; with `_mean` the mean is the second part."""

    names = ("var", "std", "var_mean", "std_mean")
    call = "torch.{op}"

    @override
    @staticmethod
    def bind(input: Any, *args: Any, keepdim: bool = False, **named: Any) -> dict[str, Any]:
        given = list(args)
        dim = named.get("dim", named.get("axis"))
        if given and not isinstance(given[0], bool):
            dim = given.pop(0)
        correction = named.get("correction", int(given.pop(0) if given else named.get("unbiased", True)))
        keepdim = given.pop(0) if given else keepdim
        return {"input": input, "dim": dim, "correction": 1 if correction is None else correction, "keepdim": keepdim}

    @override
    def letters(self, step: Step) -> Letters:
        count = step.tensor("input").numel() // max(1, step.output.numel())
        return {"N": count, "c": step.arguments["correction"], "N - c": None}

    @override
    def relations(self, step: Step) -> dict[str, Product]:
        return over_axes(step)

    @override
    def terms(self, step: Step, index: tuple[int, ...]) -> Terms:
        factor = read(step, "input", over_axes(step)["input"].cells(index))
        x, count = factor.values, len(factor.values)
        mean = float(x.mean())
        averaged = Addends("mean", f"input / {count}", (factor,), x / count)
        if step.part == 1:
            return summed(step, index, (averaged,))
        below = max(0.0, count - step.arguments["correction"])
        squares = (x - mean) ** 2 / below if below else np.full(count, np.nan)
        rows = Addends("squares", f"(input − mean)² / {below:g}", (factor,), squares)
        # The mean is rounded, and with it every difference.
        variance, loose = float(squares.sum()), 4 * float(np.abs(x).max()) * float(np.abs(x - mean).max())
        root = step.op.startswith("std")
        spread = sqrt(variance) if variance > 0 else 0.0
        return summed(
            step,
            index,
            (rows,),
            after=r"\sqrt{x}" if root else "",
            function=(lambda total: float(np.sqrt(total))) if root else float,
            magnitude=(spread + loose / max(spread, 1e-30) * (spread > 0)) if root else variance + loose,
            quantities={"mean": Quantity(mean, averaged)},
        )

    @override
    def partials(self, step: Step, wrt: str, index: tuple[int, ...]) -> Partials:
        row = read(step, "input", over_axes(step)["input"].cells(tuple(_first(self, step, index))))
        below = max(1.0, len(row.values) - step.arguments["correction"])
        scale = 4 * float(np.abs(row.values).max()) / below
        if step.op.startswith("std") and step.part == 0:
            scale /= max(float(row.values.std()), 1e-30)
        return by_column(self, step, wrt, index, scale)

    @override
    def line(self, step: Step) -> Line:
        line = super().line(step)
        return replace(line, part=step.part if step.op.endswith("_mean") else None)


def _first(operator: Spread, step: Step, index: tuple[int, ...]) -> list[int]:
    """Returns the output cell that the input cell `index` is a part of."""
    at = [0] * step.output.ndim
    for place, rule in zip(index, over_axes(step)["input"].axes, strict=True):
        if rule.axis is not None:
            at[rule.axis] = place
    return at


class WeightNorm(Operator):
    """As `torch._weight_norm`: each row of v has the length g."""

    names = ("weight_norm",)
    call = "torch._weight_norm"

    @override
    @staticmethod
    def bind(v: Any, g: Any, dim: int = 0) -> dict[str, Any]:
        return locals()

    @override
    def relations(self, step: Step) -> dict[str, Relation]:
        shape, dim = tuple(step.output.shape), step.arguments["dim"]
        rules: list[AxisRule] = [same(k, n) if k == dim % len(shape) else whole(n) for k, n in enumerate(shape)]
        return {"v": Product(tuple(rules), shape), "g": broadcast(tuple(step.tensor("g").shape), shape)}

    @override
    def terms(self, step: Step, index: tuple[int, ...]) -> Terms:
        relations = self.relations(step)
        row, own = read(step, "v", relations["v"].cells(index)), cell(step, "v", index)
        g = read(step, "g", relations["g"].cells(index))
        norm = sqrt(float((row.values**2).sum()))
        quantities = {"norm": Quantity(norm, Addends("norm", "v²", (row,), row.values**2))}
        rows = Addends("direction", "v · g / norm", (own, g), own.values * g.values / norm)
        return summed(step, index, (rows,), terms=len(row.values), quantities=quantities)

    @override
    def partials(self, step: Step, wrt: str, index: tuple[int, ...]) -> Partials:
        norm = 1.0 if wrt == "g" else self.terms(step, index).quantities["norm"].value
        return by_column(self, step, wrt, index, 1.0 if wrt == "g" else float(step.tensor("g").abs().max()) / norm)


class PRelu(Operator):
    """As `torch.nn.functional.prelu`: the slope below 0 is learned."""

    names = ("prelu",)

    @override
    @staticmethod
    def bind(input: Any, weight: Any) -> dict[str, Any]:
        return locals()

    def _place(self, step: Step, index: tuple[int, ...]) -> tuple[int, ...]:
        weight = step.tensor("weight")
        if weight.ndim == 0:
            return ()
        return (index[1] if weight.numel() > 1 and len(index) > 1 else (index[0] if weight.numel() > 1 else 0),)

    @override
    def relations(self, step: Step) -> dict[str, Product]:
        shape = tuple(step.output.shape)
        return {"input": broadcast(shape, shape)}

    @override
    def terms(self, step: Step, index: tuple[int, ...]) -> Terms:
        x, w = cell(step, "input", index), cell(step, "weight", self._place(step, index))
        slope = np.where(x.values > 0, 1.0, w.values)
        rule = "input" if x.values[0] > 0 else "input · weight"
        factors: tuple[Factor, ...] = (x,) if x.values[0] > 0 else (x, w)
        return summed(step, index, (Addends("input", rule, factors, x.values * slope),))

    @override
    def partials(self, step: Step, wrt: str, index: tuple[int, ...]) -> Partials:
        return by_column(self, step, wrt, index, scale=0.0)


SPREADS: tuple[Operator, ...] = (Norm(), Normalize(), RmsNorm(), Spread(), WeightNorm(), PRelu())
