"""The benchmark of cached features: its JSON, and that the cache changes neither answers nor frozen weights."""

import json
from pathlib import Path

import pytest
import torch

from benchmarks import features


def test_it_writes_every_field(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(torch, "set_num_threads", lambda count: None)
    features.main(["--quick", "--json", str(tmp_path / "features.json")])
    result = json.loads((tmp_path / "features.json").read_text(encoding="utf-8"))
    assert {"cpu", "cores", "torch", "threads"} <= result["machine"].keys()
    assert result["epoch_ratio"] > 1
    assert result["computing_s"] > 0
    assert result["frozen_identical"]
    assert result["largest_difference"] < 1e-5
    assert result["accuracy"]["cached"] == result["accuracy"]["forwarding"]
    assert "bit for bit the same" in capsys.readouterr().out


def test_a_changed_frozen_weight_is_found() -> None:
    model = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 2))
    model[0].requires_grad_(False)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    with torch.no_grad():
        model[1].weight.add_(1)
    assert features.frozen_alike(model, before)
    with torch.no_grad():
        model[0].weight.add_(1)
    assert not features.frozen_alike(model, before)
