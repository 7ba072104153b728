"""Training runs on disk: start, list, read, control, rename, delete, and the weights of any moment of them.

A run is the folder `RUNS/NAME/`. Its worker is a process of its own, `python -m core.train --run RUNS/NAME`, which is
all that writes there; everybody else reads, or asks for something in `control.json`. So a run started from the page, on
the command line or by `torchrun` is the same thing, and survives the page, the server, and its own death: what was
written is kept, and `control(NAME, "resume")` goes on from the last checkpoint to the very weights that an
uninterrupted run has.

    config.json               a `core.training.settings.RunConfig`: `parse(json)` and `config.json()`
    status.json               a `core.training.folder.Status`: state, message, step/steps, epoch/epochs, accuracy,
                              seconds_left; written about once a second
    control.json              a `core.training.folder.Control`: what is wanted; looked at after every batch
    metrics.jsonl             the events of `core.training.events`, one JSON object a line, appended
    checkpoints/00000120.safetensors   the weights after step 120 (of what is trained): the time line
    base.safetensors          the frozen weights, which no step changes
    state.safetensors         the last checkpoint's optimiser, order, step and generators: what resuming needs
    validation.safetensors    the held-back pictures and labels, for wrong answers
    MODEL.safetensors, MODEL.json      the last weights and their card: the explorer lists them as "NAME/MODEL"
    run.lock, worker.log      locked while the worker lives; what it printed

Every file is written aside and then renamed, and none is a pickle. States: queued → running ⇄ paused → done, stopped or
failed (with a message for people). Stopped and failed runs that kept a checkpoint are `resumable`.

What a page needs:

    runs = Runs("runs")                            # any number of servers may open the same folder
    name = runs.start(parse({"model": "a2", "data": {"source": "mnist", "path": DIR, "share": 0.03},
                             "training": {"epochs": 3, "batch_size": 64}}), name="first try")
    runs.list_runs()                               # every run, the youngest first: list[Run]
    reading = runs.read(name)                      # status, events, next
    reading = runs.read(name, reading.next)        # what was told since then
    runs.control(name, "pause")                    # or "resume", "step", "stop" (acts within a second)
    runs.control(name, "learning_rate", 0.01)      # while it runs
    runs.rename(name, "better name"); runs.delete(name)         # once it has ended
    runs.model(name, step)                         # (model, card) at a moment of the time line; the last by default
    runs.next_step(name, step)                     # the batch after that moment: maps, gradients, weights stepped
    runs.export(name, ".onnx", step)               # a file: ".safetensors", ".onnx", ".pt2" (torch.export)
    runs.picture(name, index)                      # (picture (C, H, W) in [0, 1], label) of a wrong answer's index

A `Resumed` event (and only it) makes events void: those of later steps that were told before it; `read(name)` from the
start leaves them out already. `core.training.summary.summarise(config, runs_dir)` says before a start how many
parameters would be trained and frozen, on how many pictures, and about how long it would take.
Recipes of A2–A4, handwriting and transfer are ordinary configurations:

    handwriting    {"model": "recommended", "start": "shipped", "data": {"source": "strokes", "path": FILE,
                    "validation": 0.3, "replay": 500}, "training": {"trained": ["head"], "epochs": 20, …}}
                   FILE is a JSON list of {"label": 7, "strokes": [[[x, y], …], …]}. `Tested` events named "forgetting"
                   (MNIST's test digits) and `Checkpoint` events (held-back drawings) at step 0 and at the end are the
                   before and after.
    frozen body    {"model": "resnet18", "start": "shipped", "data": {"source": "folder", "path": DIR, "side": 64},
                    "training": {"trained": ["head"], …}, "unfreeze": {"parts": ["layer4"], "epochs": 2}}
                   Without augmentation the body's features are computed once, and each epoch trains the head on them.
    small source   {"model": "a2", "start": "RUN ON 0–4", "data": {"classes": [5, 6, 7, 8, 9]}, "training": {…}}
"""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from torch import Tensor, nn

