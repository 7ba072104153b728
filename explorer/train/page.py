"""The Train page: runs started, watched, steered and compared. The runs themselves live in their folder."""

import base64
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast, get_args

import gradio as gr

from core.training.runs import Command, Run, Runs
from core.training.settings import parse
from core.training.summary import needs, summarise
from explorer.classroom import Classroom
from explorer.models.library import Library
from explorer.models.moments import moment_name
from explorer.screen.edits import steps_many
from explorer.screen.observe import observe
from explorer.screen.shown import Showing
from explorer.train.asked import configured
from explorer.train.shown import choices, filters, pictures, save_drawings
from explorer.train.slow_motion import Steps, slow_batch, slow_maps, slow_update
from explorer.wire.requests import (
    MODEL,
    Fields,
    anything,
    checked,
    choice,
    listed,
    number,
    optional,
    record,
    text,
    whole,
)
from explorer.wire.view import answers, by_key, web_view

__all__ = ["Workshop", "train_view"]

RUNS_DIR = Path("runs")
"""Where runs go when nobody said."""

MOST_BATCHES = 1000
"""Batches that one reading of a run tells of: no chart is wider, in pixels."""

MOST_PICTURES = 60
"""Wrong answers that are shown at once."""


RUN: Fields = {"name": text(200)}
STEP = whole()
CONFIGURED: Fields = {
    "config": record({"data": optional(record({}))}),
    "name": optional(text(200)),
    "drawings": optional(anything("labelled drawings")),
}


@dataclass(frozen=True)
class Workshop:
    """What the page's functions work with."""

    library: Library
    runs: Runs
    pictures_dir: Path | None = None
    classroom: Classroom | None = None

    def told(self, run: Run) -> dict[str, Any]:
        """Return a run as the page lists it: whose it is, and whether whoever asks may change it."""
        belonging = self.classroom.belonging(run.name) if self.classroom else {"owner": "", "yours": True}
        return asdict(run) | belonging

    def may_change(self, run: str) -> None:
        """Raises `PermissionError` where, in class, a run is somebody else's."""
        if self.classroom:
            self.classroom.may_change(run)


def train_view(showing: Showing, pictures_dir: Path | None = None, classroom: Classroom | None = None) -> gr.HTML:
    """Return the page's view."""
    library = showing.library
    workshop = Workshop(library, Runs(library.runs_dir or RUNS_DIR), pictures_dir, classroom)
    functions = (list_runs, summarise_run, start_run, read_run, control_run, rename_run, delete_run, moment, wrong)
    watching = [answers(function, workshop) for function in functions]
    watching += [answers(export_run, workshop, long=True)]
    steps = Steps(library, workshop.runs)
    watching += [answers(function, steps, long=True) for function in (slow_batch, slow_maps, slow_update)]
    return web_view(
        "train/page.js",
        functions=[*watching, answers(observe, showing, long=steps_many, light=showing.is_light)],
        options=choices(library.data_dir),
    )


def list_runs(workshop: Workshop, request: Any) -> dict[str, Any]:
    """Answer with every run, the youngest first."""
    return {"runs": [workshop.told(run) for run in workshop.runs.list_runs()]}


def summarise_run(workshop: Workshop, request: Any) -> dict[str, Any]:
    """Answer `{config, drawings}` with what such a run would train, on how much, with what memory, about how long.

    Where pictures, or the run to start from, are not on this machine, only what is `missing` is said.
    """
    config = _configured(workshop, request)
    with TemporaryDirectory() as folder:
        if config["data"].get("source") == "strokes":
            config["data"]["path"] = str(save_drawings(Path(folder), request.get("drawings")))
        try:
            return asdict(summarise(parse(config), workshop.runs.folder))
        except FileNotFoundError as error:  # a run may still fetch pictures
            return {"missing": str(error), **by_key(error)}


