"""What the Train page asks of the server for a batch in slow motion."""

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.models import card
from core.training import checkpoints
from core.training.folder import RunFolder, write_atomically
from core.training.runs import Runs
from core.training.settings import RunConfig, parse
from core.training.worker import work
from explorer.models.library import Library
from explorer.train.slow_motion import Steps, slow_batch, slow_maps, slow_update

CONFIG: dict[str, Any] = {
    "model": "a2",
    "data": {"source": "drawn", "count": 40, "validation": 0.2},
    "training": {"epochs": 1, "batch_size": 8, "optimiser": "sgd", "momentum": 0.9, "schedule": "constant"},
    "checkpoints": 50,
    "device": "cpu",
    "threads": 1,
}
AT = {"name": "run", "model": "a2", "step": 2}


def trained(folder: Path, config: RunConfig) -> None:
    run = RunFolder(folder)
    run.checkpoints.mkdir(parents=True)
    write_atomically(run.config, json.dumps(config.json()))
    assert work(folder) == 0


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Steps:
    folder = tmp_path_factory.mktemp("runs")
    trained(folder / "run", parse(CONFIG))
    return Steps(Library(runs_dir=folder), Runs(folder))


def test_the_batch_comes_with_its_pictures_its_loss_and_the_network_that_learns_from_it(
    place: Steps,
) -> None:
    answer = slow_batch(place, AT)
    assert len(answer["pictures"]) == len(answer["labels"]) == len(answer["losses"]) == 8
    assert len(base64.b64decode(answer["pictures"][0])) == answer["width"] * answer["height"] == 28 * 28
    assert answer["loss"] == pytest.approx(sum(answer["losses"]) / 8, rel=1e-5)
    assert answer["rule"] == {"optimiser": "sgd", "momentum": 0.9, "decay": 0, "nesterov": False}
    assert [told["name"] for told in answer["parameters"]][:2] == ["conv1.weight", "conv1.bias"]
    assert answer["description"]["classes"] == list(card("a2").classes)
    assert [step["shape"][0] for step in answer["description"]["steps"]] == [1] * len(answer["description"]["steps"])
    json.dumps(answer)


def test_maps_and_gradients_are_those_of_the_picture_in_the_batch(place: Steps) -> None:
    found = place.of(AT)[0]
    for back in (False, True):
        answer = slow_maps(place, AT | {"picture": 3, "wanted": [[0, 0]], "back": back})
        (page,) = answer["maps"]
        expected = (found.gradients[0] if back else found.trace.steps[0].output)[3].flatten(1).abs().amax(1)
        scales = np.frombuffer(base64.b64decode(page["scales"]), "<f4")
        assert scales == pytest.approx(expected.detach().numpy(), rel=1e-6)
        assert (answer["loss"] is None) is not back
        assert answer["prediction"]["probabilities"] == pytest.approx(found.probabilities[3].tolist(), abs=1e-6)


def test_an_update_adds_up(place: Steps) -> None:
    answer = slow_update(place, AT | {"parameter": "conv2.weight", "first": 0})
    assert answer["map"]["channels"] == 200
    assert set(answer["pages"]) == {"before", "gradient", "change", "after"}
    assert answer["apart"] < 1e-7
    for row in answer["rows"]:
        then, now = row["memory"]["momentum_buffer"]
        assert now == pytest.approx(0.9 * then + row["gradient"], rel=1e-5)
        assert row["after"] == pytest.approx(row["before"] - answer["rate"] * now, rel=1e-5)
    bias = slow_update(place, AT | {"parameter": "fc2.bias", "first": 7})
    assert (bias["map"]["channels"], bias["first"], len(bias["rows"])) == (1, 0, 8)


def test_a_step_is_made_once(place: Steps) -> None:
    assert place.of(AT)[0] is place.of(AT)[0]


@pytest.mark.parametrize(
    ("function", "request_", "message"),
    [
        (slow_batch, {"name": "run", "model": "a2"}, "the field 'step' is missing"),
        (slow_batch, AT | {"step": 4}, "the run ends with step 4: no batch comes after it"),
        (slow_maps, AT | {"picture": 8, "wanted": [], "back": False}, "there is no picture 8 in a batch of 8"),
        (
            slow_update,
            AT | {"parameter": "conv9.weight", "first": 0},
            "the step does not train 'conv9.weight'; it trai",
        ),
    ],
)
def test_says_what_cannot_be_shown(place: Steps, function: Any, request_: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        function(place, request_)


@pytest.mark.parametrize("model", ["a1", "a3", "recommended", "resnet18", "mobilenet_v3_small"])
def test_every_network_can_be_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: str) -> None:
    monkeypatch.setattr(checkpoints, "SMALL_STATE", 10**9)
    side = {"side": 32} if model in ("resnet18", "mobilenet_v3_small") else {}
    data = {"source": "drawn", "count": 8, "validation": 0, **side}
    config = CONFIG | {"model": model, "data": data, "checkpoints": 2, "training": {"epochs": 1, "batch_size": 4}}
    trained(tmp_path / "run", parse(config))
    steps = Steps(Library(runs_dir=tmp_path), Runs(tmp_path))
    at = {"name": "run", "model": model, "step": 0}
    described = slow_batch(steps, at)["description"]
    wanted = [[step["index"], 0] for step in described["steps"] if step["map"]]
    for back in (False, True):
        answer = slow_maps(steps, at | {"picture": 1, "wanted": wanted, "back": back})
        assert len(answer["maps"]) == len(wanted)
