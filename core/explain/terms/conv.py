"""Convolution in one, two or three dimensions, and its transpose."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from torch import Tensor
from typing_extensions import override

from core.explain.axes import NO_TAP, AxisRule, IntArray, Product, Spread, Window, cartesian, same
from core.explain.terms.base import (
    Addends,
    FloatArray,
    Letters,
    Operator,
    Partials,
    Terms,
    bias,
    is_outside,
    ones,
    reached,
    read,
    summed,
)
from core.explain.trace import Step


class Convolution(Operator):
    """Cross-correlation, as `torch.nn.functional.conv2d`."""

    names = ("conv1d", "conv2d", "conv3d")

    @override
    @staticmethod
    def bind(
        input: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: Any = 1
    ) -> dict[str, Any]:
        return locals()

    @override
    def relations(self, step: Step) -> dict[str, Product]:
        shape, kernel = step.tensor("input").shape, step.tensor("weight").shape
        axes = len(kernel) - 2
        stride, dilation = (per_axis(step.arguments[name], axes) for name in ("stride", "dilation"))
        padding = leading_padding(step.arguments["padding"], kernel[2:], dilation)
        groups = step.arguments["groups"]
        rules: list[AxisRule] = _batch_and_channels(step, axes, outputs_per_group=kernel[0] // groups)
        for k, axis in enumerate(range(len(shape) - axes, len(shape))):
            rules.append(Window(axis, shape[axis], stride[k], -padding[k], kernel[2 + k], dilation[k]))
        return {"input": Product(tuple(rules), tuple(step.output.shape))}

    @override
    def letters(self, step: Step) -> Letters:
        kernel = step.tensor("weight").shape[2:]
        stride, dilation = (per_axis(step.arguments[name], len(kernel)) for name in ("stride", "dilation"))
        padding = leading_padding(step.arguments["padding"], kernel, dilation)
        return {**sample(step, len(kernel)), **window_letters(stride, padding, dilation), **_absent(step, "c_0")}

    @override
    def terms(self, step: Step, index: tuple[int, ...]) -> Terms:
        kernel = step.tensor("weight").shape
        channel_axis = step.output.ndim - len(kernel) + 1
        o = index[channel_axis]
        cells = self.relations(step)["input"].cells(index)
        taps = cartesian([np.array([o]), *(np.arange(size) for size in kernel[1:])])
        factors = (read(step, "input", cells), read(step, "weight", taps))
        return _weighted_sum(step, index, factors, cells[:, channel_axis], o)

    @override
    def partials(self, step: Step, wrt: str, index: tuple[int, ...]) -> Partials:
        kernel = step.tensor("weight").shape
        shape = step.output.shape
        channel_axis = len(shape) - len(kernel) + 1
        relation = self.relations(step)["input"]
        windows = [rule for rule in relation.axes[channel_axis + 1 :] if isinstance(rule, Window)]
        if wrt == "input":
            outputs = reached(relation, index)
            taps = [
                (index[channel_axis + 1 + k] - rule.positions(outputs[:, channel_axis + 1 + k])[:, 0]) // rule.dilation
                for k, rule in enumerate(windows)
            ]
            c = np.full(len(outputs), index[channel_axis] % kernel[1])
            factor = read(step, "weight", np.column_stack([outputs[:, channel_axis], c, *taps]))
            return Partials(outputs, factor.values, "weight", (factor,), group_axis=channel_axis)
        o = index[0]
        outputs = cartesian([np.array([o]) if axis == channel_axis else np.arange(n) for axis, n in enumerate(shape)])
        if wrt == "bias":
            return ones(outputs)
        if wrt != "weight":
            return super().partials(step, wrt, index)
        c = np.full(len(outputs), o // (kernel[0] // step.arguments["groups"]) * kernel[1] + index[1])
        pixels = [rule.positions(outputs[:, channel_axis + 1 + k])[:, index[2 + k]] for k, rule in enumerate(windows)]
        factor = read(step, "input", np.column_stack([outputs[:, :channel_axis], c, *pixels]))
        return Partials(outputs, factor.values, "input", (factor,))

    @override
    def mixed(self, step: Step, wrt: str, partials: Partials, grad_output: Tensor) -> float:
        return _mixed_gradient(step, wrt, partials, grad_output)


class TransposedConvolution(Operator):
    """As `torch.nn.functional.conv_transpose2d`."""

    names = ("conv_transpose1d", "conv_transpose2d", "conv_transpose3d")

    @override
    @staticmethod
    def bind(
        input: Any,
        weight: Any,
        bias: Any = None,
        stride: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        groups: Any = 1,
        dilation: Any = 1,
    ) -> dict[str, Any]:
        return locals()

    @override
    def relations(self, step: Step) -> dict[str, Product]:
        shape, kernel = step.tensor("input").shape, step.tensor("weight").shape
        axes = len(kernel) - 2
        stride, padding, dilation = (per_axis(step.arguments[name], axes) for name in ("stride", "padding", "dilation"))
        rules: list[AxisRule] = _batch_and_channels(step, axes, outputs_per_group=kernel[1])
        for k, axis in enumerate(range(len(shape) - axes, len(shape))):
            rules.append(Spread(axis, shape[axis], stride[k], padding[k], kernel[2 + k], dilation[k]))
        return {"input": Product(tuple(rules), tuple(step.output.shape))}

    @override
    def letters(self, step: Step) -> Letters:
        axes = step.tensor("weight").ndim - 2
        settings = (per_axis(step.arguments[name], axes) for name in ("stride", "padding", "dilation"))
        return {**sample(step, axes), **window_letters(*settings), **_absent(step, "o_0")}

    @override
    def terms(self, step: Step, index: tuple[int, ...]) -> Terms:
        kernel = step.tensor("weight").shape
        channel_axis = step.output.ndim - len(kernel) + 1
        o = index[channel_axis]
        relation = self.relations(step)["input"]
        cells = relation.cells(index)
        spread = [
            np.flatnonzero(rule.positions(np.array([index[channel_axis + 1 + k]]))[0] != NO_TAP)
            for k, rule in enumerate(relation.axes[channel_axis + 1 :])
        ]
        channels = relation.positions(index)[channel_axis]
        taps = cartesian([channels, np.array([o % kernel[1]]), *spread])
        factors = (read(step, "input", cells), read(step, "weight", taps))
        return _weighted_sum(step, index, factors, cells[:, channel_axis], o)

    @override
    def partials(self, step: Step, wrt: str, index: tuple[int, ...]) -> Partials:
        kernel = step.tensor("weight").shape
        shape = step.output.shape
        channel_axis = len(shape) - len(kernel) + 1
        relation = self.relations(step)["input"]
        rules = [rule for rule in relation.axes[channel_axis + 1 :] if isinstance(rule, Spread)]
        if wrt == "input":
            outputs = reached(relation, index)
            taps = [
                (outputs[:, rule.axis] + rule.padding - rule.stride * index[rule.axis]) // rule.dilation
                for rule in rules
            ]
            c = np.full(len(outputs), index[channel_axis])
            factor = read(step, "weight", np.column_stack([c, outputs[:, channel_axis] % kernel[1], *taps]))
            return Partials(outputs, factor.values, "weight", (factor,), group_axis=channel_axis)
        if wrt == "bias":
            at = [np.array([index[0]]) if axis == channel_axis else np.arange(n) for axis, n in enumerate(shape)]
            return ones(cartesian(at))
        if wrt != "weight":
            return super().partials(step, wrt, index)
        own, o = index[:2]
        sizes = step.tensor("input").shape
        pixels = cartesian([np.array([own]) if axis == channel_axis else np.arange(n) for axis, n in enumerate(sizes)])
        outputs = pixels.copy()
        outputs[:, channel_axis] = own // (kernel[0] // step.arguments["groups"]) * kernel[1] + o
        for rule, tap in zip(rules, index[2:], strict=True):
            outputs[:, rule.axis] = pixels[:, rule.axis] * rule.stride - rule.padding + tap * rule.dilation
        inside = ~is_outside(outputs, tuple(shape))
        factor = read(step, "input", pixels[inside])
        return Partials(outputs[inside], factor.values, "input", (factor,))

    @override
    def mixed(self, step: Step, wrt: str, partials: Partials, grad_output: Tensor) -> float:
        return _mixed_gradient(step, wrt, partials, grad_output)


def sample(step: Step, axes: int) -> Letters:
    """Returns that the sample's index is left out where there is one, of an output with positions along `axes` axes."""
    return {"n": None} if step.output.ndim < axes + 2 or step.output.shape[0] == 1 else {}


