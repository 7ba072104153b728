"""What a run takes of a device's memory, known before a picture is read, and how much of it one run may take."""

import os
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from core.told import keyed
from core.training.config import Config
from core.training.features import caches
from core.training.parts import select

__all__ = ["Memory", "memory", "most"]

SHARE = 0.5
"""Of a device's memory, for one run."""

UNKNOWN = 8 * 2**30
"""Bytes that a machine is taken to have which does not tell (Windows)."""

FLOAT = 4
"""Bytes of a number."""

STATES = {"sgd": 1, "adam": 2, "adamw": 2}
"""Numbers that an optimiser remembers of each weight, at most."""


@dataclass(frozen=True)
class Memory:
    """Bytes that a run takes.

    Attributes:
        pictures: all of its parts together.
        batch: what the forward pass of a batch keeps for the backward pass, and its input.
        weights: with their gradients, what the optimiser remembers of them, and their mean.
        most: what one run may take on its device.
    """

    pictures: int
    batch: int
    weights: int
    most: int

    @property
    def total(self) -> int:
        """All of it, bytes."""
        return self.pictures + self.batch + self.weights

    def check(self) -> None:
        """Raise ValueError if that is more than one run may take."""
        if self.total > self.most:
            raise keyed(
                ValueError(
                    f"this run takes about {_told(self.total)} of memory ({_told(self.pictures)} for its pictures, "
                    f"{_told(self.batch)} for a batch, {_told(self.weights)} for its weights), but one run may take "
                    f"{_told(self.most)} here: choose fewer or smaller pictures, or a smaller batch"
                ),
                "told.run.memory",
                total=_told(self.total),
                pictures=_told(self.pictures),
                batch=_told(self.batch),
                weights=_told(self.weights),
                most=_told(self.most),
            )


def memory(
    model: nn.Module,
    shape: Sequence[int],
    plan: Sequence[Config],
    *,
    pictures: int,
    bytes_each: int,
    device: torch.device,
) -> Memory:
    """Return what a run takes of the memory.

    Args:
        model: on the device `meta`: nothing is computed. Its `requires_grad` are left as the last recipe wants them.
        shape: of the network's input without the batch.
        plan: the recipes of the run's parts.
        pictures: of all parts.
        bytes_each: of a picture as it is kept.
        device: the run's.
    """
    batch = kept = weights = 0
    for recipe in plan:
        select(model, recipe.trained)
        trained = sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
        own = sum(parameter.numel() for parameter in model.parameters())
        copies = 1 + STATES[recipe.optimiser] + (1 if recipe.ema else 0)
        weights = max(weights, FLOAT * (own + trained * copies))
        if caches(recipe):
            kept = max(kept, FLOAT * _last_width(model) * pictures)
        else:
            batch = max(batch, recipe.batch_size * saved_bytes(model, shape))
    return Memory(pictures * bytes_each + kept, batch, weights, most(device))


def saved_bytes(model: nn.Module, shape: Sequence[int]) -> int:
    """Return the bytes that training keeps of one picture until its backward pass, its input among them.

    Args:
        model: on the device `meta`, in any mode; it is left in training mode.
        shape: of its input without the batch.
    """
    found: dict[int, Tensor] = {}  # kept, so that no other storage gets the place of one that is counted
    own = {_storage(tensor) for tensor in (*model.parameters(), *model.buffers())}

    def keep(tensor: Tensor) -> Tensor:
        if _storage(tensor) not in own:
            found[_storage(tensor)] = tensor
        return tensor

    picture = torch.empty(2, *shape, device="meta")  # two: batch norm learns nothing from one
    found[_storage(picture)] = picture
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        model.train()(picture)
    return sum(tensor.untyped_storage().nbytes() for tensor in found.values()) // 2


def most(device: torch.device) -> int:
    """Return the bytes that one run may take on a device."""
    if device.type == "cuda":
        return int(SHARE * torch.cuda.get_device_properties(device).total_memory)
    if not hasattr(os, "sysconf"):
        return int(SHARE * UNKNOWN)
    return int(SHARE * os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))


def _last_width(model: nn.Module) -> int:
    return [module for module in model.modules() if isinstance(module, nn.Linear)][-1].in_features


def _storage(tensor: Tensor) -> int:
    return int(tensor.untyped_storage()._cdata)


def _told(count: int) -> str:
    return f"{count / 2**30:.1f} GB" if count >= 2**30 else f"{count / 2**20:.0f} MB"
