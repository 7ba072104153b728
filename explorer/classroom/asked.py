"""What the page asks of a class: to come in, to be known, to be led."""

from typing import Any

from explorer.classroom.register import Classroom
from explorer.wire.requests import FLAG, Fields, checked, text
from explorer.wire.view import Answer, answers

__all__ = ["class_functions"]

LONGEST_LINK = 60_000
"""Letters of an address after #: a drawing of many strokes, or a picture of numbers."""

NAMED: Fields = {"name": text(200)}
LINKED: Fields = {"link": text(LONGEST_LINK)}


def class_functions(classroom: Classroom) -> list[Answer]:
    """Return what the class's sign in the bar asks."""
    functions = (attend_class, join_class, enter_class, leave_class, look_here, allow_training)
    return [answers(function, classroom) for function in functions]


def attend_class(classroom: Classroom, request: Any) -> dict[str, Any]:
    """Note that a person looks at `{link}`; answer with who they are here, and what the class is told."""
    return classroom.attend(checked(request, LINKED)["link"])


def join_class(classroom: Classroom, request: Any) -> dict[str, Any]:
    """Let a person be known as `{name}`."""
    classroom.join(checked(request, NAMED)["name"])
    return {}


def enter_class(classroom: Classroom, request: Any) -> dict[str, Any]:
    """Make whoever knows the `{password}` the teacher."""
    classroom.enter(checked(request, {"password": text(200)})["password"])
    return {}


def leave_class(classroom: Classroom, request: Any) -> dict[str, Any]:
    """Forget a person's name."""
    checked(request, {})
    classroom.leave()
    return {}


def look_here(classroom: Classroom, request: Any) -> dict[str, Any]:
    """Send everybody to the teacher's `{link}`, the part of an address from # on; an empty one lets them go."""
    link = checked(request, LINKED)["link"]
    if link and not link.startswith("#"):
        raise ValueError(f"expected the part of an address from # on, got {link[:60]!r}")
    classroom.look_here(link)
    return {}


def allow_training(classroom: Classroom, request: Any) -> dict[str, Any]:
    """Open or close training for students: `{allowed}`."""
    classroom.allow_training(checked(request, {"allowed": FLAG})["allowed"])
    return {}
