"""The settings that the Train page begins with, and its lessons, held to real runs of them."""

import json
from pathlib import Path
from typing import Any

from core.training.folder import RunFolder, write_atomically
from core.training.settings import parse
from core.training.worker import work
from tests.explorer.run_presets import presets

GUESSING = 2.30
"""The loss of an answer that gives ten classes the same probability, nats."""


def told(folder: Path, config: dict[str, Any]) -> list[dict[str, Any]]:
    """Train in this process, and return what the run told."""
    run = RunFolder(folder / "run")
    run.checkpoints.mkdir(parents=True)
    write_atomically(run.config, json.dumps(parse(config | {"threads": 1}).json()))
    assert work(run.path) == 0, run.told().message
    return run.events()[0]


def held_back(folder: Path, config: dict[str, Any]) -> list[dict[str, Any]]:
    return [event["validation"] for event in told(folder, config) if event["event"] == "checkpoint"]


def test_the_first_run_reads_97_percent_of_what_is_held_back(tmp_path: Path, mnist_dir: Path) -> None:
    config = presets(mnist=True)[""]
    config = config | {"data": config["data"] | {"path": str(mnist_dir)}}
    assert held_back(tmp_path, config)[-1]["accuracy"] >= 0.97


def test_without_mnist_the_first_run_reads_97_percent_of_drawn_digits(tmp_path: Path) -> None:
    config = presets(mnist=False)[""]
    assert config["data"]["source"] == "drawn"
    assert held_back(tmp_path, config)[-1]["accuracy"] >= 0.97


def test_too_small_a_rate_hardly_leaves_the_loss_of_guessing(tmp_path: Path) -> None:
    last = held_back(tmp_path, presets(mnist=False)["small"])[-1]
    assert last["loss"] > 0.9 * GUESSING


def test_too_large_a_rate_ends_where_guessing_is(tmp_path: Path) -> None:
    last = held_back(tmp_path, presets(mnist=False)["large"])[-1]
    assert last["accuracy"] < 0.2


def test_few_pictures_seen_often_are_learned_by_heart(tmp_path: Path) -> None:
    events = told(tmp_path, presets(mnist=False)["overfit"])
    learned = [event["accuracy"] for event in events if event["event"] == "epoch"][-1]
    held = [event["validation"] for event in events if event["event"] == "checkpoint"]
    assert learned > 0.99
    assert held[-1]["accuracy"] < learned - 0.04
    assert held[-1]["loss"] > min(score["loss"] for score in held)


def test_a_tutorials_settings_have_only_begun_after_a_few_steps(tmp_path: Path) -> None:
    last = held_back(tmp_path, presets(mnist=False)["tutorial"])[-1]
    assert last["loss"] > 0.5
    assert last["accuracy"] < 0.9
