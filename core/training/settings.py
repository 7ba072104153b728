"""What a run is made of: model, data, recipe. `parse` reads it from JSON and says what is wrong with it."""

import math
import sys
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, field, fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from core.told import keyed
from core.training.config import Config

__all__ = ["SOURCES", "Data", "RunConfig", "Unfreeze", "parse"]

Source = Literal["mnist", "fashion_mnist", "kmnist", "emnist_letters", "drawn", "strokes", "folder"]
SOURCES: tuple[str, ...] = get_args(Source)

T = TypeVar("T")


@dataclass(frozen=True)
class Data:
    """The pictures of a run.

    Attributes:
        source: "mnist", "fashion_mnist", "kmnist", "emnist_letters"; "drawn", digits that the program draws itself;
            "strokes", labelled drawings in a JSON file; "folder", pictures in one subfolder for each class.
        path: the folder of the data set (torchvision's layout; the user's cache by default), the JSON file, or the
            folder of pictures.
        share: of the training pictures that are used, above 0 and at most 1.
        count: pictures of "drawn".
        classes: labels to keep, in order, all by default: `(5, 6, 7, 8, 9)`.
        validation: share of them that is held back, the same of every class, from 0 to below 1.
        replay: how many MNIST digits (digits drawn by the program where MNIST is missing) join the training part, so
            that a model which learns something else does not forget them.
        mnist: folder with MNIST for `replay` and for measuring what "strokes" make a model forget; the user's cache by
            default.
        side: pictures are resized to `side` × `side`; null for what the model's card says.
    """

    source: Source = "mnist"
    path: str | None = None
    share: float = 1.0
    count: int = 2000
    classes: tuple[int, ...] = ()
    validation: float = 0.1
    replay: int = 0
    mnist: str | None = None
    side: int | None = None


@dataclass(frozen=True)
class Unfreeze:
    """A second part of a run, after its epochs with a frozen body: more is trained.

    Attributes:
        parts: module paths to train besides the head, `("layer4",)`; all of them by default.
        epochs: of this part.
        body_rate: learning rate of the parts, as a multiple of the head's.
    """

    parts: tuple[str, ...] = ()
    epochs: int = 1
    body_rate: float = 0.1


@dataclass(frozen=True)
class RunConfig:
    """A run, ready to be started.

    Attributes:
        model: one of `core.models.names()`.
        start: null for random weights, "shipped" for the trained ones (ImageNet's for the transfer models), the name of
            a run in the same folder, or a safetensors file. A head of another width is made anew.
        data: the pictures.
        training: epochs, batch, optimiser, … with the names of `core.training.config.Config`.
        unfreeze: a second part with more trained, or null.
        weights_dir: folder of torchvision's ImageNet weights; torch's download cache by default.
        checkpoints: moments of the time line, the first and the last one included.
        device: "auto", "cpu", "cuda" or "cuda:INDEX".
        threads: on the CPU; null for all cores but one, which is left to the page.
    """

    model: str = "a2"
    start: str | None = None
    data: Data = field(default_factory=Data)
    training: Config = field(default_factory=Config)
    unfreeze: Unfreeze | None = None
    weights_dir: str | None = None
    checkpoints: int = 24
    device: str = "auto"
    threads: int | None = None

    def json(self) -> dict[str, Any]:
        """Return the run as a JSON object, which `parse` reads."""
        return asdict(self)


LIMITS: Mapping[str, tuple[float, float]] = {
    "data.share": (1e-6, 1),
    "data.count": (1, 200_000),
    "data.validation": (0, 0.95),
    "data.replay": (0, 60_000),
    "data.side": (8, 512),
    "training.epochs": (1, 10_000),
    "training.batch_size": (1, 65_536),
    "training.learning_rate": (0, 1e9),
    "training.momentum": (0, 1),
    "training.weight_decay": (0, 1e3),
    "training.label_smoothing": (0, 1),
    "training.no_digit_weight": (0, 1e3),
    "training.dropout": (0, 0.99),
    "training.ema": (0, 0.99999),
    "training.body_rate": (0, 1e3),
    "training.drawn": (0, 200_000),
    "training.negatives": (0, 200_000),
    "training.augmentation.coarseness": (2, 28),
    "training.seed": (0, 2**31 - 1),
    "unfreeze.epochs": (1, 10_000),
    "unfreeze.body_rate": (0, 1e3),
    "checkpoints": (2, 500),
    "threads": (1, 1024),
}
"""The least and the greatest value of each number."""


