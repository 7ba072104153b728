"""The queue of runs in a folder: each waits in its own process until it is the eldest and a place is free."""

import time
from collections.abc import Callable
from pathlib import Path

from core.training.folder import RunFolder
from core.training.lock import FileLock

__all__ = ["wait_for_place"]

PATIENCE = 0.2
"""Seconds between two looks."""


def wait_for_place(run: RunFolder, places: int, *, given_up: Callable[[], bool]) -> FileLock | None:
    """Wait until one of so many places is free and no elder run waits; return the place's lock, None if given up.

    Args:
        run: its status is "queued".
        places: how many runs train at once.
        given_up: asked again and again whether to wait on.
    """
    folder = run.path.parent / ".places"
    folder.mkdir(exist_ok=True)
    while not given_up():
        if not _elder_waits(run):
            for number in range(places):
                place = FileLock(folder / str(number))
                if place.acquire():
                    return place
        time.sleep(PATIENCE)
    return None


def _elder_waits(run: RunFolder) -> bool:
    own = _turn(run)
    others = (RunFolder(path) for path in _runs(run.path.parent) if path != run.path)
    return any(other.told().state == "queued" and _turn(other) < own and other.alive for other in others)


def _runs(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if (path / "config.json").is_file()]


def _turn(run: RunFolder) -> tuple[float, str]:
    return run.told().created, run.path.name
