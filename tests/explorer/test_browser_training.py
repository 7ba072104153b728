"""A run in the browser is the run that Python makes of the same settings: pictures, weights, steps, what it tells."""

import base64
import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load, load_file
from torch import Tensor, nn
from torch.optim import SGD, Adam, AdamW, Optimizer

from core import models
from core.data import mnist
from core.data.drawn import digits
from core.models.transfer import head
from core.training import experiment
from core.training.course import moments
from core.training.events import is_event
from core.training.loop import BatchDone, Training
from core.training.observe import activations, gradient_norms, score
from core.training.parts import select, set_dropout
from core.training.runs import Runs
from core.training.settings import RunConfig, parse
from explorer.draw.gallery import Gallery, browse
from explorer.models.library import Library
from explorer.publish.pictures import examples, write_pictures
from explorer.publish.plan import planned
from explorer.publish.route import weights_of
from explorer.screen.inputs import Inputs
from explorer.screen.observe import observe
from explorer.screen.shown import Showing
from explorer.train.shown import pictures
from tests.core.conftest import write_mnist
from tests.core.training.run_cases import trained
from tests.explorer.engine_cases import NODE, ROOT, differences

needs_node = pytest.mark.skipif(NODE is None and not os.environ.get("CI"), reason="no Node")

COUNT = 200
SEED = 4
STEPS = 12


def config(model: str = "a2", start: str | None = None, **training: Any) -> RunConfig:
    """Return a run as the page's form describes it."""
    recipe = {"epochs": 3, "batch_size": 32, "optimiser": "adamw", "learning_rate": 0.006, "momentum": 0, "seed": SEED}
    return parse(
        {
            "model": model,
            "start": start,
            "data": {"source": "drawn", "count": COUNT, "validation": 0.1},
            "training": {**recipe, **training},
            "checkpoints": 6,
        }
    )


TRACED = {
    "AdamW, one cycle": config(),
    "SGD with momentum, weight decay, steps": config(
        optimiser="sgd", learning_rate=0.05, momentum=0.9, weight_decay=0.01, schedule="steps"
    ),
    "SGD, one cycle of its momentum": config(optimiser="sgd", learning_rate=0.05, momentum=0.5),
    "Adam with weight decay, smoothed labels": config(
        optimiser="adam", weight_decay=0.1, label_smoothing=0.1, schedule="cosine"
    ),
    "AdamW with weight decay": config(weight_decay=0.5, schedule="constant"),
    "only the last layer of trained weights": config(start="shipped", trained=["head"], learning_rate=0.01),
    "A3, a larger network": config("a3", epochs=1, schedule="constant", learning_rate=0.001),
}


ROUNDED = {"sgd": 1e-6, "adam": 1e-3}
"""How far weights may be from Python's, of the largest of their tensor: Adam divides a gradient by its own size, which
makes the rounding of those that are nearly 0 as large as a step."""


def write_networks(folder: Path, names: set[str]) -> None:
    library = Library(device="cpu")
    for name in names:
        explored = library.explored(name)
        plan = planned(explored, explored.trace(explored.blank())[0])
        (folder / f"{name}.json").write_text(json.dumps(plan))
        (folder / f"{name}.safetensors").write_bytes(weights_of(explored))


def answered(folder: Path, **asked: Any) -> dict[str, Any]:
    """Return what the browser's engine makes of what is asked."""
    runs = asked.get("traced", [])
    write_networks(folder, {"a2", "recommended"} | {run["config"]["model"] for run in runs})
    write_pictures(folder, "digits", digits(COUNT, seed=SEED))
    (folder / "asked.json").write_text(json.dumps({"traced": [], "optimised": [], "asked": []} | asked))
    assert NODE
    subprocess.run([NODE, ROOT / "tests/web/training_answers.js", folder], check=True, timeout=280)
    told: dict[str, Any] = json.loads((folder / "answers.json").read_text())
    return told


class Python:
    """A run as Python makes it, step by step."""

    def __init__(self, run: RunConfig):
        made = experiment.build(run, Path("nowhere"), torch.device("cpu"))
        select(made.model, run.training.trained)
        if run.training.dropout is not None:
            set_dropout(made.model, run.training.dropout)
        self.model, self.parts, self.card = made.model, made.parts, made.card
        self.training = Training(made.model, self.parts.training, run.training, prepare=made.prepare)
        self.prepare = made.prepare

    def weights(self) -> dict[str, Tensor]:
        return {name: value.clone() for name, value in self.model.state_dict().items()}

    def steps(self, count: int) -> list[tuple[BatchDone, dict[str, Tensor]]]:
        """Make so many steps; each with the weights after it."""
        found = []
        for event in self.training.events():
            if isinstance(event, BatchDone):
                found.append((event, self.weights()))
                if len(found) == 1:
                    self.gradients = {
                        name: value.grad.clone()
                        for name, value in self.model.named_parameters()
                        if value.grad is not None
                    }
            if len(found) == count:
                break
        self.model.eval()
        return found


