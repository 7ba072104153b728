"""What the Train page asks of the server."""

import base64
import json
import time
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import torch

from core.training.runs import Runs
from core.training.settings import parse
from explorer.models.library import Library
from explorer.train import page as train
from explorer.train.page import Workshop
from explorer.train.shown import choices, save_drawings

CONFIG: dict[str, Any] = {
    "model": "a2",
    "data": {"source": "drawn", "count": 60, "validation": 0.2},
    "training": {"epochs": 1, "batch_size": 16, "optimiser": "sgd", "schedule": "constant"},
    "checkpoints": 2,
}
DRAWING = {"label": 7, "strokes": [[[0.2, 0.2], [0.8, 0.2], [0.4, 0.8]]]}


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    folder = tmp_path_factory.mktemp("runs")
    return Workshop(Library(runs_dir=folder), Runs(folder))


@pytest.fixture(scope="module")
def done(workshop: Workshop) -> str:
    """The name of a run that was started as the page does it, and is done."""
    name: str = train.start_run(workshop, {"config": CONFIG, "name": "first try"})["name"]
    for _ in range(600):
        status = train.read_run(workshop, {"name": name, "since": 0})["run"]["status"]
        if status["state"] in ("done", "failed"):
            assert status["state"] == "done", status["message"]
            return name
        time.sleep(0.1)
    raise AssertionError("the run did not end within a minute")


def test_a_run_tells_everything_since_the_last_reading(workshop: Workshop, done: str) -> None:
    first = train.read_run(workshop, {"name": done, "since": 0})
    assert {event["event"] for event in first["events"]} >= {"started", "batch", "epoch", "checkpoint", "ended"}
    again = train.read_run(workshop, {"name": done, "since": first["next"]})
    assert again["events"] == []
    (run,) = train.list_runs(workshop, {})["runs"]
    assert (run["name"], run["model"], run["steps"]) == (done, "a2", first["run"]["steps"])
    json.dumps(first)


def test_a_moment_is_a_model_to_explore_with_its_filters(workshop: Workshop, done: str) -> None:
    start, *_, end = train.list_runs(workshop, {})["runs"][0]["steps"]
    first, last = (train.moment(workshop, {"name": done, "model": "a2", "step": step}) for step in (start, end))
    assert last["model"] == f"first try/a2@{end}"
    assert last["filters"]["shape"] == [10, 5, 5]
    assert first["filters"]["data"] != last["filters"]["data"]
    explored = workshop.library.explored(last["model"])
    assert explored.card.classes == tuple("0123456789")
    assert workshop.library.explored(last["model"]) is explored
    with pytest.raises(FileNotFoundError, match="has no weights of step 999"):
        train.moment(workshop, {"name": done, "model": "a2", "step": 999})


def test_wrong_answers_come_as_the_pictures_that_were_held_back(workshop: Workshop, done: str) -> None:
    found = train.wrong(workshop, {"name": done, "indices": [0, 3]})["pictures"]
    expected, label = workshop.runs.picture(done, 3)
    assert (found[1]["width"], found[1]["height"], found[1]["label"]) == (28, 28, label)
    assert expected.shape == (1, 28, 28)
    with pytest.raises(ValueError, match="there is no picture 400"):
        train.wrong(workshop, {"name": done, "indices": [400]})


def test_a_moment_is_exported_as_a_file(workshop: Workshop, done: str) -> None:
    *_, end = train.list_runs(workshop, {})["runs"][0]["steps"]
    answer = train.export_run(workshop, {"name": done, "step": end, "ending": ".safetensors"})
    weights = safetensors.torch.load(base64.b64decode(answer["data"]))
    expected = workshop.runs.model(done, end)[0].state_dict()
    assert answer["file"].endswith(".safetensors")
    assert all(torch.equal(weights[name], value) for name, value in expected.items())
    with pytest.raises(ValueError, match=r"expected a file ending in \.safetensors"):
        train.export_run(workshop, {"name": done, "step": end, "ending": ".pkl"})