def start_run(workshop: Workshop, request: Any) -> dict[str, Any]:
    """Start `{config, name, drawings}`; answer with the run's name. `drawings` are those of a run that learns them.

    Raises:
        ValueError: it would take more memory than one run may, or asks for what is not possible.
    """
    config = _configured(workshop, request)

    def start() -> str:
        if config["data"].get("source") == "strokes":
            config["data"]["path"] = str(save_drawings(workshop.runs.folder, request.get("drawings")).resolve())
        run = parse(config)
        with suppress(FileNotFoundError):  # what is not here yet is not counted
            needs(run).check()
        return workshop.runs.start(run, name=request.get("name") or None)

    if workshop.classroom is None:
        return {"name": start()}
    return {"name": workshop.classroom.start(start, lambda: summarise_run(workshop, request).get("seconds"))}


def read_run(workshop: Workshop, request: Any) -> dict[str, Any]:
    """Answer `{name, since}` with the run's status, its events from there on, and the next `since`.

    Of many batches only one of `every` is told.
    """
    asked = checked(request, {**RUN, "since": optional(whole())})
    run = workshop.runs.run(asked["name"])  # before its events: one that has ended tells no more
    reading = workshop.runs.read(run.name, asked.get("since") or 0, most=MOST_BATCHES)
    return {"run": workshop.told(run), "events": reading.events, "next": reading.next, "every": reading.every}


def control_run(workshop: Workshop, request: Any) -> dict[str, Any]:
    """Ask the run `{name, command, value}` for something."""
    fields = {**RUN, "command": choice(*get_args(Command)), "value": optional(number(0, 1e9))}
    asked = checked(request, fields)
    workshop.may_change(asked["name"])
    ended = workshop.runs.run(asked["name"]).status.state in ("stopped", "failed")
    if workshop.classroom and ended and asked["command"] == "resume":
        workshop.classroom.may_start()
    workshop.runs.control(asked["name"], cast(Command, asked["command"]), asked.get("value"))
    workshop.library.forget(asked["name"])
    return {}


def rename_run(workshop: Workshop, request: Any) -> dict[str, Any]:
    """Rename the run `{name}` to `{to}`; answer with the name it got."""
    asked = checked(request, {**RUN, "to": text(200)})
    workshop.may_change(asked["name"])
    name = workshop.runs.rename(asked["name"], asked["to"])
    workshop.library.forget(asked["name"])
    return {"name": name}


def delete_run(workshop: Workshop, request: Any) -> dict[str, Any]:
    """Delete the run `{name}` and its weights."""
    name = checked(request, RUN)["name"]
    workshop.may_change(name)
    workshop.runs.delete(name)
    workshop.library.forget(name)
    return {}


def moment(workshop: Workshop, request: Any) -> dict[str, Any]:
    """Answer `{name, model, step}` with the network of that moment: its name in the explorer, its filters."""
    asked = checked(request, {**RUN, "model": MODEL, "step": STEP})
    explored = moment_name(asked["name"], asked["model"], asked["step"])
    return {"model": explored, "filters": filters(workshop.library.explored(explored).model)}


def wrong(workshop: Workshop, request: Any) -> dict[str, Any]:
    """Answer `{name, indices}` with held-back pictures of the run."""
    asked = checked(request, {**RUN, "indices": listed(whole(), 10_000)})
    return {"pictures": pictures(workshop.runs, asked["name"], asked["indices"][:MOST_PICTURES])}


def export_run(workshop: Workshop, request: Any) -> dict[str, Any]:
    """Answer `{name, step, ending}` with the network of that moment as a file, checked, in base64."""
    asked = checked(request, {**RUN, "step": STEP, "ending": text(20)})
    try:
        file = workshop.runs.export(asked["name"], asked["ending"], asked["step"])
    except ImportError as error:
        raise ValueError(str(error)) from error
    return {"file": file.name, "data": base64.b64encode(file.read_bytes()).decode("ascii")}


def _configured(workshop: Workshop, request: Any) -> dict[str, Any]:
    checked(request, CONFIGURED)
    return configured(request, data_dir=workshop.library.data_dir, pictures_dir=workshop.pictures_dir)
