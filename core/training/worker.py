"""A run's own process: waits for its turn, trains, tells, obeys, and keeps what it reached.

`python -m core.train --run DIR` is its command. Nothing here needs torch until the run has its turn.
"""

import os
import signal
from dataclasses import replace
from pathlib import Path
from types import FrameType

from core.training.folder import RunFolder
from core.training.lock import FileLock
from core.training.queue import wait_for_place

__all__ = ["work"]

NICENESS = 10
"""So that a page on the same cores stays quick."""


def work(folder: Path, *, places: int | None = None) -> int:
    """Train the run in a folder, from its last checkpoint if it has one; return the process's exit status.

    Args:
        folder: holds a `config.json`.
        places: how many runs train at once; this one waits for its turn. None: it does not wait.

    Raises:
        FileNotFoundError: there is no run in the folder.
        BlockingIOError: another process trains it.
        OSError: the folder cannot be written.
    """
    run = RunFolder(folder.resolve())
    if not run.config.is_file():
        raise FileNotFoundError(f"there is no run at {folder}: it has no config.json")
    if int(os.environ.get("RANK", "0")):  # one of several processes, of which the first one writes
        from core.training.engine import train_run

        return train_run(run)
    lock = FileLock(run.lock)
    try:
        if not lock.acquire(seconds=3):
            raise BlockingIOError(f"another process trains the run at {folder}")
    except PermissionError as error:
        raise OSError(f"the run folder {folder} cannot be written: {error.strerror}") from error
    place: FileLock | None = None
    try:
        run.launched.unlink(missing_ok=True)
        run.checkpoints.mkdir(exist_ok=True)
        signal.signal(signal.SIGTERM, _ask_to_stop(run))
        signal.signal(signal.SIGINT, _ask_to_stop(run))
        status = run.told()
        run.tell(replace(status, state="queued", message="", created=status.created or _created(run)))
        if places is not None:
            if hasattr(os, "nice"):
                os.nice(NICENESS)
            place = wait_for_place(run, places, given_up=lambda: run.control().state == "stop")
            if place is None:
                run.tell(replace(run.told(), state="stopped", message="stopped before its turn came"))
                return 0
        from core.training.engine import train_run

        return train_run(run)
    finally:
        if place is not None:
            place.release()
        lock.release()


def _created(run: RunFolder) -> float:
    return run.config.stat().st_mtime


def _ask_to_stop(run: RunFolder) -> "signal._HANDLER":
    def ask(_number: int, _frame: FrameType | None) -> None:
        run.want(replace(run.control(), state="stop"))

    return ask
