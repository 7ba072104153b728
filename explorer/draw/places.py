"""The places of a trace that a request names: one of its steps, and a cell of a tensor."""

from collections.abc import Sequence

from torch import Tensor

from core.explain import INPUT, Step, Trace
from core.told import keyed

__all__ = ["cell_of", "name_of", "step_of"]


def step_of(trace: Trace, step: int) -> Step:
    """Return a step of a trace.

    Raises:
        ValueError: there is none of that number.
    """
    if not 0 <= step < len(trace.steps):
        raise keyed(
            ValueError(f"there is no step {step + 1}; the model ran {len(trace.steps)}"),
            "told.step",
            at=step + 1,
            count=len(trace.steps),
        )
    return trace.steps[step]


def name_of(trace: Trace, step: int) -> str:
    """Return what a step is called in messages, or the input (-1)."""
    return "the input" if step == INPUT else f"step {step + 1} ({trace.steps[step].op})"


def cell_of(tensor: Tensor, cell: Sequence[int], name: str) -> tuple[int, ...]:
    """Return a cell of a tensor as its index.

    Args:
        tensor: whose cell it is.
        cell: the index, the batch first.
        name: what the message calls the tensor.

    Raises:
        ValueError: the tensor has no such cell.
    """
    shape, index = tuple(tensor.shape), tuple(cell)
    if len(index) != len(shape) or not all(0 <= i < size for i, size in zip(index, shape, strict=True)):
        raise keyed(
            ValueError(f"{name} has cells of shape {shape}, got {index}"),
            "told.cell",
            shape="×".join(map(str, shape)),
            cell=", ".join(map(str, index)),
        )
    return index
