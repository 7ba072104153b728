"""A run's configuration made real: the network with the weights that it starts from, and the pictures of each part."""

from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn

from core import models
from core.models import Card
from core.models.transfer import head, replace_head
from core.told import keyed
from core.training import checkpoints
from core.training.config import Config
from core.training.folder import RunFolder, read_json
from core.training.loop import Prepare
from core.training.pictures import WHOLE, Parts, parts_of
from core.training.settings import RunConfig, parse

__all__ = ["Experiment", "build", "card_of", "check_fit", "earlier", "phases"]


@dataclass(frozen=True)
class Experiment:
    """All that a run needs: the network, what it expects, and its pictures."""

    model: nn.Module
    card: Card
    prepare: Prepare
    parts: Parts


def build(config: RunConfig, runs_dir: Path, device: torch.device, *, download: bool = True) -> Experiment:
    """Return a run's network, on the device and with all its parts to be trained, and its pictures.

    Data sets that are not on this machine are fetched first, where `download` is true.

    Raises:
        ValueError: the configuration asks for what is not possible; the message says what.
        FileNotFoundError: pictures or weights are missing; the message names the options.
    """
    parts = parts_of(config, models.card(config.model), replace(WHOLE, download=download))
    card = card_of(config, parts.classes)
    torch.manual_seed(config.training.seed)
    model = _started(config, runs_dir, card).to(device).requires_grad_(True)
    check_fit(model, card.prepare(torch.zeros(2, 1, *card.input_shape[1:], device=device)), card)
    return Experiment(model, card, card.prepare, parts)


def card_of(config: RunConfig, classes: tuple[str, ...]) -> Card:
    """Return what a run's network expects and answers."""
    plain = models.card(config.model)
    side = config.data.side
    shape = plain.input_shape if side is None else (plain.input_shape[0], side, side)
    return checkpoints.fresh(config, {"classes": classes, "input_shape": shape})


def phases(config: RunConfig) -> list[Config]:
    """Return the recipes of a run's parts, one after the other."""
    later = config.unfreeze
    if later is None:
        return [config.training]
    trained = ("head", *later.parts) if later.parts else ()
    more = replace(config.training, trained=trained, epochs=later.epochs, body_rate=later.body_rate)
    return [config.training, more]


def earlier(config: RunConfig, runs_dir: Path) -> tuple[RunFolder, RunConfig]:
    """Return the run whose weights this one starts from, and what that one was started with.

    Raises:
        FileNotFoundError: there is no such run.
        ValueError: it trained another network, or its configuration is damaged.
    """
    run = RunFolder(runs_dir / Path(config.start or "").name)
    if not run.config.is_file():
        raise keyed(
            FileNotFoundError(f"there is no run {config.start!r} to start from in {runs_dir}"),
            "told.run.gone",
            name=str(config.start),
        )
    found = parse(read_json(run.config))
    if found.model != config.model:
        raise keyed(
            ValueError(f"{config.start!r} trained {found.model}: a run of {config.model} cannot start from it"),
            "told.start.other",
            name=str(config.start),
            model=found.model,
            wanted=config.model,
        )
    return run, found


def _started(config: RunConfig, runs_dir: Path, card: Card) -> nn.Module:
    """Return the network with the weights that the run starts from; a head for other classes is made anew."""
    classes = len(card.classes)
    if config.start is None:
        return models.build(config.model, classes=classes)
    if config.start == "shipped":
        model = models.load(config.model, data_dir=config.weights_dir)
        known = models.card(config.model).classes
    elif config.start.endswith(".safetensors"):
        model, known = models.load(config.model, weights=config.start), card.classes
    else:
        run, its = earlier(config, runs_dir)
        model, found = checkpoints.load(run, its)
        known = found.classes
    if known != card.classes or head(model).out_features != classes:
        replace_head(model, classes)
    return model


def check_fit(model: nn.Module, pictures: Tensor, card: Card) -> None:
    """Raise ValueError unless a network takes an input of this shape; it is left in evaluation mode."""
    try:
        with torch.no_grad():
            model.eval()(pictures)
    except RuntimeError as error:
        size = "×".join(map(str, card.input_shape[1:]))
        raise keyed(
            ValueError(f"{card.name} cannot take pictures of {size}: {str(error).splitlines()[0]}"),
            "told.size",
            model=card.name,
            size=size,
        ) from error
