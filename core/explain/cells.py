"""Sets of a tensor's cells: a block where a set is the product of one on each axis, a mask where it is not.

Nearly every operation makes a block of a block: what a late cell of a deep network is made of costs the sum of the
axes' lengths, not their product.
"""

from collections.abc import Iterator, Mapping
from functools import reduce

import numpy as np

from core.explain.axes import Block, BoolArray, Product, Relation

__all__ = ["Cells", "Masks"]


class Cells:
    """A set of cells that is not empty."""

    __slots__ = ("_mask", "block")

    def __init__(self, block: Block | None, mask: BoolArray | None = None) -> None:
        self.block = block
        self._mask = mask

    @classmethod
    def of(cls, mask: BoolArray) -> "Cells | None":
        """Returns the cells of a mask, as a block if they are one; None for an empty one."""
        axes = range(mask.ndim)
        block = tuple(np.asarray(mask.any(axis=tuple(other for other in axes if other != axis))) for axis in axes)
        count = int(mask.sum())
        if count == 0:
            return None
        return cls(block) if count == _count(block) else cls(None, mask)

    @property
    def mask(self) -> BoolArray:
        """Of the tensor's shape."""
        if self._mask is None:
            assert self.block is not None
            self._mask = _mask(self.block)
        return self._mask

    def back(self, relation: Relation) -> "Cells | None":
        """Returns the input cells that these output cells are made of."""
        if self.block is None or not isinstance(relation, Product):
            return Cells.of(relation.back(self.mask))
        return _filled(relation.block_back(self.block))

    def forward(self, relation: Relation) -> "Cells | None":
        """Returns the output cells that are made of these input cells."""
        if self.block is None or not isinstance(relation, Product):
            return Cells.of(relation.forward(self.mask))
        return _filled(relation.block_forward(self.block))

    def __or__(self, other: "Cells") -> "Cells":
        if self.block is not None and other.block is not None:
            if _within(self.block, other.block):
                return other
            if _within(other.block, self.block):
                return self
        found = Cells.of(self.mask | other.mask)
        assert found is not None
        return found

    def box(self) -> tuple[tuple[int, int], ...]:
        """Returns the bounding box, (start, stop) for each axis."""
        block = self.block
        if block is None:
            axes = range(self.mask.ndim)
            block = tuple(np.asarray(self.mask.any(axis=tuple(o for o in axes if o != axis))) for axis in axes)
        ranges = (np.flatnonzero(axis) for axis in block)
        return tuple((int(at[0]), int(at[-1]) + 1) for at in ranges)


class Masks(Mapping[int, BoolArray]):
    """The masks of sets of cells by step, each made when it is asked for."""

    def __init__(self, cells: dict[int, Cells]) -> None:
        self._cells = cells

    def __getitem__(self, index: int) -> BoolArray:
        return self._cells[index].mask

    def __iter__(self) -> Iterator[int]:
        return iter(self._cells)

    def __len__(self) -> int:
        return len(self._cells)


def _filled(block: Block) -> Cells | None:
    return Cells(block) if all(axis.any() for axis in block) else None


def _count(block: Block) -> int:
    return reduce(lambda total, axis: total * int(axis.sum()), block, 1)


def _mask(block: Block) -> BoolArray:
    mask: BoolArray = np.ones((), dtype=np.bool_)
    for axis in block:
        mask = np.asarray(mask[..., None] & axis)
    return mask


def _within(inner: Block, outer: Block) -> bool:
    return all(not (a & ~b).any() for a, b in zip(inner, outer, strict=True))
