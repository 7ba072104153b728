from dataclasses import replace

import pytest
import torch
from run_cases import DEVICE, STEPS, TINY, tiny, trained, weights

from core.training import checkpoints
from core.training.checkpoints import read_state
from core.training.folder import Control, RunFolder
from core.training.settings import parse
from core.training.slow_motion import next_step

EVERY = 200
"""So many moments that the time line has every step."""


def weights_after(run: RunFolder, step: int) -> dict[str, torch.Tensor]:
    """The weights themselves, not their running mean, as the run had them after a step, where it trained."""
    saved = read_state(run, step).tensors.items()
    return {name.removeprefix("model."): value.to(DEVICE) for name, value in saved if name.startswith("model.")}


OPTIMISERS = [
    {"optimiser": "sgd", "momentum": 0.9, "weight_decay": 0.01, "schedule": "constant"},
    {"optimiser": "sgd", "momentum": 0.9, "nesterov": True},
    {"optimiser": "sgd", "momentum": 0, "schedule": "cosine"},
    {"optimiser": "adam", "weight_decay": 0.01},
    {"optimiser": "adamw", "weight_decay": 0.05},
]


@pytest.mark.parametrize("optimiser", OPTIMISERS, ids=lambda found: "-".join(map(str, found.values())))
def test_the_weights_it_shows_are_those_that_the_run_has_after_that_very_step(tmp_path, optimiser):
    config = tiny(training=optimiser, checkpoints=EVERY)
    run = trained(tmp_path / "run", config)
    assert run.steps_kept() == list(range(STEPS + 1))
    for step in (0, 3, 4, STEPS - 1):  # the first ones, the last one of an epoch, the last one
        shown = next_step(run, config, step)
        before, after = weights_after(run, step), weights_after(run, step + 1)
        assert {update.name for update in shown.updates} == set(before)
        for update in shown.updates:
            assert torch.equal(update.before, before[update.name])
            assert torch.equal(update.after, after[update.name])
            torch.testing.assert_close(update.formula, update.after.double(), rtol=1e-5, atol=1e-7)


def test_it_shows_the_batch_that_the_run_saw(tmp_path):
    config = tiny(training={"label_smoothing": 0.1}, checkpoints=EVERY)
    run = trained(tmp_path / "run", config)
    told = {event["step"]: event for event in run.events()[0] if event["event"] == "batch"}
    shown = next_step(run, config, STEPS - 1)
    assert shown.pictures.shape == (12, 1, 28, 28)  # what is left of 60 pictures in batches of 16
    assert shown.trace.output.shape == (len(shown.labels), 10)
    assert float(shown.losses.mean()) == pytest.approx(shown.loss, rel=1e-5)
    assert shown.updates[-1].rate == pytest.approx(told[STEPS]["learning_rate"], rel=1e-5)
    assert shown.gradients[len(shown.trace.steps) - 1].shape == shown.trace.output.shape


def test_the_gradients_of_the_maps_lead_to_those_of_the_weights(tmp_path):
    config = tiny(checkpoints=EVERY)
    run = trained(tmp_path / "run", config)
    shown = next_step(run, config, 5)
    last = next(step for step in reversed(shown.trace.steps) if step.op == "linear")
    expected = shown.gradients[last.index].T @ last.tensor("input")
    gradient = next(update.gradient for update in shown.updates if update.name == last.parameters["weight"])
    torch.testing.assert_close(gradient, expected, rtol=1e-4, atol=1e-6)


def test_one_picture_of_the_batch_has_its_own_trace(tmp_path):
    config = tiny(checkpoints=EVERY)
    shown = next_step(trained(tmp_path / "run", config), config, 2)
    trace, gradients = shown.alone(7)
    assert trace.input.shape == (1, 1, 28, 28)
    assert torch.equal(trace.output, shown.trace.output[7:8])
    for step, whole in zip(trace.steps, shown.trace.steps, strict=True):
        assert step.output.shape == (1, *whole.output.shape[1:])
        assert gradients[step.index].shape == step.output.shape
    assert torch.equal(trace.steps[0].tensor("weight"), shown.trace.steps[0].tensor("weight"))
    with pytest.raises(IndexError, match="there is no picture 16 in a batch of 16"):
        shown.alone(16)


def test_a_frozen_body_is_shown_with_the_steps_of_its_head(tmp_path):
    training = TINY["training"] | {"trained": ["head"], "augmentation": {}, "ema": 0}
    config = parse(TINY | {"training": training, "unfreeze": {"epochs": 1}, "checkpoints": EVERY})
    run = trained(tmp_path / "run", config)
    shown = next_step(run, config, 5)
    assert [update.name for update in shown.updates] == ["fc2.weight", "fc2.bias"]
    after = {name: value.to(DEVICE) for name, value in weights(run, 6).items()}
    for update in shown.updates:  # the body's features were computed in batches of another size
        torch.testing.assert_close(update.after, after[update.name], rtol=1e-5, atol=1e-6)
    unfrozen = next_step(run, config, STEPS)
    assert len(unfrozen.updates) == 8
    after = {name: value.to(DEVICE) for name, value in weights(run, STEPS + 1).items()}
    assert all(torch.equal(update.after, after[update.name]) for update in unfrozen.updates)


def test_a_learning_rate_set_in_a_pause_counts(tmp_path):
    config = tiny(training={"schedule": "constant"}, checkpoints=EVERY)
    run = trained(tmp_path / "run", config)
    run.checkpoint(STEPS).unlink()  # as a run that waits after the step before
    run.want(Control("pause", learning_rate=0.25))
    assert next_step(run, config, STEPS - 1).updates[-1].rate == 0.25
    assert next_step(run, config, STEPS - 2).updates[-1].rate == 0.005


def test_says_where_no_step_can_be_shown(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoints, "SMALL_STATE", 1000)
    config = tiny()
    run = trained(tmp_path / "run", config)
    with pytest.raises(ValueError, match="the run ends with step 12: no batch comes after it"):
        next_step(run, config, STEPS)
    with pytest.raises(FileNotFoundError, match=r"kept the weights after step 1, but not .* it did after step 12"):
        next_step(run, config, 1)
    assert weights(run, 1)


def test_a_state_of_another_device_is_told_not_drawn_from(tmp_path, monkeypatch):
    config = tiny(checkpoints=EVERY)
    run = trained(tmp_path / "run", config)
    saved = read_state(run, 3)
    other = "cpu" if DEVICE != "cpu" else "cuda"
    checkpoints.save_state(run, replace(saved, counters={**saved.counters, "device": other}), moment=3)
    with pytest.raises(ValueError, match=f"run trained on {other}, and the random numbers of its next batch can be"):
        next_step(run, config, 3)
