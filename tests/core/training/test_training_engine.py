import errno
import json
import math

import pytest
import torch
from run_cases import STEPS, made, named, same, stop_after, tiny, trained, weights
from torch import nn

from core import models
from core.data import drawn
from core.training import checkpoints, engine
from core.training.config import Config
from core.training.control import GO, Controls
from core.training.course import moments
from core.training.events import Ended, line
from core.training.failures import reason
from core.training.folder import Control, RunFolder
from core.training.loop import Training
from core.training.observe import activations, gradient_norms, score
from core.training.runs import Runs
from core.training.worker import work


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    return trained(tmp_path_factory.mktemp("runs") / "whole", tiny())


def test_a_run_tells_everything_and_keeps_its_time_line(uninterrupted):
    run = uninterrupted
    told = [event["event"] for event in run.events()[0]]
    assert told[0] == "started"
    assert told[-1] == "ended"
    assert run.steps_kept() == moments(STEPS, 4) == [0, 1, 5, 12]
    assert [event["step"] for event in named(run, "checkpoint")] == [0, 1, 5, 12]
    assert [event["epoch"] for event in named(run, "epoch")] == [1, 2, 3]
    last = named(run, "checkpoint")[-1]
    assert last["validation"]["pictures"] == 20
    assert sum(map(sum, last["validation"]["confusion"])) == 20
    wrong = last["validation"]["wrong"]
    assert len(wrong) == round(20 * (1 - last["validation"]["accuracy"]))
    assert [a["name"] for a in last["activations"]] == ["relu", "relu 2", "relu 3"]
    batch = named(run, "batch")[-1]
    assert batch["step"] == STEPS
    assert batch["gradient_norms"].keys() == {"conv1", "conv2", "fc1", "fc2"}
    assert batch["examples_per_second"] > 0
    assert batch["seconds_left"] == 0
    assert run.status().state == "done"
    assert run.status().accuracy == pytest.approx(last["validation"]["accuracy"])
    assert json.loads((run.path / "a2.json").read_text())["figures"]["validation_accuracy"] == pytest.approx(
        last["validation"]["accuracy"]
    )
    assert list(run.path.glob("*.partial")) == []


def test_the_last_weights_are_a_model_that_the_explorer_lists(uninterrupted):
    model = models.load("a2", weights=uninterrupted.path / "a2.safetensors")
    assert same(model.state_dict(), weights(uninterrupted))
    assert models.card("a2", uninterrupted.path).recipe["data"]["source"] == "drawn"


def test_any_moment_of_the_time_line_is_a_model(uninterrupted):
    runs = Runs(uninterrupted.path.parent)
    first, card = runs.model("whole", 0)
    last, _ = runs.model("whole")
    assert not first.training
    assert same(first.state_dict(), weights(uninterrupted, 0))
    assert not same(first.state_dict(), last.state_dict())
    assert card.classes == tuple("0123456789")
    with pytest.raises(FileNotFoundError, match="no weights of step 7: it kept those of steps 0, 1, 5, 12"):
        runs.model("whole", 7)


def test_a_wrong_answer_names_a_held_back_picture(uninterrupted):
    index, label, answer, probability = named(uninterrupted, "checkpoint")[0]["validation"]["wrong"][0]
    runs = Runs(uninterrupted.path.parent)
    picture, found = runs.picture("whole", index)
    assert picture.shape == (1, 28, 28)
    assert found == label
    model, card = runs.model("whole", 0)
    p = torch.softmax(model(card.prepare(picture)).detach(), 1)[0]
    assert int(p.argmax()) == answer
    assert float(p.max()) == pytest.approx(probability, abs=1e-5)
    with pytest.raises(ValueError, match="there is no picture 20: whole holds back 20"):
        runs.picture("whole", 20)


def test_the_same_seed_gives_the_same_weights(uninterrupted, tmp_path):
    assert same(weights(trained(tmp_path / "again", tiny())), weights(uninterrupted))
    assert not same(weights(trained(tmp_path / "other", tiny(training={"seed": 1}))), weights(uninterrupted))


