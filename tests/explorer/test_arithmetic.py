"""Holds the Arithmetic page to `core`, to torch and to the naive loops as they run; see `arithmetic_cases`."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from arithmetic_calls import CALLS, Case
from arithmetic_cases import GOLDEN, MESSAGES, PLAIN, REFUSALS, golden, refused_case

from explorer.arithmetic.check import MOST_ELEMENTS, check
from explorer.arithmetic.listings import listings
from explorer.arithmetic.marks import walks
from explorer.arithmetic.operators import OPERATORS
from explorer.wire.numbers import named


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
    assert walked < set(listings())


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


def test_check_refuses_an_approximation_that_torch_does_not_know():
    tensors = {name: {"shape": [1, 1, 1], "values": [1.0]} for name in ("input", "gradOutput")}
    case = {"op": "gelu", "settings": {"approximate": "tanh"}, "tensors": tensors}
    assert check(case)["output"] == [pytest.approx(0.8411919906)]
    with pytest.raises(ValueError, match="approximate is 'erf', expected one of none, tanh"):
        check({**case, "settings": {"approximate": "erf"}})


def test_check_answers_overflow_by_name():
    case = small_case()
    case["tensors"] |= {
        "input": {"shape": [1, 1, 2], "values": [1e200, 1e200]},
        "weight": {"shape": [1, 1, 1, 1], "values": [1e200]},
        "gradOutput": {"shape": [1, 1, 2], "values": [1, -1]},
    }
    answer = named(check(case))
    assert answer["output"] == ["inf", "inf"]
    json.dumps(answer, allow_nan=False)


def test_the_listings_are_the_sources_that_run():
    for name, shown in listings().items():
        text = (Path(__file__).resolve().parents[2] / shown["file"]).read_text().splitlines()
        first = shown["first"] - 1
        assert text[first : first + len(shown["lines"])] == shown["lines"]
        assert shown["lines"][0].startswith(f"def {name.partition('.')[0]}(")
        assert shown["marks"]


LINES = {
    "conv2d": {
        "start": "total = 0.0 if bias is None else bias[o]",
        "skip": "if 0 <= row < H and 0 <= col < W:",
        "term": "total += weight[o, c, i, j] * input[n, first + c, row, col]",
        "done": "output[n, o, y, x] = total",
    },
    "max_pool2d": {
        "start": "best, index = -inf, -1",
        "skip": "if 0 <= row < H and 0 <= col < W:",
        "stay": "if index < 0 or value > best or isnan(value):",
        "term": "best, index = value, row * W + col",
        "done": "output[n, c, y, x], indices[n, c, y, x] = best, index",
    },
    "softmax": {
        "top": "top = max(input[m, k] for k in range(K))",
        "total": "total = sum(math.exp(input[m, k] - top) for k in range(K))",
        "term": "output[m, k] = math.exp(input[m, k] - top) / total",
    },
    "adaptive_avg_pool2d_input_grad": {
        "share": "share = grad_output[n, c, y, x] / ((bottom - top) * (right - left))",
        "term": "grad_input[n, c, row, col] += share",
    },
    "batch_norm_input_grad.grad_input": {
        "normal": "normal = (input[n, c, l] - mean[c]) / deviation",
        "grad": "grad = grad_output[n, c, l] - mean_grad - normal * mean_product",
        "grad_input": "grad_input[n, c, l] = weight[c] / deviation * grad",
    },
    "relu": {"term": "output[k,] = 0.0 if x <= 0 else x"},
    "sgd_step.g": {"g": "g = grad + weight_decay * parameter", "done": "return parameter - lr * g, None"},
}


@pytest.mark.parametrize("name", LINES)
def test_the_marks_follow_from_the_syntax_tree(name):
    shown = listings()[name]
    assert {mark: shown["lines"][line].strip() for mark, line in shown["marks"].items()} == LINES[name]


def test_every_loop_without_a_loop_inside_is_walked():
    source = """def f(rows):
    untouched = 0
    for row in rows:
        total = scale = 0
        if row:
            for x in row:
                total += x
        for x in row:
            scale = x
            x[0] = total * scale
        after[0] = total
    return total
"""
    assert walks(source) == {"total": {"start": 3, "term": 6}, "x": {"scale": 8, "x": 9, "done": 10}}


def test_what_only_calls_another_function_is_not_walked():
    assert walks("def f(x):\n    return g(x)\n") == {}
