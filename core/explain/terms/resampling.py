"""Pictures of another size, and windows laid back: each element is a weighted sum of a few of the input's."""

from collections.abc import Sequence
from math import floor
from typing import Any

import numpy as np
import torch
from typing_extensions import override

from core.explain.axes import IntArray, Product, Relation, Scatter, Taps, cartesian, same, whole
from core.explain.terms.base import (
    Addends,
    FloatArray,
    Letters,
    Operator,
    Partials,
    Terms,
    column,
    reached,
    read,
    summed,
)
from core.explain.terms.line import Line, Unexplained
from core.explain.trace import Step

Weighted = list[tuple[int, float]]
"""Positions of an axis, each with its weight."""


class Interpolation(Operator):
    """As `torch.nn.functional.interpolate`, axis by axis."""

    names = ("interpolate",)

    @override
    @staticmethod
    def bind(
        input: Any,
        size: Any = None,
        scale_factor: Any = None,
        mode: str = "nearest",
        align_corners: Any = None,
        recompute_scale_factor: Any = None,
        antialias: bool = False,
    ) -> dict[str, Any]:
        return locals()

    @override
    def check(self, step: Step) -> None:
        if step.arguments["antialias"] and step.output.shape[-1] == 1:
            raise Unexplained(
                "torch's antialias makes a result one pixel wide of the input's first row: no sum follows"
            )

    def _axis(self, step: Step, k: int) -> list[Weighted]:
        """Returns for each output position of the k-th resized axis what it reads, in the order of reading."""
        n, m = step.tensor("input").shape[2 + k], step.output.shape[2 + k]
        mode, corners = step.arguments["mode"], bool(step.arguments["align_corners"])
        given = step.arguments["scale_factor"]
        if isinstance(given, Sequence):
            given = given[k]
        if step.arguments["recompute_scale_factor"]:
            given = None
        ratio = n / m if given is None else 1 / given
        if mode == "area":
            return [[(i, 1 / (stop - start)) for i in range(start, stop)] for start, stop in _bins(n, m)]
        if mode in ("nearest", "nearest-exact"):
            half = 0.5 if mode == "nearest-exact" else 0.0
            scaled = np.float32(ratio)
            return [[(min(int(np.floor(np.float32(np.float32(o + half) * scaled))), n - 1), 1.0)] for o in range(m)]
        if corners:
            ratio = (n - 1) / (m - 1) if m > 1 else 0.0
        if step.arguments["antialias"]:
            return [_smoothed(ratio * (o + 0.5), max(ratio, 1.0), n, cubic=mode == "bicubic") for o in range(m)]
        places = [ratio * o if corners else ratio * (o + 0.5) - 0.5 for o in range(m)]
        if mode == "bicubic":
            return [_cubic(place, n) for place in places]
        return [_linear(max(0.0, place), n) for place in places]

    @override
    def relations(self, step: Step) -> dict[str, Relation]:
        self.check(step)
        sizes = step.tensor("input").shape
        tables = [_tables(self._axis(step, k)) for k in range(len(sizes) - 2)]
        rules = (Taps(2 + k, sizes[2 + k], table) for k, table in enumerate(tables))
        return {"input": Product((same(0, sizes[0]), same(1, sizes[1]), *rules), tuple(step.output.shape))}

    @override
    def letters(self, step: Step) -> Letters:
        return {}

    @override
    def terms(self, step: Step, index: tuple[int, ...]) -> Terms:
        reads = [self._axis(step, k)[at] for k, at in enumerate(index[2:])]
        cells = cartesian(
            [np.array([index[0]]), np.array([index[1]]), *(np.array([p for p, _ in one]) for one in reads)]
        )
        weights = cartesian_product([[w for _, w in one] for one in reads])
        factor = read(step, "input", cells)
        rows = Addends("neighbours", "weight · input", (factor,), weights * factor.values)
        selects = step.arguments["mode"].startswith("nearest")
        scale = self._looseness(step) * float(np.ptp(factor.values))
        held = float(np.abs(rows.products).sum())  # weights, and each axis's mixture, are rounded
        return summed(step, index, (rows,), exact=selects, scale=scale, held=held)

    def _looseness(self, step: Step) -> float:
        """Returns how far places that are computed in float32 may be off, in its rounding errors: the side."""
        return 0.0 if step.arguments["mode"] == "area" else float(2 * max(step.tensor("input").shape[2:], default=0))

    @override
    def partials(self, step: Step, wrt: str, index: tuple[int, ...]) -> Partials:
        along = []
        for k, at in enumerate(index[2:]):
            shares = [sum(w for p, w in one if p == at) for one in self._axis(step, k)]
            touched = [o for o, one in enumerate(self._axis(step, k)) if any(p == at for p, _ in one)]
            along.append([(o, shares[o]) for o in touched])
        outputs = cartesian(
            [np.array([i], dtype=np.int64) for i in index[:2]]
            + [np.array([o for o, _ in one], dtype=np.int64) for one in along]
        )
        values = cartesian_product([[w for _, w in one] for one in along])
        return Partials(outputs, values, "weight", scale=self._looseness(step))

    @override
    def line(self, step: Step) -> Line:
        line = super().line(step)
        return Line(
            line.spelling, line.args, {name: value for name, value in line.kwargs.items() if value not in (None, False)}
        )


