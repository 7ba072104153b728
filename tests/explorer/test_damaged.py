"""A run whose files are damaged: told as such, all that is asked of it answered in words, and nothing else hidden."""

import json
import math
import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from core.training.events import Score, is_event
from core.training.folder import Control, RunFolder, Status, write_atomically
from core.training.runs import Runs
from core.training.settings import parse
from core.training.typed import fits, read_as
from core.training.worker import work
from explorer.draw.compare import comparable
from explorer.models.bar import describe, model_bar
from explorer.models.library import Library
from explorer.train import page as train
from explorer.train.slow_motion import Steps, slow_batch
from tests.explorer.answering import answered

pytestmark = pytest.mark.usefixtures("no_bugs")

CONFIG: dict[str, Any] = {
    "model": "a2",
    "data": {"source": "drawn", "count": 40, "validation": 0.2},
    "training": {"epochs": 1, "batch_size": 8},
    "checkpoints": 50,
    "device": "cpu",
    "threads": 1,
}
FILES = ["a2.json", "a2.safetensors", "base.safetensors", "checkpoints/00000002.safetensors", "config.json"]
FILES += ["control.json", "launched", "metrics.jsonl", "run.lock", "state.safetensors", "states/00000002.safetensors"]
FILES += ["status.json", "validation.safetensors"]
NOT_FOR_STEPS = {"a2.json", "a2.safetensors", "launched", "metrics.jsonl", "run.lock", "status.json"}
"""Files that no step and no export reads."""

AT = {"name": "harmed", "model": "a2", "step": 2}


def flipped(at: float) -> Callable[[bytes], bytes]:
    """Return what turns 8 bytes at a part of a file over."""

    def flip(data: bytes) -> bytes:
        start = int(at * max(0, len(data) - 8))
        return data[:start] + bytes(255 - byte for byte in data[start : start + 8]) + data[start + 8 :]

    return flip


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda data: b"",
    "half": lambda data: data[: len(data) // 2],
    "longer": lambda data: data + b"}\x00\xff[",
    "zeros": lambda data: bytes(len(data)),
    "no text": lambda data: b"\xff\xfe\x00" * 20,
    "a list": lambda data: b"[1, 2, 3]\n",
    "nested": lambda data: b"[" * 100_000,
    **{f"bytes at {at:g}": flipped(at) for at in (0, 0.003, 0.1, 0.5, 1)},
}

WRONG = [None, True, -1, 10**400, 1e308, math.nan, "x", "", [], {}, [None], {"x": 1}]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole") / "run"
    run = RunFolder(folder)
    run.checkpoints.mkdir(parents=True)
    write_atomically(run.config, json.dumps(parse(CONFIG).json()))
    assert work(folder) == 0
    run.want(Control())
    run.launched.touch()
    os.utime(run.launched, (0, 0))
    return folder


@pytest.fixture
def runs_dir(tmp_path: Path, whole: Path) -> Path:
    for name in ("harmed", "sound"):
        shutil.copytree(whole, tmp_path / name)
    return tmp_path


def ask_all(runs_dir: Path, *, slow: bool = True) -> dict[str, dict[str, Any]]:
    """Return what everything that reads the harmed run answers; what raises anything but words fails the test."""
    library = Library(runs_dir=runs_dir)
    runs = Runs(runs_dir)
    workshop, steps = train.Workshop(library, runs), Steps(library, runs)
    found = {
        "list": answered(train.list_runs, workshop)({}),
        "read": answered(train.read_run, workshop)({"name": "harmed", "since": 0}),
        "moment": answered(train.moment, workshop)(AT),
        "wrong": answered(train.wrong, workshop)({"name": "harmed", "indices": [0]}),
        "describe": answered(describe, library)({"model": "harmed/a2"}),
        "moment_model": answered(describe, library)({"model": "harmed/a2@2"}),
        "models": answered(comparable, library)({}),
    }
    if slow:
        found["export"] = answered(train.export_run, workshop)({"name": "harmed", "step": 2, "ending": ".safetensors"})
        found["slow"] = answered(slow_batch, steps)(AT)
    json.dumps(found, allow_nan=False)
    return found


def check_the_others(found: dict[str, dict[str, Any]]) -> None:
    listed = {run["name"]: run for run in found["list"]["runs"]}
    assert listed["sound"]["status"]["state"] == "done"
    assert {"sound/a2", "a1"} <= {model["name"] for model in found["models"]["models"]}


def test_the_whole_run_answers_everything(runs_dir):
    assert not [name for name, answer in ask_all(runs_dir).items() if "error" in answer]
    assert sorted(
        path.relative_to(runs_dir / "sound").as_posix() for path in (runs_dir / "sound").rglob("*.json*")
    ) == [name for name in FILES if ".json" in name]
    assert all((runs_dir / "sound" / name).is_file() for name in FILES)


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_hides_nothing_else(runs_dir, file, damage):
    path = runs_dir / "harmed" / file
    path.write_bytes(DAMAGES[damage](path.read_bytes()))
    found = ask_all(runs_dir, slow=file not in NOT_FOR_STEPS)
    check_the_others(found)
    assert "harmed" in [run["name"] for run in found["list"]["runs"]]
    if file in ("status.json", "config.json") and damage in ("empty", "half", "zeros", "no text", "a list", "nested"):
        harmed = next(run for run in found["list"]["runs"] if run["name"] == "harmed")
        assert harmed["status"]["state"] == "damaged"
        assert f"{file} is damaged" in harmed["status"]["message"]


