"""Receptive fields: what a cell is made of, back to the input; and the inverse, everything that a cell influences.

Both follow the structure of the operations, not the values: a max pool's cell is made of its whole window, and a ReLU
that happens to give 0 still depends on its input. Parameters are left out.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from core.explain.axes import BoolArray, Relation, everything
from core.explain.cells import Cells, Masks
from core.explain.terms import OPERATORS, Unexplained, operator
from core.explain.trace import INPUT, Step, Trace

Box = tuple[tuple[int, int], ...]


@dataclass(eq=False, slots=True)
class Support:
    """Cells of the tensors of a trace; a step without any is not among them."""

    step: int
    cell: tuple[int, ...]
    cells: dict[int, Cells] = field(default_factory=dict)
    exact: bool = True
    """False where an operation without known geometry is in between: it counts as "every cell of every argument"."""

    @property
    def masks(self) -> Mapping[int, BoolArray]:
        """`masks[k]` has the shape of step k's output, `masks[-1]` that of the input."""
        return Masks(self.cells)

    def box(self, index: int) -> Box:
        """Returns the bounding box of the cells of step `index` as (start, stop) for each axis."""
        return self.cells[index].box()

    def is_box(self, index: int) -> bool:
        """Whether the cells of step `index` fill their bounding box."""
        return bool(self.masks[index][tuple(slice(start, stop) for start, stop in self.box(index))].all())


def receptive_field(trace: Trace, step: int, cell: tuple[int, ...]) -> Support:
    """Returns every cell, of every earlier step and of the input, that `trace.steps[step].output[cell]` is made of.

    Raises:
        IndexError: There is no such cell.
    """
    support = _start(trace, step, cell)
    counted = made_of_input(trace)
    for later in reversed(trace.steps[: step + 1]):
        if later.index not in support.cells:
            continue
        relations, exact = dependencies(later, counted)
        support.exact &= exact
        for name, relation in relations.items():
            _add(support, later.parents[name], support.cells[later.index].back(relation))
    return support


def influence(trace: Trace, step: int, cell: tuple[int, ...]) -> Support:
    """Returns every cell of every later step that depends on a cell of step `step`, or of the input (-1).

    Raises:
        IndexError: There is no such cell.
    """
    support = _start(trace, step, cell)
    counted = made_of_input(trace)
    for later in trace.steps[step + 1 :]:
        relations, exact = dependencies(later, counted & support.cells.keys())
        support.exact &= exact
        for name, relation in relations.items():
            _add(support, later.index, support.cells[later.parents[name]].forward(relation))
    return support


def dependencies(step: Step, of: Collection[int]) -> tuple[dict[str, Relation], bool]:
    """Returns how the step's output depends on each argument that a step in `of` made, and whether that is exact.

    With `made_of_input(trace)`, what the model computes from parameters alone (a normalised weight) is left out.
    """
    names = [name for name, parent in value_parents(step).items() if parent in of]
    try:
        known: Mapping[str, Relation] = operator(step).relations(step)
    except Unexplained:
        known = {}
    relations = {
        name: known[name] if name in known else everything(tuple(step.tensor(name).shape), tuple(step.output.shape))
        for name in names
    }
    return relations, all(name in known for name in names)


def made_of_input(trace: Trace) -> set[int]:
    """Returns the steps whose output depends on the model's input, and the input itself (-1)."""
    found = {INPUT}
    for step in trace.steps:
        if step.op == "input" or not found.isdisjoint(value_parents(step).values()):
            found.add(step.index)
    return found


def value_parents(step: Step) -> dict[str, int]:
    """Returns the parents of the arguments whose values, and not only shapes, are read."""
    known = OPERATORS.get(step.op)
    return {k: parent for k, parent in step.parents.items() if known is None or k not in known.only_shape}


def geometry(trace: Trace) -> list[dict[str, Any]]:
    """Returns the relations of every step as plain data, for receptive fields without `core` (in a browser).

    One `{"argument": {"parent": 3, "kind": "product", "axes": […]}}` for each step; see `core.explain.axes`.
    """
    counted = made_of_input(trace)

    def plain(step: Step) -> dict[str, Any]:
        relations, _ = dependencies(step, counted)
        return {name: {"parent": step.parents[name], **relation.as_dict()} for name, relation in relations.items()}

    return [plain(step) for step in trace.steps]


def _start(trace: Trace, step: int, cell: tuple[int, ...]) -> Support:
    if not INPUT <= step < len(trace.steps):
        raise IndexError(f"the trace has steps 0 to {len(trace.steps) - 1} and the input, {INPUT}; got {step}")
    shape = tuple(trace.value(step).shape)
    if len(cell) != len(shape) or not all(0 <= i < size for i, size in zip(cell, shape, strict=True)):
        raise IndexError(f"step {step} has cells of shape {shape}, got index {tuple(cell)}")
    block = tuple(np.arange(size) == i for i, size in zip(cell, shape, strict=True))
    return Support(step, cell, {step: Cells(block)})


def _add(support: Support, index: int, cells: Cells | None) -> None:
    known = support.cells.get(index)
    if cells is not None:
        support.cells[index] = cells if known is None else known | cells
