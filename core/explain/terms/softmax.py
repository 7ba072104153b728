"""Softmax and its logarithm."""

from math import exp, log
from typing import Any

import numpy as np
from typing_extensions import override

from core.explain.axes import Product, same, whole
from core.explain.terms.base import (
    Addends,
    Letters,
    Operator,
    Partials,
    Quantity,
    Terms,
    cell,
    one_row,
    reached,
    read,
    summed,
)
from core.explain.trace import Step


class Softmax(Operator):
    """As `torch.softmax`. The terms are the exponentials of all logits; the element is its own share of their sum."""

    names = ("softmax",)
    call = "torch.{op}"

    @override
    @staticmethod
    def bind(input: Any, dim: Any = None, _stacklevel: int = 3, dtype: Any = None) -> dict[str, Any]:
        return {"input": input, "dim": _legacy_dim(input) if dim is None else dim, "dtype": dtype}

    @override
    def relations(self, step: Step) -> dict[str, Product]:
        shape = tuple(step.output.shape)
        dim = step.arguments["dim"] % len(shape)
        return {"input": Product(tuple(whole(n) if k == dim else same(k, n) for k, n in enumerate(shape)), shape)}

    @override
    def letters(self, step: Step) -> Letters:
        return one_row(step)

    @override
    def terms(self, step: Step, index: tuple[int, ...]) -> Terms:
        factor = read(step, "input", self.relations(step)["input"].cells(index))
        top = float(factor.values.max())
        own = float(cell(step, "input", index).values[0])
        rows = Addends("logits", "exp(input − max)", (factor,), np.exp(factor.values - top))
        quantities = {"input": Quantity(own), "max": Quantity(top)}
        return summed(step, index, (rows,), quantities=quantities, **self._share(own, top, float(rows.products.sum())))

    def _share(self, own: float, top: float, total: float) -> dict[str, Any]:
        """Returns what `summed` is told of the element's share of the sum."""
        after = r"\frac{e^{\mathrm{input} - \mathrm{max}}}{x}"
        magnitude = exp(own - top) / total * (1 + top - own)
        return {"after": after, "function": lambda total: exp(own - top) / total, "magnitude": magnitude}

    @override
    def partials(self, step: Step, wrt: str, index: tuple[int, ...]) -> Partials:
        relation = self.relations(step)["input"]
        outputs = reached(relation, index)
        factor = read(step, "input", outputs)
        shares = np.exp(factor.values - factor.values.max())
        shares /= shares.sum()
        scale = 1 + float(np.ptp(factor.values))
        own = (outputs == np.array(index)).all(axis=1)
        if step.op == "softmax":
            return Partials(outputs, shares * (own - shares[own]), "p_i (δ − p)", (factor,), scale)
        return Partials(outputs, own - shares[own], "δ − p", (factor,), scale)


class LogSoftmax(Softmax):
    """As `torch.log_softmax`."""

    names = ("log_softmax",)

    @override
    def _share(self, own: float, top: float, total: float) -> dict[str, Any]:
        after = r"\mathrm{input} - \mathrm{max} - \ln x"
        rounded = {"magnitude": 1 + abs(own) + abs(top) + log(total), "held": abs(top) + log(total)}
        return {"after": after, "function": lambda total: own - top - log(total), **rounded}


def _legacy_dim(input: Any) -> int:
    """Returns the axis that `F.softmax` takes where none is named."""
    return 0 if input.ndim in (0, 1, 3) else 1
