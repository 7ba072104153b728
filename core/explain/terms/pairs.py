"""Functions of two values: comparisons, logic, the larger of two, powers, remainders."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor
from typing_extensions import override

from core.explain.axes import Product, Window, broadcast, same
from core.explain.terms.activation import sigmoid
from core.explain.terms.arithmetic import Arithmetic
from core.explain.terms.base import (
    Addends,
    Factor,
    FloatArray,
    Letters,
    Operator,
    Partials,
    Quantity,
    Terms,
    column,
    reached,
    read,
    summed,
)
from core.explain.terms.line import Line, Unexplained, named
from core.explain.trace import Step

Pair = Callable[[FloatArray, FloatArray], FloatArray]


class Paired(Arithmetic):
    """y = f(a, b) of the elements of `input` and `other`; exact says that f rounds nothing."""

    def __init__(self, name: str, function: Pair, rule: str, *, exact: bool = False, spelling: str = "") -> None:
        self.names = (name,)
        self.function = function
        self.rule = rule
        self.exact = exact
        self.spelling = spelling  # where no function of torch has the name
        self.swapped = bool(spelling)
        self.bind = self._bind

    def _bind(self, input: Any, other: Any = None, *, exponent: Any = None, out: Any = None) -> dict[str, Any]:
        return {"input": input, "other": exponent if other is None else other}

    @override
    def terms(self, step: Step, index: tuple[int, ...]) -> Terms:
        input, other = (self._as_compared(step, factor) for factor in self._sides(step, index).values())
        with np.errstate(all="ignore"):
            products = np.asarray(self.function(input.values, other.values), dtype=np.float64)
        rows = Addends("pair", self.rule, (input, other), products)
        steep = 1 + float(np.abs(other.values[0])) if step.op in ("pow", "rpow") else 1.0
        magnitude = steep * float(np.abs(products[0])) + float(np.abs(input.values[0])) * (step.op == "remainder")
        kept = partial(_held, step) if self.exact else float
        return summed(step, index, (rows,), exact=self.exact, magnitude=magnitude, function=kept)

    def _as_compared(self, step: Step, factor: Factor) -> Factor:
        """Returns a plain number as torch compares it: in the type of the tensor beside it."""
        kept = not self.exact and step.op != "remainder"
        if kept or isinstance(step.arguments[factor.argument], Tensor):
            return factor
        kind = step.tensor("other" if factor.argument == "input" else "input").dtype
        if not kind.is_floating_point:
            return factor
        return replace(factor, values=torch.from_numpy(factor.values).to(kind).double().numpy())

    @override
    def partials(self, step: Step, wrt: str, index: tuple[int, ...]) -> Partials:
        if step.op == "floor_divide":
            raise Unexplained("torch has no gradient of floor_divide")
        outputs, sides = self._outputs(step, wrt, index)
        values = column(self, step, wrt, index)[tuple(outputs.T)]
        scale = float(np.abs(values).max(initial=0.0))
        return Partials(outputs, values, f"∂y/∂{wrt}", (sides["input"], sides["other"]), scale)

    @override
    def line(self, step: Step) -> Line:
        sides = [named(name, step.arguments[name]) for name in ("input", "other")]
        return Line(self.spelling or f"torch.{step.op}", tuple(sides[::-1] if self.swapped else sides))


def _held(step: Step, value: float) -> float:
    """Returns a number as the output's type holds it."""
    return float(torch.tensor(value, dtype=torch.float64).to(step.output.dtype).item())


def _power(base: FloatArray, exponent: FloatArray) -> FloatArray:
    return np.asarray(np.float64(base) ** np.float64(exponent))


def _truths(function: Callable[[Any, Any], Any]) -> Pair:
    return lambda a, b: np.asarray(function(a != 0, b != 0), dtype=np.float64)


def _bits(function: Callable[[Any, Any], Any]) -> Pair:
    return lambda a, b: np.asarray(function(a.astype(np.int64), b.astype(np.int64)), dtype=np.float64)


