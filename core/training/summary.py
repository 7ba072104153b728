"""What a run would be, before it is started: its parameters, pictures, memory, and about how long it would take.

All of it is estimated, so that a run of any size is summed up in a second: labels are counted and no picture is read,
memory follows from shapes, and a few steps with a few pictures of noise are timed.
"""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn

from core import models
from core.data import drawn
from core.data.mnist import Pictures
from core.device import choose_device
from core.models import Card, transfer
from core.models.transfer import head
from core.training import budget, experiment
from core.training.budget import Memory
from core.training.config import Config
from core.training.features import caches, features
from core.training.loop import BatchDone, Prepare, Training
from core.training.parts import frozen_modules, select
from core.training.pictures import COUNTED, DRAWN_TEST, Parts, parts_of, shape_of
from core.training.settings import RunConfig

__all__ = ["Summary", "needs", "summarise"]

SAMPLES = (2, 8, 32)
"""Pictures of the steps that are timed: more, until that has taken long enough."""

ENOUGH = 0.1
"""Seconds."""

TIMED = 2
"""Steps of each sample that are timed, after one that is not."""

TIMED_SIDE = 32
"""Larger pictures are timed at this side: the time of convolutions grows with the area."""

DRAWN = 8
"""Digits that are drawn to see how long one takes."""


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
        memory: it would take about.
        notes: what a person should know of the pictures.
    """

    parameters: int
    trained: int
    frozen: list[str]
    pictures: Mapping[str, int]
    classes: tuple[str, ...]
    steps: int
    seconds: float
    memory: Memory
    notes: tuple[str, ...]


def summarise(config: RunConfig, runs_dir: Path) -> Summary:
    """Return what a run would be. Nothing is downloaded, and nothing of the run's own size is made.

    Raises:
        ValueError: the configuration asks for what is not possible.
        FileNotFoundError: pictures, or the run to start from, are missing; the message names the options.
    """
    if config.start not in (None, "shipped") and not str(config.start).endswith(".safetensors"):
        experiment.earlier(config, runs_dir)
    parts, plan = parts_of(config, models.card(config.model), COUNTED), experiment.phases(config)
    card = experiment.card_of(config, parts.classes)
    model = _shapes(config, card)
    count = len(parts.training)
    memory = _memory(config, model, card, parts)
    select(model, plan[0].trained)
    return Summary(
        parameters=_size(model),
        trained=_size(model, trained=True),
        frozen=frozen_modules(model),
        pictures=_counts(parts),
        classes=parts.classes,
        steps=sum(recipe.epochs * -(-count // recipe.batch_size) for recipe in plan),
        seconds=_seconds_to_draw(config) + _seconds_to_train(config, card, plan, count),
        memory=memory,
        notes=(*parts.notes, *_to_fetch(config)),
    )


def needs(config: RunConfig) -> Memory:
    """Return what a run would take of the memory.

    Raises:
        ValueError, FileNotFoundError: as `summarise` does.
    """
    parts = parts_of(config, models.card(config.model), COUNTED)
    card = experiment.card_of(config, parts.classes)
    return _memory(config, _shapes(config, card), card, parts)


def _memory(config: RunConfig, model: nn.Module, card: Card, parts: Parts) -> Memory:
    shape = torch.Size(shape_of(config, models.card(config.model)))
    return budget.memory(
        model,
        card.input_shape,
        experiment.phases(config),
        pictures=sum(_counts(parts).values()),
        bytes_each=shape.numel(),
        device=choose_device(config.device),
    )


def _shapes(config: RunConfig, card: Card) -> nn.Module:
    """Return the network without its weights, which takes the pictures.

    Raises:
        ValueError: it cannot take pictures of that size.
    """
    with torch.device("meta"):
        model = models.build(config.model, classes=len(card.classes))
        experiment.check_fit(model, torch.empty(2, *card.input_shape), card)
    return model


def _to_fetch(config: RunConfig) -> Iterator[str]:
    """Say which weights the run fetches first."""
    if config.start == "shipped" and config.model in transfer.IMAGENET:
        file = transfer.weights_file(config.model, config.weights_dir)
        if not file.exists():
            yield f"The ImageNet weights of {config.model} are not at {file}: the run fetches them first."


def _counts(parts: Parts) -> dict[str, int]:
    held = 0 if parts.validation is None else len(parts.validation)
    tests = {name: len(test) for name, test in parts.tests.items()}
    return {"training": len(parts.training), "validation": held, **tests}


def _seconds_to_draw(config: RunConfig) -> float:
    """Return about how long it takes to draw the digits of a run."""
    count = config.training.drawn + config.training.negatives
    if config.data.source == "drawn":
        count += config.data.count + DRAWN_TEST
    if not count:
        return 0.0
    start = time.perf_counter()
    drawn.digits(DRAWN, seed=0)
    return (time.perf_counter() - start) / DRAWN * count


def _seconds_to_train(config: RunConfig, card: Card, plan: list[Config], count: int) -> float:
    """Return about how long the steps of a run take, from a few of them on pictures of noise, of random weights."""
    side = card.input_shape[-1]
    timed = min(side, TIMED_SIDE)
    small = replace(card, input_shape=(card.input_shape[0], timed, timed))
    device, state = choose_device(config.device), torch.get_rng_state()
    try:
        model = models.build(config.model, classes=len(card.classes)).to(device)
        channels, _, _ = shape_of(config, card)
        noise = torch.randint(256, (SAMPLES[-1], channels, timed, timed), dtype=torch.uint8)
        sample = Pictures(noise, torch.arange(len(noise)) % len(card.classes))
        once, each = 0.0, 0.0
        for recipe in plan:
            select(model, recipe.trained)
            first, more = _seconds_a_picture(model, sample, recipe, small.prepare)
            once, each = once + first, each + more * recipe.epochs
        return (once + each) * count * (side / timed) ** 2
    finally:
        torch.set_rng_state(state)


def _seconds_a_picture(model: nn.Module, sample: Pictures, recipe: Config, prepare: Prepare) -> tuple[float, float]:
    """Return how long a picture takes once, for its features, and in each epoch."""
    if not caches(recipe):
        return 0.0, _least(model, sample, recipe, prepare)
    few = sample[: SAMPLES[1]]
    features(model, few, prepare)  # the first call for a shape prepares more than it computes
    start = time.perf_counter()
    features(model, few, prepare)
    once = (time.perf_counter() - start) / len(few)
    values = Pictures(torch.rand(len(sample), head(model).in_features, device=_device(model)), sample.labels)
    return once, _least(head(model), values, recipe, _unchanged)


def _least(model: nn.Module, sample: Pictures, recipe: Config, prepare: Prepare) -> float:
    """Return the seconds a picture of a step with as many pictures as are quickly timed."""
    began = time.perf_counter()
    for count in SAMPLES:
        few = sample[: min(count, recipe.batch_size)]
        seconds = _step_seconds(model, few, recipe, prepare)
        if time.perf_counter() - began > ENOUGH or count >= recipe.batch_size:
            break
    return seconds / len(few)


def _step_seconds(model: nn.Module, few: Pictures, recipe: Config, prepare: Prepare) -> float:
    """Return the least seconds of some steps: whatever else the machine does makes one longer, never shorter."""
    plain = replace(recipe, compile=False, drawn=0, negatives=0, ema=0.0, optimiser="sgd", momentum=0.0)
    training = Training(model, few, replace(plain, epochs=1 + TIMED, batch_size=len(few)), prepare=prepare)
    steps = (event for event in training.events() if isinstance(event, BatchDone))
    next(steps)  # the first call for a shape prepares more than it computes
    found = []
    for _ in range(TIMED):
        start = time.perf_counter()
        next(steps)
        found.append(time.perf_counter() - start)
    return min(found)


def _unchanged(values: Tensor) -> Tensor:
    return values


def _device(model: nn.Module) -> torch.device:
    return next(model.parameters()).device


def _size(model: nn.Module, *, trained: bool = False) -> int:
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad or not trained)
