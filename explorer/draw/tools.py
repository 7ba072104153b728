"""What the Draw page asks for besides maps and sums: test pictures to choose from, exact tensors, lines of PyTorch."""

from types import NoneType
from typing import Any

from core.explain import Backward, Trace, backward
from explorer.arithmetic.from_network import send
from explorer.draw import exports
from explorer.draw.digits import Gallery
from explorer.draw.edits import Edits
from explorer.models.library import Explored, Library
from explorer.wire.requests import PLACE, Fields, checked

__all__ = ["arithmetic", "browse", "exact", "pytorch_lines"]

BROWSED: Fields = {"model": str, "label": (int, NoneType), "wrong": bool, "first": int, "download": bool}


def browse(library: Library, gallery: Gallery, request: Any) -> dict[str, Any]:
    """Answer one page of MNIST's test pictures; `missing` says why there is none and how to get them."""
    asked = checked(request, BROWSED)
    explored = library.explored(asked["model"])
    try:
        return gallery.browse(
            explored, label=asked["label"], wrong=asked["wrong"], first=asked["first"], download=asked["download"]
        )
    except FileNotFoundError as error:
        return {"missing": str(error)}


def exact(library: Library, edits: Edits, request: Any) -> dict[str, Any]:
    """Answer every number of the tensor that a place lies in."""
    asked = checked(request, PLACE)
    _, trace, back = _recorded(library, edits, asked)
    return exports.exact(trace, back, asked["step"], asked["of"])


def arithmetic(library: Library, edits: Edits, request: Any) -> dict[str, Any]:
    """Answer one element as a case of the Arithmetic page."""
    asked = checked(request, PLACE)
    _, trace, back = _recorded(library, edits, asked)
    return send(trace, back, asked["step"], asked["of"], asked["cell"])


def pytorch_lines(library: Library, edits: Edits, request: Any) -> dict[str, Any]:
    """Answer Python that computes the opened tensor."""
    asked = checked(request, PLACE)
    explored, trace, _ = _recorded(library, edits, asked)
    folders = {"data_dir": library.data_dir, "runs_dir": library.runs_dir}
    return {"lines": exports.pytorch_lines(explored, asked, trace, **folders)}


def _recorded(library: Library, edits: Edits, asked: dict[str, Any]) -> tuple[Explored, Trace, Backward | None]:
    explored, label = library.explored(asked["model"]), asked["label"]
    changes = edits.changes(explored, asked["edits"])
    trace, _ = explored.trace(edits.inputs.read(asked).picture, grad=label is not None, changes=changes)
    return explored, trace, None if label is None else backward(trace, label)
