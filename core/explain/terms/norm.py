"""Normalisation: shifted and scaled by a mean and a variance that were stored, or are those of the input."""

from math import sqrt
from typing import Any

import numpy as np
import torch
from torch import Tensor
from typing_extensions import override

from core.explain.axes import AxisRule, IntArray, Product, Window, cartesian, same, whole
from core.explain.terms.base import (
    Addends,
    Factor,
    FloatArray,
    Formula,
    Letters,
    Operator,
    Partials,
    Quantity,
    Terms,
    bias,
    cell,
    ones,
    reached,
    read,
    summed,
)
from core.explain.terms.conv import sample
from core.explain.trace import Step
from core.ops.formulas import FORMULAS


class Normalisation(Operator):
    """What batch, layer and group norm share: the derivatives."""

    @override
    def gradient_formula(self, step: Step, wrt: str) -> Formula | None:
        parts = ("grad_input",) if self._is_stored(step) else ("mean_product", "grad_input")
        names = [f"{step.op}_input_grad.{part}" for part in parts]
        if wrt != "input" or names[0] not in FORMULAS:
            return super().gradient_formula(step, wrt)
        return Formula(r",\quad ".join(FORMULAS[name] for name in names), self.letters(step))

    def _affine_axes(self, step: Step) -> tuple[int, ...]:
        """Returns the output axes by which weight and bias are indexed."""
        raise NotImplementedError

    def _is_stored(self, step: Step) -> bool:
        """Whether mean and variance are stored numbers, and not those of the input."""
        return False

    @override
    def partials(self, step: Step, wrt: str, index: tuple[int, ...]) -> Partials:
        axes = self._affine_axes(step)
        if wrt in ("weight", "bias"):
            at = dict(zip(axes, index, strict=True))
            sizes = enumerate(step.output.shape)
            outputs = cartesian([np.array([at[k]]) if k in at else np.arange(size) for k, size in sizes])
            if wrt == "bias":
                return ones(outputs)
            values = self._normalised_input(step)[tuple(outputs.T)]
            return Partials(outputs, values, "(input − mean) / √(var + eps)", (read(step, "input", outputs),))
        if wrt != "input":
            return super().partials(step, wrt, index)
        outputs = reached(self.relations(step)["input"], index)
        scale = self.terms(step, index).quantities["1/√(var + eps)"].value
        rule = "1 / √(var + eps)"
        slopes = np.full(len(outputs), scale)
        if not self._is_stored(step):
            own = (outputs == np.array(index)).all(axis=1)
            x = self._normalised_input(step)[tuple(outputs.T)]
            slopes = scale * (own - (1 + x * x[own]) / len(outputs))
            rule = "(δ − 1/n − x̂ · x̂_i / n) / √(var + eps)"
        if step.arguments["weight"] is not None:
            weight = read(step, "weight", outputs[:, list(axes)])
            scale *= float(np.abs(weight.values).max())
            return Partials(outputs, slopes * weight.values, f"weight · {rule}", (weight,), scale)
        return Partials(outputs, slopes, rule, scale=scale)

    def _normalised_input(self, step: Step) -> FloatArray:
        """Returns (input − mean) / √(var + eps) everywhere, in float64."""
        exact = {
            name: value.detach().to("cpu", torch.float64, copy=True) if isinstance(value, Tensor) else value
            for name, value in step.arguments.items()
        }
        return self.replay(step, exact | {"weight": None, "bias": None}).numpy()