@pytest.mark.parametrize("file", FILES)
def test_a_folder_in_place_of_a_file_hides_nothing_else(runs_dir, file):
    path = runs_dir / "harmed" / file
    path.unlink()
    path.mkdir()
    check_the_others(ask_all(runs_dir))


def spoiled(found: Any) -> Iterator[Any]:
    """Return an object with each field, on two levels, left out and replaced by each wrong value."""
    for name, value in found.items():
        yield {key: item for key, item in found.items() if key != name}
        yield from (found | {name: wrong} for wrong in WRONG)
        if isinstance(value, dict):
            yield from (found | {name: worse} for worse in spoiled(value))


@pytest.mark.parametrize("file", ["status.json", "control.json", "a2.json"])
def test_every_field_of_a_file_has_its_type(runs_dir, file):
    path = runs_dir / "harmed" / file
    library, runs = Library(runs_dir=runs_dir), Runs(runs_dir)
    workshop = train.Workshop(library, runs)
    told = json.loads(path.read_text())
    told = {key: value for key, value in told.items() if key != "recipe"} if file == "a2.json" else told
    for worse in spoiled(told):
        path.write_text(json.dumps(worse))
        listed = train.list_runs(workshop, {})["runs"]
        assert [run["name"] for run in listed if run["status"]["state"] == "done"][-1:] == ["sound"] or len(listed) == 2
        json.dumps(listed, allow_nan=False)
        assert answered(train.read_run, workshop)({"name": "harmed"})["run"]["name"] == "harmed"
        models = {model["name"]: model["title"] for model in library.offered()}
        assert models["sound/a2"] == "Net"
        assert models["harmed/a2"] in ("Net", "⚠ harmed/a2")


def test_events_that_are_damaged_are_left_out_and_the_others_told(runs_dir):
    path = runs_dir / "harmed" / "metrics.jsonl"
    lines = path.read_bytes().splitlines()
    sound = [json.loads(line) for line in lines]
    kinds = {event["event"]: event for event in sound}
    assert {"started", "batch", "checkpoint", "ended"} <= set(kinds)
    for event in kinds.values():
        for name in event.keys() - {"time", "event"}:
            for worse in ({key: item for key, item in event.items() if key != name}, event | {name: [[]]}):
                path.write_bytes(b"\n".join([*lines, json.dumps(worse).encode(), b""]))
                events = Runs(runs_dir).read("harmed").events
                json.dumps(events, allow_nan=False)
                assert len(events) >= len(Runs(runs_dir).read("sound").events)
                assert all(is_event(told) for told in events)


def test_the_server_starts_and_lists_a_run_whose_card_lacks_a_field(runs_dir):
    (runs_dir / "harmed" / "a2.json").write_text("{}")
    library = Library(runs_dir=runs_dir)
    bar = model_bar(library, model="recommended", language="en")  # what stopped the start
    assert {"name": "harmed/a2", "title": "⚠ harmed/a2"} in json.loads(bar.value)["models"]
    assert {"name": "harmed/a2", "title": "⚠ harmed/a2"} in library.offered()
    assert "a2.json is damaged: unsure_below is None" in answered(describe, library)({"model": "harmed/a2"})["error"]


def test_a_run_that_was_launched_in_the_future_can_be_deleted(runs_dir):
    later = time.time() + 10**6
    os.utime(runs_dir / "harmed" / "launched", (later, later))
    Runs(runs_dir).delete("harmed")
    assert [run.name for run in Runs(runs_dir).list_runs()] == ["sound"]


def test_a_damaged_run_can_be_renamed_and_deleted(runs_dir):
    for file in ("status.json", "config.json"):
        (runs_dir / "harmed" / file).write_bytes(b"\x00")
    assert Runs(runs_dir).rename("harmed", "other") == "other"
    Runs(runs_dir).delete("other")
    assert [run.name for run in Runs(runs_dir).list_runs()] == ["sound"]


def test_a_dataclass_is_read_from_what_was_written_and_from_nothing_else():
    status = Status("running", "", 3, 10, 1, 2, None, 4.5, 1.0, 7.0, 8.0)
    assert read_as(Status, json.loads(json.dumps(asdict(status))) | {"unknown": 1}) == status
    assert read_as(Status, {}) == Status()
    for field, value in (("state", "x"), ("step", 1.5), ("created", None), ("message", 3), ("accuracy", "1")):
        with pytest.raises(ValueError, match=field):
            read_as(Status, {field: value})
    score = {"pictures": 1, "loss": None, "accuracy": 1, "confusion": [[1, 0]], "wrong": [[0, 1, 2, 0.5]]}
    assert fits(Score, score, null=True)
    assert not fits(Score, score, null=False)
    assert not fits(Score, score | {"wrong": [[0, 1, 2]]}, null=True)
    assert not fits(Score, score | {"confusion": [[0.5]]}, null=True)
