"""One batch in slow motion: its pictures, the maps of one of them, the weights stepped."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from core.training.runs import Runs
from core.training.slow_motion import OneStep, Update
from explorer.models.library import Explored, Library
from explorer.models.moments import moment_name
from explorer.models.recent import Recent
from explorer.screen.shown import nbytes_of
from explorer.wire import trace as payloads
from explorer.wire.numbers import grey_codes, in_base64
from explorer.wire.requests import FLAG, MODEL, PAGES, Fields, checked, text, whole
from explorer.wire.trace import Layout, encode_maps

__all__ = ["Steps", "batch", "maps", "slow_batch", "slow_maps", "slow_update", "update"]

KEPT = 2
"""Steps that stay in memory, with the traces of their batches."""

ROWS = 8
"""Weights that are told by number: those that the step changes most."""


MOMENT: Fields = {"name": text(200), "model": MODEL, "step": whole()}


class Steps:
    """The steps of runs that are looked at, made once and kept in the library's memory."""

    def __init__(self, library: Library, runs: Runs):
        self.library, self.runs = library, runs
        self._made: Recent[tuple[OneStep, Explored]] = Recent(
            library.memory,
            most=KEPT,
            size=lambda made: 2 * nbytes_of(made[0].trace, made[1]),  # and the gradients
        )

    def of(self, asked: Mapping[str, Any]) -> tuple[OneStep, Explored]:
        """Return the step that a run makes at a moment, and its network then.

        Raises:
            FileNotFoundError: there is no such run, or it did not keep what that takes.
            ValueError: the run ends there, or its files are damaged.
        """
        name, step = asked["name"], asked["step"]
        explored = self.library.explored(moment_name(name, asked["model"], step))
        return self._made.of((explored, *self.runs.stamp(name)), lambda: (self.runs.next_step(name, step), explored))


def slow_batch(steps: Steps, request: Any) -> dict[str, Any]:
    """Answer `{name, model, step}` with the batch that the run learns from after that step."""
    return batch(*steps.of(checked(request, MOMENT)))


def slow_maps(steps: Steps, request: Any) -> dict[str, Any]:
    """Answer with the wanted maps of one `picture` of the batch, or of the gradients (`back`)."""
    asked = checked(request, {**MOMENT, "picture": whole(), "wanted": PAGES, "back": FLAG})
    found, explored = steps.of(asked)
    try:
        return maps(found, explored, asked["picture"], asked["wanted"], back=asked["back"])
    except IndexError as error:
        raise ValueError(str(error)) from error


def slow_update(steps: Steps, request: Any) -> dict[str, Any]:
    """Answer with what the step does to one `parameter`, its maps from channel `first` on."""
    asked = checked(request, {**MOMENT, "parameter": text(300), "first": whole()})
    return update(steps.of(asked)[0], asked["parameter"], asked["first"])


def batch(found: OneStep, explored: Explored) -> dict[str, Any]:
    """Return the batch, its loss, what the network did with it, and what the optimiser will do to which parameters."""
    trace, _ = found.alone(0)
    pictures = grey_codes(found.pictures.mean(1))
    recipe = found.recipe
    return {
        "description": payloads.describe(explored, trace),
        "width": pictures.shape[-1],
        "height": pictures.shape[-2],
        "pictures": [in_base64(picture) for picture in pictures],
        "labels": found.labels.tolist(),
        "classes": list(found.card.classes),
        "loss": found.loss,
        "losses": found.losses.double().tolist(),
        "rule": {
            "optimiser": recipe.optimiser,
            "momentum": found.momentum,
            "decay": recipe.weight_decay,
            "nesterov": recipe.nesterov,
        },
        "averaged": recipe.ema > 0,
        "parameters": [{"name": told.name, "shape": list(told.before.shape)} for told in found.updates],
    }


def maps(
    found: OneStep, explored: Explored, picture: int, wanted: Collection[Sequence[int]], *, back: bool
) -> dict[str, Any]:
    """Return wanted maps of one picture of the batch, or of the gradients of the batch's loss, and its prediction.

    Raises:
        IndexError: there is no such picture.
    """
    trace, gradients = found.alone(picture)
    return {
        "loss": {"name": "cross-entropy", "value": found.loss} if back else None,
        "fed": payloads.fed(explored, empty=False),
        "changed": {},
        "prediction": payloads.predict(trace, explored, empty=False),
        **payloads.observe(trace, wanted, gradients if back else None),
    }


def update(found: OneStep, name: str, first: int) -> dict[str, Any]:
    """Return a page of a parameter before the step, its gradient, the change and after; some weights by number.

    Raises:
        ValueError: the step changes no such parameter.
    """
    told = next((told for told in found.updates if told.name == name), None)
    if told is None:
        raise ValueError(
            f"the step does not train {name!r}; it trains {', '.join(each.name for each in found.updates)}"
        )
    change = told.after.double() - told.before.double()
    layout = Layout.of(_as_maps(told.before).shape)
    assert layout is not None
    start = first if 0 <= first < layout.channels else 0
    shown = {"before": told.before, "gradient": told.gradient, "change": change, "after": told.after}
    pages = {
        key: encode_maps(layout.maps(_as_maps(tensor))[start : start + layout.per_page])
        for key, tensor in shown.items()
    }
    return {
        "name": name,
        "rate": told.rate,
        "map": {**layout.facts, "labels": []},
        "first": start,
        "pages": pages,
        "rows": _rows(told, change),
        "apart": float((told.after.double() - told.formula).abs().max()),
        "largest": float(told.after.double().abs().max()),
    }


def _as_maps(weights: Tensor) -> Tensor:
    """Return a parameter as a sample of maps: kernels one by one, a matrix as one map, a vector as it is."""
    return weights[None, None] if weights.ndim == 2 else weights[None]


def _rows(told: Update, change: Tensor) -> list[dict[str, Any]]:
    order = change.abs().flatten().argsort(descending=True, stable=True)[:ROWS]
    places = [[int(i) for i in torch.unravel_index(at, change.shape)] for at in order]
    return [
        {
            "index": place,
            "before": told.before[tuple(place)].item(),
            "gradient": told.gradient[tuple(place)].item(),
            "memory": {
                key: [then[tuple(place)].item(), now[tuple(place)].item()] for key, (then, now) in told.memory.items()
            },
            "change": change[tuple(place)].item(),
            "after": told.after[tuple(place)].item(),
        }
        for place in places
    ]
