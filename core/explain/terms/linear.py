"""Fully connected layers and matrix products."""

from dataclasses import replace
from typing import Any

import numpy as np
from typing_extensions import override

from core.explain.axes import AxisRule, Product, Window, broadcast, cartesian, same, whole
from core.explain.terms.base import (
    Addends,
    Letters,
    Operator,
    Partials,
    Terms,
    bias,
    one_row,
    ones,
    reached,
    read,
    summed,
)
from core.explain.trace import Step


class Linear(Operator):
    """As `torch.nn.functional.linear`."""

    names = ("linear",)

    @override
    @staticmethod
    def bind(input: Any, weight: Any, bias: Any = None) -> dict[str, Any]:
        return locals()

    @override
    def relations(self, step: Step) -> dict[str, Product]:
        *ahead, features = step.tensor("input").shape
        rules = (*(same(axis, size) for axis, size in enumerate(ahead)), whole(features))
        return {"input": Product(rules, tuple(step.output.shape))}

    @override
    def letters(self, step: Step) -> Letters:
        return one_row(step)

    @override
    def terms(self, step: Step, index: tuple[int, ...]) -> Terms:
        o = index[-1] if step.tensor("weight").ndim == 2 else None
        cells = self.relations(step)["input"].cells(index)
        features = np.arange(len(cells))
        taps = cartesian([features] if o is None else [np.array([o]), features])
        factors = (read(step, "input", cells), read(step, "weight", taps))
        products = factors[0].values * factors[1].values
        rows = Addends("features", "input · weight", factors, products)
        return summed(step, index, (rows, *bias(step, () if o is None else (o,))))

    @override
    def partials(self, step: Step, wrt: str, index: tuple[int, ...]) -> Partials:
        if step.tensor("weight").ndim != 2 or wrt not in ("input", "weight", "bias"):
            return super().partials(step, wrt, index)
        if wrt == "input":
            outputs = reached(self.relations(step)["input"], index)
            o = outputs[:, -1]
            factor = read(step, "weight", np.column_stack([o, np.full(len(o), index[-1])]))
            return Partials(outputs, factor.values, "weight", (factor,))
        outputs = cartesian([*(np.arange(size) for size in step.output.shape[:-1]), np.array([index[0]])])
        if wrt == "bias":
            return ones(outputs)
        factor = read(step, "input", np.column_stack([outputs[:, :-1], np.full(len(outputs), index[1])]))
        return Partials(outputs, factor.values, "input", (factor,))


class Multiplied(Operator):
    """A product of vectors, matrices, or broadcast batches of matrices, as `torch.matmul` takes them."""

    pair: tuple[str, str]
    """The arguments that are multiplied."""

    @override
    def relations(self, step: Step) -> dict[str, Product]:
        left, right = (tuple(step.tensor(name).shape) for name in self.pair)
        shape = tuple(step.output.shape)
        batch = len(shape) - (len(left) > 1) - (len(right) > 1)

        def batch_rules(sizes: tuple[int, ...]) -> list[AxisRule]:
            first = batch - len(sizes)
            return [
                same(first + k, size) if size == shape[first + k] else Window(None, 1) for k, size in enumerate(sizes)
            ]

        row = [same(batch, left[-2])] if len(left) > 1 else []
        column = [same(len(shape) - 1, right[-1])] if len(right) > 1 else []
        return {
            self.pair[0]: Product((*batch_rules(left[:-2]), *row, whole(left[-1])), shape),
            self.pair[1]: Product((*batch_rules(right[:-2]), whole(right[-2 if column else -1]), *column), shape),
        }

    @override
    def partials(self, step: Step, wrt: str, index: tuple[int, ...]) -> Partials:
        relations = self.relations(step)
        outputs = reached(relations[wrt], index)
        k = index[_contracted(relations[wrt])]
        opposite = self.pair[1 - self.pair.index(wrt)]
        contracted = _contracted(relations[opposite])
        columns = [
            np.full(len(outputs), k if place == contracted else 0) if rule.axis is None else outputs[:, rule.axis]
            for place, rule in enumerate(relations[opposite].axes)
        ]
        factor = read(step, opposite, np.column_stack(columns))
        return Partials(outputs, factor.values, opposite, (factor,))


class MatrixProduct(Multiplied):
    """As `torch.matmul`."""

    names = ("matmul",)
    call = "torch.matmul"
    pair = ("input", "other")

    @override
    @staticmethod
    def bind(
        input: Any,
        other: Any = None,
        *,
        mat2: Any = None,
        tensor2: Any = None,
        vec: Any = None,
        tensor: Any = None,
        out: Any = None,
    ) -> dict[str, Any]:
        given = (value for value in (other, mat2, tensor2, vec, tensor) if value is not None)
        return {"input": input, "other": next(given)}

    @override
    def terms(self, step: Step, index: tuple[int, ...]) -> Terms:
        factors = tuple(read(step, name, relation.cells(index)) for name, relation in self.relations(step).items())
        products = factors[0].values * factors[1].values
        return summed(step, index, (Addends("features", "input · other", factors, products),))


class AddedProduct(Multiplied):
    """As `torch.addmm`: β · input + α · a matrix product, the input broadcast to it."""

    names = ("addmm",)
    call = "torch.addmm"
    pair = ("mat1", "mat2")

    @override
    @staticmethod
    def bind(input: Any, mat1: Any, mat2: Any, *, beta: Any = 1, alpha: Any = 1, out: Any = None) -> dict[str, Any]:
        return {"input": input, "mat1": mat1, "mat2": mat2, "beta": beta, "alpha": alpha}

    @override
    def relations(self, step: Step) -> dict[str, Product]:
        added = broadcast(tuple(step.tensor("input").shape), tuple(step.output.shape))
        return {"input": added} | super().relations(step)

    @override
    def letters(self, step: Step) -> Letters:
        return {r"\beta": step.arguments["beta"], r"\alpha": step.arguments["alpha"]}

    @override
    def terms(self, step: Step, index: tuple[int, ...]) -> Terms:
        relations, alpha, beta = self.relations(step), step.arguments["alpha"], step.arguments["beta"]
        added, left, right = (read(step, name, relation.cells(index)) for name, relation in relations.items())
        products = alpha * left.values * right.values
        rows = Addends("features", "mat1 · mat2" if alpha == 1 else "α · mat1 · mat2", (left, right), products)
        before = Addends("bias", "input" if beta == 1 else "β · input", (added,), beta * added.values)
        return summed(step, index, (rows, before))

    @override
    def partials(self, step: Step, wrt: str, index: tuple[int, ...]) -> Partials:
        if wrt != "input":
            found = super().partials(step, wrt, index)
            return replace(found, values=step.arguments["alpha"] * found.values)
        outputs = reached(self.relations(step)["input"], index)
        return Partials(outputs, np.full(len(outputs), float(step.arguments["beta"])), "β")


def _contracted(relation: Product) -> int:
    """Returns the axis that is summed over: the last that follows no output axis."""
    return max(place for place, rule in enumerate(relation.axes) if rule.axis is None)
