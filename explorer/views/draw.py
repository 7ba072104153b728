"""The Draw page: a drawing in; maps, prediction and any cell's sum out. Nothing is kept between requests."""

from types import NoneType
from typing import Any

import gradio as gr

from core.explain import backward
from explorer import payloads
from explorer.edits import Edits
from explorer.inputs import Input, Inputs
from explorer.session import Explored, Library
from explorer.sums import open_cell, open_gradient, open_parameter
from explorer.web_view import answers, web_view

__all__ = ["ASKED_MAPS", "checked", "draw_view", "explain", "observe"]

Fields = dict[str, type | tuple[type, ...]]

DRAWING: Fields = {
    "model": str,
    "strokes": list,
    "brush": (int, float),
    "centred": bool,
    "label": (int, NoneType),
    "edits": list,
}
ASKED_MAPS: Fields = DRAWING | {"wanted": list, "structure": str}
ASKED_CELL: Fields = DRAWING | {"step": int, "cell": list, "of": str}


def draw_view(library: Library) -> gr.HTML:
    """Return the page's view."""
    edits = Edits(Inputs(library.data_dir))
    return web_view("draw.js", functions=[answers(observe, library, edits), answers(explain, library, edits)])


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
        **payloads.observe(trace, asked["wanted"], back.gradients if back else None),
    }
    if trace.signature() != asked["structure"]:
        answer["description"] = payloads.describe(explored, trace)
    return answer


def explain(library: Library, edits: Edits, request: Any) -> dict[str, Any]:
    """Answer one cell of a drawing's trace with its complete sum.

    `of` is "" for the cell's value, "output" for the gradient that arrives at it, or the name of the step's argument
    whose element `cell` is, for that parameter's gradient.
    """
    asked = checked(request, ASKED_CELL)
    explored = library.explored(asked["model"])
    step, cell, of, label = asked["step"], asked["cell"], asked["of"], asked["label"]
    if of == "output" and label is None:
        raise ValueError("a gradient needs the true label: choose one")
    changes = edits.changes(explored, asked["edits"])
    trace, _ = explored.trace(edits.inputs.read(asked).picture, grad=label is not None, changes=changes)
    if not of:
        return open_cell(trace, step, cell)
    if of == "output":
        return open_gradient(trace, backward(trace, label), step, cell)
    return open_parameter(trace, None if label is None else backward(trace, label), step, of, cell)


def _before(explored: Explored, drawing: Input) -> list[float]:
    """Return what the model as it was says of a drawing."""
    trace, _ = explored.trace(drawing.picture)
    before: list[float] = payloads.predict(trace, explored, empty=drawing.empty)["probabilities"]
    return before


def checked(request: Any, fields: Fields) -> dict[str, Any]:
    """Return a request whose fields have the types that the page sends.

    Raises:
        ValueError: a field is missing or of another type.
    """
    if not isinstance(request, dict):
        raise ValueError(f"expected an object with {', '.join(fields)}, got {type(request).__name__}")
    for name, kind in fields.items():
        if name not in request or not isinstance(request[name], kind):
            raise ValueError(f"the field {name!r} is {request.get(name)!r}, expected {kind}")
    for page in request.get("wanted", []):
        if not (isinstance(page, list) and len(page) == 2 and all(type(number) is int for number in page)):
            raise ValueError(f"wanted holds {page!r}, expected [step, first channel]")
    if not all(type(number) is int for number in request.get("cell", [])):
        raise ValueError(f"cell is {request['cell']!r}, expected whole numbers")
    return request
