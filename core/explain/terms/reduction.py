"""Sums and means over whole axes, running sums, whether all or any are true."""

from typing import Any

import numpy as np
from typing_extensions import override

from core.explain.axes import Product, Taps, same, whole
from core.explain.terms.base import Addends, Letters, Operator, Partials, Terms, ones, reached, read, summed
from core.explain.terms.line import Line, called
from core.explain.trace import Step


def over_axes(step: Step) -> dict[str, Product]:
    """Returns the relation of an operation over whole axes: `dim`, all of them where none is named; `keepdim`."""
    shape = step.tensor("input").shape
    dim = step.arguments["dim"]
    dims = [dim] if isinstance(dim, int) else dim or list(range(len(shape)))
    gone = {d % len(shape) for d in dims} if len(shape) else set()
    place = 0
    rules = []
    for axis, size in enumerate(shape):
        rules.append(whole(size) if axis in gone else same(place, size))
        place += bool(step.arguments.get("keepdim")) or axis not in gone
    return {"input": Product(tuple(rules), tuple(step.output.shape))}


class Reduction(Operator):
    """As `torch.mean` and `torch.sum`."""

    names = ("mean", "sum")
    call = "torch.{op}"

    @override
    @staticmethod
    def bind(
        input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None, out: Any = None
    ) -> dict[str, Any]:
        return {"input": input, "dim": dim, "keepdim": keepdim, "dtype": dtype}

    @override
    def letters(self, step: Step) -> Letters:
        return {"N": step.tensor("input").numel() // max(1, step.output.numel())}

    @override
    def relations(self, step: Step) -> dict[str, Product]:
        return over_axes(step)

    @override
    def terms(self, step: Step, index: tuple[int, ...]) -> Terms:
        factor = read(step, "input", self.relations(step)["input"].cells(index))
        count = len(factor.values) if step.op == "mean" else 1
        rule = "input" if count == 1 else f"input / {count}"
        return summed(step, index, (Addends("window", rule, (factor,), factor.values / count),))

    @override
    def partials(self, step: Step, wrt: str, index: tuple[int, ...]) -> Partials:
        relation = self.relations(step)["input"]
        outputs = reached(relation, index)
        count = len(relation.cells(tuple(outputs[0].tolist()))) if step.op == "mean" else 1
        return Partials(outputs, np.array([1 / count]), "1" if count == 1 else f"1 / {count}")

    @override
    def line(self, step: Step) -> Line:
        names = [name for name in step.arguments if name in ("input", "dtype")]
        if step.arguments["dim"] is None:
            return called(f"torch.{step.op}", names, step.arguments, ["input"])
        return super().line(step)


class RunningSum(Operator):
    """As `torch.cumsum`: an element and all before it on the axis."""

    names = ("cumsum",)
    call = "torch.{op}"

    @override
    @staticmethod
    def bind(input: Any, dim: int, *, dtype: Any = None, out: Any = None) -> dict[str, Any]:
        return {"input": input, "dim": dim, "dtype": dtype}

    @override
    def relations(self, step: Step) -> dict[str, Product]:
        shape = tuple(step.output.shape)
        dim = step.arguments["dim"] % max(1, len(shape))
        before = tuple(tuple(range(k + 1)) for k in range(shape[dim])) if shape else ()
        return {
            "input": Product(tuple(Taps(k, n, before) if k == dim else same(k, n) for k, n in enumerate(shape)), shape)
        }

    @override
    def terms(self, step: Step, index: tuple[int, ...]) -> Terms:
        factor = read(step, "input", self.relations(step)["input"].cells(index))
        return summed(step, index, (Addends("window", "input", (factor,), factor.values),))

    @override
    def partials(self, step: Step, wrt: str, index: tuple[int, ...]) -> Partials:
        return ones(reached(self.relations(step)["input"], index))


class Truth(Operator):
    """As `torch.all` and `torch.any`."""

    names = ("all", "any")
    call = "torch.{op}"

    @override
    @staticmethod
    def bind(input: Any, dim: Any = None, keepdim: bool = False, *, out: Any = None) -> dict[str, Any]:
        return {"input": input, "dim": dim, "keepdim": keepdim}

    @override
    def relations(self, step: Step) -> dict[str, Product]:
        return over_axes(step)

    @override
    def terms(self, step: Step, index: tuple[int, ...]) -> Terms:
        factor = read(step, "input", over_axes(step)["input"].cells(index))
        true = (factor.values != 0).astype(np.float64)
        sought = len(true) if step.op == "all" else 1
        rows = Addends("window", "1 where it is true", (factor,), true)
        after = rf"[x \ge {sought}]"
        return summed(step, index, (rows,), after=after, function=lambda x: float(x >= sought), exact=True)

    @override
    def line(self, step: Step) -> Line:
        names = [name for name in step.arguments if name == "input" or step.arguments["dim"] is not None]
        return called(f"torch.{step.op}", names, step.arguments, ["input"])
