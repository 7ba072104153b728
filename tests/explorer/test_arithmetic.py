"""Holds the Arithmetic page to `core`, to torch and to the naive loops as they run.

Both languages read `tests/golden/arithmetic.json`; after a change of the cases, write it anew:
`python -m tests.explorer.test_arithmetic`.
"""

import json
import math
import random
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
import torch
from torch import Tensor

from core.ops import naive
from core.ops.geometry import pool_windows
from core.ops.optim import sgd_step
from explorer.autograd import MOST_ELEMENTS
from explorer.listings import MARKS, listing, listings
from explorer.views.arithmetic import check

GOLDEN = Path(__file__).resolve().parent.parent / "golden" / "arithmetic.json"
VARIABLES = ("n", "o", "c", "y", "x", "i", "j", "row", "col", "total", "value", "best", "index", "share")
MOST_TRACED = 40
"""Most products of a case whose run through the loops is kept in the golden file."""

Case = dict[str, Any]
Trace = list[tuple[str, dict[str, float | str]]]


def tensor(generator: random.Random, *shape: int) -> dict[str, Any]:
    return {"shape": list(shape), "values": [round(generator.uniform(-9, 9), 3) for _ in range(math.prod(shape))]}


def values(case: Case, name: str) -> Tensor:
    return torch.tensor(case[name]["values"], dtype=torch.float64).reshape(case[name]["shape"])


def calls(case: Case) -> dict[str, Callable[[], Tensor]]:
    """The case's results by `core.ops.naive`, each as a call of one function, by the names that the page gives them."""
    input, grad_output = values(case, "input")[None], values(case, "grad_output")[None]
    weight, bias = values(case, "weight"), values(case, "bias")
    stride, padding, dilation = (tuple(case[name]) for name in ("stride", "padding", "dilation"))
    kernel = tuple(weight.shape[2:])
    if case["op"] == "max":
        rest: Any = (kernel, stride, padding, dilation)
        return {
            "output": lambda: naive.max_pool2d(input, *rest),
            "gradInput": lambda: naive.max_pool2d_input_grad(input, grad_output, *rest),
        }
    if case["op"] == "avg":
        return {
            "output": lambda: naive.avg_pool2d(input, kernel, stride, padding),
            "gradInput": lambda: naive.avg_pool2d_input_grad(input.shape, grad_output, kernel, stride, padding),
        }
    name, rest = "convolve2d" if case["flip"] else "conv2d", (stride, padding, dilation)
    forward, input_grad, weight_grad = (getattr(naive, name + end) for end in ("", "_input_grad", "_weight_grad"))
    return {
        "output": lambda: forward(input, weight, bias, *rest),
        "gradInput": lambda: input_grad(input.shape, weight, grad_output, *rest),
        "gradWeight": lambda: weight_grad(input, weight.shape, grad_output, *rest),
        "gradBias": lambda: naive.conv2d_bias_grad(grad_output),
    }


def results(case: Case) -> dict[str, list[float]]:
    found = {name: call() for name, call in calls(case).items()}
    if case["op"] == "conv":
        for parameter, name in (("weight", "newWeight"), ("bias", "newBias")):
            grad = found["gradWeight" if parameter == "weight" else "gradBias"]
            found[name] = sgd_step(values(case, parameter), grad, lr=case["lr"])[0]
    return {name: result.flatten().tolist() for name, result in found.items()}


