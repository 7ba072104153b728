"""What the panel "Compare" asks for: two drawings, models or changed models side by side."""

from typing import Any

from explorer.draw.differences import compare as compared
from explorer.draw.edits import Edits
from explorer.models.library import Library
from explorer.wire import trace as payloads
from explorer.wire.requests import DRAWING, checked

__all__ = ["comparable", "compare"]


def comparable(library: Library, request: Any) -> dict[str, Any]:
    """Answer with the models that can be compared with, those trained meanwhile included."""
    return {"models": [{"name": name, "title": library.card(name).title} for name in library.names()]}


def compare(library: Library, edits: Edits, request: Any) -> dict[str, Any]:
    """Answer `{first, second, drawn}`: how two requests' runs differ, step by step, and what both predict.

    `first` and `second` each say a drawing, a model and its changes; `drawn` the step and first channel to be drawn.
    """
    asked = checked(request, {"first": dict, "second": dict})
    drawn = asked.get("drawn")
    if drawn is not None and not (
        isinstance(drawn, list) and len(drawn) == 2 and all(type(number) is int for number in drawn)
    ):
        raise ValueError(f"drawn is {drawn!r}, expected null or [step, first channel]")
    traces, told = [], []
    for side in (asked["first"], asked["second"]):
        drawing = checked(side, DRAWING)
        explored = library.explored(drawing["model"])
        input = edits.inputs.read(drawing)
        trace, problem = explored.trace(input.picture, changes=edits.changes(explored, drawing["edits"]))
        traces.append(trace)
        told.append(
            {
                "title": explored.card.title,
                "problem": problem,
                "prediction": payloads.predict(trace, explored, empty=input.empty),
            }
        )
    return {"sides": told, **compared(traces[0], traces[1], drawn)}
