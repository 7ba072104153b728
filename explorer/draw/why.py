"""What the panel "Why" asks for: one method's map for a class."""

from types import NoneType
from typing import Any

from explorer.draw.edits import Edits
from explorer.models.library import Library
from explorer.wire.requests import DRAWING, Fields, checked

__all__ = ["why"]

ASKED_WHY: Fields = DRAWING | {"method": str, "target": (int, NoneType), "layer": (int, NoneType)}


def why(library: Library, edits: Edits, request: Any) -> dict[str, Any]:
    """Answer the map of one method over the input of a drawing, with its numbers."""
    from explorer.draw.attributions import why as explained  # brings Captum, which takes half a second to import

    asked = checked(request, ASKED_WHY)
    explored = library.explored(asked["model"])
    picture = edits.inputs.read(asked).picture
    changes = edits.changes(explored, asked["edits"])
    return explained(explored, picture, changes, method=asked["method"], target=asked["target"], layer=asked["layer"])
