"""Pooling: the largest or the mean of a window."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from typing_extensions import override

from core.explain.axes import AxisRule, Bins, Product, Window, same
from core.explain.terms.base import (
    Addends,
    Letters,
    Operator,
    Partials,
    Terms,
    is_outside,
    largest,
    reached,
    read,
    summed,
)
from core.explain.terms.conv import per_axis, sample, window_letters
from core.explain.terms.line import Line, Unexplained
from core.explain.trace import Step


def _dimensions(step: Step) -> int:
    return int(step.op[-2])  # "max_pool2d"


def _pooled(step: Step, rule: Callable[[int, int], AxisRule]) -> dict[str, Product]:
    """Returns the relation with `rule(k, axis)` on the k-th of the pooled axes, the last ones."""
    shape = step.tensor("input").shape
    ahead = len(shape) - _dimensions(step)
    rules = (
        *(same(axis, shape[axis]) for axis in range(ahead)),
        *(rule(k, ahead + k) for k in range(_dimensions(step))),
    )
    return {"input": Product(rules, tuple(step.output.shape))}


class MaxPool(Operator):
    """As `torch.nn.functional.max_pool2d`; the first of equal values wins."""

    names = ("max_pool1d", "max_pool2d", "max_pool3d")

    @override
    @staticmethod
    def bind(
        input: Any,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        ceil_mode: bool = False,
        return_indices: bool = False,
    ) -> dict[str, Any]:
        return locals()

    @override
    def relations(self, step: Step) -> dict[str, Product]:
        if step.part == 1:
            raise Unexplained("the indices of a max pool are positions, not values")
        axes = _dimensions(step)
        kernel, stride, padding = window(step, axes)
        dilation = per_axis(step.arguments["dilation"], axes)
        sizes = step.tensor("input").shape
        return _pooled(step, lambda k, a: Window(a, sizes[a], stride[k], -padding[k], kernel[k], dilation[k]))

    @override
    def letters(self, step: Step) -> Letters:
        axes = _dimensions(step)
        _, stride, padding = window(step, axes)
        dilation = per_axis(step.arguments["dilation"], axes)
        return {**sample(step, axes), **window_letters(stride, padding, dilation)}

    @override
    def terms(self, step: Step, index: tuple[int, ...]) -> Terms:
        return largest(step, index, self.relations(step)["input"].cells(index))

    @override
    def partials(self, step: Step, wrt: str, index: tuple[int, ...]) -> Partials:
        return _routed(self, step, index)


class AveragePool(Operator):
    """As `torch.nn.functional.avg_pool2d`."""

    names = ("avg_pool1d", "avg_pool2d", "avg_pool3d")

    @override
    @staticmethod
    def bind(
        input: Any,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: Any = None,
    ) -> dict[str, Any]:
        return locals()

    @override
    def relations(self, step: Step) -> dict[str, Product]:
        kernel, stride, padding = window(step, _dimensions(step))
        sizes = step.tensor("input").shape
        return _pooled(step, lambda k, a: Window(a, sizes[a], stride[k], -padding[k], kernel[k]))

    @override
    def letters(self, step: Step) -> Letters:
        axes = _dimensions(step)
        kernel, stride, padding = window(step, axes)
        override = step.arguments["divisor_override"]
        alike = not step.arguments["ceil_mode"] and (step.arguments["count_include_pad"] or not any(padding))
        divisor: Letters = {"k": override or int(np.prod(kernel))} if override or alike else {}
        return {**sample(step, axes), **window_letters(stride, padding, (1,) * axes), **divisor}

    @override
    def terms(self, step: Step, index: tuple[int, ...]) -> Terms:
        return mean(step, index, self.relations(step)["input"].cells(index), self._count(step, index))

    @override
    def line(self, step: Step) -> Line:
        line = super().line(step)
        if step.op != "avg_pool1d":
            return line
        return replace(line, kwargs={k: value for k, value in line.kwargs.items() if k != "divisor_override"})

    def _count(self, step: Step, index: tuple[int, ...]) -> int:
        """Returns the divisor of one window."""
        relation = self.relations(step)["input"]
        axes = _dimensions(step)
        _, _, padding = window(step, axes)
        positions = relation.positions(index)[-axes:]
        sizes = step.tensor("input").shape[-axes:]
        if step.arguments["divisor_override"] is not None:
            return int(step.arguments["divisor_override"])
        # With ceil_mode the last window may reach beyond the padding; that part never counts.
        margins = padding if step.arguments["count_include_pad"] else (0,) * axes
        counts = [
            int(((at >= -margin) & (at < size + margin)).sum())
            for at, size, margin in zip(positions, sizes, margins, strict=True)
        ]
        return int(np.prod(counts))

    @override
    def partials(self, step: Step, wrt: str, index: tuple[int, ...]) -> Partials:
        outputs = reached(self.relations(step)["input"], index)
        counts = np.array([self._count(step, tuple(output)) for output in outputs.tolist()], dtype=np.float64)
        return Partials(outputs, 1 / counts, "1 / k")


class AdaptiveAveragePool(Operator):
    """As `torch.nn.functional.adaptive_avg_pool2d`: bin y holds rows ⌊y·H/outH⌋ … ⌈(y+1)·H/outH⌉ − 1."""

    names = ("adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d")

    @override
    @staticmethod
    def bind(input: Any, output_size: Any) -> dict[str, Any]:
        return locals()

    @override
    def relations(self, step: Step) -> dict[str, Product]:
        sizes, bins = step.tensor("input").shape, step.output.shape
        return _pooled(step, lambda k, a: Bins(a, sizes[a], bins[a]))

    @override
    def letters(self, step: Step) -> Letters:
        return _bin_letters(step)

    @override
    def terms(self, step: Step, index: tuple[int, ...]) -> Terms:
        cells = self.relations(step)["input"].cells(index)
        return mean(step, index, cells, len(cells))

    def _count(self, step: Step, index: tuple[int, ...]) -> int:
        """Returns the number of cells of one bin."""
        return len(self.relations(step)["input"].cells(index))

    @override
    def partials(self, step: Step, wrt: str, index: tuple[int, ...]) -> Partials:
        outputs = reached(self.relations(step)["input"], index)
        counts = np.array([self._count(step, tuple(output)) for output in outputs.tolist()], dtype=np.float64)
        return Partials(outputs, 1 / counts, "1 / k")


class AdaptiveMaxPool(Operator):
    """As `torch.nn.functional.adaptive_max_pool2d`, over the bins of the adaptive average."""

    names = ("adaptive_max_pool1d", "adaptive_max_pool2d", "adaptive_max_pool3d")

    @override
    @staticmethod
    def bind(input: Any, output_size: Any, return_indices: bool = False) -> dict[str, Any]:
        return locals()

    @override
    def relations(self, step: Step) -> dict[str, Product]:
        if step.part == 1:
            raise Unexplained("the indices of a max pool are positions, not values")
        sizes, bins = step.tensor("input").shape, step.output.shape
        return _pooled(step, lambda k, a: Bins(a, sizes[a], bins[a]))

    @override
    def letters(self, step: Step) -> Letters:
        return _bin_letters(step)

    @override
    def terms(self, step: Step, index: tuple[int, ...]) -> Terms:
        return largest(step, index, self.relations(step)["input"].cells(index))

    @override
    def partials(self, step: Step, wrt: str, index: tuple[int, ...]) -> Partials:
        return _routed(self, step, index)


def _routed(pool: MaxPool | AdaptiveMaxPool, step: Step, index: tuple[int, ...]) -> Partials:
    """Returns 1 for the windows that the input cell `index` wins, 0 for the other windows that it is in."""
    outputs = reached(pool.relations(step)["input"], index)
    wins = np.zeros(len(outputs))
    for k, output in enumerate(outputs.tolist()):
        found = pool.terms(step, tuple(output))
        wins[k] = tuple(found.addends[0].factors[0].cells[found.winner]) == index
    return Partials(outputs, wins, "1 if it is the largest, else 0")


def _bin_letters(step: Step) -> Letters:
    """Returns the sizes of input and output that the bins follow from."""
    axes = _dimensions(step)
    named = zip("DHW"[-axes:], step.tensor("input").shape[-axes:], step.output.shape[-axes:], strict=True)
    sizes = {letter: size for axis, *both in named for letter, size in zip((axis, f"{axis}'"), both, strict=True)}
    return {**sample(step, axes), **sizes}


def window(step: Step, axes: int) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """Returns kernel size, stride (by default the kernel size) and padding, one number for each axis."""
    kernel = per_axis(step.arguments["kernel_size"], axes)
    stride = step.arguments["stride"]
    return (
        kernel,
        kernel if stride in (None, (), []) else per_axis(stride, axes),
        per_axis(step.arguments["padding"], axes),
    )


def mean(step: Step, index: tuple[int, ...], cells: Any, divisor: int) -> Terms:
    """Returns the terms of a sum of `cells` of the input, each divided by `divisor`."""
    factor = read(step, "input", cells)
    outside = is_outside(cells, tuple(step.tensor("input").shape))
    rows = Addends("window", f"input / {divisor}", (factor,), factor.values / divisor, outside=outside)
    return summed(step, index, (rows,))
