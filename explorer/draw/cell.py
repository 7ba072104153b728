"""One opened cell: its sum, its gradient's, or the class behind a probability; and the same as a case of Arithmetic."""

from typing import Any

from core.told import keyed
from explorer.arithmetic.from_network import send, sends
from explorer.draw.class_sum import open_class
from explorer.draw.sums import MOST_TERMS, open_cell, open_gradient, open_parameter
from explorer.screen.shown import Showing
from explorer.wire.requests import PLACE, checked

__all__ = ["arithmetic", "explain"]


EVERY_TERM = 200_000
"""Most terms that travel one by one when all of them are asked for."""


def explain(showing: Showing, request: Any) -> dict[str, Any]:
    """Answer one cell of a drawing's trace with its complete sum.

    `of` is "" for the cell's value, "output" for the gradient that arrives at it, "class" for the probability of a
    class, or the name of the step's argument whose element `cell` is, for that parameter's gradient. With `every` all
    terms come one by one. `sends` says whether the Arithmetic page has the operator.
    """
    asked = checked(request, PLACE)
    step, cell, of, label = asked["step"], asked["cell"], asked["of"], asked["label"]
    if of == "output" and label is None:
        raise keyed(ValueError("a gradient needs the true label: choose one"), "told.label")
    shown = showing.of(asked)
    trace, back = shown.trace, None if of in ("", "class") else shown.back(label)
    most = EVERY_TERM if asked.get("every") else MOST_TERMS
    if of == "class":
        answer = open_class(trace, shown.explored.card, label, cell)
    elif not of:
        answer = open_cell(trace, step, cell, most=most)
    elif of == "output" and back is not None:
        answer = open_gradient(trace, back, step, cell, most=most)
    else:
        answer = open_parameter(trace, back, step, of, cell, most=most)
    return answer | {"sends": sends(trace, back, step, of)}


def arithmetic(showing: Showing, request: Any) -> dict[str, Any]:
    """Answer one element as a case of the Arithmetic page."""
    asked = checked(request, PLACE)
    shown = showing.of(asked)
    back = shown.back(asked["label"]) if asked["of"] else None
    return send(shown.trace, back, asked["step"], asked["of"], asked["cell"])
