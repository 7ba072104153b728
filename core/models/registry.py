"""The models by name: `names`, `card`, `build` and `load`."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import nn

from core.models import transfer
from core.models.a1 import MNISTClassifier
from core.models.a2 import Net
from core.models.a3 import CNN
from core.models.cards import Card, taken
from core.models.download import Download
from core.models.recommended import InkNet
from core.models.weights import load_weights, match_weights, read_weights
from core.told import keyed

__all__ = ["SHIPPED", "build", "card", "load", "names"]

SHIPPED = Path(__file__).resolve().parent.parent / "weights"
"""Folder of the shipped weights, `NAME.safetensors` with `NAME.json` beside it."""

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
"""Per channel, intensity in [0, 1]. Source: torchvision's ImageNet presets."""


@dataclass(frozen=True)
class Entry:
    """How to make a model and what is known of it before training; `imagenet` weights come from torchvision."""

    make: Callable[[], nn.Module]
    card: Card
    imagenet: bool = False


def _transfer(name: str, make: Callable[[], nn.Module], title: str, summary: str) -> Entry:
    card = Card(name, title, summary, input_shape=(3, 224, 224), mean=IMAGENET_MEAN, std=IMAGENET_STD)
    return Entry(make, card, imagenet=True)


MODELS = {
    entry.card.name: entry
    for entry in (
        Entry(
            InkNet,
            Card(
                "recommended", "InkNet", "Six convolutions with batch norm, made for drawn digits: the recommended one."
            ),
        ),
        Entry(
            MNISTClassifier,
            Card(
                "a1",
                "MNISTClassifier",
                "The tutorials' large network: two 3×3 convolutions and 1.2 million parameters.",
            ),
        ),
        Entry(
            Net, Card("a2", "Net", "The tutorials' smallest network: two 5×5 convolutions, pooled before their ReLU.")
        ),
        Entry(CNN, Card("a3", "CNN", "The tutorials' padded network: two 3×3 convolutions that keep the size.")),
        _transfer(
            "resnet18",
            transfer.resnet18_digits,
            "ResNet18",
            "ResNet18 as trained on ImageNet, with a new head for digits that is still to be trained.",
        ),
        _transfer(
            "mobilenet_v3_small",
            transfer.mobilenet_v3_small_digits,
            "MobileNetV3-small",
            "MobileNetV3-small as trained on ImageNet, with a new head for digits that is still to be trained.",
        ),
    )
}


def names() -> tuple[str, ...]:
    """Return the names of all models, the recommended one first."""
    return tuple(MODELS)


def card(name: str, folder: str | Path | None = None) -> Card:
    """Return the card of a model, with the recipe and figures of its weights in `folder` (the shipped ones), if any.

    Raises:
        ValueError: there is no model of that name, or its card is damaged.
    """
    entry = _entry(name)
    file = Path(folder or SHIPPED) / f"{name}.json"
    if not file.exists():
        return entry.card
    try:
        return replace(entry.card, **_read(json.loads(file.read_text(encoding="utf-8")), entry.card))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{file} is damaged: {error}") from error


def _read(found: Any, own: Card) -> dict[str, Any]:
    """Return what the file of a card says, each part of the type that the card has."""
    if not isinstance(found, dict):
        raise ValueError("it holds no JSON object")
    told: dict[str, Any] = {"classes": list(own.classes), "input_shape": list(own.input_shape)} | found
    threshold: Any = told.get("unsure_below")
    classes, shape = told["classes"], told["input_shape"]
    fitting = {
        "unsure_below": type(threshold) in (int, float) and 0 <= threshold <= 1,
        "recipe": isinstance(told.get("recipe"), dict),
        "figures": isinstance(told.get("figures"), dict),
        "classes": isinstance(classes, list) and len(classes) > 0 and all(isinstance(name, str) for name in classes),
        "input_shape": isinstance(shape, list) and len(shape) == 3 and all(type(size) is int for size in shape),
    }
    wrong = [name for name, fits in fitting.items() if not fits]
    if wrong:
        raise ValueError(f"{wrong[0]} is {told.get(wrong[0])!r:.60}")
    return {
        **{name: told[name] for name in ("unsure_below", "recipe", "figures")},
        "classes": tuple(told["classes"]),
        "input_shape": tuple(told["input_shape"]),
        "takes": taken(told["recipe"]),
    }


def build(name: str, *, classes: int | None = None) -> nn.Module:
    """Return a model with fresh random weights from torch's global generator, in training mode.

    Args:
        name: one of `names()`.
        classes: how many its head answers, its card's by default.

    Raises:
        ValueError: there is no model of that name.
    """
    model = _entry(name).make()
    if classes is not None:
        transfer.resize_head(model, classes)
    return model


def load(
    name: str,
    *,
    device: torch.device | str = "cpu",
    pretrained: bool = True,
    weights: str | Path | None = None,
    data_dir: str | Path | None = None,
    download: Download | None = None,
) -> nn.Module:
    """Return a model ready to be asked, in evaluation mode.

    The transfer models get torchvision's ImageNet backbone, frozen, and a fresh head; the others their shipped weights.

    Args:
        name: one of `names()`.
        device: where its parameters shall be.
        pretrained: False leaves random weights and needs no file.
        weights: a safetensors file of this model to load instead; the model gets a head as wide as the file's.
        data_dir: folder of torchvision's ImageNet files; torch's download cache by default.
        download: what fetches such a file, to be watched or cancelled.

    Raises:
        ValueError: there is no model of that name; the weights are damaged or another model's.
        FileNotFoundError: weights are neither on this machine nor could be fetched; the message names the options.
    """
    entry = _entry(name)
    model = entry.make()
    if weights is not None:
        state = read_weights(weights)
        transfer.resize_head(model, transfer.classes_in(model, state))
        match_weights(model, state, str(weights))
        model.load_state_dict(state)
    elif pretrained and entry.imagenet:
        state = model.state_dict() | transfer.backbone_weights(name, data_dir, download=download)
        match_weights(model, state, f"torchvision's {name}")
        model.load_state_dict(state)
    elif pretrained:
        load_weights(model, SHIPPED / f"{name}.safetensors")
    if entry.imagenet:
        transfer.freeze_backbone(model)
    return model.to(device).eval()


def _entry(name: str) -> Entry:
    if name not in MODELS:
        raise keyed(
            ValueError(f"there is no model {name!r}; the models are {', '.join(MODELS)}"), "told.model.gone", name=name
        )
    return MODELS[name]
