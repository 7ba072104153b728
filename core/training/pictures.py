"""The pictures of a run: read or only counted, chosen and divided, and what a person should know of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import torch
from torch import Tensor

from core.data import drawn, folder, negatives, sets
from core.data.mnist import Pictures
from core.data.splits import hold_back, keep_classes, thin
from core.data.strokes import SIDE
from core.evaluate import load_strokes, stroke_labels
from core.models import Card
from core.told import keyed
from core.training.config import Config
from core.training.settings import Data, RunConfig

__all__ = ["COUNTED", "WHOLE", "Parts", "Reader", "parts_of", "shape_of", "training_pictures"]

DRAWN_TEST = 500
"""Digits that a model of drawn digits is tested with."""

DIGITS = sets.CLASSES["mnist"]


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


class _DataSet(Protocol):
    def __call__(
        self, name: str, part: Literal["train", "test"], data_dir: str | None, *, download: bool
    ) -> Pictures: ...


@dataclass(frozen=True)
class Reader:
    """Where pictures come from: what is chosen of them and how they are divided is then the same, read or only counted.

    Attributes:
        data_set: a part of a data set, by its name and folder.
        drawn: so many digits of a seed that the program draws.
        negatives: so many pictures of a seed that are no digits.
        strokes: a file of labelled drawings.
        folder: a folder of pictures, of a side and with channels.
        download: whether data sets that are not on this machine are fetched.
    """

    data_set: _DataSet
    drawn: Callable[[int, int], Pictures]
    negatives: Callable[[int, int], Pictures]
    strokes: Callable[[str], Pictures]
    folder: Callable[[str, int, int], folder.Folder]
    download: bool = False


def _no_digits(pictures: Tensor) -> Pictures:
    return Pictures(pictures, torch.full((len(pictures),), negatives.NO_DIGIT))


def _blank(labels: Tensor) -> Pictures:
    """Return pictures of these labels without a pixel."""
    return Pictures(torch.empty(len(labels), 1, 0, 0, dtype=torch.uint8), labels)


WHOLE = Reader(
    data_set=sets.load,
    drawn=lambda count, seed: drawn.digits(count, seed=seed),
    negatives=lambda count, seed: _no_digits(negatives.negatives(count, list(negatives.KINDS), seed=seed)),
    strokes=load_strokes,
    folder=lambda path, side, channels: folder.read(path, side=side, channels=channels),
)
"""Every picture is read or drawn; nothing is downloaded."""

COUNTED = Reader(
    data_set=lambda name, part, data_dir, *, download: _blank(sets.labels(name, part, data_dir)),
    drawn=lambda count, seed: _blank(torch.arange(count) % len(DIGITS)),
    negatives=lambda count, seed: _no_digits(torch.empty(count, 1, 0, 0, dtype=torch.uint8)),
    strokes=lambda file: _blank(torch.tensor(stroke_labels(file))),
    folder=lambda path, side, channels: folder.counted(path),
)
"""Only labels are read, and no pixel: what is chosen and divided is known at once, of any number of pictures."""


def training_pictures(digits: Pictures, config: Config, reader: Reader = WHOLE) -> Pictures:
    """Return labelled digits together with the drawn ones and the pictures that are no digits of a configuration."""
    parts = [digits]
    if config.drawn:
        parts.append(reader.drawn(config.drawn, config.seed))
    if config.negatives:
        parts.append(reader.negatives(config.negatives, config.seed))
    return _joined(parts)


def shape_of(config: RunConfig, card: Card) -> tuple[int, int, int]:
    """Return channels, height and width of a run's pictures before they become a network's input."""
    channels, height, _ = card.input_shape
    side = config.data.side or height
    return (channels, side, side) if config.data.source == "folder" else (1, SIDE, SIDE)


def parts_of(config: RunConfig, card: Card, reader: Reader = WHOLE) -> Parts:
    """Return the pictures of a run.

    Raises:
        ValueError: the data are not what the configuration says.
        FileNotFoundError: they are missing; the message names the options.
    """
    data, seed = config.data, config.training.seed
    found, tests, classes, notes = _read(config, card, reader)
    if data.classes:
        found = keep_classes(found, data.classes)
        tests = {name: keep_classes(test, data.classes) for name, test in tests.items() if name == "test"}
        classes = tuple(classes[label] for label in data.classes)
    _check_labels(found, classes)
    if not len(found):
        raise ValueError(f"there is no labelled picture in {data.source}")
    training, held = hold_back(thin(found, data.share, seed=seed), data.validation, seed=seed)
    if data.replay:
        again, told = _replayed(data, seed, reader)
        training, notes = _joined([training, again]), notes + told
    if config.training.drawn or config.training.negatives:
        if classes != DIGITS:
            raise ValueError("training.drawn and training.negatives are for models of the ten digits")
        training = training_pictures(training, config.training, reader)
    _check_classes(training.labels, classes, data.source)
    return Parts(training, held if len(held) else None, tests, classes, notes)


def _read(
    config: RunConfig, card: Card, reader: Reader
) -> tuple[Pictures, dict[str, Pictures], tuple[str, ...], tuple[str, ...]]:
    """Return all labelled pictures, the test sets, the words for the labels, and notes."""
    data, seed = config.data, config.training.seed
    match data.source:
        case "drawn":
            return reader.drawn(data.count, seed), {"test": reader.drawn(DRAWN_TEST, seed + 1)}, DIGITS, ()
        case "strokes":
            tests, notes = _forgetting(data.mnist, reader)
            return reader.strokes(data.path or ""), tests, DIGITS, notes
        case "folder":
            channels, side, _ = shape_of(config, card)
            found = reader.folder(data.path or "", side, channels)
            return found.pictures, {}, found.classes, (found.summary(),)
        case source:
            kinds: tuple[Literal["train", "test"], ...] = ("train", "test")
            all_of_them, test = (reader.data_set(source, kind, data.path, download=reader.download) for kind in kinds)
            return all_of_them, {"test": test}, sets.CLASSES[source], ()


def _forgetting(data_dir: str | None, reader: Reader) -> tuple[dict[str, Pictures], tuple[str, ...]]:
    try:
        return {"forgetting": reader.data_set("mnist", "test", data_dir, download=False)}, ()
    except (FileNotFoundError, ValueError) as error:
        return {}, (f"forgetting is not measured: {error}",)


def _replayed(data: Data, seed: int, reader: Reader) -> tuple[Pictures, tuple[str, ...]]:
    if data.source == "folder" or data.classes:
        raise keyed(
            ValueError("data.replay mixes the ten digits in: it does not go with a folder or with chosen classes"),
            "told.replay",
        )
    try:
        found = reader.data_set("mnist", "train", data.mnist, download=False)
    except (FileNotFoundError, ValueError):
        return reader.drawn(data.replay, seed), ("MNIST is not here: digits drawn by the program are replayed",)
    order = torch.randperm(len(found), generator=torch.Generator().manual_seed(seed))[: data.replay]
    return found[order], ()


def _joined(parts: Sequence[Pictures]) -> Pictures:
    return Pictures(torch.cat([part.pictures for part in parts]), torch.cat([part.labels for part in parts]))


def _check_labels(pictures: Pictures, classes: tuple[str, ...]) -> None:
    if len(pictures) and not 0 <= int(pictures.labels.min()) <= int(pictures.labels.max()) < len(classes):
        found = sorted(set(pictures.labels.tolist()))
        raise ValueError(f"the labels are {found}, expected 0 to {len(classes) - 1}")


def _check_classes(labels: Tensor, classes: tuple[str, ...], source: str) -> None:
    """Raise ValueError unless pictures of two classes are there to learn from."""
    digits = labels[labels != negatives.NO_DIGIT]
    if not len(digits):
        raise keyed(ValueError(f"there is no labelled picture to train on in {source}"), "told.pictures.empty")
    if len(set(digits.tolist())) < 2:
        only = classes[int(digits[0])]
        raise keyed(
            ValueError(f"all {len(digits)} pictures to train on are of the class {only!r}: expected two or more"),
            "told.pictures.one",
            count=len(digits),
            only=only,
        )
