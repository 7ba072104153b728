"""What a page draws of what is on screen: the stages of the input, maps or gradients, the prediction."""

from typing import Any

import torch
from torch import Tensor

from core.data.strokes import Preprocessed
from core.explain import Backward
from core.models import Card
from explorer.screen.inputs import Cut, Held, Input
from explorer.screen.shown import Showing, Shown
from explorer.wire import trace as payloads
from explorer.wire.channels import SORTS
from explorer.wire.numbers import coloured, grey
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
        "stages": stages(shown.input, explored.card, None if _told_by_ink(shown) else trace.input),
        "prediction": payloads.predict(trace, explored, empty=empty, problem=shown.problem),
        "changed": payloads.changes(explored, shown.changes.parameters),
        "before": _before(showing, asked) if shown.changes else None,
        "loss": {"name": back.name, "value": back.loss} if back else None,
        "fed": payloads.fed(explored, empty=empty),
        **payloads.observe(trace, asked["wanted"], back.gradients if back else None, sort=_sort(asked, back)),
    }
    if trace.signature() != asked["structure"]:
        answer["description"] = payloads.describe(explored, trace)
    return answer


def stages(input: Input, card: Card, seen: Tensor | None = None) -> dict[str, Any]:
    """Return the stages between what is shown and the network as pictures and numbers.

    `source` says where it comes from: "strokes", "digit", "held" or "picture"; `kind` what was made of it: "ink", or a
    "cut" out of a picture. `warp` takes places of the perturbed picture back to the one before; `seen` is the model's
    own input, where it is a picture.

    Args:
        input: what is shown.
        card: of the model.
        seen: the model's input, where the stages do not tell it.
    """
    told: dict[str, Any] = {"source": "strokes", "empty": input.empty, "mean": list(card.mean), "std": list(card.std)}
    if card.preprocess is not None:
        told |= {"mean": None, "std": None}
    if input.digit:
        told |= {"source": "digit", "digit": input.digit[0], "label": str(input.digit[1])}
    elif input.held:
        told |= {"source": "held", "held": input.held.index, "run": input.held.run, "label": _class(input.held, card)}
    elif input.scanned or isinstance(input.stages, Cut):
        told["source"] = "picture"
    told |= _cut(input, input.stages) if isinstance(input.stages, Cut) else _ink(input, input.stages)
    return told | {"seen": None if seen is None else _seen(seen)}


def _told_by_ink(shown: Shown) -> bool:
    """Whether the stages of ink tell the whole way to the model's input."""
    card = shown.explored.card
    stands = shown.input.empty and shown.explored.example is not None
    return card.takes == "ink" and card.channels == 1 and card.preprocess is None and not stands


def _ink(input: Input, steps: Preprocessed) -> dict[str, Any]:
    told: dict[str, Any] = {
        "kind": "ink",
        "centred": steps.centred,
        "box": steps.box,
        "scale": steps.scale,
        "mass": steps.mass,
        "shift": steps.shift,
        "pen": steps.pen_width,
        "scaled": grey(steps.scaled),
        "picture": grey(input.picture),
        "unperturbed": None if input.perturbation.off else grey(steps.picture),
        "warp": _warp(input),
    }
    if input.scanned:
        height, width = input.scanned.size
        return told | {"dark": input.scanned.dark, "size": [width, height], "ink": grey(input.scanned.ink)}
    return told | ({"ink": grey(steps.picture)} if input.digit or input.held else {})


def _cut(input: Input, steps: Cut) -> dict[str, Any]:
    height, width = steps.whole.shape[-2:]
    return {
        "kind": "cut",
        "size": [width, height],
        "box": steps.box,
        "whole": coloured(steps.whole),
        "picture": coloured(input.picture),
        "fits": list(steps.picture.shape[-2:]),
        "unperturbed": None if input.perturbation.off else coloured(steps.picture),
        "warp": _warp(input),
    }


def _warp(input: Input) -> Any:
    return input.perturbation.warp(*input.picture.shape[-2:]) if input.perturbation.moves else None


def _class(held: Held, card: Card) -> str:
    """Return a held-back picture's class by the name that the model has for it, or its number."""
    return card.classes[held.label] if held.label < len(card.classes) else str(held.label)


def _seen(input: Tensor) -> dict[str, Any] | None:
    """Return a model's input from its lowest value, black, to its highest, white; None where it is no picture."""
    if input.ndim != 4 or input.shape[1] not in (1, 3) or not input.is_floating_point() or not input.numel():
        return None
    picture = input[0].detach().float().cpu()
    low, high = torch.aminmax(picture)
    return coloured((picture - low) / (high - low).clamp(min=1e-12)) if bool(torch.isfinite(high - low)) else None


def _sort(asked: dict[str, Any], back: Backward | None) -> str:
    """Return what the channels are sorted by; gradients sort only where the loss was run backwards."""
    sort: str = asked.get("sort") or "index"
    return "index" if back is None and sort in ("gradient", "attribution") else sort


def _before(showing: Showing, asked: dict[str, Any]) -> list[float]:
    """Return what the model as it was says of a drawing."""
    shown = showing.of(asked | {"edits": []})
    before: list[float] = payloads.predict(shown.trace, shown.explored, empty=shown.input.empty)["probabilities"]
    return before
