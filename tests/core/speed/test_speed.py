"""The speed lab's measurements: what is proven, what is estimated, what is left out."""

import json
import math
import subprocess
import sys
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F

from core.ops.vectorized import compiled
from core.speed import WAYS, Sweep, Way, measure
from tests.stand_in import not_on_stand_in

HERE = [name for name, way in WAYS.items() if way.missing() is None and name != "compiled"]
QUICK = Sweep(sizes=(6, 9), images=2, channels=2, outputs=3, ways=HERE)


@pytest.fixture(autouse=True)
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.speed.sweep.SECONDS", 0.02)


@not_on_stand_in("runs no kernels")
@pytest.mark.parametrize("name", HERE)
def test_every_way_gives_the_same_convolution(name: str) -> None:
    generator = torch.Generator().manual_seed(1)
    input, weight = torch.randn(2, 3, 9, 8, generator=generator), torch.randn(4, 3, 3, 2, generator=generator)
    result = WAYS[name].prepare(input, weight)().cpu()
    assert torch.allclose(result, F.conv2d(input, weight), rtol=1e-4, atol=1e-5)


@not_on_stand_in("times nothing")
def test_a_sweep_tells_the_machine_each_point_and_how_time_grows() -> None:
    start, *events = measure(QUICK)
    assert start["kind"] == "start"
    assert start["points"] == 2 * len(HERE)
    assert start["machine"]["threads"] == torch.get_num_threads()
    points = [event for event in events if event["kind"] == "point"]
    assert {(point["way"], point["size"]) for point in points} == {(way, size) for way in HERE for size in (6, 9)}
    for point in points:
        assert point["products"] == 2 * 3 * (point["size"] - 2) ** 2 * 2 * 9
        assert 0 < point["lower"] <= point["median"] <= point["upper"]
        assert point["gflops"] == pytest.approx(2 * point["products"] / point["median"] / 1e9)
        assert point["error"] < 1e-5
    small, large = (next(p for p in points if p["way"] == "loops" and p["size"] == size) for size in (6, 9))
    slope = math.log(large["median"] / small["median"]) / math.log(large["products"] / small["products"])
    growth = next(event for event in events if event["kind"] == "growth" and event["way"] == "loops")
    assert growth["exponent"] == pytest.approx(slope)
    assert growth["points"] == 2


def test_loops_beyond_their_time_are_estimated_and_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    sweep = replace(QUICK, sizes=(16,), ways=["loops"])
    monkeypatch.setattr("core.speed.sweep._timed", lambda call: call().numel() * 1e-6)  # each output takes as long
    (_, whole) = measure(sweep)
    monkeypatch.setattr("core.speed.sweep.LOOP_SECONDS", whole["median"] / 3)
    (_, estimate) = measure(sweep)
    assert (whole["estimated"], estimate["estimated"]) == (False, True)
    assert estimate["median"] == pytest.approx(whole["median"])
    assert estimate["peak"] is None


def test_a_wrong_result_is_not_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = Way("taps", lambda input, weight: lambda: F.conv2d(input, weight) * 1.001)
    monkeypatch.setitem(WAYS, "taps", wrong)
    (_, event) = measure(replace(QUICK, sizes=(6,), ways=["taps"]))
    assert event["kind"] == "left_out"
    assert "differs from float64 by 1.0e-03" in event["message"]


def test_what_is_missing_too_large_or_failing_is_left_out_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(input: torch.Tensor, weight: torch.Tensor) -> None:
        raise RuntimeError("no such instruction\ndetails")

    monkeypatch.setitem(WAYS, "fft", replace(WAYS["fft"], missing=lambda: "there is none here"))
    monkeypatch.setitem(WAYS, "taps", replace(WAYS["taps"], prepare=fail))
    monkeypatch.setattr("core.speed.sweep.LARGEST_SCRATCH", 100)
    _, *events = measure(replace(QUICK, sizes=(6,), ways=["fft", "taps", "im2col", "framework"]))
    reasons = {event["way"]: event["message"] for event in events if event["kind"] == "left_out"}
    assert reasons["fft"] == "there is none here"
    assert reasons["taps"] == "no such instruction"
    assert "GiB of temporaries" in reasons["im2col"]
    assert [event["way"] for event in events if event["kind"] == "point"] == ["framework"]


def test_without_a_compiler_one_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.ops.vectorized.compiled.which", lambda name: None)
    monkeypatch.setattr("core.speed.ways.which", lambda name: None)
    monkeypatch.setattr("core.ops.vectorized.compiled.SYSTEM", "Linux")
    compiled._library.cache_clear()
    try:
        _, *events = measure(replace(QUICK, sizes=(6,), ways=["direct", "compiled", "framework"]))
    finally:
        compiled._library.cache_clear()
    reasons = {event["way"]: event["message"] for event in events if event["kind"] == "left_out"}
    assert reasons.keys() == {"direct", "compiled"}
    for reason in reasons.values():
        assert "C++ compiler" in reason
        assert "`sudo apt install g++` brings one on Debian and Ubuntu" in reason
    assert [event["way"] for event in events if event["kind"] == "point"] == ["framework"]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"channels": 0}, "channels is 0, expected at least 1"),
        ({"sizes": ()}, "at least one image size"),
        ({"sizes": (8, 2)}, "an image of 2×2 is smaller than the kernel, 3×3"),
        ({"ways": ["loops", "magic"]}, "unknown way magic; expected some of loops"),
        ({"sizes": (4096,), "channels": 64, "outputs": 64}, r"need 1.2e\+12 multiplications, expected at most 4e\+10"),
        ({"threads": 100_000}, "threads is 100000, expected at most [0-9]+: the processor has so many cores"),
        (
            {"sizes": (128,), "images": 1_000_000, "channels": 1, "outputs": 1, "kernel": 1},
            r"make a tensor of 1.6e\+10 numbers, expected at most 2.7e\+08",
        ),
    ],
)
def test_refuses_what_cannot_be_measured(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(QUICK, **settings)  # type: ignore[arg-type]


def test_the_command_prints_one_event_a_line() -> None:
    command = [sys.executable, "-m", "core.speed", "--sizes", "6", "--channels", "1", "--ways", "taps,framework"]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    events = [json.loads(line) for line in run.stdout.splitlines()]
    assert [event["kind"] for event in events] == ["start", "point", "point"]
    refused = subprocess.run([*command, "--kernel", "9"], capture_output=True, text=True, check=False)
    assert refused.returncode == 2
    assert "smaller than the kernel" in refused.stderr
    refused = subprocess.run([*command, "--sizes", "6;9"], capture_output=True, text=True, check=False)
    assert refused.returncode == 2
    assert "argument --sizes: '6;9', expected whole numbers apart by commas" in refused.stderr
