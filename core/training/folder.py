"""One run's folder: its files, what they hold, and how they are written. Needs no torch: a queued run is small."""

import json
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal, NamedTuple

from core.files import patiently, replace_file
from core.training.events import is_event
from core.training.lock import held
from core.training.typed import read_as

__all__ = ["Control", "RunFolder", "State", "Status", "Told", "read_json", "write_atomically"]

State = Literal["queued", "running", "paused", "stopped", "done", "failed", "damaged"]

LATEST = 1e11
"""Seconds since 1970, and any other number of a status, are less than this."""

BATCH = b'{"event":"batch",'
"""How the line of a `core.training.events.Batch` begins."""

LAUNCH_SECONDS = 30.0
"""How long a process that was launched may take until it holds the run's lock."""


def write_atomically(path: Path, text: str) -> None:
    """Write a file that readers see whole, as it was or as it is.

    Raises:
        OSError: it cannot be written; what was there is kept.
    """
    partial = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        partial.write_text(text, encoding="utf-8")
        replace_file(partial, path)
    except OSError:
        partial.unlink(missing_ok=True)
        raise


class Told(NamedTuple):
    """What a run told: events, the `since` of the next reading, and how many batches each told batch stands for."""

    events: list[dict[str, Any]]
    next: int
    every: int


@dataclass(frozen=True)
class Status:
    """Where a run is, for lists of runs.

    Attributes:
        state: "queued", "running", "paused", "stopped", "done", "failed", or "damaged": its files cannot be read.
        message: why it waits, ended, failed or cannot be read, in words; else empty.
        step, steps, epoch, epochs: done and planned.
        accuracy: of the last validation, from 0 to 1, or null.
        examples_per_second, seconds_left: while it trains.
        created, updated: seconds since 1970.
    """

    state: State = "queued"
    message: str = ""
    step: int = 0
    steps: int = 0
    epoch: int = 0
    epochs: int = 0
    accuracy: float | None = None
    examples_per_second: float = 0.0
    seconds_left: float | None = None
    created: float = 0.0
    updated: float = 0.0


@dataclass(frozen=True)
class Control:
    """What somebody wants of a run: a wish, not a command, so that asking twice is asking once.

    Attributes:
        state: "run", "pause" or "stop".
        steps: single steps granted since the run began; while paused it makes as many as it has not made yet.
        learning_rate: to go on with, or null.
    """

    state: Literal["run", "pause", "stop"] = "run"
    steps: int = 0
    learning_rate: float | None = None


