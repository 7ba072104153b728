"""Holds the Arithmetic page to `core`, to torch and to the naive loops as they run.

Both languages read `tests/golden/arithmetic.json`; after a change of the cases, write it anew:
`python -m tests.explorer.test_arithmetic`.
"""

import json
import math
import random
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
import torch
from torch import Tensor

from core.ops import naive
from core.ops.geometry import conv_windows, padded_size
from core.ops.optim import sgd_step
from explorer.autograd import OPERATORS
from explorer.listings import MARKS, listing, listings, source
from explorer.views.arithmetic import MOST_ELEMENTS, check

GOLDEN = Path(__file__).resolve().parent.parent / "golden" / "arithmetic.json"
VARIABLES = ("n", "first", "channel", "o", "c", "y", "x", "i", "j", "row", "col", "total", "value", "best", "index", "share")
MOST_TRACED, MOST_RUNS = 240, 3
"""Most lines that a call runs for its run through the loops to be kept in the golden file, and runs of a function."""

Case = dict[str, Any]
Calls = dict[str, tuple[str, Callable[[], Tensor]]]
Trace = list[tuple[str, dict[str, float | str]]]


def tensor(generator: random.Random, *shape: int) -> dict[str, Any]:
    return {"shape": list(shape), "values": [round(generator.uniform(-9, 9), 3) for _ in range(math.prod(shape))]}


def values(case: Case, name: str) -> Tensor:
    given = case["tensors"][name]
    return torch.tensor(given["values"], dtype=torch.float64).reshape(given["shape"])


def conv_calls(case: Case) -> Calls:
    input, grad_output = values(case, "input")[None], values(case, "gradOutput")[None]
    weight, bias = values(case, "weight"), values(case, "bias")
    stride, padding, dilation, groups, mode, flip = (
        case["settings"][name] for name in ("stride", "padding", "dilation", "groups", "mode", "flip")
    )
    name = "convolve2d" if flip else "conv2d"
    forward, input_grad, weight_grad = (getattr(naive, name + end) for end in ("", "_input_grad", "_weight_grad"))
    windows = conv_windows(input.shape, weight.shape, stride, padding, dilation, groups, mode)
    rest, named = (stride, padding, dilation, groups), {"padding_mode": mode}
    calls: Calls = {
        "output": (name, lambda: forward(input, weight, bias, *rest, **named)),
        "gradInput": (f"{name}_input_grad", lambda: input_grad(input.shape, weight, grad_output, *rest, **named)),
        "gradWeight": (f"{name}_weight_grad", lambda: weight_grad(input, weight.shape, grad_output, *rest, **named)),
        "gradBias": ("conv2d_bias_grad", lambda: naive.conv2d_bias_grad(grad_output)),
    }
    if mode != "zeros" and max(windows.around) > 0:
        size = padded_size(input.shape, windows.around, mode)
        calls["gradPadded"] = (
            f"{name}_input_grad",
            lambda: input_grad(size, weight, grad_output, stride, 0, dilation, groups),
        )
        calls["gradInput"] = ("pad2d_input_grad", calls["gradInput"][1])
    return calls


def max_calls(case: Case) -> Calls:
    input, grad_output = values(case, "input")[None], values(case, "gradOutput")[None]
    rest = [case["settings"][name] for name in ("kernel", "stride", "padding", "dilation", "ceil")]
    return {
        "output": ("max_pool2d", lambda: naive.max_pool2d(input, *rest)),
        "gradInput": ("max_pool2d_input_grad", lambda: naive.max_pool2d_input_grad(input, grad_output, *rest)),
    }


def avg_calls(case: Case) -> Calls:
    input, grad_output = values(case, "input")[None], values(case, "gradOutput")[None]
    rest = [case["settings"][name] for name in ("kernel", "stride", "padding", "ceil", "countPadding")]
    return {
        "output": ("avg_pool2d", lambda: naive.avg_pool2d(input, *rest)),
        "gradInput": ("avg_pool2d_input_grad", lambda: naive.avg_pool2d_input_grad(input.shape, grad_output, *rest)),
    }


def adaptive_calls(case: Case) -> Calls:
    input, grad_output = values(case, "input")[None], values(case, "gradOutput")[None]
    size, name = case["settings"]["output"], "adaptive_avg_pool2d"
    return {
        "output": (name, lambda: naive.adaptive_avg_pool2d(input, size)),
        "gradInput": (
            f"{name}_input_grad",
            lambda: naive.adaptive_avg_pool2d_input_grad(input.shape, grad_output),
        ),
    }