def apart(one: dict[str, Tensor], other: dict[str, Tensor]) -> float:
    """Return the largest difference between tensors, of the largest number of each."""
    assert set(one) == set(other)
    return max(float((one[name] - other[name]).abs().max() / other[name].abs().max()) for name in one)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dict[str, Any]]]:
    folder = tmp_path_factory.mktemp("training")
    asked = [{"config": run.json(), "steps": 5 if run.model == "a3" else STEPS} for run in TRACED.values()]
    return folder, answered(folder, traced=asked)["traced"]


@needs_node
@pytest.mark.parametrize("name", TRACED)
def test_a_run_begins_with_pythons_weights_and_pictures(name: str, told: tuple[Path, list[dict[str, Any]]]) -> None:
    folder, answers = told
    number = list(TRACED).index(name)
    python = Python(TRACED[name])
    assert answers[number]["labels"] == [python.parts.training.labels.tolist(), python.parts.validation.labels.tolist()]
    assert answers[number]["steps"] == python.training.steps
    assert apart(load_file(folder / f"{number}-0.safetensors"), python.weights()) < 2e-7


@needs_node
@pytest.mark.parametrize("name", TRACED)
def test_gradients_are_autograds_and_steps_are_torchs(name: str, told: tuple[Path, list[dict[str, Any]]]) -> None:
    folder, answers = told
    number = list(TRACED).index(name)
    python = Python(TRACED[name])
    for step, (done, weights) in enumerate(python.steps(len(answers[number]["done"])), 1):
        engine = answers[number]["done"][step - 1]
        if step == 1:
            assert apart(load_file(folder / f"{number}-gradients.safetensors"), python.gradients) < 1e-5
        assert engine["loss"] == pytest.approx(done.loss, rel=1e-4, abs=1e-6)
        assert engine["rate"] == pytest.approx(done.learning_rate, rel=1e-9)
        assert abs(engine["right"] - done.right) <= 1
        most = ROUNDED["sgd" if TRACED[name].training.optimiser == "sgd" else "adam"]
        assert apart(load_file(folder / f"{number}-{step}.safetensors"), weights) < most


@needs_node
def test_the_network_is_judged_as_python_judges_it(told: tuple[Path, list[dict[str, Any]]]) -> None:
    folder, answers = told
    python = Python(TRACED["AdamW, one cycle"])
    python.model.load_state_dict(load_file(folder / f"0-{STEPS}.safetensors"))
    held = python.parts.validation
    assert held is not None
    found, engine = score(python.model.eval(), held, python.prepare, 10), answers[0]["score"]
    assert (engine["pictures"], engine["accuracy"], engine["confusion"]) == (20, found.accuracy, found.confusion)
    assert engine["loss"] == pytest.approx(found.loss, rel=1e-4)
    assert [row[:3] for row in engine["wrong"]] == [list(row[:3]) for row in found.wrong]
    assert [row[3] for row in engine["wrong"]] == pytest.approx([row[3] for row in found.wrong], rel=1e-4)
    for one, other in zip(answers[0]["activations"], activations(python.model, held, python.prepare), strict=True):
        assert (one["name"], one["units"], one["dead"]) == (other.name, other.units, other.dead)
        assert (one["mean"], one["std"]) == pytest.approx((other.mean, other.std), rel=1e-4)


RULES: dict[str, tuple[dict[str, Any], Any]] = {
    "sgd": ({"optimiser": "sgd", "momentum": 0, "decay": 0}, lambda w: SGD(w, 0.1)),
    "sgd with momentum": (
        {"optimiser": "sgd", "momentum": 0.9, "decay": 0.01},
        lambda w: SGD(w, 0.1, 0.9, weight_decay=0.01),
    ),
    "adam": ({"optimiser": "adam", "momentum": 0, "decay": 0.1}, lambda w: Adam(w, 0.1, weight_decay=0.1)),
    "adamw": ({"optimiser": "adamw", "momentum": 0, "decay": 0.1}, lambda w: AdamW(w, 0.1, weight_decay=0.1)),
}


