"""The processes that train one model together: alone, or started by `torchrun` on one machine or several."""

import os
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

__all__ = ["ALONE", "Team", "join", "leads", "leave"]


@dataclass(frozen=True)
class Team:
    """Who takes part: `size` processes, of which this one is number `rank`; the first one writes and decides."""

    rank: int = 0
    size: int = 1

    @property
    def leads(self) -> bool:
        """Whether this process writes the run's folder."""
        return self.rank == 0

    def share(self, batch: Tensor) -> Tensor:
        """Return this process's part of a batch: every `size`-th element."""
        return batch[self.rank :: self.size]

    def sum(self, values: Tensor) -> Tensor:
        """Return the sum over all processes."""
        if self.size > 1:
            dist.all_reduce(values)
        return values

    def told(self, values: Tensor) -> Tensor:
        """Return the first process's values."""
        if self.size > 1:
            dist.broadcast(values, 0)
        return values

    def wrap(self, model: nn.Module) -> nn.Module:
        """Return the model such that its gradients are the mean over all processes."""
        return DistributedDataParallel(model) if self.size > 1 else model


ALONE = Team()


def leads() -> bool:
    """Return whether this process is the first of those that were started together, before they have joined."""
    return os.environ.get("RANK", "0") == "0"


def join(device: torch.device) -> tuple[Team, torch.device]:
    """Return the team that `torchrun` started this process in, and this one's device.

    Processors talk through gloo, cards through nccl where PyTorch has it (Linux) and through gloo elsewhere.

    Raises:
        ValueError: `torchrun`'s variables are incomplete, or this machine has fewer cards than processes.
        RuntimeError: the others cannot be reached.
    """
    if "WORLD_SIZE" not in os.environ:
        return ALONE, device
    absent = [name for name in ("RANK", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT") if name not in os.environ]
    if absent:
        raise ValueError(f"WORLD_SIZE is set, but {', '.join(absent)} is not: start the processes with torchrun")
    if device.type == "cuda":
        device = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
        if device.index >= torch.cuda.device_count():
            raise ValueError(
                f"process {device.index} of this machine has no card: it has {torch.cuda.device_count()} CUDA devices, "
                "and each process needs its own"
            )
        torch.cuda.set_device(device)
    dist.init_process_group("nccl" if device.type == "cuda" and dist.is_nccl_available() else "gloo")
    return Team(dist.get_rank(), dist.get_world_size()), device


def leave() -> None:
    """Leave the team, when all have done their part; a team of one has a group too."""
    if dist.is_initialized():
        dist.destroy_process_group()
