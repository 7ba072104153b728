import json
import math
from itertools import pairwise

import pytest
import torch
from torch import nn

from core.explain import record
from core.models import build, card, names
from explorer.draw.sums import MOST_TERMS, open_cell
from explorer.wire.numbers import named


def traced(model: nn.Module, *shape: int):
    return record(model.eval(), torch.randn(shape))


def told(addends):
    rests = sum(group["rest"]["sum"] for group in addends["groups"] if group["rest"])
    return rests + sum(term["product"] for group in addends["groups"] for term in group["terms"])


@pytest.mark.parametrize("name", names())
def test_what_is_shown_adds_up_to_the_tensors_element(name):
    model = build(name).eval()
    trace = record(model, card(name).prepare(torch.rand(28, 28)))
    for step in trace.steps:
        cell = [0, *(int(torch.randint(size, ())) for size in step.output.shape[1:])]
        answer = open_cell(trace, step.index, cell)
        assert answer["agrees"], (step.op, answer["value"], answer["shown"])
        assert answer["shown"] == step.output[tuple(cell)].item()
        if answer["reduction"] == "sum":
            total = sum(told(addends) for addends in answer["addends"])
            assert total == pytest.approx(answer["reduced"], rel=1e-9, abs=1e-9)
        json.dumps(answer, allow_nan=False)


def test_a_convolution_is_told_channel_by_channel_the_largest_first():
    trace = traced(nn.Conv2d(3, 2, 3, padding=1), 1, 3, 5, 5)
    taps, bias = open_cell(trace, 0, [0, 1, 0, 0])["addends"]
    assert [group["count"] for group in taps["groups"]] == [9, 9, 9]
    sizes = [abs(group["subtotal"]) for group in taps["groups"]]
    assert all(a >= b for a, b in pairwise(sizes))
    assert taps["groupLabel"] == "input channel"
    assert sum(term["outside"] for group in taps["groups"] for term in group["terms"]) == 15
    assert [factor["parent"] for factor in taps["factors"]] == [-1, None]
    assert [factor["parameter"] for factor in taps["factors"]] == [None, "weight"]
    assert bias["factors"][0]["parameter"] == "bias"


def test_a_long_sum_tells_its_largest_terms_and_the_rest_as_one_number():
    model = nn.Linear(3000, 2)
    trace = traced(model, 1, 3000)
    group = open_cell(trace, 0, [0, 1])["addends"][0]["groups"][0]
    assert len(group["terms"]) == MOST_TERMS
    assert group["rest"]["count"] == 3000 - MOST_TERMS
    products = (model.weight[1] * trace.input[0]).double()
    assert min(abs(term["product"]) for term in group["terms"]) >= products.abs().sort().values[-MOST_TERMS] - 1e-6
    assert group["rest"]["sum"] + sum(term["product"] for term in group["terms"]) == pytest.approx(
        products.sum().item(), abs=1e-5
    )


def test_a_maximum_names_its_winner():
    trace = traced(nn.MaxPool2d(2), 1, 1, 4, 4)
    answer = open_cell(trace, 0, [0, 0, 1, 1])
    winners = [term for term in answer["addends"][0]["groups"][0]["terms"] if term["winner"]]
    assert len(winners) == 1
    assert winners[0]["product"] == answer["shown"]


def test_values_that_are_not_finite_travel_by_name():
    class Infinite(nn.Module):
        def forward(self, x):
            return torch.relu(x / 0)

    trace = record(Infinite(), torch.ones(1, 1, 2, 2))
    answer = named(open_cell(trace, 1, [0, 0, 0, 0]))
    assert answer["shown"] == "inf"
    assert math.isinf(float(answer["addends"][0]["groups"][0]["terms"][0]["product"]))
    json.dumps(answer, allow_nan=False)


def test_an_operation_without_known_arithmetic_says_so_and_shows_its_value():
    class Unknown(nn.Module):
        def forward(self, x):
            return torch.erfinv(x)

    answer = open_cell(record(Unknown(), torch.zeros(1, 3)), 0, [0, 2])
    assert "erfinv" in answer["unexplained"]
    assert answer["shown"] == 0.0


@pytest.mark.parametrize(
    ("step", "cell", "message"),
    [
        (7, [0, 0, 0, 0], "there is no step 8; the model ran 1"),
        (-1, [0, 0, 0, 0], "there is no step 0; the model ran 1"),
        (0, [0, 9, 0, 0], r"cells of shape \(1, 2, 3, 3\), got \(0, 9, 0, 0\)"),
        (0, [0], r"cells of shape \(1, 2, 3, 3\)"),
    ],
)
def test_a_cell_that_does_not_exist_is_refused(step, cell, message):
    trace = traced(nn.Conv2d(1, 2, 3), 1, 1, 5, 5)
    with pytest.raises(ValueError, match=message):
        open_cell(trace, step, cell)
