"""The networks of training runs at the moments of their time lines, as models to explore: "RUN/MODEL@STEP"."""

import re
from pathlib import Path

from torch import nn

from core.models import Card
from core.training.runs import Runs

__all__ = ["is_moment", "load_moment", "moment_name", "run_of"]

NAME = re.compile(r"(?P<run>.+)/(?P<model>[^/@]+)@(?P<step>\d+)")


def moment_name(run: str, model: str, step: int) -> str:
    """Return the name that a run's network after a step is explored by."""
    return f"{run}/{model}@{step}"


def is_moment(name: str) -> bool:
    """Return whether a name has the form of a moment's."""
    return NAME.fullmatch(name) is not None


def run_of(name: str) -> str:
    """Return the run that a model, "RUN/MODEL" or "RUN/MODEL@STEP", was trained by; "" for any other."""
    return name.rpartition("/")[0]


def load_moment(runs_dir: Path, name: str) -> tuple[nn.Module, Card]:
    """Return the network of a moment, in evaluation mode on the CPU, and its card.

    Raises:
        FileNotFoundError: there is no such run, or it kept no weights after that step.
        ValueError: the name is no moment's, or the checkpoint is damaged.
    """
    found = NAME.fullmatch(name)
    if found is None:
        raise ValueError(f"{name!r} names no moment of a run; expected RUN/MODEL@STEP")
    return Runs(runs_dir).model(found["run"], int(found["step"]))
