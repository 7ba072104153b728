"""The training benchmark's JSON and its networks: what is in it and that it adds up, never how fast."""

import json
from pathlib import Path

import pytest
import torch

from benchmarks import training


@pytest.fixture(autouse=True)
def _threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "set_num_threads", lambda count: None)


def test_it_writes_every_field(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    training.main(["--quick", "--seeds", "2", "--threads", "1", "--json", str(tmp_path / "training.json")])
    result = json.loads((tmp_path / "training.json").read_text(encoding="utf-8"))
    assert {"cpu", "cores", "torch", "threads"} <= result["machine"].keys()
    for field in (
        "textbook_epoch_s",
        "a1_float32_epoch_s",
        "same_architecture",
        "ratio_98",
        "ratio_99",
        "ratio_994",
        "first_start_s",
    ):
        assert result[field] > 0
    assert result["same_architecture"] == result[f"same_architecture_{result['precision']}"]
    assert 0 <= result["a1_float32_accuracy"] <= 1
    for name, goal in training.GOALS.items():
        found = result[f"goal_{name}"]
        assert len(found["seconds"]) == len(found["accuracies"]) == 2
        assert found["mean_accuracy"] == pytest.approx(sum(found["accuracies"]) / 2)
        assert found["reached"] == (found["mean_accuracy"] >= goal.accuracy)
    assert 0 <= result["first_start_held_back"] <= 1
    printed = capsys.readouterr().out
    assert "ratio_98" in printed
    assert "ratio_99" in printed


@pytest.mark.parametrize("name", training.GOALS)
def test_a_recipes_layers_fit_together(name: str) -> None:
    goal = training.GOALS[name]
    body = goal.body()
    if not goal.channels:
        body.followed_by(torch.randn(body.maps.shape[2], training.COMPONENTS))
    upright = body(torch.zeros(2, 1, 28, 28, dtype=torch.uint8))
    assert goal.head()(upright.float()).shape == (2, 10)


def test_a_ratio_compares_within_rounds() -> None:
    assert training._ratio([10.0, 100.0, 30.0], [1.0, 10.0, 10.0]) == 10
