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
    for field in ("textbook_epoch_s", "a1_epoch_s", "same_architecture", "ratio_98", "ratio_99"):
        assert result[field] > 0
    for name, goal in training.GOALS.items():
        found = result[f"goal_{name}"]
        assert len(found["seconds"]) == len(found["accuracies"]) == 2
        assert found["mean_accuracy"] == pytest.approx(sum(found["accuracies"]) / 2)
        assert found["reached"] == (found["mean_accuracy"] >= goal.accuracy)
    printed = capsys.readouterr().out
    assert "ratio_98" in printed
    assert "ratio_99" in printed


@pytest.mark.parametrize(("name", "parameters"), [("98", 19066), ("99", 68410)])
def test_a_networks_maps_end_at_4_by_4(name: str, parameters: int) -> None:
    network = training.GOALS[name].network()
    assert network(torch.zeros(2, 1, 28, 28)).shape == (2, 10)
    assert sum(parameter.numel() for parameter in network.parameters()) == parameters


def test_a_ratio_compares_within_rounds() -> None:
    assert training._ratio([10.0, 100.0, 30.0], [1.0, 10.0, 10.0]) == 10
