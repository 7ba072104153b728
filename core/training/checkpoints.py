"""The weights of a run at the moments of its time line, and what resuming needs: safetensors, never a pickle."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import safetensors
import torch
from safetensors import safe_open
from torch import Tensor, nn

from core import models
from core.data.mnist import Pictures
from core.models import Card
from core.models.cards import taken
from core.models.weights import match_weights, read_metadata, read_weights, save_tensors
from core.training.folder import RunFolder
from core.training.settings import RunConfig

__all__ = [
    "Saved",
    "card_of",
    "fresh",
    "held_back",
    "held_back_picture",
    "load",
    "read_state",
    "save_base",
    "save_checkpoint",
    "save_held_back",
    "save_state",
    "summary_of",
]


UNSURE_BELOW = 0.5
"""Of a model whose probabilities nobody has calibrated."""


LARGEST = 4096
"""Longest side of a model's input, elements."""

SMALL_STATE = 16_000_000
"""Bytes of a state that is kept for every moment of the time line; of larger ones only the last."""


@dataclass(frozen=True)
class Saved:
    """What `state.safetensors` holds: the run's counters, and its tensors by name."""

    counters: Mapping[str, Any]
    tensors: Mapping[str, Tensor]


def save_base(run: RunFolder, model: nn.Module, card: Card, moving: Iterable[str]) -> None:
    """Write the weights that no step of the run changes, and what the model's card has of its own."""
    moving = set(moving)
    frozen = {key: value for key, value in model.state_dict().items() if key not in moving}
    save_tensors(frozen, run.base, metadata={"card": json.dumps(summary_of(card))})


def save_checkpoint(run: RunFolder, weights: Mapping[str, Tensor], step: int) -> Path:
    """Write the weights that the run changes; return their file."""
    file = run.checkpoint(step)
    save_tensors(weights, file)
    return file


def load(run: RunFolder, config: RunConfig, step: int | None = None) -> tuple[nn.Module, Card]:
    """Return a run's network after a step of its time line (the last by default), in evaluation mode, and its card.

    Raises:
        FileNotFoundError: it kept no weights after that step; the message names the steps.
        ValueError: a file is damaged.
    """
    steps = run.steps_kept()
    if not steps or step not in (None, *steps):
        kept = f"it kept those of steps {', '.join(map(str, steps))}" if steps else "it has kept none yet"
        raise FileNotFoundError(f"{run.path.name} has no weights of step {step}: {kept}" if step is not None else kept)
    state = read_weights(run.base) | read_weights(run.checkpoint(steps[-1] if step is None else step))
    card = card_of(run, config)
    model = models.build(config.model, classes=len(card.classes))
    match_weights(model, state, str(run.path))
    model.load_state_dict(state)
    return model.eval(), card


def card_of(run: RunFolder, config: RunConfig) -> Card:
    """Return the card of a run's network, without its weights.

    Raises:
        FileNotFoundError: the run has not begun.
        ValueError: a file is damaged.
    """
    return fresh(config, _own_of(run))


def _own_of(run: RunFolder) -> Mapping[str, Any]:
    """Return what the run's card has of its own (`summary_of`)."""
    own = read_metadata(run.base, "card")
    classes, shape = (own.get("classes"), own.get("input_shape")) if isinstance(own, dict) else (None, None)
    named = isinstance(classes, list) and classes and all(isinstance(name, str) for name in classes)
    sized = isinstance(shape, list) and len(shape) == 3 and all(type(n) is int and 0 < n <= LARGEST for n in shape)
    if not named or not sized:
        raise ValueError(f"{run.base} is damaged: its card has the classes {classes!r:.60} and the shape {shape!r:.60}")
    return {"classes": classes, "input_shape": shape}


def fresh(config: RunConfig, own: Mapping[str, Any]) -> Card:
    """Return the card of a run's model: the registry's, with what the run has of its own (`summary_of`)."""
    return replace(
        models.card(config.model),
        classes=tuple(own["classes"]),
        input_shape=tuple(own["input_shape"]),
        takes=taken(config.json()),
        unsure_below=UNSURE_BELOW,
        recipe=config.json(),
        figures={},
    )


def summary_of(card: Card) -> dict[str, Any]:
    """Return what a run's card has of its own, as JSON."""
    return {"classes": list(card.classes), "input_shape": list(card.input_shape)}


def save_state(run: RunFolder, saved: Saved, *, moment: int | None = None) -> None:
    """Write what resuming needs; the last such state is replaced, and a small one is kept for its moment as well."""
    counters = {"counters": json.dumps(dict(saved.counters))}
    save_tensors(saved.tensors, run.resumable, metadata=counters)
    if moment is not None and sum(value.nbytes for value in saved.tensors.values()) <= SMALL_STATE:
        run.states.mkdir(exist_ok=True)
        save_tensors(saved.tensors, run.state(moment), metadata=counters)


def read_state(run: RunFolder, moment: int | None = None) -> Saved:
    """Return what resuming needs, as it is now, or as it was at a moment of the time line.

    Raises:
        FileNotFoundError: the run has kept no such state.
        ValueError: the file is damaged.
    """
    path = run.resumable if moment is None else run.state(moment)
    tensors = read_weights(path)
    counters = read_metadata(path, "counters")
    if not isinstance(counters, dict):
        raise ValueError(f"{path} is damaged: its counters are {counters!r:.60}")
    return Saved(counters, tensors)


def save_held_back(run: RunFolder, pictures: Pictures) -> None:
    """Write the pictures that validation asks about."""
    save_tensors({"pictures": pictures.pictures, "labels": pictures.labels}, run.validation)


def held_back(run: RunFolder) -> Pictures:
    """Return all pictures that a run holds back.

    Raises:
        FileNotFoundError: the run holds no pictures back.
        ValueError: the file is damaged.
    """
    if not run.validation.is_file():
        raise FileNotFoundError(f"{run.path.name} holds no pictures back")
    found = read_weights(run.validation)
    pictures, labels = found.get("pictures"), found.get("labels")
    if pictures is None or labels is None or pictures.ndim != 4 or labels.shape != pictures.shape[:1]:
        raise ValueError(f"{run.validation} is damaged: it holds no pictures with their labels")
    return Pictures(pictures, labels)


def held_back_picture(run: RunFolder, index: int) -> tuple[Tensor, int]:
    """Return a held-back picture, `(C, H, W)` in [0, 1], and its label.

    Raises:
        FileNotFoundError: the run holds no pictures back.
        ValueError: there is no picture of that index, or the file is damaged.
    """
    if not run.validation.is_file():
        raise FileNotFoundError(f"{run.path.name} holds no pictures back")
    try:
        with safe_open(run.validation, framework="pt") as file:
            labels: Tensor = file.get_tensor("labels")
            if labels.ndim != 1 or labels.is_floating_point():
                raise ValueError(f"{run.validation} is damaged: its labels are {labels.dtype} {tuple(labels.shape)}")
            if not 0 <= index < len(labels):
                raise ValueError(f"there is no picture {index}: {run.path.name} holds back {len(labels)}")
            picture: Tensor = file.get_slice("pictures")[index]
    except (safetensors.SafetensorError, IndexError) as error:
        raise ValueError(f"{run.validation} is damaged: {error}") from error
    if picture.ndim != 3 or picture.dtype != torch.uint8:
        raise ValueError(f"{run.validation} is damaged: a picture is {picture.dtype} {tuple(picture.shape)}")
    return picture.to(torch.float32) / 255, int(labels[index])