def traced(call: Callable[[], Tensor], name: str) -> Trace:
    """Run a naive function and return which marked lines ran, one after another, with the variables after each."""
    function, shown = getattr(naive, name), listing(getattr(naive, name), MARKS[name])
    marks = {shown.first + line: mark for mark, line in shown.marks.items()}
    events: Trace = []
    pending: int | None = None

    def flush(frame: FrameType, line: float) -> None:
        nonlocal pending
        if pending is not None and (marks[pending] not in ("skip", "stay") or line < pending):
            known = {key: frame.f_locals[key] for key in VARIABLES if isinstance(frame.f_locals.get(key), int | float)}
            kept = {key: value if math.isfinite(value) else str(value) for key, value in known.items()}
            events.append((marks[pending], kept))
        pending = None

    def follow(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal pending
        if frame.f_code is not function.__code__:
            return None
        if event == "line":
            flush(frame, frame.f_lineno)
            pending = frame.f_lineno if frame.f_lineno in marks else None
        elif event == "return":
            flush(frame, math.inf)
        return follow

    before = sys.gettrace()
    sys.settrace(follow)
    try:
        call()
    finally:
        sys.settrace(before)
    return events


def traces(case: Case) -> dict[str, Trace]:
    stem = {"max": "max_pool2d", "avg": "avg_pool2d"}.get(case["op"], "convolve2d" if case["flip"] else "conv2d")
    names = {"output": stem, "gradInput": f"{stem}_input_grad", "gradWeight": f"{stem}_weight_grad"}
    names["gradBias"] = "conv2d_bias_grad"
    return {names[result]: traced(call, names[result]) for result, call in calls(case).items()}


def drawn_cases() -> list[Case]:
    """Settings drawn by a seeded generator, those that `core` refuses left out; the small ones with their runs."""
    generator = random.Random(4)
    cases: list[Case] = []
    while len(cases) < 36:
        op = ("conv", "conv", "max", "conv", "avg", "max")[len(cases) % 6]
        C, O = generator.randint(1, 3), generator.randint(1, 2)
        H, W, kH, kW = (generator.randint(low, high) for low, high in ((2, 8), (2, 8), (1, 4), (1, 4)))
        case: Case = {
            "op": op,
            "flip": op == "conv" and generator.random() < 0.4,
            "lr": generator.choice([0.1, 0.01, 0.3]),
            "stride": [generator.randint(1, 3), generator.randint(1, 3)],
            "padding": [generator.choice([0, 0, 1, 2]), generator.choice([0, 0, 1, 2])],
            "dilation": [1, 1] if op == "avg" else [generator.choice([1, 1, 2]), generator.choice([1, 1, 2, 3])],
            "input": tensor(generator, C, H, W),
            "weight": tensor(generator, O, C, kH, kW),
            "bias": tensor(generator, O),
            "grad_output": tensor(generator, 1, 1, 1),
        }
        try:
            case["grad_output"] = tensor(generator, *calls(case)["output"]().shape[1:])
        except ValueError:
            continue
        products = math.prod(case["grad_output"]["shape"]) * math.prod(case["weight"]["shape"][1:])
        runs = traces(case) if products < MOST_TRACED else {}
        cases.append({**case, "results": results(case), "traces": runs})
    return cases


REFUSALS = [
    {"op": "conv", "size": [2, 5], "kernel": [3, 3], "padding": [0, 0], "dilation": [1, 1], "reason": "span"},
    {"op": "conv", "size": [5, 4], "kernel": [1, 3], "padding": [0, 0], "dilation": [1, 2], "reason": "span"},
    {"op": "max", "size": [5, 5], "kernel": [3, 2], "padding": [2, 0], "dilation": [1, 1], "reason": "half"},
    {"op": "avg", "size": [1, 1], "kernel": [2, 2], "padding": [0, 0], "dilation": [1, 1], "reason": "span"},
    {"op": "max", "size": [1, 6], "kernel": [2, 2], "padding": [1, 0], "dilation": [2, 1], "reason": "over"},
]
MESSAGES = {"span": "spans", "half": "at most half", "over": "steps over"}


def golden() -> dict[str, Any]:
    return {"cases": drawn_cases(), "refusals": REFUSALS}


@pytest.fixture(scope="module")
def stored() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(GOLDEN.read_text())
    return found


def test_the_golden_file_is_what_core_computes(stored):
    assert stored == json.loads(json.dumps(golden()))


def test_the_golden_cases_are_of_every_kind(stored):
    cases = stored["cases"]
    assert {"conv", "max", "avg"} == {case["op"] for case in cases}
    assert {True, False} == {case["flip"] for case in cases if case["op"] == "conv"}
    assert {1, 2, 3} == {case["input"]["shape"][0] for case in cases}
    assert {name for case in cases for name in case["traces"]} == set(MARKS) - {"sgd_step"}
    assert any(max(case["padding"]) for case in cases if case["op"] == "max")


def test_autograd_agrees_with_the_naive_loops(stored):
    for case in stored["cases"]:
        answer = check(case)
        assert answer.keys() == case["results"].keys()
        for name, found in answer.items():
            wanted = torch.tensor(case["results"][name])
            torch.testing.assert_close(torch.tensor(found), wanted, rtol=1e-12, atol=1e-11)


@pytest.mark.parametrize("case", REFUSALS, ids=lambda case: f"{case['op']}-{case['reason']}")
def test_core_refuses_the_golden_refusals(case):
    (H, W), (kH, kW) = case["size"], case["kernel"]
    request = {
        **{"op": case["op"], "flip": False, "lr": 0.1, "stride": [1, 1]},
        **{"padding": case["padding"], "dilation": case["dilation"]},
        "input": {"shape": [1, H, W], "values": [1.0] * (H * W)},
        "weight": {"shape": [1, 1, kH, kW], "values": [1.0] * (kH * kW)},
        "bias": {"shape": [1], "values": [0.0]},
        "grad_output": {"shape": [1, 1, 1], "values": [1.0]},
    }
    with pytest.raises(ValueError, match=MESSAGES[case["reason"]]):
        check(request)
    if case["op"] != "conv":
        dilation = case["dilation"]
        with pytest.raises(ValueError, match=MESSAGES[case["reason"]]):
            pool_windows((1, 1, H, W), (kH, kW), (1, 1), case["padding"], dilation)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"op": "median"}, "the operator is 'median'"),
        ({"flip": 1}, "op, flip and lr are 'conv', 1"),
        ({"lr": -0.1}, "op, flip and lr"),
        ({"stride": [0, 1]}, "stride must be"),
        ({"stride": [1.5, 1]}, r"stride is \[1.5, 1\], expected two whole numbers"),
        ({"padding": [65, 0]}, "at most 64"),
        ({"input": {"shape": [2, 2], "values": [1] * 4}}, "input has the shape"),
        ({"input": {"shape": [1, 2, 2], "values": [1] * 3}}, "input has 3 values"),
        ({"input": {"shape": [1, 2, 2], "values": [1, 2, 3, "4"]}}, "input must hold numbers"),
        ({"input": {"shape": [1, 1, MOST_ELEMENTS + 1], "values": []}}, f"{MOST_ELEMENTS + 1} elements"),
        ({"bias": None}, "bias has the shape None"),
        ({"grad_output": {"shape": [1, 1, 2], "values": [1, 1]}}, r"shape \(1, 1, 2\), the output \(1, 2, 2\)"),
    ],
)
def test_check_says_what_does_not_fit(change, message):
    case = {
        **{"op": "conv", "flip": False, "lr": 0.1, "stride": [1, 1], "padding": [0, 0], "dilation": [1, 1]},
        "input": {"shape": [1, 3, 3], "values": [1] * 9},
        "weight": {"shape": [1, 1, 2, 2], "values": [1, 0, 0, 1]},
        "bias": {"shape": [1], "values": [0]},
        "grad_output": {"shape": [1, 2, 2], "values": [1] * 4},
    }
    assert check(case)["output"] == [2.0] * 4
    with pytest.raises(ValueError, match=message):
        check({**case, **change})


