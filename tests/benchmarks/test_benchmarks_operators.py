"""What `benchmarks.operators` times: every convolution of real networks, every other operator, and sums that add up."""

import json
import math
from pathlib import Path

import pytest
import torch

from benchmarks import operators
from benchmarks.peers import CASES, LEFT_OUT
from benchmarks.traces import Convolution, convolutions, inputs
from core.ops.catalogue import CATALOGUE

TARGETS = (
    *("conv_forward_geomean", "conv_input_grad_geomean", "conv_weight_grad_geomean", "conv_vs_best_geomean"),
    *("depthwise_geomean", "conv_worst", "other_geomean", "other_worst"),
    *("step_a1", "step_a2", "step_a3", "step_recommended"),
)


@pytest.fixture(autouse=True)
def _threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "set_num_threads", lambda count: None)


def convolution(*sizes: int, kernel: int, stride: int = 1, padding: int = 0, groups: int = 1) -> Convolution:
    channels, side, outputs = sizes
    pairs = ((each, each) for each in (kernel, stride, padding, 1))
    return Convolution(channels, side, side, outputs, *pairs, groups)


def test_every_convolution_of_the_networks_is_met_once() -> None:
    found = convolutions()
    assert len(found) == len(set(found)) > 200
    for known in (
        convolution(3, 224, 64, kernel=7, stride=2, padding=3),  # the stem of ResNet
        convolution(512, 7, 512, kernel=3, padding=1),
        convolution(96, 56, 96, kernel=7, padding=3, groups=96),  # ConvNeXt
        convolution(992, 7, 128, kernel=1),  # DenseNet's last but one block
        convolution(1, 28, 32, kernel=3),  # A1
        convolution(1, 28, 32, kernel=5),  # the recommended model
    ):
        assert known in found
    assert sum(one.depthwise for one in found) > 30


def test_sizes_and_work_of_a_convolution_are_those_of_its_tensors() -> None:
    for one in (convolution(3, 23, 8, kernel=5, stride=2, padding=1), convolution(6, 9, 6, kernel=3, groups=6)):
        input = torch.zeros(4, one.channels, one.height, one.width)
        weight = torch.zeros(one.outputs, one.channels // one.groups, *one.kernel)
        output = torch.nn.functional.conv2d(input, weight, None, one.stride, one.padding, one.dilation, one.groups)
        assert tuple(output.shape[2:]) == one.out
        assert one.of(4).bytes == input.nbytes + output.nbytes
        assert one.of(4).products == output.numel() * weight[0].numel()


def test_each_convolution_is_timed_and_both_halves_meet_every_batch() -> None:
    bounded, everything = operators.chosen(False), operators.chosen(True)
    assert [position for position, _ in bounded] == list(range(len(convolutions())))
    assert {one for _, one in bounded} <= {one for _, one in everything}
    for parity in (0, 1):
        assert {one.images for position, one in bounded if position % 2 == parity} == set(operators.BATCHES)
    assert max(one.bytes for _, one in everything) <= operators.LARGEST_BYTES
    assert max(one.products for _, one in bounded if one.images > 1) <= operators.LARGEST_WORK


def test_every_operator_is_timed_or_left_out_with_a_reason() -> None:
    ours = {name for name, op in CATALOGUE.items() if op.ours}
    timed = {name.split(",")[0] for name in CASES}
    assert timed <= ours
    assert ours - timed == LEFT_OUT.keys() & ours
    met = inputs()
    for _, operation in CASES.values():
        assert met[operation]


def test_writes_every_field_and_both_halves(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    operators.main(["--quick", "--threads", "1", "--json", str(tmp_path / "operators.json")])
    result = json.loads((tmp_path / "operators.json").read_text(encoding="utf-8"))
    printed = capsys.readouterr().out
    for field in TARGETS:
        assert result[field] > 0
        assert field in printed
    conv, other = result["rows"]["conv"], result["rows"]["other"]
    for name in operators.PASSES:
        ratios = [row[name]["ratio"]["nchw"] for row in conv]
        assert result[f"conv_{name}_geomean"] == pytest.approx(math.prod(ratios) ** (1 / len(ratios)))
        halves = [[row[name]["ratio"]["nchw"] for row in conv if row["position"] % 2 == parity] for parity in (0, 1)]
        for half, ratios in zip(("tuned", "untuned"), halves, strict=True):
            assert result[f"conv_{name}_geomean_{half}"] == pytest.approx(math.prod(ratios) ** (1 / len(ratios)))
    every = [row[name]["ratio"] for row in other for name in ("forward", "gradients")]
    assert {row["operator"] for row in other} == CASES.keys()
    assert result["other_max"] == max(every) >= result["other_worst"]
    assert result["conv_max"] >= result["conv_worst"]


def test_a_wrong_result_is_not_timed() -> None:
    exact = torch.ones(3, dtype=torch.float64)
    assert operators.check(torch.ones(3), exact, "forward") == 0
    with pytest.raises(AssertionError, match=r"forward is off by 2.0e-05 of the largest element, allowed is 1e-05"):
        operators.check(torch.tensor([1.0, 1.0, 1.00002]), exact, "forward")
    assert operators.check(torch.tensor([1.0, 1.0, 1.00002]), torch.ones(3), "forward") > 0
