"""Sums and means over whole axes."""

from typing import Any

import numpy as np
from typing_extensions import override

from core.explain.axes import Product, same, whole
from core.explain.terms.base import Addends, Letters, Operator, Partials, Terms, reached, read, summed
from core.explain.terms.line import Line, called
from core.explain.trace import Step


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
        shape = step.tensor("input").shape
        dim = step.arguments["dim"]
        dims = [dim] if isinstance(dim, int) else dim or list(range(len(shape)))
        gone = {d % len(shape) for d in dims} if len(shape) else set()
        keepdim = step.arguments["keepdim"]
        place = 0
        rules = []
        for axis, size in enumerate(shape):
            rules.append(whole(size) if axis in gone else same(place, size))
            place += keepdim or axis not in gone
        return {"input": Product(tuple(rules), tuple(step.output.shape))}

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