def test_check_answers_overflow_by_name():
    case = {
        **{"op": "conv", "flip": False, "lr": 0.1, "stride": [1, 1], "padding": [0, 0], "dilation": [1, 1]},
        "input": {"shape": [1, 1, 2], "values": [1e308, 1e308]},
        "weight": {"shape": [1, 1, 1, 1], "values": [10]},
        "bias": {"shape": [1], "values": [0]},
        "grad_output": {"shape": [1, 1, 2], "values": [1, -1]},
    }
    assert check(case)["output"] == ["inf", "inf"]
    json.dumps(check(case), allow_nan=False)


def test_the_listings_are_the_sources_that_run():
    for name, shown in listings().items():
        source = (Path(__file__).resolve().parents[2] / shown["file"]).read_text().splitlines()
        first = shown["first"] - 1
        assert source[first : first + len(shown["lines"])] == shown["lines"]
        assert shown["lines"][0].startswith(f"def {name}(")
        for mark, line in shown["marks"].items():
            assert shown["lines"][line].strip() == MARKS[name][mark]


def test_a_listing_without_its_marked_line_is_refused():
    with pytest.raises(ValueError, match="conv2d has no line 'total = 1'"):
        listing(naive.conv2d, {"start": "total = 1"})


if __name__ == "__main__":
    GOLDEN.write_text(json.dumps(golden()) + "\n")