class Larger(Paired):
    """As `torch.maximum` and `torch.minimum`; of two equal values each has half of the gradient."""

    @override
    def partials(self, step: Step, wrt: str, index: tuple[int, ...]) -> Partials:
        outputs, sides = self._outputs(step, wrt, index)
        own, opposite = sides[wrt].values, sides["other" if wrt == "input" else "input"].values
        wins = self.function(own, opposite) == own
        values = np.where(own == opposite, 0.5, wins.astype(np.float64))
        return Partials(outputs, values, "1 if it is chosen, else 0", (sides["input"], sides["other"]))


class Added(Operator):
    """As `torch.addcmul` and `torch.addcdiv`: input + value · tensor1 · tensor2, or a quotient of them."""

    names = ("addcmul", "addcdiv")
    call = "torch.{op}"

    @override
    @staticmethod
    def bind(input: Any, tensor1: Any, tensor2: Any, *, value: Any = 1, out: Any = None) -> dict[str, Any]:
        return {"input": input, "tensor1": tensor1, "tensor2": tensor2, "value": value}

    @override
    def letters(self, step: Step) -> Letters:
        return {r"\alpha": step.arguments["value"]}

    @override
    def relations(self, step: Step) -> dict[str, Product]:
        shape = tuple(step.output.shape)
        return {name: broadcast(tuple(step.tensor(name).shape), shape) for name in ("input", "tensor1", "tensor2")}

    @override
    def terms(self, step: Step, index: tuple[int, ...]) -> Terms:
        input, a, b = (read(step, name, relation.cells(index)) for name, relation in self.relations(step).items())
        scale, sign = float(step.arguments["value"]), "·" if step.op == "addcmul" else "/"
        products = scale * (a.values * b.values if step.op == "addcmul" else a.values / b.values)
        rule = f"tensor1 {sign} tensor2" if scale == 1 else f"{scale:g} · tensor1 {sign} tensor2"
        rows = (Addends("input", "input", (input,), input.values), Addends("product", rule, (a, b), products))
        return summed(step, index, rows)

    @override
    def partials(self, step: Step, wrt: str, index: tuple[int, ...]) -> Partials:
        outputs = reached(self.relations(step)[wrt], index)
        values = column(self, step, wrt, index)[tuple(outputs.T)]
        return Partials(outputs, values, f"∂y/∂{wrt}", scale=float(np.abs(values).max(initial=0.0)))


class Lerp(Operator):
    """As `torch.lerp`: input + weight · (end − input)."""

    names = ("lerp",)
    call = "torch.{op}"

    @override
    @staticmethod
    def bind(input: Any, end: Any, weight: Any, *, out: Any = None) -> dict[str, Any]:
        return {"input": input, "end": end, "weight": weight}

    @override
    def relations(self, step: Step) -> dict[str, Product]:
        shape = tuple(step.output.shape)
        tensors = {name: value for name, value in step.arguments.items() if isinstance(value, Tensor)}
        return {name: broadcast(tuple(value.shape), shape) for name, value in tensors.items()}

    @override
    def terms(self, step: Step, index: tuple[int, ...]) -> Terms:
        found = {name: read(step, name, relation.cells(index)) for name, relation in self.relations(step).items()}
        given = step.arguments["weight"]
        share = float(found["weight"].values[0]) if "weight" in found else float(given)
        rows = (
            Addends("input", "(1 − weight) · input", (found["input"],), (1 - share) * found["input"].values),
            Addends("end", "weight · end", (found["end"],), share * found["end"].values),
        )
        magnitude = float(
            abs(found["input"].values[0]) + abs(share) * abs(found["end"].values - found["input"].values)[0]
        )
        return summed(step, index, rows, scale=magnitude, quantities={"weight": Quantity(share)})

    @override
    def partials(self, step: Step, wrt: str, index: tuple[int, ...]) -> Partials:
        outputs = reached(self.relations(step)[wrt], index)
        values = column(self, step, wrt, index)[tuple(outputs.T)]
        return Partials(outputs, values, f"∂y/∂{wrt}", scale=1 + float(np.abs(values).max(initial=0.0)))