@pytest.mark.parametrize("step", [0, 3, 4, 7])
def test_stop_and_resume_give_the_weights_of_an_uninterrupted_run(uninterrupted, tmp_path, monkeypatch, step):
    stop_after(monkeypatch, step)
    run = trained(tmp_path / "part", tiny())
    assert run.told().state == "stopped"
    assert run.told().message == f"its weights after step {step} are kept"
    assert run.steps_kept()[-1] == step
    models.load("a2", weights=run.path / "a2.safetensors")
    stop_after(monkeypatch, -1)
    assert work(run.path) == 0
    assert same(weights(run), weights(uninterrupted))
    assert named(run, "resumed")[0]["step"] == step
    losses = {event["step"]: event["loss"] for event in named(run, "epoch")}
    assert losses == {event["step"]: event["loss"] for event in named(uninterrupted, "epoch")}


def test_pause_single_steps_and_resume_give_the_same_weights(uninterrupted, tmp_path, monkeypatch):
    run = made(tmp_path / "paused", tiny())
    run.want(Control(state="pause"))
    looks = iter(range(100))
    written = RunFolder.control_written

    def press(folder):
        """Each look finds that somebody has pressed something: four single steps, then resume."""
        look = next(looks)
        folder.want(Control(state="pause", steps=look) if look < 5 else Control())
        return written(folder) * 1000 + look

    monkeypatch.setattr(RunFolder, "control_written", press)
    assert work(run.path) == 0
    assert same(weights(run), weights(uninterrupted))
    assert [event["step"] for event in named(run, "paused")] == [0]
    assert [event["step"] for event in named(run, "batch")][:4] == [1, 2, 3, 4]


def test_a_learning_rate_changed_while_running_is_told_and_kept(tmp_path, monkeypatch):
    def wanted(controls, rate):
        return GO, 0.0 if controls.teller.step >= 4 else rate

    monkeypatch.setattr(Controls, "_wanted", wanted)
    run = trained(tmp_path / "slower", tiny(training={"ema": 0, "schedule": "constant"}, checkpoints=13))
    assert [(event["step"], event["learning_rate"]) for event in named(run, "rate")] == [(4, 0.0)]
    assert named(run, "batch")[-1]["learning_rate"] == 0
    moved = {name: not torch.equal(value, weights(run, 5)[name]) for name, value in weights(run, 12).items()}
    assert not any(moved.values())


@pytest.mark.parametrize(
    "training", [{"optimiser": "sgd", "nesterov": True}, {"optimiser": "adam", "precision": "bfloat16"}]
)
def test_every_optimisers_state_survives(training, tmp_path, device):
    config = Config(epochs=2, batch_size=16, schedule="cosine", weight_decay=0.01, **training)
    pictures = drawn.digits(48, seed=0)

    def fresh():
        torch.manual_seed(0)
        return Training(models.build("recommended").to(device), pictures, config, prepare=models.card("a2").prepare)

    whole = fresh()
    list(whole.events())
    part = fresh()
    events = part.events()
    for _ in range(4):  # three batches and the end of an epoch
        next(events)
    counters, tensors = part.state()
    again = fresh()
    again.restore(counters, {name: value.cpu().clone() for name, value in tensors.items()})
    list(again.events())
    assert same(again.model.state_dict(), whole.model.state_dict())
    with pytest.raises(ValueError, match=r"has no .*: it is another model's"):
        again.restore(counters, {})


def test_a_loss_that_is_no_number_ends_the_run_and_keeps_the_last_good_weights(tmp_path):
    training = {"optimiser": "sgd", "learning_rate": 1e6, "schedule": "constant", "ema": 0, "dropout": None}
    run = made(tmp_path / "wild", tiny(training=training))
    assert work(run.path) == 1
    message = run.status().message
    assert run.status().state == "failed"
    assert "with the learning rate 1e+06: training has diverged. Try a smaller learning rate" in message
    assert f"its weights after step {run.steps_kept()[-1]} are kept" in message
    assert all(value.isfinite().all() for value in weights(run).values())
    assert named(run, "started")[0]["notes"] == ["the learning rate is 1e+06: above 1 a run will probably diverge"]
    assert named(run, "ended")[0]["state"] == "failed"


def test_a_learning_rate_of_0_is_legal_and_said(tmp_path):
    run = trained(tmp_path / "still", tiny(training={"learning_rate": 0, "ema": 0}))
    assert same(weights(run, 0), weights(run, STEPS))
    assert named(run, "started")[0]["notes"] == ["the learning rate is 0: the weights will stay as they are"]


