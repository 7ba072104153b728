"""What a run tells: typed events, each one line of JSON in `metrics.jsonl`.

A line is `{"event": NAME, "time": seconds since 1970, …}`, NAME being the class's name in lower case; the other fields
are those of the classes below. Infinite and undefined numbers are written as null.
"""

import json
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, get_args

from core.training.typed import fits

__all__ = [
    "Activation",
    "Batch",
    "Checkpoint",
    "Compiled",
    "Ended",
    "Epoch",
    "Event",
    "Note",
    "Paused",
    "Rate",
    "Resumed",
    "Score",
    "Started",
    "Tested",
    "is_event",
    "line",
]


@dataclass(frozen=True)
class Score:
    """How a model does on a set of pictures.

    Attributes:
        pictures: how many.
        loss: mean cross-entropy, nats.
        accuracy: share of right answers, from 0 to 1.
        confusion: `confusion[label][answer]` counts pictures.
        wrong: the most confident wrong answers, each `(index in the set, label, answer, probability of the answer)`.
    """

    pictures: int
    loss: float
    accuracy: float
    confusion: list[list[int]]
    wrong: list[tuple[int, int, int, float]]


@dataclass(frozen=True)
class Activation:
    """What one activation function does to a sample of validation pictures.

    Attributes:
        name: of its step: the module's path, or the function's name and its place in the order.
        units: its channels or features.
        dead: the indices of those that answer 0 everywhere for every picture.
        mean, std: of its output.
    """

    name: str
    units: int
    dead: list[int]
    mean: float
    std: float


@dataclass(frozen=True)
class Started:
    """A run begins: `steps` in `epochs`, on how many `pictures` (of the parts training, validation and test)."""

    steps: int
    epochs: int
    pictures: Mapping[str, int]
    classes: Sequence[str]
    parameters: int
    trained: int
    frozen: Sequence[str]
    device: str
    threads: int
    processes: int
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class Resumed:
    """A run goes on after `step`: what was told of later steps before this line is void, and will be told again."""

    step: int


@dataclass(frozen=True)
class Batch:
    """The state after `step` optimiser steps, told at most ten times a second.

    `loss` and `accuracy` are means over the pictures since the last such event, as they were distorted and before each
    step; `gradient_norms` are those of this step, one for each module that has parameters of its own.
    """

    step: int
    epoch: int
    loss: float
    accuracy: float
    learning_rate: float
    examples_per_second: float
    seconds_left: float
    gradient_norms: Mapping[str, float]


@dataclass(frozen=True)
class Epoch:
    """All training pictures were seen once more: means over the epoch, and its seconds without validation."""

    step: int
    epoch: int
    loss: float
    accuracy: float
    seconds: float


@dataclass(frozen=True)
class Checkpoint:
    """The weights after `step` are in `file`; `validation` is null where no picture is held back."""

    step: int
    epoch: int
    file: str
    validation: Score | None
    activations: Sequence[Activation]


@dataclass(frozen=True)
class Tested:
    """What the weights after `step` reach on a set: "test", or "forgetting", MNIST's test digits for other data."""

    step: int
    name: str
    score: Score


@dataclass(frozen=True)
class Compiled:
    """`torch.compile` took so many seconds, the first step included."""

    seconds: float


@dataclass(frozen=True)
class Rate:
    """Somebody set the learning rate after `step`."""

    step: int
    learning_rate: float


@dataclass(frozen=True)
class Paused:
    """The run waits after `step`."""

    step: int


@dataclass(frozen=True)
class Note:
    """Something a person should know."""

    text: str


@dataclass(frozen=True)
class Ended:
    """The run is over: `state` is "done", "stopped" or "failed"."""

    step: int
    state: str
    message: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)


Event = Started | Resumed | Batch | Epoch | Checkpoint | Tested | Compiled | Rate | Paused | Note | Ended


KINDS = {kind.__name__.lower(): kind for kind in get_args(Event)}


def is_event(found: Any) -> bool:
    """Return whether a JSON value is an event with all its fields; a number may be null."""
    kind = KINDS.get(str(found.get("event"))) if isinstance(found, dict) else None
    return kind is not None and fits(kind, found, null=True)


def line(event: Event) -> str:
    """Return an event as one line of JSON, without its end."""
    told = {"event": type(event).__name__.lower(), **_finite(asdict(event)), "time": round(time.time(), 3)}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value