class OneHot(Operator):
    """As `torch.nn.functional.one_hot`: 1 where the last index is the number that is read."""

    names = ("one_hot",)

    @override
    @staticmethod
    def bind(input: Any, num_classes: int = -1) -> dict[str, Any]:
        return {"input": input, "num_classes": num_classes}

    @override
    def relations(self, step: Step) -> dict[str, Product]:
        sizes = step.tensor("input").shape
        return {"input": Product(tuple(same(k, n) for k, n in enumerate(sizes)), tuple(step.output.shape))}

    @override
    def terms(self, step: Step, index: tuple[int, ...]) -> Terms:
        factor = read(step, "input", self.relations(step)["input"].cells(index))
        rows = Addends("class", f"1 where input = {index[-1]}", (factor,), (factor.values == index[-1]).astype(float))
        return summed(step, index, (rows,), exact=True)


COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "gt": np.greater,
    "lt": np.less,
    "ge": np.greater_equal,
    "le": np.less_equal,
    "eq": np.equal,
    "ne": np.not_equal,
}
SIGNS = {"gt": ">", "lt": "<", "ge": "≥", "le": "≤", "eq": "=", "ne": "≠"}


class Gated(Operator):
    """As `torch.nn.functional.glu`: half of an axis times the sigmoid of the other half (Dauphin et al., 2017)."""

    names = ("glu",)

    @override
    @staticmethod
    def bind(input: Any, dim: int = -1) -> dict[str, Any]:
        return {"input": input, "dim": dim}

    @override
    def relations(self, step: Step) -> dict[str, Product]:
        sizes, shape = step.tensor("input").shape, tuple(step.output.shape)
        dim = step.arguments["dim"] % len(shape)
        halves = Window(dim, sizes[dim], taps=2, dilation=shape[dim])
        return {"input": Product(tuple(halves if k == dim else same(k, n) for k, n in enumerate(sizes)), shape)}

    @override
    def terms(self, step: Step, index: tuple[int, ...]) -> Terms:
        both = self.relations(step)["input"].cells(index)
        passed, gate = (read(step, "input", both[k : k + 1]) for k in (0, 1))
        products = passed.values * sigmoid(float(gate.values[0]))
        rows = Addends("gate", "a · σ(b)", (passed, gate), products)
        return summed(step, index, (rows,), magnitude=abs(float(products[0])) * (1 + abs(float(gate.values[0]))))

    @override
    def partials(self, step: Step, wrt: str, index: tuple[int, ...]) -> Partials:
        relation = self.relations(step)["input"]
        outputs = reached(relation, index)
        values = column(self, step, wrt, index)[tuple(outputs.T)]
        factors = tuple(read(step, "input", relation.cells(tuple(outputs[0]))[k : k + 1]) for k in (0, 1))
        return Partials(outputs, values, "∂y/∂x", factors, float(np.abs(values).max(initial=0.0)))


PAIRS: tuple[Operator, ...] = (
    Gated(),
    Added(),
    Lerp(),
    OneHot(),
    *(Paired(name, f, f"input {SIGNS[name]} other", exact=True) for name, f in COMPARISONS.items()),
    *(
        Paired(f"{kind}_{word}", of(function), f"input {word} other", exact=True)
        for word, logic, bits in (
            ("and", np.logical_and, np.bitwise_and),
            ("or", np.logical_or, np.bitwise_or),
            ("xor", np.logical_xor, np.bitwise_xor),
        )
        for kind, of, function in (("logical", _truths, logic), ("bitwise", _bits, bits))
    ),
    Larger("maximum", np.maximum, "max(input, other)", exact=True),
    Larger("minimum", np.minimum, "min(input, other)", exact=True),
    Paired("pow", _power, "input ^ other"),
    Paired("rpow", lambda a, b: _power(b, a), "other ^ input", spelling="torch.pow"),
    Paired("remainder", lambda a, b: a - b * np.floor(a / b), "input mod other"),
    Paired("floor_divide", lambda a, b: np.floor(a / b), "⌊input / other⌋", exact=True),
)
