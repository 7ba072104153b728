"""Dependency geometry: which input cells an output cell is made of, axis by axis.

For almost every operator an input cell belongs to an output cell when each of its coordinates does: the relation is a
product of one small rule per input axis. Receptive fields, their inverse and the list of terms are all read from it,
and so is the form that a browser needs to do the same (`as_dict`).
"""

from dataclasses import asdict, dataclass
from functools import reduce
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
Block = tuple[BoolArray, ...]
"""One set of positions for each axis: the cells whose every coordinate is in its axis's set."""

NO_TAP = int(np.iinfo(np.int64).min)
"""A position that stands for no tap at all; any other position outside the axis is a tap on padding."""


@dataclass(frozen=True, slots=True)
class Window:
    """Input positions floor(o / divide) · stride + offset + dilation · t, for t < taps, of the output position o.

    `axis` is the output axis that o counts; None stands for o = 0 always, so `Window(None, n, taps=n)` is the whole
    axis. Positions outside [0, size) are padding.
    """

    axis: int | None
    size: int
    stride: int = 1
    offset: int = 0
    taps: int = 1
    dilation: int = 1
    divide: int = 1

    def positions(self, o: IntArray) -> IntArray:
        """Returns the input positions of the output positions `o` `(K,)`, as `(K, taps)`."""
        start = (o // self.divide) * self.stride + self.offset
        return start[:, None] + self.dilation * np.arange(self.taps)


@dataclass(frozen=True, slots=True)
class Bins:
    """Input positions floor(o · size / bins) … ceil((o + 1) · size / bins) − 1: adaptive pooling."""

    axis: int
    size: int
    bins: int

    def positions(self, o: IntArray) -> IntArray:
        """Returns the input positions of the output positions `o` `(K,)`, as `(K, taps)`, short bins filled up."""
        start = o * self.size // self.bins
        stop = -(-(o + 1) * self.size // self.bins)
        widest = -(-self.size // self.bins) + 1
        at = start[:, None] + np.arange(widest)
        at = np.where(at < stop[:, None], at, NO_TAP)
        return at[:, (at != NO_TAP).any(axis=0)]


@dataclass(frozen=True, slots=True)
class Spread:
    """Input positions (o + padding − dilation · t) / stride where that is whole, for t < taps: conv_transpose."""

    axis: int
    size: int
    stride: int
    padding: int
    taps: int
    dilation: int

    def positions(self, o: IntArray) -> IntArray:
        """Returns the input position of every tap of the output positions `o` `(K,)`, as `(K, taps)`."""
        at = o[:, None] + self.padding - self.dilation * np.arange(self.taps)
        inside = (at % self.stride == 0) & (at >= 0) & (at < self.size * self.stride)
        return np.where(inside, at // self.stride, NO_TAP)


@dataclass(frozen=True, slots=True)
class Lookup:
    """Input position `table[o]`, for rules that are no arithmetic progression (reflected padding, flips)."""

    axis: int
    size: int
    table: tuple[int, ...]

    def positions(self, o: IntArray) -> IntArray:
        """Returns the input position of the output positions `o` `(K,)`, as `(K, 1)`."""
        return np.asarray(self.table, dtype=np.int64)[o][:, None]


@dataclass(frozen=True, slots=True)
class Taps:
    """Input positions `table[o]`, several of each: interpolation, sums of all that is before."""

    axis: int
    size: int
    table: tuple[tuple[int, ...], ...]

    def positions(self, o: IntArray) -> IntArray:
        """Returns the input positions of the output positions `o` `(K,)`, as `(K, taps)`, short rows filled up."""
        most = max((len(self.table[k]) for k in o.tolist()), default=0)
        rows = [(*self.table[k], *[NO_TAP] * (most - len(self.table[k]))) for k in o.tolist()]
        return np.array(rows, dtype=np.int64).reshape(len(o), most)


AxisRule = Window | Bins | Spread | Lookup | Taps


def same(axis: int, size: int) -> Window:
    """Returns the rule "the same position"."""
    return Window(axis, size)


def whole(size: int) -> Window:
    """Returns the rule "every position, whatever the output cell"."""
    return Window(None, size, taps=size)


def broadcast(shape: tuple[int, ...], output_shape: tuple[int, ...]) -> "Product":
    """Returns the relation of an argument that is broadcast to `output_shape`."""
    ahead = len(output_shape) - len(shape)
    axes = (
        Window(None, 1) if size == 1 and output_shape[ahead + k] != 1 else same(ahead + k, size)
        for k, size in enumerate(shape)
    )
    return Product(tuple(axes), output_shape)


@dataclass(frozen=True, slots=True)
class Product:
    """One rule per input axis; an output axis that no rule names does not matter."""

    axes: tuple[AxisRule, ...]
    output_shape: tuple[int, ...]

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Sizes of the argument."""
        return tuple(rule.size for rule in self.axes)

    def positions(self, index: tuple[int, ...]) -> list[IntArray]:
        """Returns the positions on each input axis that the output cell `index` is made of, padding included."""
        found = (rule.positions(np.array([0 if rule.axis is None else index[rule.axis]]))[0] for rule in self.axes)
        return [at[at != NO_TAP] for at in found]

    def cells(self, index: tuple[int, ...]) -> IntArray:
        """Returns the input cells `(T, axes)` of the output cell `index`, in row-major order, padding included."""
        return cartesian(self.positions(index))

    def back(self, mask: BoolArray) -> BoolArray:
        """Returns the input cells that any output cell of `mask` is made of."""
        named = self._named
        ignored = tuple(axis for axis in range(mask.ndim) if axis not in named)
        touched = np.asarray(mask.any(axis=ignored)).transpose(np.argsort(np.argsort(named)))
        places = [place for place, rule in enumerate(self.axes) if rule.axis is None]
        return _through([self._matrix(rule) for rule in self.axes], _with_axes(touched, places))

    def forward(self, mask: BoolArray) -> BoolArray:
        """Returns the output cells that are made of any input cell of `mask`."""
        touched = _through([self._matrix(rule).T for rule in self.axes], mask)
        places = tuple(place for place, rule in enumerate(self.axes) if rule.axis is None)
        touched = touched.squeeze(places).transpose(np.argsort(self._named))
        ignored = [axis for axis in range(len(self.output_shape)) if axis not in self._named]
        return np.broadcast_to(_with_axes(touched, ignored), self.output_shape).copy()

    def block_back(self, block: Block) -> Block:
        """Returns `back` of a block, as a block: axis by axis, without a mask of all cells."""
        return tuple(_read(rule, np.ones(1, np.bool_) if rule.axis is None else block[rule.axis]) for rule in self.axes)

    def block_forward(self, block: Block) -> Block:
        """Returns `forward` of a block, as a block."""
        found = [np.ones(size, dtype=np.bool_) for size in self.output_shape]
        for rule, axis in zip(self.axes, block, strict=True):
            positions = rule.positions(np.arange(1 if rule.axis is None else self.output_shape[rule.axis]))
            inside = (positions >= 0) & (positions < rule.size)
            touched = np.asarray((inside & axis[np.where(inside, positions, 0)]).any(axis=1))
            if rule.axis is not None:
                found[rule.axis] &= touched
            elif not touched[0]:
                return tuple(np.zeros(size, dtype=np.bool_) for size in self.output_shape)
        return tuple(found)

    @property
    def _named(self) -> list[int]:
        return [rule.axis for rule in self.axes if rule.axis is not None]

    def _matrix(self, rule: AxisRule) -> BoolArray:
        """Returns `(size, outputs)`: whether the input position belongs to the output position."""
        outputs = 1 if rule.axis is None else self.output_shape[rule.axis]
        positions = rule.positions(np.arange(outputs))
        matrix = np.zeros((rule.size, outputs), dtype=np.bool_)
        inside = (positions >= 0) & (positions < rule.size)
        matrix[positions[inside], np.nonzero(inside)[0]] = True
        return matrix

    def as_dict(self) -> dict[str, Any]:
        """Returns the relation as plain data; `{"kind": "window", "axis": 2, "stride": 2, …}` for each input axis."""
        axes = [{"kind": type(rule).__name__.lower(), **asdict(rule)} for rule in self.axes]
        return {"kind": "product", "axes": axes, "output_shape": list(self.output_shape)}


@dataclass(frozen=True, slots=True)
class Reshape:
    """The same elements in the same row-major order under another shape: flatten, view."""

    input_shape: tuple[int, ...]
    output_shape: tuple[int, ...]

    def cells(self, index: tuple[int, ...]) -> IntArray:
        """Returns the one input cell of the output cell `index`, as `(1, axes)`."""
        flat = reduce(lambda total, pair: total * pair[1] + pair[0], zip(index, self.output_shape, strict=True), 0)
        return np.array([np.unravel_index(flat, self.input_shape)], dtype=np.int64)

    def back(self, mask: BoolArray) -> BoolArray:
        """Returns the input cells that any output cell of `mask` is made of."""
        return mask.reshape(self.input_shape)

    def forward(self, mask: BoolArray) -> BoolArray:
        """Returns the output cells that are made of any input cell of `mask`."""
        return mask.reshape(self.output_shape)

    def as_dict(self) -> dict[str, Any]:
        """Returns the relation as plain data."""
        return {"kind": "reshape", "input_shape": list(self.input_shape), "output_shape": list(self.output_shape)}


@dataclass(frozen=True, slots=True, eq=False)
class Gather:
    """Each output cell is one input cell, number `source[index]` in row-major order, or none (-1): a rearrangement."""

    input_shape: tuple[int, ...]
    source: IntArray

    @property
    def output_shape(self) -> tuple[int, ...]:
        """Sizes of the output."""
        return self.source.shape

    def cells(self, index: tuple[int, ...]) -> IntArray:
        """Returns the input cell of the output cell `index`, as `(1, axes)`; `(0, axes)` if it has none."""
        source = self.source[index].reshape(1)
        return np.stack(np.unravel_index(source[source >= 0], self.input_shape), axis=-1).astype(np.int64)

    def back(self, mask: BoolArray) -> BoolArray:
        """Returns the input cells that any output cell of `mask` is made of."""
        touched = np.zeros(prod(self.input_shape), dtype=np.bool_)
        touched[self.source[mask & (self.source >= 0)]] = True
        return touched.reshape(self.input_shape)

    def forward(self, mask: BoolArray) -> BoolArray:
        """Returns the output cells that are made of any input cell of `mask`."""
        return np.asarray(mask.reshape(-1)[self.source] & (self.source >= 0))

    def as_dict(self) -> dict[str, Any]:
        """Returns the relation as plain data."""
        return {"kind": "gather", "input_shape": list(self.input_shape), "source": self.source.tolist()}


@dataclass(frozen=True, slots=True, eq=False)
class Scatter:
    """Each input cell goes into one output cell, number `target[index]` in row-major order, or none (-1): a fold."""

    target: IntArray
    output_shape: tuple[int, ...]

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Sizes of the argument."""
        return self.target.shape

    def cells(self, index: tuple[int, ...]) -> IntArray:
        """Returns the input cells `(T, axes)` of the output cell `index`, in row-major order."""
        return np.argwhere(self.target == np.ravel_multi_index(index, self.output_shape)).astype(np.int64)

    def back(self, mask: BoolArray) -> BoolArray:
        """Returns the input cells that any output cell of `mask` is made of."""
        return np.asarray(mask.reshape(-1)[self.target] & (self.target >= 0))

    def forward(self, mask: BoolArray) -> BoolArray:
        """Returns the output cells that are made of any input cell of `mask`."""
        touched = np.zeros(prod(self.output_shape), dtype=np.bool_)
        touched[self.target[mask & (self.target >= 0)]] = True
        return touched.reshape(self.output_shape)

    def as_dict(self) -> dict[str, Any]:
        """Returns the relation as plain data."""
        return {"kind": "scatter", "output_shape": list(self.output_shape), "target": self.target.tolist()}


Relation = Product | Reshape | Gather | Scatter


def everything(input_shape: tuple[int, ...], output_shape: tuple[int, ...]) -> Product:
    """Returns the relation in which every output cell is made of every input cell."""
    return Product(tuple(whole(size) for size in input_shape), output_shape)


def cartesian(positions: list[IntArray]) -> IntArray:
    """Returns the cells `(T, axes)` whose coordinates are taken from `positions`, in row-major order."""
    if not positions:
        return np.zeros((1, 0), dtype=np.int64)
    return np.stack(np.meshgrid(*positions, indexing="ij"), axis=-1).reshape(-1, len(positions))


def _read(rule: AxisRule, outputs: BoolArray) -> BoolArray:
    """Returns the input positions that any of the output positions is made of."""
    found = np.zeros(rule.size, dtype=np.bool_)
    positions = rule.positions(np.flatnonzero(outputs))
    found[positions[(positions >= 0) & (positions < rule.size)]] = True
    return found


def _with_axes(mask: BoolArray, places: list[int]) -> BoolArray:
    for place in places:
        mask = np.expand_dims(mask, place)
    return mask


def _through(matrices: list[BoolArray], mask: BoolArray) -> BoolArray:
    """Returns the mask with axis k carried through `matrices[k]` `(new, old)`; only its bounding box is worked on."""
    carried = np.zeros([len(matrix) for matrix in matrices], dtype=np.bool_)
    box = []
    for place, matrix in enumerate(matrices):
        used = _range(np.asarray(mask.any(axis=tuple(axis for axis in range(mask.ndim) if axis != place))))
        matrix = matrix[:, used]
        rows = _range(np.asarray(matrix.any(axis=1)))
        if rows.start == rows.stop:
            return carried
        moved = np.moveaxis(mask, place, 0)[used]
        counts = matrix[rows].astype(np.float32) @ moved.reshape(len(moved), -1).astype(np.float32)
        mask = np.moveaxis((counts > 0).reshape(-1, *moved.shape[1:]), 0, place)
        box.append(rows)
    carried[tuple(box)] = mask
    return carried


def _range(used: BoolArray) -> slice:
    """Returns the slice from the first to the last true element."""
    where = np.flatnonzero(used)
    return slice(int(where[0]), int(where[-1]) + 1) if len(where) else slice(0, 0)
