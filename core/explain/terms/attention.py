"""Attention: an average of values, weighted by the softmax of how well keys fit a query."""

from math import sqrt
from typing import Any, NamedTuple

import numpy as np
from torch import Tensor
from typing_extensions import override

from core.explain.axes import AxisRule, Product, Relation, Taps, Window, broadcast, same, whole
from core.explain.terms.base import (
    Addends,
    FloatArray,
    Letters,
    Operator,
    Partials,
    Quantity,
    Terms,
    cell,
    reached,
    read,
    summed,
)
from core.explain.terms.line import Unexplained
from core.explain.trace import Step


class _Row(NamedTuple):
    """One query's weights."""

    shares: FloatArray
    """`(S,)`, the softmax of the scores."""
    scores: FloatArray
    """`(S,)`, scaled and masked."""
    keys: FloatArray
    """`(S, E)`"""
    query: FloatArray
    """`(E,)`"""


class Attention(Operator):
    """As `torch.nn.functional.scaled_dot_product_attention`, without dropout."""

    names = ("scaled_dot_product_attention",)

    @override
    @staticmethod
    def bind(
        query: Any,
        key: Any,
        value: Any,
        attn_mask: Any = None,
        dropout_p: float = 0.0,
        is_causal: bool = False,
        *,
        scale: Any = None,
        enable_gqa: bool = False,
    ) -> dict[str, Any]:
        return locals()

    @override
    def check(self, step: Step) -> None:
        if step.arguments["dropout_p"]:
            raise Unexplained("attention with dropout drops weights at random: they cannot be seen")
        if step.tensor("query").ndim < 2:
            raise Unexplained("attention of a vector is not explained")

    @override
    def letters(self, step: Step) -> Letters:
        return {r"\alpha": _scale(step)} | ({} if step.arguments["attn_mask"] is not None else {"M_{i,j}": 0})

    @override
    def relations(self, step: Step) -> dict[str, Relation]:
        shape = tuple(step.output.shape)
        ahead = len(shape) - 2

        def batch(name: str) -> list[AxisRule]:
            sizes = step.tensor(name).shape[:-2]
            first = ahead - len(sizes)
            rules: list[AxisRule] = []
            for k, size in enumerate(sizes):
                whole_size = shape[first + k]
                if size == whole_size:
                    rules.append(same(first + k, size))
                elif size == 1:
                    rules.append(Window(None, 1))
                else:  # one head of keys for several of queries
                    rules.append(Window(first + k, size, divide=whole_size // size))
            return rules

        (L, E), (S, Ev) = step.tensor("query").shape[-2:], step.tensor("value").shape[-2:]
        causal = tuple(tuple(range(min(i + 1, S))) for i in range(L))
        rows: AxisRule = Taps(ahead, S, causal) if step.arguments["is_causal"] else whole(S)
        found: dict[str, Relation] = {
            "query": Product((*batch("query"), same(ahead, L), whole(E)), shape),
            "key": Product((*batch("key"), rows, whole(E)), shape),
            "value": Product((*batch("value"), rows, same(ahead + 1, Ev)), shape),
        }
        mask = step.arguments["attn_mask"]
        if isinstance(mask, Tensor):
            sizes = tuple(mask.shape)
            rules = broadcast(sizes, (*shape[:-1], S)).axes
            last = whole(S) if sizes[-1] == S else Window(None, 1)
            found["attn_mask"] = Product((*rules[:-1], last), shape)
        return found

    def _batch(self, step: Step, name: str, index: tuple[int, ...]) -> tuple[int, ...]:
        """Returns the place of a query's sample and head in the argument `name`."""
        relation = self.relations(step)[name]
        assert isinstance(relation, Product)
        return tuple(int(at[0]) for at in relation.positions(index)[:-2])

    def _row(self, step: Step, index: tuple[int, ...]) -> _Row:
        """Returns the weights of the query that the output cell `index` belongs to."""
        i = index[-2]
        query = _exact(step, "query")[(*self._batch(step, "query", index), i)]
        keys = _exact(step, "key")[self._batch(step, "key", index)]
        scores = keys @ query * _scale(step)
        mask = step.arguments["attn_mask"]
        if isinstance(mask, Tensor):
            at = tuple(
                np.arange(len(scores))
                if rule.axis is None and rule.size > 1
                else (0 if rule.axis is None else index[rule.axis])
                for rule in self._mask_axes(step)
            )
            given = mask.detach().cpu()
            row = np.broadcast_to(given.double().numpy()[at], scores.shape)
            scores = np.where(row != 0, scores, -np.inf) if not given.is_floating_point() else scores + row
        if step.arguments["is_causal"]:
            scores = np.where(np.arange(len(scores)) <= i, scores, -np.inf)
        with np.errstate(invalid="ignore"):
            top = scores.max(initial=-np.inf)
            shares = np.exp(scores - top) if np.isfinite(top) else np.zeros_like(scores)
        total = shares.sum()
        return _Row(shares / total if total else shares, scores, keys, query)

    def _mask_axes(self, step: Step) -> tuple[AxisRule, ...]:
        relation = self.relations(step)["attn_mask"]
        assert isinstance(relation, Product)
        return relation.axes

    @override
    def terms(self, step: Step, index: tuple[int, ...]) -> Terms:
        row = self._row(step, index)
        relation = self.relations(step)["value"]
        factor = read(step, "value", relation.cells(index))
        rows = Addends("keys", "p · value", (factor,), row.shares[: len(factor.values)] * factor.values)
        finite = row.scores[np.isfinite(row.scores)]
        best = int(np.argmax(row.shares)) if len(row.shares) else 0
        quantities = {"scale": Quantity(_scale(step)), f"p[{best}]": Quantity(float(row.shares.max(initial=0.0)))}
        quantities |= {f"score[{best}]": Quantity(float(row.scores[best]))} if len(finite) else {}
        scale = self._spread(row, step) * float(np.abs(factor.values).max(initial=0.0))
        held = 2 * float(np.abs(rows.products).sum())  # in 16 bits shares are rounded before they multiply
        return summed(step, index, (rows,), scale=scale, terms=len(row.query), held=held, quantities=quantities)

    def _spread(self, row: _Row, step: Step) -> float:
        """Returns what the rounding of scores is relative to: a share is as far off as its score, times itself."""
        products = np.abs(row.keys) @ np.abs(row.query) * abs(_scale(step))
        weighted = row.shares * (1 + products)
        return float(weighted.sum())

    @override
    def partials(self, step: Step, wrt: str, index: tuple[int, ...]) -> Partials:
        outputs = reached(self.relations(step)[wrt], index)
        values = np.zeros(len(outputs))
        scale = 0.0
        cache: dict[tuple[int, ...], tuple[_Row, FloatArray]] = {}
        for k, output in enumerate(map(tuple, outputs.tolist())):
            if output[:-1] not in cache:
                row = self._row(step, output)
                cache[output[:-1]] = row, _exact(step, "value")[self._batch(step, "value", output)]
            row, value = cache[output[:-1]]
            v = value[:, output[-1]]
            values[k] = self._slope(step, wrt, index, row, v)
            scale = max(scale, self._steepness(step, wrt, row, v))
        rules = {
            "value": "p",
            "query": "scale · Σ p · (key − Σ p · key) · value",
            "key": "scale · p · query · (value − y)",
            "attn_mask": "p · (value − y)",
        }
        factors = (cell(step, wrt, index),) if len(outputs) == 1 else ()
        return Partials(outputs, values, rules[wrt], factors, scale)

    def _slope(self, step: Step, wrt: str, index: tuple[int, ...], row: _Row, v: FloatArray) -> float:
        p, y = row.shares, float(row.shares @ v)
        if wrt == "value":
            return float(p[index[-2]])
        if wrt == "query":
            keys = row.keys[:, index[-1]]
            return float(_scale(step) * (p * (keys - p @ keys)) @ v)
        j = index[-2] if wrt == "key" else None
        if j is not None:
            return float(_scale(step) * p[j] * row.query[index[-1]] * (v[j] - y))
        at = index[-1]
        single = step.tensor("attn_mask").shape[-1] == 1
        return 0.0 if single else float(p[at] * (v[at] - y))

    def _steepness(self, step: Step, wrt: str, row: _Row, v: FloatArray) -> float:
        """Returns what a slope's rounding is relative to."""
        spread = self._spread(row, step)
        if wrt == "value":
            return spread
        size = 2 * float(np.abs(v).max(initial=0.0)) * spread
        if wrt == "attn_mask":
            return size
        other = row.keys if wrt == "query" else row.query
        return size * abs(_scale(step)) * float(np.abs(other).max(initial=0.0))


def _scale(step: Step) -> float:
    given = step.arguments["scale"]
    return 1 / sqrt(step.tensor("query").shape[-1]) if given is None else float(given)


def _exact(step: Step, name: str) -> FloatArray:
    found: FloatArray = step.tensor(name).cpu().double().numpy()
    return found