@pytest.mark.parametrize("native", [True, False])
def test_a_precision_that_the_device_only_emulates_is_said(native, monkeypatch):
    monkeypatch.setattr("core.training.engine.has_bfloat16", lambda device: native)
    notes = list(engine._warnings(Config(precision="bfloat16"), torch.device("cpu")))
    assert notes == ([] if native else ["this device only emulates bfloat16: float32 will be faster"])


def test_a_full_disk_ends_the_run_with_its_last_checkpoint(tmp_path, monkeypatch):
    run = made(tmp_path / "full", tiny())
    save = checkpoints.save_checkpoint

    def full(run, weights, step):
        if step == 5:
            raise OSError(errno.ENOSPC, "No space left on device")
        return save(run, weights, step)

    monkeypatch.setattr(checkpoints, "save_checkpoint", full)
    assert work(run.path) == 1
    assert run.status().message == (
        "the disk is full: delete runs that you do not need, then resume; its weights after step 1 are kept"
    )


def test_a_corrupt_state_is_named_and_nothing_is_overwritten(tmp_path, monkeypatch):
    stop_after(monkeypatch, 3)
    run = trained(tmp_path / "run", tiny())
    stop_after(monkeypatch, -1)
    run.resumable.write_bytes(b"not a checkpoint")
    assert work(run.path) == 1
    assert "state.safetensors is no safetensors file, or it is damaged" in run.status().message
    assert run.status().message.endswith("its weights after step 3 are kept")
    run.checkpoint(3).write_bytes(b"")
    with pytest.raises(ValueError, match="damaged"):
        Runs(tmp_path).model("run", 3)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (MemoryError(), "out of memory with batches of 16 pictures: choose a smaller batch_size"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to"), "out of memory with batches of 16"),
        (PermissionError(13, "Permission denied", "x"), "x cannot be written: Permission denied"),
        (OSError(errno.EDQUOT, "quota"), "the disk is full"),
        (KeyError("x"), None),
    ],
)
def test_failures_say_what_to_do(error, words):
    told = reason(error, tiny())
    assert told is None if words is None else words in told


def test_a_failure_nobody_foresaw_is_told_too(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(engine.experiment, "build", lambda *_: {}["x"])
    run = made(tmp_path / "odd", tiny())
    assert work(run.path) == 1
    assert run.status().message == "KeyError: 'x'; it had kept no weights yet"
    assert "Traceback" in capsys.readouterr().err


def test_events_are_lines_of_json_that_every_reader_takes():
    told = json.loads(line(Ended(3, "failed", "ä", {"a": math.nan, "b": 1 / 3})))
    assert told["event"] == "ended"
    assert told["figures"] == {"a": None, "b": 0.333333}


def test_a_half_written_line_is_left_out_and_closed(tmp_path):
    run = made(tmp_path / "cut", tiny(training={"epochs": 1}))
    run.metrics.write_text('{"event":"batch","step"')
    assert run.events() == ([], 0, 1)
    assert work(run.path) == 0
    assert run.events()[0][0]["event"] == "started"


def test_gradient_norms_are_those_of_each_modules_own_parameters():
    model = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 1, bias=False))
    model(torch.ones(1, 2)).sum().backward()
    norms = gradient_norms(model)
    assert norms.keys() == {"0", "2"}
    assert norms["0"] == pytest.approx(
        math.hypot(float(model[0].weight.grad.norm()), float(model[0].bias.grad.norm())), rel=1e-5
    )


def test_dead_units_are_those_that_answer_nothing_to_any_picture():
    torch.manual_seed(0)
    model = models.build("a3")
    with torch.no_grad():
        model.conv1.bias[[3, 5]] = -100
        model.fc1.bias.fill_(-1e6)
    found = activations(model.eval(), drawn.digits(20, seed=0), models.card("a3").prepare)
    assert [(a.name, a.units) for a in found] == [("relu1", 32), ("relu2", 64), ("relu3", 128)]
    assert {3, 5} <= set(found[0].dead)
    assert found[2].dead == list(range(128))
    assert found[2].std == 0


def test_a_score_counts_labels_against_answers():
    digits = drawn.digits(30, seed=0)
    model = models.load("recommended")
    found = score(model, digits, models.card("recommended").prepare, 10)
    assert [sum(row) for row in found.confusion] == torch.bincount(digits.labels, minlength=10).tolist()
    assert found.accuracy == pytest.approx(sum(found.confusion[k][k] for k in range(10)) / 30)
    assert all(label == int(digits.labels[index]) != answer for index, label, answer, _ in found.wrong)