@needs_node
def test_optimisers_are_torchs_over_many_steps(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    weights, rates = rng.normal(size=50), rng.uniform(0.01, 0.1, size=60)
    gradients = rng.normal(size=(60, 50)) * rng.choice([0, 1e-6, 1, 100], size=50)
    asked = {"weights": weights.tolist(), "gradients": gradients.tolist(), "rates": rates.tolist()}
    engine = answered(tmp_path, optimised=[asked | {"rule": rule} for rule, _ in RULES.values()])["optimised"]
    for (_, make), found in zip(RULES.values(), engine, strict=True):
        parameter = nn.Parameter(torch.tensor(weights, dtype=torch.float32))
        optimiser: Optimizer = make([parameter])
        for rate, gradient, after in zip(rates, gradients, found, strict=True):
            parameter.grad = torch.tensor(gradient, dtype=torch.float32)
            optimiser.param_groups[0]["lr"] = rate
            optimiser.step()
            torch.testing.assert_close(torch.tensor(after), parameter.detach(), rtol=1e-5, atol=1e-6)


APART = 0x9E3779B9
"""Between the seeds of the order of pictures and of dropout."""


@needs_node
@pytest.mark.parametrize(("model", "shares"), [("a2", (0.3,)), ("a1", (0.25, 0.5))])
def test_dropout_is_that_of_the_layers_or_of_the_heads_inputs(
    model: str, shares: tuple[float, ...], tmp_path: Path
) -> None:
    run = config(model, dropout=0.3 if model == "a2" else None, epochs=1, batch_size=8)
    engine = answered(tmp_path, traced=[{"config": run.json(), "steps": 1}])["traced"][0]
    python = Python(replace(run, training=replace(run.training, dropout=None)))
    drawn = torch.Generator().manual_seed(run.training.seed ^ APART)

    def silence(values: Tensor, share: float) -> Tensor:
        return values * (torch.rand(values.shape, generator=drawn) >= share) / (1 - share)

    layers = [module for module in python.model.modules() if isinstance(module, nn.Dropout)]
    for layer, share in zip(layers, shares, strict=False):
        layer.p = 0.0
        layer.register_forward_hook(lambda _module, _given, output, share=share: silence(output, share))
    if not layers:
        head(python.model).register_forward_pre_hook(lambda _module, given: (silence(given[0], shares[0]),))
    [(done, _)] = python.steps(1)
    assert engine["done"][0]["loss"] == pytest.approx(done.loss, rel=1e-5)
    assert apart(load_file(tmp_path / "0-gradients.safetensors"), python.gradients) < 5e-6


STARTED = {"config": config().json(), "name": "mine", "drawings": None}
TALK: list[tuple[str, dict[str, Any], str | None]] = [
    ("summarise_run", {"config": config().json(), "drawings": None}, None),
    ("start_run", STARTED, None),
    ("control_run", {"name": "mine", "command": "pause"}, None),
    ("read_run", {"name": "mine", "since": 0}, "paused"),
    ("delete_run", {"name": "mine"}, None),
    ("control_run", {"name": "mine", "command": "step"}, None),
    ("control_run", {"name": "mine", "command": "learning_rate", "value": 0.001}, None),
    ("control_run", {"name": "mine", "command": "resume"}, None),
    ("read_run", {"name": "mine", "since": 0}, "done"),
    ("moment", {"name": "mine", "model": "a2", "step": 18}, None),
    ("export_run", {"name": "mine", "step": 18, "ending": ".safetensors"}, None),
    ("export_run", {"name": "mine", "step": 18, "ending": ".onnx"}, None),
    ("wrong", {"name": "mine", "indices": [0, 19]}, None),
    ("start_run", STARTED | {"config": config(start="mine").json()}, None),
    ("control_run", {"name": "mine-1", "command": "stop"}, None),
    ("read_run", {"name": "mine-1", "since": 0}, "stopped"),
    ("start_run", STARTED | {"config": config(learning_rate=1e9, optimiser="sgd", schedule="constant").json()}, None),
    ("read_run", {"name": "mine-2", "since": 0}, "failed"),
    ("rename_run", {"name": "mine", "to": "other"}, None),
    ("delete_run", {"name": "other"}, None),
    ("list_runs", {}, None),
    ("read_run", {"name": "other", "since": 0}, None),
    ("start_run", STARTED, None),
    ("start_run", {"config": config("recommended").json(), "name": "no", "drawings": None}, None),
    ("summarise_run", {"config": config(ema=0.9).json(), "drawings": None}, None),
    ("slow_batch", {"name": "mine", "model": "a2", "step": 0}, None),
]


@needs_node
def test_runs_are_started_steered_and_looked_back_on(tmp_path: Path) -> None:
    told = answered(tmp_path, asked=TALK)["told"]
    answers = iter(told)
    summary = next(answers)
    assert (summary["parameters"], summary["trained"], summary["steps"]) == (21840, 21840, 18)
    assert summary["pictures"] == {"training": 180, "validation": 20}
    assert 0 < summary["seconds"] < 60
    assert 0 < sum(summary["memory"][key] for key in ("pictures", "batch", "weights")) < summary["memory"]["most"]
    assert next(answers) == {"name": "mine"}
    assert next(answers) == {}
    paused = next(answers)
    assert paused["run"]["status"]["state"] == "paused"
    assert next(answers)["key"] == "told.run.busy"
    assert [next(answers) for _ in range(3)] == [{}, {}, {}]
    done = next(answers)
    python = Python(config())
    python.steps(1)
    _told_as_python_tells(done, gradient_norms(python.model))
    assert {"paused", "rate"} <= {event["event"] for event in done["events"]}
    assert done["run"]["steps"][-1] == 18
    moment = next(answers)
    assert (moment["model"], moment["filters"]["path"]) == ("mine/a2@18", "conv1")
    assert moment["filters"]["shape"] == [10, 5, 5]
    weights = load(base64.b64decode(next(answers)["data"]))
    models.build("a2").load_state_dict(weights)
    assert next(answers)["key"] == "engine.python"
    pictures = next(answers)["pictures"]
    held = python.parts.validation
    assert held is not None
    assert base64.b64decode(pictures[1]["data"]) == held.pictures[19].numpy().tobytes()
    assert pictures[1]["label"] == int(held.labels[19])
    assert next(answers) == {"name": "mine-1"}
    assert next(answers) == {}
    assert next(answers)["run"]["status"]["state"] == "stopped"
    assert next(answers) == {"name": "mine-2"}
    assert next(answers)["run"]["status"]["message"] == "diverged"
    assert next(answers) == {"name": "other"}
    assert next(answers) == {}
    assert [run["name"] for run in next(answers)["runs"]] == ["mine-2", "mine-1"]
    assert next(answers)["key"] == "told.run.gone"
    assert next(answers) == {"name": "mine-3"}
    assert [answer.get("key") for answer in answers] == ["engine.python"] * 3


@needs_node
def test_a_run_learns_the_published_pictures_of_mnist_as_pythons_learns_such_pictures(
    trusted_mnist: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen, indices = examples(trusted_mnist, 80)
    write_pictures(tmp_path, "mnist", chosen, indices)
    write_mnist(tmp_path / "chosen", chosen, chosen)
    monkeypatch.setattr(mnist, "SHA256", {"train": chosen.sha256(), "test": chosen.sha256()})
    plain = config(batch_size=8)
    data = {"source": "mnist", "share": 0.7, "validation": 0.2, "path": str(tmp_path / "chosen")}
    run = parse(plain.json() | {"data": data})
    engine = answered(tmp_path, traced=[{"config": run.json(), "steps": 4}])["traced"][0]
    python = Python(run)
    assert engine["labels"] == [python.parts.training.labels.tolist(), python.parts.validation.labels.tolist()]
    made = python.steps(4)
    for (done, _), told in zip(made, engine["done"], strict=True):
        assert told["loss"] == pytest.approx(done.loss, rel=1e-4)
    assert apart(load_file(tmp_path / "0-4.safetensors"), made[-1][1]) < ROUNDED["adam"]


SEEN: dict[str, Any] = {"model": "a2", "run": "", "label": None, "wrong": False, "first": 0, "download": False}
LOOKS = [SEEN, SEEN | {"first": 60}, SEEN | {"label": 7}, SEEN | {"wrong": True}, SEEN | {"first": 60}]


@needs_node
def test_pictures_are_offered_and_judged_as_python_offers_and_judges_them(trusted_mnist: Path, tmp_path: Path) -> None:
    write_pictures(tmp_path, "mnist", *examples(trusted_mnist, 100))
    library = Library(device="cpu")
    gallery = Gallery(Inputs(trusted_mnist))
    untrained = SEEN | {"model": "mine/a2@0", "run": "mine", "wrong": True}
    done = ("read_run", {"name": "mine", "since": 0}, "done")
    looks = [("browse", each, None) for each in LOOKS]
    asked = [*looks, TALK[1], done, ("browse", untrained, None), ("test_picture", {"digit": 42}, None)]
    told = answered(tmp_path, asked=asked)["told"]
    for request, engine in zip(LOOKS, told[: len(LOOKS)], strict=True):
        browse(library, gallery, request)
        for thread in gallery.threads:
            thread.join(60)
        assert engine == json.loads(json.dumps(browse(library, gallery, request)))
    assert told[3]["judged"] == told[3]["size"] == 100
    held = Python(config()).parts.validation
    assert held is not None
    assert (told[-2]["size"], told[-2]["judged"], told[-2]["classes"]) == (20, 20, list("0123456789"))
    assert told[-2]["labels"] == [int(held.labels[k]) for k in told[-2]["indices"]] != []
    assert all(guess != label for guess, label in zip(told[-2]["guesses"], told[-2]["labels"], strict=True))
    picture, label = gallery.inputs.digit(42)
    assert told[-1]["label"] == label
    assert base64.b64decode(told[-1]["data"]) == (picture * 255).byte().numpy().tobytes()


@needs_node
def test_pictures_that_did_not_come_along_are_refused(tmp_path: Path) -> None:
    told = answered(tmp_path, asked=[("browse", SEEN, None), ("browse", SEEN | {"run": "none"}, None)])["told"]
    assert [answer["key"] for answer in told] == ["engine.examples", "told.run.gone"]
    write_pictures(tmp_path, "mnist", digits(20, seed=1), range(20, 40))
    asked = [("test_picture", {"digit": digit}, None) for digit in (3, 21)]
    told = answered(tmp_path, asked=asked)["told"]
    assert told[0]["values"] == {"index": 3}
    assert told[1]["label"] == 1


@needs_node
def test_a_labelled_picture_is_shown_as_python_shows_it(trusted_mnist: Path, tmp_path: Path) -> None:
    data = {"source": "drawn", "count": 40, "validation": 0.5}
    trained(tmp_path / "runs/mine", parse({"data": data, "training": {"epochs": 1}, "checkpoints": 2}))
    showing = Showing(Library(device="cpu", data_dir=trusted_mnist, runs_dir=tmp_path / "runs"))
    [picture] = pictures(Runs(tmp_path / "runs"), "mine", [7])

    def asked(source: dict[str, Any], **more: Any) -> dict[str, Any]:
        shown = {"strokes": [], "brush": 1, "centred": True, "source": source, "perturbation": {}} | more
        edit = {"kind": "sgd", "rate": 0.1, "label": 2, **shown}
        return {**shown, "model": "a2", "label": 3, "edits": [edit], "wanted": [[-1, 0], [0, 0]], "structure": ""}

    own: dict[str, Any] = {"run": "mine", "picture": 7}
    filled = own | {"label": picture["label"], "data": picture["data"]}
    perturbed = {"perturbation": {"rotation": 20, "thickness": 1}}
    pixels, label = showing.inputs.digit(5)
    digit = {"digit": 5, "label": label, "data": base64.b64encode((pixels * 255).byte().numpy().tobytes()).decode()}
    shown = [asked(own), asked(own, **perturbed), asked({"digit": 5})]
    python = [observe(showing, each) for each in shown]
    write_networks(tmp_path, {"a2"})
    requests = [("observe", each) for each in (asked(filled), asked(filled, **perturbed), asked(digit))]
    (tmp_path / "requests.json").write_text(json.dumps(requests))
    assert NODE
    subprocess.run([NODE, ROOT / "tests/web/engine_answers.js", tmp_path], check=True, timeout=280)
    engine = json.loads((tmp_path / "answers.json").read_text())
    for one, other, source in zip(json.loads(json.dumps(python)), engine, ("held", "held", "digit"), strict=True):
        assert one["stages"]["source"] == source
        assert not list(differences(one, other, "answer"))


def _told_as_python_tells(reading: dict[str, Any], norms: dict[str, float]) -> None:
    """Check that a reading's events are those of `core.training.events`, at the moments that Python keeps."""
    events = reading["events"]
    assert all(is_event(event) for event in events)
    assert [event["event"] for event in (events[0], events[-1])] == ["started", "ended"]
    kept = [event["step"] for event in events if event["event"] == "checkpoint"]
    assert set(moments(18, 6)) <= set(kept)
    assert [event["epoch"] for event in events if event["event"] == "epoch"] == [1, 2, 3]
    assert reading["next"] == len(events)
    batch = next(event for event in events if event["event"] == "batch")
    assert set(batch["gradient_norms"]) == set(norms)