class BatchNorm(Normalisation):
    """As `torch.nn.functional.batch_norm`; in training mode with the mean and variance of the batch itself."""

    names = ("batch_norm",)

    @override
    @staticmethod
    def bind(
        input: Any,
        running_mean: Any,
        running_var: Any,
        weight: Any = None,
        bias: Any = None,
        training: bool = False,
        momentum: float = 0.1,
        eps: float = 1e-5,
    ) -> dict[str, Any]:
        return locals()

    @override
    def relations(self, step: Step) -> dict[str, Product]:
        shape = tuple(step.output.shape)
        own = [same(axis, size) for axis, size in enumerate(shape)]
        if step.arguments["training"]:
            own = [rule if axis == 1 else whole(rule.size) for axis, rule in enumerate(own)]
        return {"input": Product(tuple(own), shape)}

    @override
    def letters(self, step: Step) -> Letters:
        if step.arguments["training"]:
            return {**positions(step), "M": step.output.numel() // step.output.shape[1]}
        running: Letters = {r"\mu_c": r"\bar\mu_c", r"\sigma_c^2": r"\bar\sigma_c^2", r"\bar g_c": 0, "h_c": 0}
        return {**positions(step), **running}

    @override
    def terms(self, step: Step, index: tuple[int, ...]) -> Terms:
        c = index[1]
        if step.arguments["training"]:
            return _normalised(step, index, (c,), statistics=self.relations(step)["input"].cells(index))
        moments = (cell(step, "running_mean", (c,)), cell(step, "running_var", (c,)))
        return _normalised(step, index, (c,), stored=moments)

    @override
    def _affine_axes(self, step: Step) -> tuple[int, ...]:
        return (1,)

    @override
    def _is_stored(self, step: Step) -> bool:
        return not step.arguments["training"]


class LayerNorm(Normalisation):
    """As `torch.nn.functional.layer_norm`: mean and variance over the last axes."""

    names = ("layer_norm",)

    @override
    @staticmethod
    def bind(
        input: Any, normalized_shape: Any, weight: Any = None, bias: Any = None, eps: float = 1e-5
    ) -> dict[str, Any]:
        return locals()

    @override
    def relations(self, step: Step) -> dict[str, Product]:
        shape = tuple(step.output.shape)
        kept = len(shape) - len(step.arguments["normalized_shape"])
        rules = (same(axis, size) if axis < kept else whole(size) for axis, size in enumerate(shape))
        return {"input": Product(tuple(rules), shape)}

    @override
    def terms(self, step: Step, index: tuple[int, ...]) -> Terms:
        kept = len(index) - len(step.arguments["normalized_shape"])
        return _normalised(step, index, index[kept:], statistics=self.relations(step)["input"].cells(index))

    @override
    def _affine_axes(self, step: Step) -> tuple[int, ...]:
        axes = step.output.ndim
        return tuple(range(axes - len(step.arguments["normalized_shape"]), axes))


class GroupNorm(Normalisation):
    """As `torch.nn.functional.group_norm`: mean and variance over each group of channels."""

    names = ("group_norm",)

    @override
    @staticmethod
    def bind(input: Any, num_groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-5) -> dict[str, Any]:
        return locals()

    @override
    def relations(self, step: Step) -> dict[str, Product]:
        shape = tuple(step.output.shape)
        C = shape[1] // step.arguments["num_groups"]
        rules: list[AxisRule] = [same(0, shape[0]), Window(1, shape[1], stride=C, taps=C, divide=C)]
        return {"input": Product((*rules, *(whole(size) for size in shape[2:])), shape)}

    @override
    def letters(self, step: Step) -> Letters:
        return {**positions(step), "M": step.output[0].numel() // step.arguments["num_groups"]}

    @override
    def terms(self, step: Step, index: tuple[int, ...]) -> Terms:
        return _normalised(step, index, (index[1],), statistics=self.relations(step)["input"].cells(index))

    @override
    def _affine_axes(self, step: Step) -> tuple[int, ...]:
        return (1,)


class InstanceNorm(Normalisation):
    """As `torch.nn.functional.instance_norm`: mean and variance of each channel of each sample, or stored ones."""

    names = ("instance_norm",)

    @override
    @staticmethod
    def bind(
        input: Any,
        running_mean: Any = None,
        running_var: Any = None,
        weight: Any = None,
        bias: Any = None,
        use_input_stats: bool = True,
        momentum: float = 0.1,
        eps: float = 1e-5,
    ) -> dict[str, Any]:
        return locals()

    @override
    def relations(self, step: Step) -> dict[str, Product]:
        shape = tuple(step.output.shape)
        of_row = not self._is_stored(step)
        rules = (whole(size) if of_row and axis > 1 else same(axis, size) for axis, size in enumerate(shape))
        return {"input": Product(tuple(rules), shape)}

    @override
    def letters(self, step: Step) -> Letters:
        return {**positions(step), "M": step.output[0, 0].numel()}

    @override
    def terms(self, step: Step, index: tuple[int, ...]) -> Terms:
        c = index[1]
        if self._is_stored(step):
            moments = (cell(step, "running_mean", (c,)), cell(step, "running_var", (c,)))
            return _normalised(step, index, (c,), stored=moments)
        return _normalised(step, index, (c,), statistics=self.relations(step)["input"].cells(index))

    @override
    def _affine_axes(self, step: Step) -> tuple[int, ...]:
        return (1,)

    @override
    def _is_stored(self, step: Step) -> bool:
        return not step.arguments["use_input_stats"]


NORMALISATIONS: tuple[Operator, ...] = (BatchNorm(), LayerNorm(), GroupNorm(), InstanceNorm())


def positions(step: Step) -> Letters:
    """Returns the indices of a position, after those of sample and channel: none, x, or y and x."""
    axes = step.output.ndim - 2
    return {**sample(step, axes), "l": ",".join("zyx"[-axes:]) if axes else None}


def _normalised(
    step: Step,
    index: tuple[int, ...],
    affine: tuple[int, ...],
    *,
    stored: tuple[Factor, Factor] | None = None,
    statistics: IntArray | None = None,
) -> Terms:
    """Returns (input − mean) / √(var + eps) · weight + bias, with stored moments or those of the cells `statistics`.

    `affine` is the cell of weight and bias.
    """
    own = cell(step, "input", index)
    factors = [own]
    quantities = {}
    count = 1
    if stored is not None:
        factors += stored
        mean, variance = (float(factor.values[0]) for factor in stored)
        quantities = {"mean": Quantity(mean), "var": Quantity(variance)}
    else:
        assert statistics is not None
        count = len(statistics)
        seen = read(step, "input", statistics)
        mean = float(seen.values.mean())
        squares = (seen.values - mean) ** 2 / count
        variance = float(squares.sum())
        quantities["mean"] = Quantity(mean, Addends("mean", f"input / {count}", (seen,), seen.values / count))
        quantities["var"] = Quantity(variance, Addends("var", f"(input − mean)² / {count}", (seen,), squares))
    scale = 1.0 / sqrt(variance + step.arguments["eps"])
    quantities["1/√(var + eps)"] = Quantity(scale)
    rule = "(input − mean) / √(var + eps)"
    if step.arguments["weight"] is not None:
        weight = cell(step, "weight", affine)
        factors.append(weight)
        scale *= float(weight.values[0])
        rule += " · weight"
    rows = Addends("normalised", rule, tuple(factors), (own.values - mean) * scale)
    # torch folds the mean into the bias, so rounding is relative to both parts of the difference.
    spread = 0.0 if statistics is None else float(np.abs(read(step, "input", statistics).values).max())
    magnitude = (abs(float(own.values[0])) + max(abs(mean), spread)) * abs(scale)
    shift = bias(step, affine)
    magnitude += sum(float(np.abs(part.products).sum()) for part in shift)
    of_batch = step.op == "batch_norm" and stored is None  # torch keeps the batch's moments in the input's type
    held = (abs(mean) + abs(float(own.values[0]) - mean)) * abs(scale) if of_batch else 0.0
    return summed(step, index, (rows, *shift), scale=magnitude, held=held, terms=count, quantities=quantities)
