"""The benchmarks' JSON and their measuring: what is in it and that it adds up, never how fast."""

import json
import math
from pathlib import Path

import pytest
import torch

from benchmarks import conv2d, pooling
from core.speed import timing

TARGETS = ("forward_vs_best_geomean", "forward_vs_unfold_geomean", "worst", "worst_peak")
"""The summary fields of the convolution benchmark with a target, besides the means of the three passes."""


@pytest.fixture(autouse=True)
def _threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "set_num_threads", lambda count: None)


def test_conv2d_writes_every_field(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    conv2d.main(["--quick", "--threads", "1", "--json", str(tmp_path / "conv2d.json")])
    result = json.loads((tmp_path / "conv2d.json").read_text(encoding="utf-8"))
    assert {"cpu", "cores", "torch", "threads"} <= result["machine"].keys()
    assert result["matmul_gflops"] > 0
    assert len(result["rows"]) == len(conv2d.QUICK)
    for row in result["rows"]:
        assert row["formulation"] in ("direct", "columns", "rows")
        assert row["peak_bytes"]["ours"] > 0
        for name in conv2d.NAMES:
            assert {"ours", "products", "nchw", "nhwc"} <= row[name]["seconds"].keys()
            for seconds in row[name]["seconds"].values():
                assert 0 < seconds["least"] <= seconds["lower_quartile"] <= seconds["median"]
                assert seconds["median"] <= seconds["upper_quartile"]
    for name in conv2d.NAMES:
        nchw = [row[name]["ratio"]["nchw"] for row in result["rows"]]
        assert result[f"{name}_geomean"] == pytest.approx(math.prod(nchw) ** (1 / len(nchw)))
        products = [row[name]["products_ratio"] for row in result["rows"]]
        assert result[f"products_{name}_geomean"] == pytest.approx(math.prod(products) ** (1 / len(products)))
        assert result[f"{name}_vs_best_geomean"] >= result[f"{name}_geomean"] * (1 - 1e-9)
    assert result["worst"] == max(row["forward"]["ratio"]["nchw"] for row in result["rows"])
    printed = capsys.readouterr().out
    for field in (*(f"{name}_geomean" for name in conv2d.NAMES), *TARGETS):
        assert field in result
        assert field in printed


def test_pooling_writes_every_field(tmp_path: Path) -> None:
    pooling.main(["--quick", "--threads", "1", "--json", str(tmp_path / "pooling.json")])
    result = json.loads((tmp_path / "pooling.json").read_text(encoding="utf-8"))
    assert result["forward_geomean"] == pytest.approx(result["rows"][0]["forward"]["ratio"])
    assert result["input_grad_geomean"] == pytest.approx(result["rows"][0]["input_grad"]["ratio"])


def test_conv2d_measures_the_listed_workloads() -> None:
    listed = [(w.images, w.channels, w.size, w.outputs, w.kernel, w.stride, w.padding) for w in conv2d.WORKLOADS]
    assert len(listed) == len(set(listed)) == 16
    assert (256, 32, 26, 64, 3, 1, 0) in listed
    assert (8, 3, 224, 64, 7, 2, 3) in listed


def test_a_wrong_result_is_refused_before_it_is_timed() -> None:
    exact = torch.ones(3, dtype=torch.float64)
    assert conv2d.check({"ours": lambda: torch.ones(3)}, exact) == {"ours": 0.0}
    with pytest.raises(AssertionError, match=r"ours is off the float64 result by 2.0e-05"):
        conv2d.check({"ours": lambda: torch.tensor([1.0, 1.0, 1.00002])}, exact)
    with pytest.raises(AssertionError, match=r"nchw is off the float64 result by 1.0e-03"):
        conv2d.check({"nchw": lambda: torch.tensor([1.0, 1.0, 1.001])}, exact)


def test_candidates_are_timed_in_turn() -> None:
    order: list[str] = []
    candidates = {name: lambda name=name: order.append(name) for name in "ABC"}
    samples = timing.interleave(candidates, rounds=20, settle=0.0, sample=0.0)
    turns = ["".join(order[at : at + 3]) for at in range(len(order) - 60, len(order), 3)]
    assert {"".join(sorted(turn)) for turn in turns} == {"ABC"}
    assert len(set(turns)) == 6  # each follows each of the others
    assert [len(figures) for figures in samples.values()] == [20, 20, 20]


def test_peak_counts_temporaries_and_result_but_not_arguments() -> None:
    argument = torch.zeros(1 << 16)
    assert timing.peak_bytes(lambda: argument.neg()) == argument.nbytes
    assert timing.peak_bytes(lambda: argument.neg() + argument.exp()) == 3 * argument.nbytes
    assert timing.peak_bytes(lambda: argument.sum()) < argument.nbytes


def test_ratio_compares_within_rounds() -> None:
    samples = {"ours": [1.0, 10.0, 3.0], "theirs": [2.0, 20.0, 6.0]}
    assert timing.ratio(samples, "ours", "theirs") == 0.5
    assert timing.geomean([0.5, 2.0]) == pytest.approx(1.0)
