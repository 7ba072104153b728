"""What a page draws of what is on screen: the stages of the input, maps or gradients, the prediction."""

from typing import Any

from core.explain import Backward
from core.models import Card
from explorer.screen.inputs import Input
from explorer.screen.shown import Showing
from explorer.wire import trace as payloads
from explorer.wire.channels import SORTS
from explorer.wire.numbers import grey
from explorer.wire.requests import DRAWING, PAGES, Fields, checked, choice, optional, text

__all__ = ["ASKED_MAPS", "observe", "stages"]

ASKED_MAPS: Fields = {**DRAWING, "wanted": PAGES, "structure": text(100), "sort": optional(choice(*SORTS))}


def observe(showing: Showing, request: Any) -> dict[str, Any]:
    """Answer one drawing: its stages, maps and prediction; with a `label`, the maps of the loss's gradient.

    The model's description comes along when it ran other steps than those of `structure`, the page's last one.
    """
    asked = checked(request, ASKED_MAPS)
    shown = showing.of(asked)
    explored, trace, empty = shown.explored, shown.trace, shown.input.empty
    back = None if shown.problem else shown.back(asked["label"])
    answer = {
        "problem": shown.problem,
        "stages": stages(shown.input, explored.card),
        "prediction": payloads.predict(trace, explored, empty=empty),
        "changed": payloads.changes(explored, shown.changes.parameters),
        "before": _before(showing, asked) if shown.changes else None,
        "loss": {"name": back.name, "value": back.loss} if back else None,
        "fed": payloads.fed(explored, empty=empty),
        **payloads.observe(trace, asked["wanted"], back.gradients if back else None, sort=_sort(asked, back)),
    }
    if trace.signature() != asked["structure"]:
        answer["description"] = payloads.describe(explored, trace)
    return answer


def stages(input: Input, card: Card) -> dict[str, Any]:
    """Return the stages between what is on the pad and the network as pictures and numbers.

    `source` is "strokes", "digit" or "picture". `warp` takes places of the perturbed picture back to the one before.
    """
    steps, picture = input.stages, input.picture
    told: dict[str, Any] = {
        "source": "strokes",
        "empty": steps.empty,
        "centred": steps.centred,
        "box": steps.box,
        "scale": steps.scale,
        "mass": steps.mass,
        "shift": steps.shift,
        "pen": steps.pen_width,
        "scaled": grey(steps.scaled),
        "picture": grey(picture),
        "unperturbed": None if input.perturbation.off else grey(steps.picture),
        "warp": input.perturbation.warp(*picture.shape) if input.perturbation.moves else None,
        "mean": card.mean[0],
        "std": card.std[0],
    }
    if input.digit:
        told |= {"source": "digit", "digit": input.digit[0], "label": input.digit[1], "ink": grey(steps.picture)}
    elif input.scanned:
        ink, (height, width) = input.scanned.ink, input.scanned.size
        told |= {"source": "picture", "dark": input.scanned.dark, "size": [width, height], "ink": grey(ink)}
    return told


def _sort(asked: dict[str, Any], back: Backward | None) -> str:
    """Return what the channels are sorted by; gradients sort only where the loss was run backwards."""
    sort: str = asked.get("sort") or "index"
    return "index" if back is None and sort in ("gradient", "attribution") else sort


def _before(showing: Showing, asked: dict[str, Any]) -> list[float]:
    """Return what the model as it was says of a drawing."""
    shown = showing.of(asked | {"edits": []})
    before: list[float] = payloads.predict(shown.trace, shown.explored, empty=shown.input.empty)["probabilities"]
    return before