def _absent(step: Step, group: str) -> dict[str, float]:
    """Returns 0 for what a formula need not say: the bias that is not there, the first channel of the only group."""
    absent = {"b_o": step.arguments["bias"] is None, group: step.arguments["groups"] == 1}
    return {letter: 0.0 for letter, holds in absent.items() if holds}


def window_letters(stride: Sequence[int], padding: Sequence[int], dilation: Sequence[int]) -> dict[str, float]:
    """Returns the numbers that stand for the settings of windows: s_H, p_W and their like."""
    axes = "DHW"[-len(stride) :]
    named = (("s", stride), ("p", padding), ("d", dilation))
    return {f"{letter}_{axis}": each for letter, values in named for axis, each in zip(axes, values, strict=True)}


def per_axis(value: Any, axes: int) -> tuple[int, ...]:
    """Returns a setting as one number for each spatial axis."""
    if isinstance(value, int):
        return (value,) * axes
    values = tuple(int(v) for v in value)
    return values * axes if len(values) == 1 else values


def leading_padding(padding: Any, kernel: Sequence[int], dilation: tuple[int, ...]) -> tuple[int, ...]:
    """Returns how many cells are padded before each axis; "same" puts the odd one behind."""
    if padding == "valid":
        return (0,) * len(kernel)
    if padding == "same":
        return tuple(d * (k - 1) // 2 for k, d in zip(kernel, dilation, strict=True))
    return per_axis(padding, len(kernel))


def _batch_and_channels(step: Step, axes: int, outputs_per_group: int) -> list[AxisRule]:
    shape = step.tensor("input").shape
    channel_axis = len(shape) - axes - 1  # 0 without a batch axis
    C = shape[channel_axis] // step.arguments["groups"]
    batch: list[AxisRule] = [same(axis, shape[axis]) for axis in range(channel_axis)]
    return [*batch, Window(channel_axis, shape[channel_axis], stride=C, taps=C, divide=outputs_per_group)]


def _weighted_sum(step: Step, index: tuple[int, ...], factors: Any, channels: Any, o: int) -> Terms:
    pixels, weights = factors
    outside = is_outside(pixels.cells, tuple(step.tensor("input").shape))
    products = pixels.values * weights.values
    rows = Addends("taps", "input · weight", (pixels, weights), products, "input channel", channels, outside)
    scale = _mixed(step, step.tensor("input"), pixels.cells, weights.values)
    return summed(step, index, (rows, *bias(step, (o,))), scale=scale)


def _mixed(step: Step, tensor: Tensor, cells: IntArray, factors: FloatArray) -> float:
    """Returns the magnitude that rounding is relative to where a card may transform whole tiles of a convolution.

    Winograd's and Fourier's algorithms, which cuDNN takes at stride 1, add and subtract all pixels of a tile before
    they multiply: what they round is relative to the largest pixel of the tile, not of the window. A tile of Winograd's
    is 6 pixels wide for a 3×3 kernel, one of the Fourier transform up to 32. 0 on the processor. Source: Lavin and
    Gray, "Fast Algorithms for Convolutional Neural Networks" (2016).

    Args:
        step: The convolution.
        tensor: What is read, `(N, C, H, W)`: its input, or the gradient of its output.
        cells: `(T, axes)` the cells of `tensor` that are read.
        factors: `(T,)` what each is multiplied by.
    """
    axes = step.tensor("weight").ndim - 2
    kernel = step.tensor("weight").shape[2:]
    moves = (*per_axis(step.arguments["stride"], axes), *per_axis(step.arguments["dilation"], axes))
    if not step.output.is_cuda or set(moves) != {1} or min(kernel) == 1 or not len(cells):
        return 0.0
    tile, channel_axis = tensor.detach(), tensor.ndim - axes - 1
    for axis in range(tensor.ndim):
        reach = 0 if axis < channel_axis else 3 if max(kernel) <= 3 else 31
        first, last = int(cells[:, axis].min()) - reach, int(cells[:, axis].max()) + reach
        first, last = (min(max(0, end), tile.shape[axis]) for end in (first, last + 1))
        if axis != channel_axis:
            tile = tile.narrow(axis, first, last - first)
    if not tile.numel():
        return 0.0
    largest = tile.movedim(channel_axis, 0).abs().cpu().double().flatten(1).amax(1).numpy()
    return float((np.abs(factors) * largest[cells[:, channel_axis]]).sum())


def _mixed_gradient(step: Step, wrt: str, partials: Partials, grad_output: Tensor) -> float:
    """Returns the same of an element of a gradient: that of the weight reads tiles of the input and of the gradient."""
    if wrt == "bias":
        return 0.0
    magnitude = _mixed(step, grad_output, partials.outputs, partials.values)
    if wrt == "weight":
        arriving = grad_output.detach().cpu().double().numpy()[tuple(partials.outputs.T)]
        magnitude = max(magnitude, _mixed(step, step.tensor("input"), partials.factors[0].cells, arriving))
    return magnitude
