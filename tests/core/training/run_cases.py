"""Runs that take a second: few drawn digits, a small network, everything random switched on."""

import json
from pathlib import Path
from typing import Any

import safetensors.torch
import torch

from core.training.control import GO, STOP, Controls
from core.training.events import Batch, Checkpoint, Ended, Epoch, Event, Score, Started, line
from core.training.folder import RunFolder, Status, write_atomically
from core.training.settings import RunConfig, parse
from core.training.worker import work
from tests.stand_in import device_name

DEVICE = device_name()

TINY: dict[str, Any] = {
    "model": "a2",
    "data": {"source": "drawn", "count": 80, "validation": 0.25},
    "training": {
        "epochs": 3,
        "batch_size": 16,
        "learning_rate": 0.005,
        "dropout": 0.2,
        "ema": 0.9,
        "augmentation": {"shift": 1, "elastic": 0.3},
    },
    "checkpoints": 4,
    "device": DEVICE,
    "threads": 1,
}
STEPS = 12  # three epochs of four batches


def tiny(**more: Any) -> RunConfig:
    """`TINY` with other settings: `tiny(training={"epochs": 1})`."""
    found = dict(TINY)
    for key, value in more.items():
        found[key] = TINY.get(key, {}) | value if isinstance(value, dict) else value
    return parse(found)


def made(folder: Path, config: RunConfig) -> RunFolder:
    run = RunFolder(folder)
    run.checkpoints.mkdir(parents=True)
    write_atomically(run.config, json.dumps(config.json()))
    return run


def trained(folder: Path, config: RunConfig) -> RunFolder:
    """Train in this process."""
    run = made(folder, config)
    assert work(folder) == 0, run.told().message
    return run


def told_long(folder: Path, batches: int) -> RunFolder:
    """A run of hours that is done, by what it told: so many batches in ten epochs, of four layers; no weights."""
    run = made(folder, tiny(training={"epochs": 10}))
    layers = dict.fromkeys(("conv1", "conv2", "fc1", "fc2"), 0.5)
    score = Score(20, 0.5, 0.9, [[0] * 10] * 10, [])
    events: list[Event] = [
        Started(batches, 10, {"training": 60, "validation": 20}, list("0123456789"), 99, 99, [], "cpu", 1, 1)
    ]
    for step in range(1, batches + 1):
        loss = 0.1 + 2 / (1 + step / 1000) + step % 7 / 70
        events.append(Batch(step, 10 * step // batches, loss, 1 - loss / 3, 0.01, 640.0, (batches - step) / 10, layers))
        if step % (batches // 10) == 0:
            epoch = 10 * step // batches
            events += [
                Epoch(step, epoch, loss, 0.9, 1.0),
                Checkpoint(step, epoch, f"{step:08d}.safetensors", score, []),
            ]
    events.append(Ended(batches, "done"))
    run.metrics.write_text("".join(line(event) + "\n" for event in events))
    run.tell(Status("done", step=batches, steps=batches, epoch=10, epochs=10))
    return run


def stop_after(monkeypatch: Any, step: int) -> None:
    """Let every run of this process be stopped after so many of its steps."""

    def wanted(controls: Controls, rate: float) -> tuple[int, float]:
        return (STOP if controls.teller.step == step else GO), rate

    monkeypatch.setattr(Controls, "_wanted", wanted)


def weights(run: RunFolder, step: int | None = None) -> dict[str, torch.Tensor]:
    steps = run.steps_kept()
    return dict(safetensors.torch.load_file(run.checkpoint(steps[-1] if step is None else step)))


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def named(run: RunFolder, name: str) -> list[dict[str, Any]]:
    return [event for event in run.events()[0] if event["event"] == name]
