"""The parts of a run, one after the other: what each trains, on which pictures, for how many steps."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from core.data.mnist import Pictures
from core.models.transfer import head
from core.training import experiment
from core.training.checkpoints import Saved
from core.training.config import Config
from core.training.experiment import Experiment
from core.training.features import caches, features
from core.training.loop import Training
from core.training.parts import moving, select, set_dropout
from core.training.settings import RunConfig
from core.training.team import ALONE, Team

__all__ = ["Course", "moments", "next_batch"]


def moments(steps: int, count: int) -> list[int]:
    """Return the steps of a time line of at most `count` moments, the first and last included, dense at the start."""
    return sorted({round(steps * (k / (count - 1)) ** 2) for k in range(count)})


class Course:
    """A run's parts over its network, which is made ready for the first of them.

    Attributes:
        plan: the recipe of each part.
        steps: optimiser steps of each part.
        moments: the steps after which the weights are kept.
        moving: names of the parameters and buffers that any part changes.
    """

    def __init__(self, config: RunConfig, made: Experiment, team: Team = ALONE):
        self.made, self.team = made, team
        self.plan = experiment.phases(config)
        pictures = len(made.parts.training)
        self.steps = [recipe.epochs * -(-pictures // recipe.batch_size) for recipe in self.plan]
        self.moments = set(moments(sum(self.steps), config.checkpoints))
        self.moving: list[str] = []
        for recipe in self.plan:
            select(made.model, recipe.trained)
            self.moving = list(dict.fromkeys([*self.moving, *moving(made.model)]))
        select(made.model, self.plan[0].trained)
        if config.training.dropout is not None:
            set_dropout(made.model, config.training.dropout)

    def steps_before(self, phase: int) -> int:
        """Return the optimiser steps of the parts before one."""
        return sum(self.steps[:phase])

    def epochs_before(self, phase: int) -> int:
        """Return the epochs of the parts before one."""
        return sum(recipe.epochs for recipe in self.plan[:phase])

    def training(self, phase: int, *, only: Tensor | None = None) -> Training:
        """Return the loop of a part: on a frozen body's features if they stay the same, else on pictures.

        Args:
            phase: its number, from 0.
            only: indices of the pictures whose features are needed; the others' are 0. All by default.
        """
        recipe, made = self.plan[phase], self.made
        select(made.model, recipe.trained)
        pictures = made.parts.training
        if not caches(recipe):
            return Training(made.model, pictures, recipe, prepare=made.prepare, team=self.team)
        cached = features(made.model, pictures if only is None else pictures[only], made.prepare)
        if only is not None:
            whole = cached.pictures.new_zeros(len(pictures), *cached.pictures.shape[1:])
            whole[only.to(whole.device)] = cached.pictures
            cached = Pictures(whole, pictures.labels)
        return Training(head(made.model), cached, recipe, prepare=lambda x: x, team=self.team)

    def load(self, saved: Saved) -> int:
        """Give the network the weights of earlier parts that a state kept; return the number of the state's part."""
        kept = {name.removeprefix("kept."): value for name, value in saved.tensors.items() if name[:5] == "kept."}
        self.made.model.load_state_dict(self.made.model.state_dict() | kept)
        return int(saved.counters["phase"])

    def state(self, phase: int, training: Training) -> Saved:
        """Return all that resuming from here needs."""
        counters: Mapping[str, Any]
        counters, tensors = training.state()
        if len(self.plan) > 1:
            weights, own = self.made.model.state_dict(), {value.data_ptr() for value in tensors.values()}
            kept = [name for name in self.moving if weights[name].data_ptr() not in own]
            tensors |= {f"kept.{name}": weights[name] for name in kept}
        return Saved({**counters, "phase": phase}, tensors)


def next_batch(recipe: Config, pictures: int, saved: Saved, device: torch.device) -> Tensor:
    """Return the indices of the pictures that the step after a state of this device learns from, on the processor."""
    batches = -(-pictures // recipe.batch_size)
    batch = int(saved.counters["step"]) % batches
    order = saved.tensors["order"]
    if batch == 0:
        drawn = torch.Generator(device)
        drawn.set_state(saved.tensors["generator"])
        order = torch.randperm(pictures, generator=drawn, device=device)
    return order[batch * recipe.batch_size : (batch + 1) * recipe.batch_size].cpu()
