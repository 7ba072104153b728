"""Runs that take a second: few drawn digits, a small network, everything random switched on."""

import json
import os
from pathlib import Path
from typing import Any

import safetensors.torch
import torch

from core.training.control import GO, STOP, Controls
from core.training.folder import RunFolder, write_atomically
from core.training.settings import RunConfig, parse
from core.training.worker import work

DEVICE = os.environ.get("TORCH_DEVICE", "cpu")

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