def test_a_run_is_renamed_and_deleted(workshop: Workshop, done: str) -> None:
    other = train.start_run(workshop, {"config": CONFIG, "name": "gone soon"})["name"]
    train.control_run(workshop, {"name": other, "command": "stop"})
    while train.read_run(workshop, {"name": other})["run"]["status"]["state"] in ("queued", "running"):
        time.sleep(0.1)
    for _ in range(50):  # the process needs a moment to end after its last word
        try:
            renamed = train.rename_run(workshop, {"name": other, "to": "soon gone"})["name"]
            break
        except ValueError:
            time.sleep(0.1)
    train.delete_run(workshop, {"name": renamed})
    assert [run["name"] for run in train.list_runs(workshop, {})["runs"]] == [done]


def test_a_summary_says_what_would_be_trained(workshop: Workshop) -> None:
    config = CONFIG | {"training": {"epochs": 1, "trained": ["head"]}}
    summary = train.summarise_run(workshop, {"config": config})
    assert (summary["parameters"], summary["trained"]) == (21_840, 510)
    assert summary["pictures"]["training"] + summary["pictures"]["validation"] == 60
    assert summary["seconds"] > 0


def test_a_run_larger_than_the_budget_is_summed_up_but_not_started(workshop: Workshop) -> None:
    config = {"model": "resnet18", "data": {"source": "drawn", "side": 512}, "training": {"batch_size": 65_536}}
    memory = train.summarise_run(workshop, {"config": config})["memory"]
    assert memory["pictures"] + memory["batch"] + memory["weights"] > memory["most"]
    before = [run["name"] for run in train.list_runs(workshop, {})["runs"]]
    with pytest.raises(ValueError, match=r"GB for a batch, .* but one run may take"):
        train.start_run(workshop, {"config": config})
    assert [run["name"] for run in train.list_runs(workshop, {})["runs"]] == before


def test_drawings_become_a_file_that_a_run_reads(workshop: Workshop, tmp_path: Path) -> None:
    file = save_drawings(tmp_path, [DRAWING])
    assert json.loads(file.read_text()) == [DRAWING]
    config = CONFIG | {"data": {"source": "strokes", "validation": 0}}
    drawings = [DRAWING, DRAWING | {"label": 1}]
    summary = train.summarise_run(workshop, {"config": config, "drawings": drawings})
    assert summary["pictures"]["training"] == 2
    with pytest.raises(ValueError, match="expected 1 to 2000 labelled drawings, got 0"):
        save_drawings(tmp_path, [])
    with pytest.raises(ValueError, match="drawing 2 of 2 has no label or no strokes"):
        save_drawings(tmp_path, [DRAWING, {"label": "7", "strokes": []}])


@pytest.mark.parametrize(
    ("function", "request_", "message"),
    [
        (train.read_run, {"name": 3}, "the field 'name' is 3, expected text"),
        (
            train.control_run,
            {"name": "a", "command": "explode"},
            "the field 'command' is 'explode', expected one of pause",
        ),
        (train.moment, {"name": "a", "step": "x"}, "the field 'model' is missing, expected text"),
        (train.wrong, {"name": "a", "indices": 3}, "the field 'indices' is 3, expected a list"),
        (train.start_run, {"config": 3}, "the field 'config' is 3, expected an object"),
        (train.start_run, {"config": {"model": "a2", "training": {"epochs": 0}}}, "training.epochs is 0, expected 1"),
    ],
)
def test_refuses_what_the_page_would_not_send(workshop: Workshop, function: Any, request_: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        function(workshop, request_)


def test_data_sets_are_offered_where_they_are(tmp_path: Path) -> None:
    offered = choices(tmp_path)
    assert offered["sources"] == ["mnist", "drawn", "strokes", "folder"]
    raw = tmp_path / "KMNIST" / "raw"
    raw.mkdir(parents=True)
    for part in ("train", "t10k"):
        for kind in ("images-idx3", "labels-idx1"):
            (raw / f"{part}-{kind}-ubyte").touch()
    assert choices(tmp_path)["sources"] == ["mnist", "kmnist", "drawn", "strokes", "folder"]
    for distortion in offered["distortions"].values():
        parse(CONFIG | {"training": {"augmentation": distortion}})


def test_a_model_name_without_a_moment_is_not_taken_for_one(workshop: Workshop) -> None:
    with pytest.raises(FileNotFoundError, match="there is no run 'nowhere'"):
        workshop.library.explored("nowhere/a2@3")
    with pytest.raises(ValueError, match="there is no model 'nowhere@3'"):
        workshop.library.explored("nowhere@3")
