"""Elements of a network as cases of the Arithmetic page: the very numbers, cut out of the trace."""

import math
from typing import Any

from core.explain import INPUT, Backward, Step, Trace, class_scores, consumers, scores_step
from core.told import keyed
from explorer.arithmetic.operators import CUTS, loss
from explorer.arithmetic.operators.cut import Cut, Index, Sent, Unsent

__all__ = ["Sent", "Unsent", "cut", "send", "sends"]


def sends(trace: Trace, back: Backward | None, step: int, of: str) -> bool:
    """Return whether the page has the operator behind a place, as `explain` names places."""
    if of == "class":
        return True
    if not of:
        return trace.steps[step].op in CUTS
    if back is None:
        return False
    if of == "output" and step == scores_step(trace):
        return True
    readers = _readers(trace, back, step, of)
    return len(readers) == 1 and readers[0][0].op in CUTS


def send(trace: Trace, back: Backward | None, step: int, of: str, cell: list[int]) -> dict[str, Any]:
    """Return `{op, settings, tensors, walk, element, left}`: the case behind one element, and where its walk stops.

    Raises:
        Unsent: The page cannot walk through this element.
    """
    sent = cut(trace, back, step, of, tuple(cell))
    tensors = {
        name: {"shape": list(tensor.shape), "values": tensor.flatten().tolist()}
        for name, tensor in sent.tensors.items()
    }
    if not all(math.isfinite(value) for tensor in tensors.values() for value in tensor["values"]):
        raise keyed(
            Unsent("not all of its numbers are finite: they cannot stand in Arithmetic's cells"), "told.unsent.infinite"
        )
    left = None if sent.left is None else {"count": sent.left[0], "sum": sent.left[1]}
    where = {"walk": sent.walk, "element": sent.element, "left": left}
    return {"op": sent.op, "settings": sent.settings, "tensors": tensors, **where}


def cut(trace: Trace, back: Backward | None, step: int, of: str, index: Index) -> Sent:
    """Return the case behind one element.

    Raises:
        Unsent: The page cannot walk through this element, or there is none.
    """
    _check_place(trace, step, of, index)
    if of == "class" or (of == "output" and back is not None and step == scores_step(trace)):
        return _of_scores(trace, back, of, index[-1])
    if not of:
        return _known(trace.steps[step]).value(trace.steps[step], index)
    if back is None:
        raise keyed(Unsent("a gradient needs the true label: choose one"), "told.label")
    readers = _readers(trace, back, step, of)
    if len(readers) != 1:
        raise keyed(
            Unsent(f"{len(readers)} operations add to this gradient; Arithmetic walks through one"),
            "told.unsent.many",
            count=len(readers),
        )
    reader, name = readers[0]
    return _known(reader).gradient(reader, name, index, back.gradients[reader.index])


def _check_place(trace: Trace, step: int, of: str, index: Index) -> None:
    scores = class_scores(trace)
    lowest = INPUT if of == "output" else 0
    if of != "class" and not lowest <= step < len(trace.steps):
        raise Unsent(f"there is no step {step + 1}; the model ran {len(trace.steps)}")
    if of not in ("", "output", "class") and of not in trace.steps[step].parameters:
        raise Unsent(f"step {step + 1} has no parameter {of!r}")
    if of == "class":
        shape = () if scores is None else tuple(scores.shape)
    else:
        shape = tuple((trace.value(step) if of in ("", "output") else trace.steps[step].tensor(of)).shape)
    if len(index) != len(shape) or not all(0 <= i < size for i, size in zip(index, shape, strict=True)):
        raise Unsent(f"there are cells of shape {shape}, got {index}")


def _known(step: Step) -> Cut:
    if step.op not in CUTS:
        raise keyed(Unsent(f"Arithmetic has no {step.op}"), "told.unsent.operator", op=step.op)
    return CUTS[step.op]


def _readers(trace: Trace, back: Backward, step: int, of: str) -> list[tuple[Step, str]]:
    """Return the operations that the gradient of an output, or of a parameter, arrives from."""
    if of == "output":
        found = consumers(trace, step)
    else:
        parameter = trace.steps[step].parameters.get(of)
        found = [
            (reader, name) for reader in trace.steps for name, path in reader.parameters.items() if path == parameter
        ]
    return [(reader, name) for reader, name in found if reader.index in back.gradients]


def _of_scores(trace: Trace, back: Backward | None, of: str, k: int) -> Sent:
    scores, made_by = class_scores(trace), scores_step(trace)
    if scores is None:
        raise Unsent("the output is no row of scores")
    label = None if back is None else back.label
    logarithms = made_by is not None and made_by != INPUT and trace.steps[made_by].op == "log_softmax"
    if of == "output" and label is not None:
        return loss.loss_gradient(scores[0], k, label, logarithms=logarithms)
    logits = trace.steps[made_by].tensor("input") if logarithms and made_by is not None else scores
    return loss.softmax(logits[0], k, "probability", label)