def cartesian_product(weights: list[list[float]]) -> FloatArray:
    """Returns the products of one weight from each list, in row-major order."""
    found = np.ones(1)
    for one in weights:
        found = np.outer(found, np.array(one, dtype=np.float64)).reshape(-1)
    return found


def _bins(n: int, m: int) -> list[tuple[int, int]]:
    return [(o * n // m, -(-(o + 1) * n // m)) for o in range(m)]


def _linear(place: float, n: int) -> Weighted:
    low = min(floor(place), n - 1)
    share = place - low
    if low == n - 1:
        return [(low, 1.0)]
    return [(low, 1 - share), (low + 1, share)]


def _cubic(place: float, n: int) -> Weighted:
    """Returns Keys's convolution with a = −0.75; beyond the border the border's pixel stands."""
    low = floor(place)
    weights = (_keys(place - (low - 1 + k), -0.75) for k in range(4))
    return [(min(max(low - 1 + k, 0), n - 1), w) for k, w in enumerate(weights)]


def _keys(distance: float, a: float) -> float:
    """Returns R. G. Keys's cubic kernel (1981) at a distance, pixels."""
    x = abs(distance)
    if x <= 1:
        return ((a + 2) * x - (a + 3)) * x * x + 1
    return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a if x < 2 else 0.0


def _smoothed(centre: float, wide: float, n: int, *, cubic: bool) -> Weighted:
    """Returns what an antialiased pixel reads: the kernel, `wide` times as wide, over the pixels there are; Σ = 1.

    As Pillow: Keys's kernel has a = −0.5 here.
    """
    reach = (2 if cubic else 1) * wide
    first, stop = max(int(centre - reach + 0.5), 0), min(int(centre + reach + 0.5), n)
    distances = [(i - centre + 0.5) / wide for i in range(first, stop)]
    weights = [_keys(x, -0.5) if cubic else max(0.0, 1 - abs(x)) for x in distances]
    total = sum(weights)
    return [(first + k, w / total) for k, w in enumerate(weights)]


def _tables(axis: list[Weighted]) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(dict.fromkeys(p for p, _ in one)) for one in axis)


class Fold(Operator):
    """As `torch.nn.functional.fold`: the windows' columns added up where they lie."""

    names = ("col2im",)
    call = "F.fold"

    @override
    @staticmethod
    def bind(
        input: Any, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
    ) -> dict[str, Any]:
        return locals()

    def _target(self, step: Step) -> IntArray:
        """Returns for each element of the columns the number of the element it is added to, or −1 in the padding."""
        size = tuple(step.output.shape)
        numbers = torch.arange(1, step.output.numel() + 1, dtype=torch.float64).reshape(size)
        windows = {name: step.arguments[name] for name in ("kernel_size", "dilation", "padding", "stride")}
        columns = torch.nn.functional.unfold(numbers, **windows)
        return columns.to(torch.int64).numpy() - 1

    @override
    def relations(self, step: Step) -> dict[str, Relation]:
        return {"input": Scatter(self._target(step), tuple(step.output.shape))}

    @override
    def terms(self, step: Step, index: tuple[int, ...]) -> Terms:
        cells = self.relations(step)["input"].cells(index)
        factor = read(step, "input", cells)
        return summed(step, index, (Addends("windows", "input", (factor,), factor.values),))

    @override
    def partials(self, step: Step, wrt: str, index: tuple[int, ...]) -> Partials:
        outputs = reached(self.relations(step)["input"], index)
        return Partials(outputs, np.ones(len(outputs)), "1")


class GridSample(Operator):
    """As `torch.nn.functional.grid_sample` on pictures: each element is read between pixels, where the grid says."""

    names = ("grid_sample",)

    @override
    @staticmethod
    def bind(
        input: Any, grid: Any, mode: str = "bilinear", padding_mode: str = "zeros", align_corners: Any = None
    ) -> dict[str, Any]:
        return locals()

    @override
    def check(self, step: Step) -> None:
        if (
            step.arguments["mode"] == "bicubic"
            or step.arguments["padding_mode"] == "reflection"
            or step.output.ndim != 4
        ):
            raise Unexplained("grid_sample is explained for pictures, bilinear or nearest, with zeros or the border")

        if torch.finfo(step.output.dtype).bits == 16:
            raise Unexplained("grid_sample in 16 bits rounds the places it reads: they cannot be seen")

    @override
    def relations(self, step: Step) -> dict[str, Relation]:
        N, C, H, W = step.tensor("input").shape
        shape = tuple(step.output.shape)
        return {
            "input": Product((same(0, N), same(1, C), whole(H), whole(W)), shape),
            "grid": Product((same(0, N), same(2, shape[2]), same(3, shape[3]), whole(2)), shape),
        }

    def _places(self, step: Step, index: tuple[int, ...]) -> tuple[IntArray, FloatArray]:
        """Returns the pixels `(T, 2)`, row and column, that an element reads, and their weights."""
        at = step.tensor("grid")[index[0], index[2], index[3]].double().tolist()[::-1]  # row, column
        sizes = step.tensor("input").shape[2:]
        rows, columns = (self._axis(step, place, n) for place, n in zip(at, sizes, strict=True))
        weights = cartesian_product([[w for _, w in rows], [w for _, w in columns]])
        return cartesian([np.array([p for p, _ in one]) for one in (rows, columns)]), weights

    def _axis(self, step: Step, place: float, n: int) -> Weighted:
        x = (place + 1) / 2 * (n - 1) if step.arguments["align_corners"] else ((place + 1) * n - 1) / 2
        if step.arguments["padding_mode"] == "border":
            x = min(max(x, 0.0), n - 1.0)
        if step.arguments["mode"] == "nearest":
            return [(int(np.rint(x)), 1.0)]
        low = floor(x)
        return [(low, 1 - (x - low)), (low + 1, x - low)]

    @override
    def terms(self, step: Step, index: tuple[int, ...]) -> Terms:
        places, weights = self._places(step, index)
        cells = np.column_stack([np.broadcast_to(np.array(index[:2]), (len(places), 2)), places])
        factor = read(step, "input", cells)
        rows = Addends("neighbours", "weight · input", (factor,), weights * factor.values)
        loose = 4.0 * max(step.tensor("input").shape[2:]) * float(np.abs(factor.values).max(initial=0.0))
        return summed(step, index, (rows,), scale=loose)

    @override
    def partials(self, step: Step, wrt: str, index: tuple[int, ...]) -> Partials:
        outputs = reached(self.relations(step)[wrt], index)
        values = column(self, step, wrt, index)[tuple(outputs.T)]
        largest = float(step.tensor("input").abs().max()) if wrt == "grid" else 1.0
        return Partials(outputs, values, f"∂y/∂{wrt}", scale=4.0 * max(step.tensor("input").shape[2:]) * largest)


RESAMPLING: tuple[Operator, ...] = (Interpolation(), Fold(), GridSample())
