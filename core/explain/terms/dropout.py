"""Dropout: nothing in evaluation; in training, elements zeroed at random and the rest scaled up."""

from typing import Any

import numpy as np
from typing_extensions import override

from core.explain.axes import Product, broadcast
from core.explain.terms.base import (
    Addends,
    Formula,
    Letters,
    Operator,
    Partials,
    Quantity,
    Terms,
    cell,
    element,
    ones,
    summed,
)
from core.explain.trace import Step
from core.ops.formulas import FORMULAS


class Dropout(Operator):
    """As `torch.nn.functional.dropout`; the mask is read off the output: what is not zero was kept."""

    names = ("dropout",)

    @override
    @staticmethod
    def bind(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> dict[str, Any]:
        return {"input": input, "p": p, "training": training}

    @override
    def relations(self, step: Step) -> dict[str, Product]:
        return {"input": broadcast(tuple(step.tensor("input").shape), tuple(step.output.shape))}

    @override
    def terms(self, step: Step, index: tuple[int, ...]) -> Terms:
        factor = cell(step, "input", index)
        p = float(step.arguments["p"])
        if not step.arguments["training"] or p == 0:
            return summed(step, index, (Addends("input", "input", (factor,), factor.values),), exact=True)
        kept = element(step, index) != 0
        rows = Addends("input", "mask · input / (1 − p)", (factor,), factor.values * (kept / (1 - p) if kept else 0.0))
        return summed(step, index, (rows,), quantities={"mask": Quantity(float(kept)), "p": Quantity(p)})

    @override
    def partials(self, step: Step, wrt: str, index: tuple[int, ...]) -> Partials:
        outputs = np.array([index], dtype=np.int64)
        p = float(step.arguments["p"])
        if not step.arguments["training"] or p == 0:
            return ones(outputs)
        kept = element(step, index) != 0
        return Partials(outputs, np.array([1 / (1 - p) if kept else 0.0]), "mask / (1 − p)")

    @override
    def formula(self, step: Step) -> Formula:
        return Formula(FORMULAS["dropout" if step.arguments["training"] else "identity"], self.letters(step))

    @override
    def letters(self, step: Step) -> Letters:
        return {"p": step.arguments["p"]}
