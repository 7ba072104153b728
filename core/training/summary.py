"""What a run would be, before it is started: its parameters, its pictures, and about how long it would take."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import nn

from core.data.mnist import Pictures
from core.device import choose_device
from core.models.transfer import head
from core.training import experiment
from core.training.config import Config
from core.training.experiment import Experiment
from core.training.features import caches, features
from core.training.loop import BatchDone, Training
from core.training.parts import frozen_modules, select
from core.training.settings import RunConfig

__all__ = ["Summary", "summarise"]

SAMPLE = 64
"""Pictures of the steps that are timed."""

TIMED = 2
"""Steps that are timed, after one that is not."""


@dataclass(frozen=True)
class Summary:
    """What a run would be.

    Attributes:
        parameters, trained: of the network, and of its parts that the first phase trains.
        frozen: paths of the modules that it leaves as they are.
        pictures: of each part: training, validation, test, forgetting.
        classes: the words for the labels.
        steps: of the whole run.
        seconds: it would take about, without validation.
        notes: what a person should know of the pictures.
    """

    parameters: int
    trained: int
    frozen: list[str]
    pictures: Mapping[str, int]
    classes: tuple[str, ...]
    steps: int
    seconds: float
    notes: tuple[str, ...]


def summarise(config: RunConfig, runs_dir: Path) -> Summary:
    """Return what a run would be; a few steps are made and timed, on a model that is thrown away.

    Nothing is downloaded.

    Raises:
        ValueError: the configuration asks for what is not possible.
        FileNotFoundError: pictures or weights are missing; the message names the options.
    """
    made = experiment.build(config, runs_dir, choose_device(config.device), download=False)
    parts, plan = made.parts, experiment.phases(config)
    count = len(parts.training)
    state = torch.get_rng_state()
    seconds = sum(_seconds(made, recipe, count) for recipe in plan)
    torch.set_rng_state(state)
    select(made.model, plan[0].trained)
    held = 0 if parts.validation is None else len(parts.validation)
    return Summary(
        parameters=_size(made.model),
        trained=_size(made.model, trained=True),
        frozen=frozen_modules(made.model),
        pictures={"training": count, "validation": held, **{name: len(test) for name, test in parts.tests.items()}},
        classes=parts.classes,
        steps=sum(recipe.epochs * -(-count // recipe.batch_size) for recipe in plan),
        seconds=seconds,
        notes=parts.notes,
    )


def _seconds(made: Experiment, recipe: Config, count: int) -> float:
    """Return about how long a phase takes: by the picture, from a few steps with few of them."""
    select(made.model, recipe.trained)
    sample = made.parts.training[: min(SAMPLE, recipe.batch_size)]
    timed = replace(recipe, epochs=1 + TIMED, batch_size=len(sample), compile=False, drawn=0, negatives=0)
    once = 0.0
    if caches(recipe):
        start = time.perf_counter()
        cached = features(made.model, sample, made.prepare)
        once = (time.perf_counter() - start) / len(sample) * count
        training = Training(head(made.model), cached, timed, prepare=lambda x: x)
    else:
        training = Training(made.model, sample, timed, prepare=made.prepare)
    return once + _seconds_a_picture(training, sample) * count * recipe.epochs


def _seconds_a_picture(training: Training, sample: Pictures) -> float:
    events = (event for event in training.events() if isinstance(event, BatchDone))
    next(events)
    start = time.perf_counter()
    for _ in range(TIMED):
        next(events)
    return (time.perf_counter() - start) / TIMED / len(sample)


def _size(model: nn.Module, *, trained: bool = False) -> int:
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad or not trained)
