"""What the Draw page sends, checked before anything is computed."""

from types import NoneType
from typing import Any

__all__ = ["DRAWING", "PAD", "PLACE", "Fields", "checked"]

PAD = 1.0
"""Side of the pad in the unit of the strokes."""

Fields = dict[str, type | tuple[type, ...]]

DRAWING: Fields = {
    "model": str,
    "strokes": list,
    "brush": (int, float),
    "centred": bool,
    "label": (int, NoneType),
    "edits": list,
}
"""What is on the pad (`explorer.screen.inputs` says what else may come along) and the model it is shown to."""

PLACE: Fields = DRAWING | {"step": int, "cell": list, "of": str}
"""One cell, as the link names it."""


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
        if not (isinstance(page, list) and len(page) >= 2 and all(type(number) is int for number in page)):
            raise ValueError(f"wanted holds {page!r}, expected [step, first channel]")
    if not all(type(number) is int for number in request.get("cell", [])):
        raise ValueError(f"cell is {request['cell']!r}, expected whole numbers")
    return request
