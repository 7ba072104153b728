"""Functions of one element: activations, and powers, exponentials, limits."""

from collections.abc import Callable
from dataclasses import replace
from math import erf, pi
from typing import Any

import numpy as np
import torch
from torch import Tensor
from typing_extensions import override

from core.explain.axes import Product, broadcast
from core.explain.terms.base import (
    Addends,
    Formula,
    Letters,
    Operator,
    Partials,
    Terms,
    cell,
    column,
    reached,
    read,
    summed,
)
from core.explain.terms.line import Line, Name, Unexplained
from core.explain.trace import Step
from core.ops.formulas import FORMULAS

LETTERS = {
    "negative_slope": "a",
    "alpha": r"\alpha",
    "beta": r"\beta",
    "lambd": r"\lambda",
    "threshold": r"\tau",
    "value": "v",
    "min_val": "a",
    "max_val": "b",
    "min": "a",
    "max": "b",
}
"""What the formulas call settings; a limit that is not given is infinite."""


class Elementwise(Operator):
    """y = f(x), element by element; f works in NumPy's float64 and takes the settings by torch's names."""

    def __init__(
        self,
        name: str,
        function: Callable[..., float],
        call: str = "F.{op}",
        exact: bool = False,
        cancels: bool = False,
        **settings: Any,
    ) -> None:
        self.names = (name,)
        self.call = call
        self.function = function
        self.exact = exact
        self.cancels = cancels  # adds up numbers as large as x, which may leave a small one
        self.settings = settings
        self.bind = self._bind

    def _bind(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        given = dict(zip(("input", *self.settings), args, strict=False)) | kwargs
        return {"input": given["input"]} | {name: given.get(name, default) for name, default in self.settings.items()}

    @override
    def line(self, step: Step) -> Line:
        if step.op == "identity":
            return Line("torch.nn.Identity()({})", (Name("input"),), function=torch.nn.Identity())
        return super().line(step)

    @override
    def relations(self, step: Step) -> dict[str, Product]:
        return {"input": broadcast(tuple(step.tensor("input").shape), tuple(step.output.shape))}

    @override
    def check(self, step: Step) -> None:
        for name in self.settings:
            if not isinstance(step.arguments[name], int | float | str | None):
                raise Unexplained(f"{step.op}: {name} is a {type(step.arguments[name]).__name__}, not a number")

    @override
    def terms(self, step: Step, index: tuple[int, ...]) -> Terms:
        settings = {name: step.arguments[name] for name in self.settings}
        factor = cell(step, "input", index)
        rows = Addends("input", "input", (factor,), factor.values)

        def function(_: float) -> float:  # a sum has no −0
            with np.errstate(all="ignore"):  # infinities and NaN come out as torch's
                return float(self.function(np.float64(factor.values[0]), **settings))

        after = self.formula(step).latex.removeprefix("y = ").partition(r",\quad ")[0]
        x = abs(float(factor.values[0]))
        held = x if step.op == "tanhshrink" else 0.0  # tanh x is rounded first
        magnitude = abs(function(factor.values[0])) * (1 + x) + (1 + x) * self.cancels
        return summed(
            step, index, (rows,), after=after, function=function, magnitude=magnitude, held=held, exact=self.exact
        )

    @override
    def formula(self, step: Step) -> Formula:
        named = f"{step.op}.{step.arguments.get('approximate')}"  # the tanh approximation of gelu
        return Formula(FORMULAS.get(named, FORMULAS[step.op]), self.letters(step))

    @override
    def letters(self, step: Step) -> Letters:
        given = {letter: step.arguments.get(name) for name, letter in LETTERS.items() if name in self.settings}
        infinite = {"a": r"-\infty", "b": r"\infty"}
        return {letter: infinite[letter] if value is None else value for letter, value in given.items()}

    @override
    def partials(self, step: Step, wrt: str, index: tuple[int, ...]) -> Partials:
        """The derivative at the element's value, taken by autograd in float64."""
        factor = cell(step, "input", index)
        x = torch.tensor(factor.values[0], dtype=torch.float64, requires_grad=True)
        with torch.enable_grad():
            (slope,) = torch.autograd.grad(self.replay(step, {"input": x}), x)
        outputs = np.array([index], dtype=np.int64)
        return Partials(outputs, np.array([slope.item()]), "dy/dx", (factor,), 1 + abs(x.item()))


class Negation(Elementwise):
    """As `torch.bitwise_not` of truth values."""

    @override
    def check(self, step: Step) -> None:
        if step.tensor("input").dtype != torch.bool:
            raise Unexplained(f"{step.op} of whole numbers is not explained")


class Clamp(Elementwise):
    """As `torch.clamp`; a limit may be a tensor that is broadcast."""

    @override
    def check(self, step: Step) -> None:
        if not self._limits(step):
            super().check(step)

    def _limits(self, step: Step) -> list[str]:
        return [name for name in self.settings if isinstance(step.arguments[name], Tensor)]

    @override
    def relations(self, step: Step) -> dict[str, Product]:
        shape = tuple(step.output.shape)
        return {name: broadcast(tuple(step.tensor(name).shape), shape) for name in ("input", *self._limits(step))}

    @override
    def letters(self, step: Step) -> Letters:
        limits = {LETTERS[name] for name in self._limits(step)}
        plain = replace(step, arguments={k: v for k, v in step.arguments.items() if k not in self._limits(step)})
        return {letter: value for letter, value in super().letters(plain).items() if letter not in limits}

    @override
    def terms(self, step: Step, index: tuple[int, ...]) -> Terms:
        found = {name: read(step, name, relation.cells(index)) for name, relation in self.relations(step).items()}
        kind = step.output.dtype
        given = {
            name: None if value is None else torch.tensor(value, dtype=torch.float64).to(kind).double().item()
            for name, value in step.arguments.items()
            if name in self.settings and name not in found
        }
        limits = given | {name: float(found[name].values[0]) for name in found if name != "input"}
        value = self.function(np.float64(found["input"].values[0]), **limits)
        rows = Addends("input", "limited input", tuple(found.values()), np.array([float(value)]))
        return summed(step, index, (rows,), exact=True)

    @override
    def partials(self, step: Step, wrt: str, index: tuple[int, ...]) -> Partials:
        outputs = reached(self.relations(step)[wrt], index)
        values = column(self, step, wrt, index)[tuple(outputs.T)]
        return Partials(outputs, values, "1 where it is chosen, else 0")


def sigmoid(x: float) -> float:
    """Returns 1 / (1 + exp(−x)), without overflow."""
    return float(1 / (1 + np.exp(-x)) if x >= 0 else np.exp(x) / (1 + np.exp(x)))


def logsigmoid(x: float) -> float:
    """Returns −log(1 + exp(−x)), without overflow."""
    return float(np.minimum(x, 0) - np.log1p(np.exp(-np.abs(x))))


def softplus(x: float, beta: float, threshold: float) -> float:
    """Returns log(1 + exp(beta · x)) / beta; x itself above the threshold."""
    return float(x if x * beta > threshold else np.log1p(np.exp(x * beta)) / beta)


def mish(x: float) -> float:
    """Returns x · tanh(log(1 + exp(x))) (Misra, 2019)."""
    return float(x * np.tanh(-logsigmoid(-x)))


def gelu(x: float, approximate: str) -> float:
    """Returns x · Φ(x), exactly or by the tanh approximation (Hendrycks and Gimpel, 2016)."""
    if approximate == "tanh":
        return float(0.5 * x * (1 + np.tanh(np.sqrt(2 / pi) * (x + 0.044715 * x**3))))
    return float(0.5 * x * (1 + erf(x / np.sqrt(2))))


def limited(x: float, min: float | None, max: float | None) -> float:
    """Returns x, raised to `min` and then lowered to `max`; NaN stays NaN."""
    raised = float(min) if min is not None and x < min else x
    return float(max) if max is not None and raised > max else raised


def selu(x: float) -> float:
    """Returns λ · x, or λ · α · (exp(x) − 1) below 0 (Klambauer et al., 2017)."""
    return float(1.0507009873554805 * (x if x > 0 else 1.6732632423543772 * np.expm1(x)))


def hardsigmoid(x: float) -> float:
    """Returns min(max(0, x + 3), 6) / 6."""
    return limited(x + 3, 0, 6) / 6


ACTIVATIONS: tuple[Operator, ...] = (
    Elementwise("relu", lambda x: x if x > 0 or x != x else 0.0, exact=True),
    Elementwise("relu6", lambda x: limited(x, 0, 6), exact=True),
    Elementwise(
        "leaky_relu",
        lambda x, negative_slope: x if x > 0 else x * negative_slope,
        negative_slope=0.01,
    ),
    Elementwise(
        "elu",
        lambda x, alpha: x if x > 0 else alpha * np.expm1(x),
        alpha=1.0,
    ),
    Elementwise(
        "hardtanh",
        lambda x, min_val, max_val: limited(x, min_val, max_val),
        min_val=-1.0,
        max_val=1.0,
    ),
    Elementwise("sigmoid", sigmoid, call="torch.{op}"),
    Elementwise("logsigmoid", logsigmoid),
    Elementwise("tanh", np.tanh, call="torch.{op}"),
    Elementwise("silu", lambda x: x * sigmoid(x)),
    Elementwise("gelu", gelu, cancels=True, approximate="none"),
    Elementwise("mish", mish),
    Elementwise(
        "softplus",
        softplus,
        beta=1.0,
        threshold=20.0,
    ),
    Elementwise("hardsigmoid", hardsigmoid, cancels=True),
    Elementwise(
        "hardswish",
        lambda x: x * hardsigmoid(x),
        cancels=True,
    ),
    Elementwise("identity", lambda x: x, exact=True),
    Elementwise("neg", lambda x: -x, call="torch.{op}", exact=True),
    Elementwise("abs", abs, call="torch.{op}", exact=True),
    Elementwise("exp", np.exp, call="torch.{op}"),
    Elementwise("log", np.log, call="torch.{op}"),
    Elementwise("sqrt", np.sqrt, call="torch.{op}"),
    Elementwise("square", lambda x: x * x, call="torch.{op}"),
    Elementwise("rsqrt", lambda x: 1 / np.sqrt(x), call="torch.{op}"),
    Elementwise("reciprocal", lambda x: 1 / x, call="torch.{op}"),
    Elementwise("sin", np.sin, call="torch.{op}"),
    Elementwise("cos", np.cos, call="torch.{op}", cancels=True),
    Elementwise("exp2", np.exp2, call="torch.{op}"),
    Elementwise("expm1", np.expm1, call="torch.{op}"),
    Elementwise("log2", np.log2, call="torch.{op}"),
    Elementwise("log10", np.log10, call="torch.{op}"),
    Elementwise("log1p", np.log1p, call="torch.{op}"),
    Elementwise("erf", erf, call="torch.{op}"),
    Elementwise("sign", lambda x: np.sign(np.nan_to_num(x)), call="torch.{op}", exact=True),
    Elementwise("floor", np.floor, call="torch.{op}", exact=True),
    Elementwise("ceil", np.ceil, call="torch.{op}", exact=True),
    Elementwise("trunc", np.trunc, call="torch.{op}", exact=True),
    Elementwise("round", np.round, call="torch.{op}", exact=True),
    Elementwise("selu", selu),
    Elementwise("celu", lambda x, alpha: x if x > 0 else alpha * np.expm1(x / alpha), alpha=1.0),
    Elementwise("softsign", lambda x: x / (1 + np.abs(x))),
    Elementwise("tanhshrink", lambda x: x - np.tanh(x), cancels=True),
    Elementwise("hardshrink", lambda x, lambd: x if abs(x) > lambd or x != x else 0.0, lambd=0.5),
    Elementwise("softshrink", lambda x, lambd: x - np.clip(x, -lambd, lambd), cancels=True, lambd=0.5),
    Elementwise("threshold", lambda x, threshold, value: value if x <= threshold else x, threshold=0, value=0),
    Elementwise("logical_not", lambda x: x == 0, call="torch.{op}", exact=True),
    Negation("bitwise_not", lambda x: x == 0, call="torch.{op}", exact=True),
    Elementwise("isnan", np.isnan, call="torch.{op}", exact=True),
    Elementwise("isfinite", np.isfinite, call="torch.{op}", exact=True),
    Elementwise("isinf", np.isinf, call="torch.{op}", exact=True),
    Clamp(
        "clamp",
        limited,
        call="torch.{op}",
        exact=True,
        min=None,
        max=None,
    ),
    Clamp("clamp_min", lambda x, min: limited(x, min, None), call="torch.{op}", exact=True, min=None),
    Clamp("clamp_max", lambda x, max: limited(x, None, max), call="torch.{op}", exact=True, max=None),
)
