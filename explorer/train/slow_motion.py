"""What the Train page asks for a batch in slow motion."""

from typing import Any

from core.training.slow_motion import OneStep
from explorer.models.library import Explored, Library
from explorer.models.moments import moment_name
from explorer.train.steps import Steps, batch, maps, update
from explorer.wire.requests import Fields, checked

__all__ = ["slow_batch", "slow_maps", "slow_update"]

MOMENT: Fields = {"name": str, "model": str, "step": int}


def slow_batch(library: Library, steps: Steps, request: Any) -> dict[str, Any]:
    """Answer `{name, model, step}` with the batch that the run learns from after that step."""
    return batch(*_found(library, steps, checked(request, MOMENT)))


def slow_maps(library: Library, steps: Steps, request: Any) -> dict[str, Any]:
    """Answer with the wanted maps of one `picture` of the batch, or of the gradients (`back`)."""
    asked = checked(request, MOMENT | {"picture": int, "wanted": list, "back": bool})
    found, explored = _found(library, steps, asked)
    try:
        return maps(found, explored, asked["picture"], asked["wanted"], back=asked["back"])
    except IndexError as error:
        raise ValueError(str(error)) from error


def slow_update(library: Library, steps: Steps, request: Any) -> dict[str, Any]:
    """Answer with what the step does to one `parameter`, its maps from channel `first` on."""
    asked = checked(request, MOMENT | {"parameter": str, "first": int})
    return update(_found(library, steps, asked)[0], asked["parameter"], asked["first"])


def _found(library: Library, steps: Steps, asked: dict[str, Any]) -> tuple[OneStep, Explored]:
    explored = library.explored(moment_name(asked["name"], asked["model"], asked["step"]))
    return steps.after(asked["name"], asked["step"]), explored
