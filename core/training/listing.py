"""Runs as lists of runs show them."""

from dataclasses import dataclass
from pathlib import Path

from core.training.folder import RunFolder, Status

__all__ = ["Run", "list_runs", "queue", "seen"]


@dataclass(frozen=True)
class Run:
    """A run in the list.

    Attributes:
        name: of its folder.
        model: the name of its network.
        source: where its pictures come from.
        status: where it is.
        waiting: its place in the queue, from 1; 0 if it does not wait.
        resumable: whether it can go on: it ended early, and a checkpoint was kept.
        steps: those whose weights were kept, the time line.
    """

    name: str
    model: str
    source: str
    status: Status
    waiting: int
    resumable: bool
    steps: list[int]


def list_runs(folder: Path) -> list[Run]:
    """Return every run in a folder, the youngest first."""
    found = _eldest_first(folder)
    waiting = _waiting(found)
    return [seen(run, status, waiting) for run, status in reversed(found)]


def queue(folder: Path) -> list[str]:
    """Return the names of the runs that wait for their turn, in the order they will have it."""
    return _waiting(_eldest_first(folder))


def seen(run: RunFolder, status: Status, waiting: list[str]) -> Run:
    """Return a run with its status as the list shows it; `waiting` are the names of the queue."""
    name = run.path.name
    return Run(
        name=name,
        model=run.model,
        source=run.source,
        status=status,
        waiting=waiting.index(name) + 1 if name in waiting else 0,
        resumable=status.state in ("stopped", "failed", "damaged") and bool(run.model) and run.resumable.exists(),
        steps=run.steps_kept(),
    )


def _eldest_first(folder: Path) -> list[tuple[RunFolder, Status]]:
    if not folder.is_dir():
        return []
    runs = [RunFolder(path) for path in folder.iterdir() if (path / "config.json").is_file()]
    found = [(run, run.status()) for run in runs if not run.path.name.startswith(".")]
    return sorted(found, key=lambda pair: (pair[1].created, pair[0].path.name))


def _waiting(found: list[tuple[RunFolder, Status]]) -> list[str]:
    return [run.path.name for run, status in found if status.state == "queued"]