class RunFolder:
    """The files of one run."""

    def __init__(self, path: Path):
        self.path = path
        self.config = path / "config.json"
        self.metrics = path / "metrics.jsonl"
        self.checkpoints = path / "checkpoints"
        self.states = path / "states"
        self.resumable = path / "state.safetensors"
        self.base = path / "base.safetensors"
        self.validation = path / "validation.safetensors"
        self.lock = path / "run.lock"
        self.log = path / "worker.log"
        self.launched = path / "launched"  # by a server, until the worker holds the lock

    @property
    def alive(self) -> bool:
        """Whether a process trains this run, waits to, or was launched a moment ago."""
        if held(self.lock):
            return True
        try:
            return abs(time.time() - self.launched.stat().st_mtime) < LAUNCH_SECONDS
        except OSError:
            return False

    @property
    def model(self) -> str:
        """The name of the run's network; empty if its configuration is damaged."""
        name = _read(self.config).get("model")
        return name if isinstance(name, str) else ""

    @property
    def source(self) -> str:
        """Where its pictures come from, a word of `core.training.settings`; empty if its configuration is damaged."""
        data = _read(self.config).get("data", {})
        source = data.get("source") if isinstance(data, dict) else None
        return source if isinstance(source, str) else ""

    def status(self) -> Status:
        """Return the run's status; "failed" for one whose process is gone without having said why, or "damaged"."""
        alive = self.alive
        status = self.told()  # after the look at the process: one that ends writes how, and then lets go
        if not self.model:
            return replace(status, state="damaged", message=f"{self.config.name} {_reason(self.config)}")
        if status.state not in ("queued", "running", "paused") or alive:
            return status
        steps = self.steps_kept()
        kept = f"its weights after step {steps[-1]} are kept" if steps else "it had kept no weights yet"
        return replace(status, state="failed", message=f"its process was killed at step {status.step}; {kept}")

    def told(self) -> Status:
        """Return the status as the run's process wrote it last."""
        file = self.path / "status.json"
        try:
            status = read_as(Status, _object(file))
            if not all(0 <= value < LATEST for value in asdict(status).values() if isinstance(value, int | float)):
                raise ValueError("a number is out of its range")
        except FileNotFoundError:
            return Status()
        except (OSError, ValueError) as error:
            return Status(state="damaged", message=f"{file.name} is damaged: {error}")
        return status

    def tell(self, status: Status) -> None:
        """Write the status."""
        write_atomically(self.path / "status.json", json.dumps(asdict(replace(status, updated=time.time()))))

    def control(self) -> Control:
        """Return what is wanted of the run."""
        try:
            return read_as(Control, _object(self.path / "control.json"))
        except (OSError, ValueError):
            return Control()

    def want(self, control: Control) -> None:
        """Write what is wanted of the run."""
        write_atomically(self.path / "control.json", json.dumps(asdict(control)))

    def control_written(self) -> int:
        """Return when `control.json` was written last, nanoseconds; 0 if never."""
        try:
            return (self.path / "control.json").stat().st_mtime_ns
        except OSError:
            return 0

    def steps_kept(self) -> list[int]:
        """Return the steps after which the weights were kept, in order."""
        return sorted(int(file.stem) for file in self.checkpoints.glob("*.safetensors") if file.stem.isdecimal())

    def checkpoint(self, step: int) -> Path:
        """Return the file of the weights after a step."""
        return self.checkpoints / f"{step:08d}.safetensors"

    def state(self, step: int) -> Path:
        """Return the file of all that changes from step to step, as it was after a step."""
        return self.states / f"{step:08d}.safetensors"

    def events(self, since: int = 0, *, most: int | None = None) -> Told:
        """Return the events told from byte `since` on.

        Args:
            since: the `next` of an earlier reading.
            most: of more batches only every so many-th is returned, the last one among them; every other event is.
        """
        if not self.metrics.is_file():
            return Told([], 0, 1)
        with self.metrics.open("rb") as file:
            file.seek(since)
            told = file.read()
        whole = told[: told.rfind(b"\n") + 1]
        lines, every = _thinned(whole.splitlines(), most)
        return Told([event for line in lines if (event := _event(line))], since + len(whole), every)

    def remove(self) -> None:
        """Delete everything, the name first, so that a half-deleted run is never listed."""
        aside = Path(tempfile.mkdtemp(dir=self.path.parent, prefix=".deleted-"))
        try:
            replace_file(self.path, aside / "run")
        finally:
            shutil.rmtree(aside, ignore_errors=True)


def _thinned(lines: list[bytes], most: int | None) -> tuple[list[bytes], int]:
    """Return the lines with at most `most` of the batches among them, evenly apart, and how many batches stand for one.

    Lines are not read before they are chosen: a run of hours tells a hundred thousand batches.
    """
    count = sum(line.startswith(BATCH) for line in lines)
    every = 1 if most is None else max(1, -(-count // most))
    if every == 1:
        return lines, 1
    kept, left = [], count
    for line in lines:
        if line.startswith(BATCH):
            left -= 1
            if left % every:
                continue
        kept.append(line)
    return kept, every


def _event(line: bytes) -> dict[str, Any]:
    """Return a line's event; nothing for one that a killed process did not end, or that is damaged."""
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return event if is_event(event) else {}


def read_json(path: Path) -> Mapping[str, Any]:
    """Return the JSON object in a file.

    Raises:
        OSError: it cannot be read.
        ValueError: it holds no JSON object.
    """
    try:
        return _object(path)
    except ValueError as error:
        raise ValueError(f"{path} is damaged: {error}") from error


def _object(path: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(patiently(lambda: path.read_text(encoding="utf-8")))
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    if not isinstance(found, dict):
        raise ValueError("it holds no JSON object")
    return found


def _reason(path: Path) -> str:
    """Return why a configuration says nothing of its model."""
    try:
        _object(path)
    except (OSError, ValueError) as error:
        return f"is damaged: {error}"
    return "is damaged: it names no model"


def _read(path: Path) -> Mapping[str, Any]:
    """Return a JSON object; an empty one where there is no file or it is damaged."""
    try:
        return _object(path)
    except (OSError, ValueError):
        return {}