from core.files import replace_file, speaking_utf8
from core.models import Card
from core.told import keyed
from core.training.folder import Control, RunFolder, Status, read_json, write_atomically
from core.training.listing import Run, list_runs, queue, seen
from core.training.lock import FileLock
from core.training.settings import RunConfig, parse

if TYPE_CHECKING:
    from core.data.mnist import Pictures
    from core.training.slow_motion import OneStep

__all__ = ["AT_ONCE", "Command", "Reading", "Run", "Runs"]

Command = Literal["pause", "resume", "step", "stop", "learning_rate"]

AT_ONCE = max(1, (os.cpu_count() or 1) // 4)
"""How many runs train at once by default; the others wait, in the order of their start."""

LONGEST_NAME = 60
FORBIDDEN = '/\\:*?"<>|'
RESERVED = {"CON", "PRN", "AUX", "NUL", *(f"{port}{number}" for port in ("COM", "LPT") for number in "123456789¹²³")}
"""Names of Windows' devices, also with an ending: no file or folder can have them there."""


@dataclass(frozen=True)
class Reading:
    """What a run told: its status, events, the `since` of the next reading; one batch of `every` is told."""

    status: Status
    events: list[dict[str, Any]]
    next: int
    every: int = 1


class Runs:
    """The runs in a folder."""

    def __init__(self, folder: str | Path, *, at_once: int = AT_ONCE):
        self.folder = Path(folder)
        self.at_once = at_once

    def start(self, config: RunConfig, *, name: str | None = None) -> str:
        """Start a run in its own process, which outlives this one, and return its name.

        Args:
            config: what to train.
            name: of its folder; the model's name and a number by default. A number is added to one that is taken.

        Raises:
            ValueError: the name cannot be one of a folder.
            OSError: the folder cannot be written; the message names it.
        """
        wanted = _checked(name) if name is not None else config.model
        with self._locked():
            run = self._unused(wanted, always=name is None)
            (run.path / "checkpoints").mkdir(parents=True)
            threads = config.threads or max(1, (os.cpu_count() or 1) - 1)
            settled = parse(replace(config, threads=threads).json())
            write_atomically(run.config, _pretty(settled.json()))
            run.tell(Status(created=time.time()))
            self._launch(run)
        return run.path.name

    def list_runs(self) -> list[Run]:
        """Return every run, the youngest first."""
        return list_runs(self.folder)

    def run(self, name: str) -> Run:
        """Return one run of the list.

        Raises:
            FileNotFoundError: there is no run of that name.
        """
        run = self._run(name)
        status = run.status()
        return seen(run, status, queue(self.folder) if status.state == "queued" else [])

    def read(self, name: str, since: int = 0, *, most: int | None = None) -> Reading:
        """Return a run's status and the events from `since` on, the `next` of an earlier reading.

        Args:
            name: of the run.
            since: 0 for all events.
            most: batches to be told of, evenly apart where there are more.

        Raises:
            FileNotFoundError: there is no run of that name.
        """
        run = self._run(name)
        told = run.events(since, most=most)
        return Reading(run.status(), _without_void(told.events), told.next, told.every)

    def config(self, name: str) -> RunConfig:
        """Return what a run was started with.

        Raises:
            FileNotFoundError: there is no run of that name.
            ValueError: its `config.json` is damaged.
        """
        return parse(read_json(self._run(name).config))

    def control(self, name: str, command: Command, value: float | None = None) -> None:
        """Ask a run for something; it follows after the batch it is at, and a stop within a second.

        "step" pauses a run and lets it make one step. "resume" also starts one that ended early anew, from its last
        checkpoint. `value` is the learning rate of "learning_rate".

        Raises:
            FileNotFoundError: there is no run of that name.
            ValueError: an unknown command, no learning rate, or the run has ended and cannot go on.
        """
        run = self._run(name)
        with self._locked():
            control = _wanted(run.control(), command, value)
            alive = run.alive
            if not alive and command != "learning_rate":
                if command != "resume":
                    raise keyed(
                        ValueError(f"{name} has ended ({run.status().state}): it cannot {command}"),
                        "told.run.ended",
                        name=name,
                    )
                if not run.resumable.exists() or run.told().state == "done":
                    raise keyed(
                        ValueError(f"{name} cannot go on: {run.status().message or 'it is done'}"),
                        "told.run.over",
                        name=name,
                    )
                run.want(control)
                run.tell(replace(run.told(), state="queued", message=""))
                self._launch(run)
                return
            run.want(control)

    def rename(self, name: str, new: str) -> str:
        """Rename a run that has ended; return the name it got.

        Raises:
            FileNotFoundError: there is no run of that name.
            ValueError: it is still alive, or the new name is taken or cannot be one of a folder.
        """
        run, new = self._run(name), _checked(new)
        with self._locked():
            self._ended(run, "rename")
            if (self.folder / new).exists():
                raise keyed(ValueError(f"there is already a run named {new!r}"), "told.run.taken", name=new)
            _unopened(run, lambda: replace_file(run.path, self.folder / new), "rename")
        return new

    def delete(self, name: str) -> None:
        """Delete a run that has ended, with its weights.

        Raises:
            FileNotFoundError: there is no run of that name.
            ValueError: it is still alive.
        """
        run = self._run(name)
        with self._locked():
            self._ended(run, "delete")
            _unopened(run, run.remove, "delete")

    def model(self, name: str, step: int | None = None) -> tuple[nn.Module, Card]:
        """Return the network after a step of the time line (the last by default), in evaluation mode, and its card.

        Raises:
            FileNotFoundError: there is no such run, or it kept no weights after that step; the message names the steps.
            ValueError: the checkpoint is damaged.
        """
        from core.training.checkpoints import load

        return load(self._run(name), self.config(name), step)

    def export(self, name: str, ending: str, step: int | None = None) -> Path:
        """Return a file with the network after a step (the last by default), as ".safetensors", ".onnx" or ".pt2".

        Raises:
            FileNotFoundError: there is no such run, or it kept no weights after that step.
            ValueError: another ending, or the exported network answers something else.
            ImportError: ONNX's packages are not installed; the message names them.
        """
        from core.training.export import export

        model, card = self.model(name, step)
        moment = "" if step is None else f"-{step}"
        return export(model, card, self._run(name).path / "export" / f"{name}{moment}{ending}")

    def next_step(self, name: str, step: int) -> "OneStep":
        """Return what the run does with the batch after a step of its time line, with all its numbers.

        Raises:
            FileNotFoundError: there is no such run, it did not keep that state, or its pictures are missing.
            ValueError: the run ends with that step, or its files are damaged.
        """
        from core.training.slow_motion import next_step

        return next_step(self._run(name), self.config(name), step)

    def stamp(self, name: str) -> tuple[float, int]:
        """Return what changes where the same name and step may mean another next step: its birth, and what is wanted.

        Raises:
            FileNotFoundError: there is no run of that name.
        """
        run = self._run(name)
        return run.told().created, run.control_written()

    def picture(self, name: str, index: int) -> tuple[Tensor, int]:
        """Return a held-back picture, `(C, H, W)` in [0, 1], and its label.

        Raises:
            FileNotFoundError: there is no such run, or it holds no pictures back.
            ValueError: there is no picture of that index.
        """
        from core.training.checkpoints import held_back_picture

        return held_back_picture(self._run(name), index)

    def card(self, name: str) -> Card:
        """Return the card of a run's network, without loading it.

        Raises:
            FileNotFoundError: there is no such run, or it has not begun.
            ValueError: its files are damaged.
        """
        from core.training.checkpoints import card_of

        return card_of(self._run(name), self.config(name))

    def held_back(self, name: str) -> "Pictures":
        """Return all pictures that a run holds back.

        Raises:
            FileNotFoundError: there is no such run, or it holds no pictures back.
            ValueError: the file is damaged.
        """
        from core.training.checkpoints import held_back

        return held_back(self._run(name))

    def _run(self, name: str) -> RunFolder:
        run = RunFolder(self.folder / _checked(name))
        if not run.config.is_file():
            raise keyed(FileNotFoundError(f"there is no run {name!r} in {self.folder}"), "told.run.gone", name=name)
        return run

    def _unused(self, name: str, *, always: bool) -> RunFolder:
        """Return a folder that is not there yet: the name itself, or with the next number."""
        names = ([] if always else [name]) + [f"{name}-{number}" for number in range(1, 10_000)]
        return RunFolder(next(self.folder / found for found in names if not (self.folder / found).exists()))

    def _locked(self) -> FileLock:
        """Return the lock under which runs are made, asked, renamed and deleted, by any number of servers."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            (self.folder / ".lock").touch()
        except OSError as error:
            raise keyed(
                OSError(f"the runs folder {self.folder} cannot be written: {error.strerror}"),
                "told.runs.unwritable",
                folder=str(self.folder),
            ) from error
        return FileLock(self.folder / ".lock")

    def _ended(self, run: RunFolder, verb: str) -> None:
        if run.alive:
            raise keyed(
                ValueError(f"{run.path.name} is {run.status().state}: stop it before you {verb} it"),
                "told.run.busy",
                name=run.path.name,
            )

    def _launch(self, run: RunFolder) -> None:
        """Start the worker, detached: a session of its own, no terminal, its words in `worker.log`."""
        run.launched.touch()
        train = f"{__name__.removesuffix('.training.runs')}.train"  # of a checkout, or of the installed package
        command = [sys.executable, "-m", train, "--run", str(run.path.resolve()), "--queue", str(self.at_once)]
        root = str(Path(__file__).resolve().parents[__name__.count(".")])
        path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
        with run.log.open("ab") as log:
            worker = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=speaking_utf8(os.environ) | {"PYTHONPATH": path},
                start_new_session=True,
            )
        threading.Thread(target=worker.wait, daemon=True).start()


def _unopened(run: RunFolder, act: Callable[[], None], verb: str) -> None:
    """Rename or delete a run's folder.

    Raises:
        ValueError: a program has one of its files open, which Windows does not allow.
    """
    try:
        act()
    except PermissionError as error:
        raise keyed(
            ValueError(
                f"{run.path.name} cannot be {verb}d: another program has its folder or one of its files open ({error})"
            ),
            "told.run.open",
            name=run.path.name,
        ) from error


def _wanted(now: Control, command: Command, value: float | None) -> Control:
    match command:
        case "pause":
            return replace(now, state="pause")
        case "resume":
            return replace(now, state="run")
        case "step":
            return replace(now, state="pause", steps=now.steps + 1)
        case "stop":
            return replace(now, state="stop")
        case "learning_rate":
            if value is None or not 0 <= value <= 1e9:
                raise keyed(
                    ValueError(f"the learning rate is {value}, expected a number from 0 to 1e9"),
                    "told.rate",
                    value=str(value),
                )
            return replace(now, learning_rate=float(value))
    raise ValueError(f"there is no command {command!r}; the commands are pause, resume, step, stop and learning_rate")


def _without_void(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the events without those that a later `Resumed` makes void."""
    kept: list[dict[str, Any]] = []
    for event in events:
        if event["event"] == "resumed":
            kept = [earlier for earlier in kept if earlier.get("step", 0) <= event["step"]]
        kept.append(event)
    return kept


def _checked(name: str) -> str:
    """Return a name without spaces around it.

    Raises:
        ValueError: it cannot be the name of one folder.
    """
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME or name.startswith(".") or any(sign in name for sign in FORBIDDEN):
        raise keyed(
            ValueError(f"a run cannot be named {name!r}: expected 1 to {LONGEST_NAME} letters, none of {FORBIDDEN}"),
            "told.run.name",
            name=name,
            most=LONGEST_NAME,
            forbidden=str(FORBIDDEN),
        )
    if name.endswith(".") or name.partition(".")[0].strip().upper() in RESERVED or not name.isprintable():
        raise keyed(
            ValueError(f"a run cannot be named {name!r}: on Windows no folder can have that name"),
            "told.run.name.windows",
            name=name,
        )
    return name


def _pretty(config: Mapping[str, Any]) -> str:
    return json.dumps(config, indent=2, ensure_ascii=False) + "\n"