def parse(found: Mapping[str, Any]) -> RunConfig:
    """Return the run that a JSON object describes; what it leaves out has its default.

    Raises:
        ValueError: an unknown name, another type, a number out of its limits, or an unknown word.
    """
    config = _object(RunConfig, found, "")
    if not 0 <= config.training.momentum < 1:
        raise keyed(
            ValueError(f"training.momentum is {config.training.momentum}, expected from 0 to below 1"),
            "told.setting.range",
            setting="training.momentum",
            value=str(config.training.momentum),
            low="0",
            high="0.99…",
        )
    if config.data.source in ("strokes", "folder") and not config.data.path:
        raise keyed(
            ValueError(f"data.path is missing: data.source {config.data.source!r} needs the file or folder to read"),
            "told.setting.path",
        )
    return config


def _object(kind: type[T], found: object, place: str) -> T:
    if not isinstance(found, Mapping):
        raise ValueError(f"{place or 'the configuration'} is {_told(found)}, expected an object")
    hints = get_type_hints(kind)
    known = {item.name: item for item in fields(kind)}  # type: ignore[arg-type]
    for name in found:
        if name not in known:
            where = f" in {place}" if place else ""
            raise ValueError(f"there is no setting {name!r}{where}; the settings are {', '.join(known)}")
    values = {name: _value(hints[name], found[name], f"{place}.{name}".lstrip(".")) for name in found}
    missing = [name for name, item in known.items() if name not in values and _required(item)]
    if missing:
        raise ValueError(f"{place}.{missing[0]} is missing")
    return kind(**values)


def _required(item: Any) -> bool:
    return item.default is MISSING and item.default_factory is MISSING


def _value(hint: Any, found: object, place: str) -> Any:
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        if found is None:
            return None
        return _value(next(part for part in get_args(hint) if part is not NoneType), found, place)
    if is_dataclass(hint):
        return _object(hint, found, place)  # type: ignore[arg-type]
    if origin is Literal:
        if found not in get_args(hint):
            raise keyed(
                ValueError(f"{place} is {_told(found)}, expected one of {', '.join(get_args(hint))}"),
                "told.setting.choice",
                setting=place,
                value=_told(found),
                choices=", ".join(map(str, get_args(hint))),
            )
        return found
    if origin is tuple:
        if not isinstance(found, list | tuple):
            raise ValueError(f"{place} is {_told(found)}, expected a list")
        return tuple(_value(get_args(hint)[0], item, place) for item in found)
    if hint in (int, float):
        return _number(hint, found, place)
    if not isinstance(found, hint):
        raise ValueError(f"{place} is {_told(found)}, expected {'true or false' if hint is bool else 'a text'}")
    return found


def _number(hint: type, found: object, place: str) -> int | float:
    whole = hint is int
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise keyed(
            ValueError(f"{place} is {_told(found)}, expected a {'whole ' if whole else ''}number"),
            "told.setting.number",
            setting=place,
            value=_told(found),
        )
    low, high = LIMITS.get(place, (0, 100) if ".augmentation." in place else (-math.inf, math.inf))
    if not (low <= found <= high and abs(found) <= sys.float_info.max):
        raise keyed(
            ValueError(f"{place} is {_told(found)}, expected {low:g} to {high:g}"),
            "told.setting.range",
            setting=place,
            value=_told(found),
            low=f"{low:g}",
            high=f"{high:g}",
        )
    if whole and found != int(found):
        raise keyed(
            ValueError(f"{place} is {found}, expected a whole number"),
            "told.setting.whole",
            setting=place,
            value=str(found),
        )
    return int(found) if whole else float(found)


def _told(found: object) -> str:
    return f"{found!r:.60}"