CALLS: dict[str, Callable[[Case], Calls]] = {
    "conv": conv_calls,
    "max": max_calls,
    "avg": avg_calls,
    "adaptive": adaptive_calls,
}
"""For each operator its results by `core.ops`, by the names that the page gives them: the listing and the call."""


def results(case: Case) -> dict[str, list[float]]:
    found = {name: call() for name, (_, call) in CALLS[case["op"]](case).items()}
    if "lr" in case["settings"]:
        for parameter, name in (("weight", "newWeight"), ("bias", "newBias")):
            grad = found["gradWeight" if parameter == "weight" else "gradBias"]
            found[name] = sgd_step(values(case, parameter), grad, lr=case["settings"]["lr"])[0]
    return {name: result.flatten().tolist() for name, result in found.items()}


def traced(call: Callable[[], Tensor], name: str) -> Trace:
    """Run a naive function and return which marked lines ran, one after another, with the variables after each."""
    function, shown = source(name), listing(source(name), MARKS[name])
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


def traces(case: Case) -> dict[str, tuple[str, Trace]]:
    """The listings and runs of a case's calls by the name of the result."""
    return {result: (name, traced(call, name)) for result, (name, call) in CALLS[case["op"]](case).items()}


def pair(generator: random.Random, *options: int) -> list[int]:
    return [generator.choice(options), generator.choice(options)]


