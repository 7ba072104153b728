"""The Draw page: a drawing in; maps, prediction and any cell's sum out. Nothing is kept between requests."""

import sys
from typing import Any

import gradio as gr

from core.explain import Backward, backward
from explorer.arithmetic.from_network import sends
from explorer.draw.class_sum import open_class
from explorer.draw.compare import comparable, compare
from explorer.draw.digits import Gallery
from explorer.draw.edits import Edits
from explorer.draw.inputs import Input
from explorer.draw.sums import MOST_TERMS, open_cell, open_gradient, open_parameter
from explorer.draw.tools import arithmetic, browse, exact, pytorch_lines
from explorer.draw.why import why
from explorer.models.library import Explored, Library
from explorer.wire import trace as payloads
from explorer.wire.channels import SORTS
from explorer.wire.requests import DRAWING, PLACE, Fields, checked
from explorer.wire.view import answers, web_view

__all__ = ["ASKED_MAPS", "checked", "draw_view", "explain", "observe"]

ASKED_MAPS: Fields = DRAWING | {"wanted": list, "structure": str}


def draw_view(library: Library, edits: Edits) -> gr.HTML:
    """Return the page's view."""
    functions = (observe, explain, exact, arithmetic, pytorch_lines, why, compare)
    asked = [answers(function, library, edits) for function in functions]
    return web_view(
        "draw/page.js",
        functions=[*asked, answers(browse, library, Gallery(edits.inputs)), answers(comparable, library)],
    )


def observe(library: Library, edits: Edits, request: Any) -> dict[str, Any]:
    """Answer one drawing: its stages, maps and prediction; with a `label`, the maps of the loss's gradient.

    The model's description comes along when it ran other steps than those of `structure`, the page's last one.
    """
    asked = checked(request, ASKED_MAPS)
    explored = library.explored(asked["model"])
    drawing = edits.inputs.read(asked)
    changes = edits.changes(explored, asked["edits"])
    trace, problem = explored.trace(drawing.picture, grad=asked["label"] is not None, changes=changes)
    back = None if asked["label"] is None or problem else backward(trace, asked["label"])
    answer = {
        "problem": problem,
        "stages": payloads.stages(drawing, explored.card),
        "prediction": payloads.predict(trace, explored, empty=drawing.empty),
        "changed": payloads.changes(explored, changes.parameters),
        "before": _before(explored, drawing) if changes else None,
        "loss": {"name": back.name, "value": back.loss} if back else None,
        "fed": payloads.fed(explored, empty=drawing.empty),
        **payloads.observe(trace, asked["wanted"], back.gradients if back else None, sort=_sort(asked, back)),
    }
    if trace.signature() != asked["structure"]:
        answer["description"] = payloads.describe(explored, trace)
    return answer


def explain(library: Library, edits: Edits, request: Any) -> dict[str, Any]:
    """Answer one cell of a drawing's trace with its complete sum.

    `of` is "" for the cell's value, "output" for the gradient that arrives at it, "class" for the probability of a
    class, or the name of the step's argument whose element `cell` is, for that parameter's gradient. With `every` all
    terms come one by one. `sends` says whether the Arithmetic page has the operator.
    """
    asked = checked(request, PLACE)
    explored = library.explored(asked["model"])
    step, cell, of, label = asked["step"], asked["cell"], asked["of"], asked["label"]
    if of == "output" and label is None:
        raise ValueError("a gradient needs the true label: choose one")
    changes = edits.changes(explored, asked["edits"])
    trace, _ = explored.trace(edits.inputs.read(asked).picture, grad=label is not None, changes=changes)
    back = backward(trace, label) if label is not None and of not in ("", "class") else None
    most = sys.maxsize if asked.get("every") else MOST_TERMS
    if of == "class":
        answer = open_class(trace, explored.card, label, cell)
    elif not of:
        answer = open_cell(trace, step, cell, most=most)
    elif of == "output" and back is not None:
        answer = open_gradient(trace, back, step, cell, most=most)
    else:
        answer = open_parameter(trace, back, step, of, cell, most=most)
    return answer | {"sends": sends(trace, back, step, of)}


def _sort(asked: dict[str, Any], back: Backward | None) -> str:
    """Return what the channels are sorted by; gradients sort only where the loss was run backwards."""
    sort = str(asked.get("sort", "index"))
    if sort not in SORTS:
        raise ValueError(f"channels are sorted by {sort!r}, expected one of {', '.join(SORTS)}")
    return "index" if back is None and sort in ("gradient", "attribution") else sort


def _before(explored: Explored, drawing: Input) -> list[float]:
    """Return what the model as it was says of a drawing."""
    trace, _ = explored.trace(drawing.picture)
    before: list[float] = payloads.predict(trace, explored, empty=drawing.empty)["probabilities"]
    return before
