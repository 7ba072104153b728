"""A run's configuration made real: the network, the pictures of each part, and what a person should know of them."""

from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import nn

from core import models
from core.data import drawn, folder, mnist, negatives, sets
from core.data.mnist import Pictures
from core.data.splits import hold_back, keep_classes, thin
from core.evaluate import load_strokes
from core.models import Card
from core.models.transfer import head, replace_head
from core.told import keyed
from core.training import checkpoints
from core.training.config import Config
from core.training.folder import RunFolder, read_json
from core.training.loop import Prepare
from core.training.settings import Data, RunConfig, parse

__all__ = ["Experiment", "Parts", "build", "card_of", "parts_of", "phases", "training_pictures"]

DRAWN_TEST = 500
"""Digits that a model of drawn digits is tested with."""


@dataclass(frozen=True)
class Parts:
    """The pictures of a run.

    Attributes:
        training: what it learns from; the label −1 means "no digit".
        validation: held back from it.
        tests: "test", and "forgetting", MNIST's test digits where the run learns something else.
        classes: the words for the labels.
        notes: what a person should know of them.
    """

    training: Pictures
    validation: Pictures | None
    tests: dict[str, Pictures]
    classes: tuple[str, ...]
    notes: tuple[str, ...]


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
    parts = parts_of(config, models.card(config.model), download=download)
    labels = parts.training.labels
    digits = labels[labels != negatives.NO_DIGIT]
    if not len(digits):
        raise keyed(
            ValueError(f"there is no labelled picture to train on in {config.data.source}"), "told.pictures.empty"
        )
    if len(set(digits.tolist())) < 2:
        only = parts.classes[int(digits[0])]
        raise keyed(
            ValueError(f"all {len(digits)} pictures to train on are of the class {only!r}: expected two or more"),
            "told.pictures.one",
            count=len(digits),
            only=str(only),
        )
    card = card_of(config, parts.classes)
    torch.manual_seed(config.training.seed)
    model = _started(config, runs_dir, card).to(device).requires_grad_(True)
    _check_fit(model, card, device)
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


def training_pictures(digits: Pictures, config: Config) -> Pictures:
    """Return labelled digits together with the drawn ones and the pictures that are no digits of a configuration."""
    parts = [digits]
    if config.drawn:
        parts.append(drawn.digits(config.drawn, seed=config.seed))
    if config.negatives:
        others = negatives.negatives(config.negatives, list(negatives.KINDS), seed=config.seed)
        parts.append(Pictures(others, torch.full((len(others),), negatives.NO_DIGIT)))
    return Pictures(torch.cat([part.pictures for part in parts]), torch.cat([part.labels for part in parts]))


def parts_of(config: RunConfig, card: Card, *, download: bool = True) -> Parts:
    """Return the pictures of a run.

    Raises:
        ValueError: the data are not what the configuration says.
        FileNotFoundError: they are missing; the message names the options.
    """
    data, seed = config.data, config.training.seed
    whole, tests, classes, notes = _read(data, card, seed, download)
    if data.classes:
        whole = keep_classes(whole, data.classes)
        tests = {name: keep_classes(test, data.classes) for name, test in tests.items() if name == "test"}
        classes = tuple(classes[label] for label in data.classes)
    _check_labels(whole, classes)
    if not len(whole):
        raise ValueError(f"there is no labelled picture in {data.source}")
    training, held = hold_back(thin(whole, data.share, seed=seed), data.validation, seed=seed)
    if data.replay:
        again, told = _replayed(data, seed)
        training = Pictures(torch.cat([training.pictures, again.pictures]), torch.cat([training.labels, again.labels]))
        notes += told
    digits = tuple("0123456789")
    if config.training.drawn or config.training.negatives:
        if classes != digits:
            raise ValueError("training.drawn and training.negatives are for models of the ten digits")
        training = training_pictures(training, config.training)
    return Parts(training, held if len(held) else None, tests, classes, notes)


def _read(
    data: Data, card: Card, seed: int, download: bool
) -> tuple[Pictures, dict[str, Pictures], tuple[str, ...], tuple[str, ...]]:
    """Return all labelled pictures, the test sets, the words for the labels, and notes."""
    digits = tuple("0123456789")
    match data.source:
        case "drawn":
            return drawn.digits(data.count, seed=seed), {"test": drawn.digits(DRAWN_TEST, seed=seed + 1)}, digits, ()
        case "strokes":
            tests, notes = _forgetting(data.mnist)
            return load_strokes(data.path or ""), tests, digits, notes
        case "folder":
            channels, height, _ = card.input_shape
            found = folder.read(data.path or "", side=data.side or height, channels=channels)
            return found.pictures, {}, found.classes, (found.summary(),)
        case source:
            whole, test = (sets.load(source, part, data.path, download=download) for part in ("train", "test"))
            return whole, {"test": test}, sets.CLASSES[source], ()


def _forgetting(data_dir: str | None) -> tuple[dict[str, Pictures], tuple[str, ...]]:
    try:
        return {"forgetting": mnist.load("test", data_dir, download=False)}, ()
    except (FileNotFoundError, ValueError) as error:
        return {}, (f"forgetting is not measured: {error}",)


def _replayed(data: Data, seed: int) -> tuple[Pictures, tuple[str, ...]]:
    if data.source == "folder" or data.classes:
        raise keyed(
            ValueError("data.replay mixes the ten digits in: it does not go with a folder or with chosen classes"),
            "told.replay",
        )
    try:
        whole = mnist.load("train", data.mnist, download=False)
    except (FileNotFoundError, ValueError):
        return drawn.digits(data.replay, seed=seed), ("MNIST is not here: digits drawn by the program are replayed",)
    order = torch.randperm(len(whole), generator=torch.Generator().manual_seed(seed))[: data.replay]
    return whole[order], ()


def _check_labels(pictures: Pictures, classes: tuple[str, ...]) -> None:
    if len(pictures) and not 0 <= int(pictures.labels.min()) <= int(pictures.labels.max()) < len(classes):
        found = sorted(set(pictures.labels.tolist()))
        raise ValueError(f"the labels are {found}, expected 0 to {len(classes) - 1}")


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
        run = RunFolder(runs_dir / Path(config.start).name)
        if not run.config.is_file():
            raise keyed(
                FileNotFoundError(f"there is no run {config.start!r} to start from in {runs_dir}"),
                "told.run.gone",
                name=str(config.start),
            )
        earlier = parse(read_json(run.config))
        if earlier.model != config.model:
            raise keyed(
                ValueError(f"{config.start!r} trained {earlier.model}: a run of {config.model} cannot start from it"),
                "told.start.other",
                name=str(config.start),
                model=earlier.model,
                wanted=config.model,
            )
        model, found = checkpoints.load(run, earlier)
        known = found.classes
    if known != card.classes or head(model).out_features != classes:
        replace_head(model, classes)
    return model


def _check_fit(model: nn.Module, card: Card, device: torch.device) -> None:
    try:
        with torch.no_grad():
            model.eval()(card.prepare(torch.zeros(2, 1, *card.input_shape[1:], device=device)))
    except RuntimeError as error:
        size = "×".join(map(str, card.input_shape[1:]))
        raise keyed(
            ValueError(f"{card.name} cannot take pictures of {size}: {str(error).splitlines()[0]}"),
            "told.size",
            model=card.name,
            size=str(size),
        ) from error