def drawn_conv(generator: random.Random) -> Case:
    C, O = generator.randint(1, 4), generator.randint(1, 4)
    groups = generator.choice([each for each in range(1, 5) if C % each == 0 and O % each == 0])
    H, W, kH, kW = (generator.randint(low, high) for low, high in ((2, 8), (2, 8), (1, 4), (1, 4)))
    settings = {
        "stride": pair(generator, 1, 1, 2, 3),
        "padding": generator.choice([*(pair(generator, 0, 0, 1, 2) for _ in range(4)), "same", "valid"]),
        "dilation": [generator.choice([1, 1, 2]), generator.choice([1, 1, 2, 3])],
        "mode": generator.choice(["zeros", "zeros", "zeros", "reflect", "replicate", "circular"]),
        "groups": groups,
        "flip": generator.random() < 0.4,
        "lr": generator.choice([0.1, 0.01, 0.3]),
    }
    weight, bias = tensor(generator, O, C // groups, kH, kW), tensor(generator, O)
    return {"settings": settings, "tensors": {"input": tensor(generator, C, H, W), "weight": weight, "bias": bias}}


def drawn_pool(generator: random.Random, **own: Any) -> Case:
    settings = {
        "kernel": pair(generator, 1, 2, 3, 4),
        "stride": pair(generator, 1, 2, 3),
        "padding": pair(generator, 0, 0, 1, 2),
        "ceil": generator.random() < 0.5,
        **own,
    }
    size = [generator.randint(1, 3), generator.randint(2, 8), generator.randint(2, 8)]
    return {"settings": settings, "tensors": {"input": tensor(generator, *size)}}


def drawn_max(generator: random.Random) -> Case:
    return drawn_pool(generator, dilation=[generator.choice([1, 1, 2]), generator.choice([1, 1, 2, 3])])


def drawn_avg(generator: random.Random) -> Case:
    return drawn_pool(generator, countPadding=generator.random() < 0.5)


def drawn_adaptive(generator: random.Random) -> Case:
    size = [generator.randint(1, 3), generator.randint(1, 7), generator.randint(1, 7)]
    return {"settings": {"output": pair(generator, 1, 2, 3, 4, 5)}, "tensors": {"input": tensor(generator, *size)}}


DRAWN: dict[str, tuple[int, Callable[[random.Random], Case]]] = {
    "conv": (30, drawn_conv),
    "max": (10, drawn_max),
    "avg": (10, drawn_avg),
    "adaptive": (6, drawn_adaptive),
}
"""For each operator how many cases are drawn, and how."""


def drawn_cases() -> list[Case]:
    """Settings drawn by seeded generators, those that `core` refuses left out; the small ones with their runs."""
    cases: list[Case] = []
    kept: Counter[str] = Counter()
    for op, (count, draw) in DRAWN.items():
        generator, found = random.Random(f"{op} 4"), 0
        while found < count:
            case = {"op": op, **draw(generator)}
            case["tensors"]["gradOutput"] = tensor(generator, 1, 1, 1)
            try:
                case["tensors"]["gradOutput"] = tensor(generator, *CALLS[op](case)["output"][1]().shape[1:])
            except ValueError:
                continue
            runs = {}
            for name, (walked, run) in traces(case).items():
                if len(run) < MOST_TRACED and kept[walked] < MOST_RUNS:
                    kept[walked] += 1
                    runs[name] = run
            cases.append({**case, "results": results(case), "traces": runs})
            found += 1
    return cases


REFUSALS: list[Case] = [
    {"op": "conv", "size": [2, 5], "kernel": [3, 3], "reason": "span"},
    {"op": "conv", "size": [5, 4], "kernel": [1, 3], "dilation": [1, 2], "reason": "span"},
    {"op": "conv", "size": [3, 3], "kernel": [2, 2], "stride": [2, 1], "padding": "same", "reason": "same"},
    {"op": "conv", "size": [2, 3], "kernel": [2, 2], "padding": [2, 0], "mode": "reflect", "reason": "reflect"},
    {"op": "conv", "size": [3, 1], "kernel": [2, 2], "padding": [0, 2], "mode": "circular", "reason": "circular"},
    {"op": "max", "size": [5, 5], "kernel": [3, 2], "padding": [2, 0], "reason": "half"},
    {"op": "avg", "size": [1, 1], "kernel": [2, 2], "reason": "span"},
    {"op": "max", "size": [1, 6], "kernel": [2, 2], "padding": [1, 0], "dilation": [2, 1], "reason": "over"},
]
MESSAGES = {
    "span": "spans",
    "half": "at most half",
    "over": "steps over",
    "same": "needs stride 1",
    "reflect": "reflect padding 2 needs more than 2",
    "circular": "circular padding 2 needs at least 2",
}
PLAIN = {
    "conv": {"dilation": [1, 1], "mode": "zeros", "groups": 1, "flip": False, "lr": 0.1},
    "max": {"dilation": [1, 1], "ceil": False},
    "avg": {"ceil": False, "countPadding": True},
}


def refused_case(given: Case) -> Case:
    """A golden refusal as the page sends it."""
    op, (H, W), (kH, kW), rest = given["op"], given["size"], given["kernel"], dict(given)
    for name in ("op", "size", "kernel", "reason"):
        del rest[name]
    tensors = {name: {"shape": [1, 1, 1], "values": [1.0]} for name in ("input", "gradOutput")}
    tensors["input"] = {"shape": [1, H, W], "values": [1.0] * (H * W)}
    settings = {"stride": [1, 1], "padding": [0, 0], **PLAIN[op], **rest}
    if op == "conv":
        tensors["weight"] = {"shape": [1, 1, kH, kW], "values": [1.0] * (kH * kW)}
        tensors["bias"] = {"shape": [1], "values": [0.0]}
    else:
        settings["kernel"] = [kH, kW]
    return {"op": op, "settings": settings, "tensors": tensors}


def golden() -> dict[str, Any]:
    return {"cases": drawn_cases(), "refusals": [{**refused_case(each), "reason": each["reason"]} for each in REFUSALS]}


@pytest.fixture(scope="module")
def stored() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(GOLDEN.read_text())
    return found


def test_the_golden_file_is_what_core_computes(stored):
    assert stored == json.loads(json.dumps(golden()))


def test_the_golden_cases_are_of_every_kind(stored):
    cases = stored["cases"]
    assert set(OPERATORS) == {case["op"] for case in cases}
    convolutions = [case["settings"] for case in cases if case["op"] == "conv"]
    assert {True, False} == {settings["flip"] for settings in convolutions}
    assert {1, 2} < {settings["groups"] for settings in convolutions}
    assert {"zeros", "reflect", "replicate", "circular"} == {settings["mode"] for settings in convolutions}
    assert {"same", "valid"} < {str(settings["padding"]) for settings in convolutions}
    walked = {CALLS[case["op"]](case)[name][0] for case in cases for name in case["traces"]}
    assert walked == set(MARKS) - {"sgd_step"}


def test_autograd_agrees_with_the_naive_loops(stored):
    for case in stored["cases"]:
        answer = check(case)
        assert answer.keys() == case["results"].keys()
        for name, found in answer.items():
            wanted = torch.tensor(case["results"][name])
            torch.testing.assert_close(torch.tensor(found), wanted, rtol=1e-12, atol=1e-11)


@pytest.mark.parametrize("given", REFUSALS, ids=lambda given: f"{given['op']}-{given['reason']}")
def test_core_refuses_the_golden_refusals(given):
    with pytest.raises(ValueError, match=MESSAGES[given["reason"]]):
        check(refused_case(given))


def small_case() -> Case:
    settings: Case = {**PLAIN["conv"], "stride": [1, 1], "padding": [0, 0]}
    tensors = {
        "input": {"shape": [1, 3, 3], "values": [1] * 9},
        "weight": {"shape": [1, 1, 2, 2], "values": [1, 0, 0, 1]},
        "bias": {"shape": [1], "values": [0]},
        "gradOutput": {"shape": [1, 2, 2], "values": [1] * 4},
    }
    return {"op": "conv", "settings": settings, "tensors": tensors}


@pytest.mark.parametrize(
    ("where", "change", "message"),
    [
        ("", {"op": "median"}, "the operator is 'median', expected one of conv"),
        ("", {"settings": 3}, "settings are 3, expected an object"),
        ("", {"tensors": None}, "expected an object with tensors"),
        ("settings", {"flip": 1}, "flip is 1, expected a switch"),
        ("settings", {"lr": -0.1}, "lr is -0.1, expected 0 or more"),
        ("settings", {"lr": "fast"}, "lr is 'fast', expected a number"),
        ("settings", {"groups": 1.5}, "groups is 1.5, expected a whole number"),
        ("settings", {"groups": 2}, "groups 2 must divide"),
        ("settings", {"mode": "mirror"}, "mode is 'mirror', expected one of zeros, reflect"),
        ("settings", {"stride": [0, 1]}, "stride must be"),
        ("settings", {"stride": [1.5, 1]}, r"stride is \[1.5, 1\], expected two whole numbers"),
        ("settings", {"padding": [65, 0]}, "padding is 65, at most 64"),
        ("settings", {"padding": "full"}, 'must be "same", "valid" or integers'),
        ("tensors", {"input": {"shape": [2, 2], "values": [1] * 4}}, "input has the shape"),
        ("tensors", {"input": {"shape": [1, 2, 2], "values": [1] * 3}}, "input has 3 values"),
        ("tensors", {"input": {"shape": [1, 2, 2], "values": [1, 2, 3, "4"]}}, "input must hold numbers"),
        ("tensors", {"input": {"shape": [1, 1, MOST_ELEMENTS + 1], "values": []}}, f"{MOST_ELEMENTS + 1} elements"),
        ("tensors", {"bias": None}, "bias has the shape None"),
        (
            "tensors",
            {"gradOutput": {"shape": [1, 1, 2], "values": [1, 1]}},
            r"shape \(1, 1, 2\), the output \(1, 2, 2\)",
        ),
    ],
)
def test_check_says_what_does_not_fit(where, change, message):
    case = small_case()
    assert check(case)["output"] == [2.0] * 4
    wrong = {**case, where: {**case[where], **change}} if where else {**case, **change}
    with pytest.raises(ValueError, match=message):
        check(wrong)


def test_check_answers_overflow_by_name():
    case = small_case()
    case["tensors"] |= {
        "input": {"shape": [1, 1, 2], "values": [1e308, 1e308]},
        "weight": {"shape": [1, 1, 1, 1], "values": [10]},
        "gradOutput": {"shape": [1, 1, 2], "values": [1, -1]},
    }
    assert check(case)["output"] == ["inf", "inf"]
    json.dumps(check(case), allow_nan=False)


def test_the_listings_are_the_sources_that_run():
    for name, shown in listings().items():
        text = (Path(__file__).resolve().parents[2] / shown["file"]).read_text().splitlines()
        first = shown["first"] - 1
        assert text[first : first + len(shown["lines"])] == shown["lines"]
        assert shown["lines"][0].startswith(f"def {name.partition('.')[0]}(")
        for mark, line in shown["marks"].items():
            assert shown["lines"][line].strip() == MARKS[name][mark]


def test_a_listing_without_its_marked_line_is_refused():
    with pytest.raises(ValueError, match="conv2d has no line 'total = 1'"):
        listing(naive.conv2d, {"start": "total = 1"})


if __name__ == "__main__":
    GOLDEN.write_text(json.dumps(golden()) + "\n")
