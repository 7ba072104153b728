"""Two runs side by side."""

import base64
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from core.explain import record, swapped
from explorer.draw.compare import comparable, compared, paired
from explorer.draw.compare import compare as answered
from explorer.models.library import UNTRAINED, Library
from explorer.screen.inputs import Inputs
from explorer.screen.shown import Showing
from explorer.wire.numbers import named

EXAMPLES = json.loads((Path(__file__).resolve().parents[2] / "explorer" / "web" / "examples.json").read_text())
NOW = {"model": "a2", "strokes": EXAMPLES[3]["strokes"], "brush": 1, "centred": True, "label": None, "edits": []}
OTHER = NOW | {"strokes": EXAMPLES[5]["strokes"]}
SET = {"kind": "set", "parameter": "conv2.weight", "index": [4, 0, 2, 2], "value": 0.5}
SGD = {"kind": "sgd", "rate": 0.01, "label": 5, "strokes": NOW["strokes"], "brush": 1, "centred": True}


@pytest.fixture(scope="module")
def library():
    return Library()


def asked(library, first, second, drawn=None):
    return answered(Showing(library), {"first": first, "second": second, "drawn": drawn})


def maps_of(answer, which):
    told, page = answer["maps"]["map"], answer["maps"]["pages"][which]
    scales = np.frombuffer(base64.b64decode(page["scales"]), "<f4")
    codes = np.frombuffer(base64.b64decode(page["data"]), np.uint8).reshape(len(scales), told["count"])
    return (codes.astype(float) - 128) / 127 * scales[:, None], scales


def test_equal_runs_are_identical_bit_for_bit_in_every_step(library):
    answer = asked(library, NOW, NOW)
    assert len(answer["rows"]) == 12
    for row in answer["rows"]:
        assert row["identical"]
        assert row["largest"] == 0
    assert not maps_of(answer, 2)[1].any()
    assert answer["sides"][0] == answer["sides"][1]


def test_two_drawings_differ_by_the_largest_difference_of_their_tensors(library):
    answer = asked(library, NOW, OTHER)
    explored = library.explored("a2")
    one, other = (explored.trace(Inputs().read(side).picture)[0] for side in (NOW, OTHER))
    for row in answer["rows"]:
        index = row["first"]["index"]
        gap = (one.value(index).double() - other.value(index).double()).abs()
        assert row["largest"] == gap.max().item()
        assert gap[tuple(row["place"])].item() == row["largest"]
        assert not row["identical"]


def test_the_maps_of_the_wanted_step_are_those_of_both_runs_and_their_difference(library):
    answer = asked(library, NOW, OTHER, [3, 0])
    assert answer["rows"][answer["chosen"]]["first"]["index"] == 3
    explored = library.explored("a2")
    one, other = (explored.trace(Inputs().read(side).picture)[0].value(3)[0].cpu() for side in (NOW, OTHER))
    for which, expected in enumerate((one, other, one - other)):
        found, scales = maps_of(answer, which)
        assert np.abs(found - expected.reshape(20, -1).numpy()).max() <= scales.max() / 253


def test_changes_show_from_the_step_on_that_they_touch(library):
    answer = asked(library, NOW | {"edits": [SET]}, NOW)
    identical = [row["identical"] for row in answer["rows"]]
    assert identical == [True] * 4 + [False] * 8
    assert answer["rows"][answer["chosen"]]["first"]["index"] == 3
    answer = asked(library, NOW | {"edits": [SGD]}, NOW)
    assert [row["identical"] for row in answer["rows"]] == [True] + [False] * 11
    p = [side["prediction"]["probabilities"][5] for side in answer["sides"]]
    assert p[0] > p[1]


def test_a_swapped_activation_stands_beside_the_one_it_replaced(library):
    swap = {"kind": "swap", "call": 0, "activation": "gelu"}
    rows = asked(library, NOW | {"edits": [swap]}, NOW)["rows"]
    assert [(row["first"]["op"], row["second"]["op"]) for row in rows][3] == ("gelu", "relu")
    assert all(row["first"]["index"] == row["second"]["index"] for row in rows)


def test_steps_without_a_counterpart_are_named(library):
    answer = asked(library, NOW, NOW | {"model": "a3"})
    alone = [row for row in answer["rows"] if row["largest"] is None]
    assert {"op", "path", "shape", "index"} <= set((alone[0]["first"] or alone[0]["second"]).keys())
    matched = [row for row in answer["rows"] if row["first"] and row["second"]]
    assert all(row["first"]["shape"] == row["second"]["shape"] for row in matched)
    assert matched[0]["first"]["op"] == "input"
    steps = [library.explored(name).trace(torch.zeros(28, 28))[0].steps for name in ("a2", "a3")]
    assert sum(row["first"] is not None for row in answer["rows"]) == len(steps[0]) + 1
    assert sum(row["second"] is not None for row in answer["rows"]) == len(steps[1]) + 1
    assert answer["sides"][1]["title"] == "CNN"


def test_models_of_other_inputs_have_no_pair_for_them(library):
    answer = asked(library, NOW, NOW | {"model": "mobilenet_v3_small" + UNTRAINED})
    assert [(row["first"] is None, row["second"] is None) for row in answer["rows"]][:2] == [
        (False, True),
        (True, False),
    ]
    json.dumps(answer, allow_nan=False)


def test_a_step_that_has_no_counterpart_is_not_drawn_but_another_one_is(library):
    answer = asked(library, NOW, NOW | {"model": "a3"}, [0, 0])
    assert answer["rows"][answer["chosen"]]["first"] is not None
    assert answer["maps"] is not None


class Values(nn.Module):
    def __init__(self, values):
        super().__init__()
        self.values = torch.tensor(values)

    def forward(self, x):
        return x * 0 + self.values


def run(*values):
    return record(Values(values), torch.zeros(1, len(values)))


@pytest.mark.parametrize(
    ("one", "other", "identical", "largest"),
    [
        ((0.0, 1.0), (0.0, 1.0), True, 0.0),
        ((0.1, 1.0), (0.1, 1.0 + 2**-23), False, 2**-23),
        ((float("inf"), 1.0), (float("inf"), 1.0), True, 0.0),
        ((float("nan"), 1.0), (float("nan"), 1.0), True, "nan"),
        ((float("inf"), 1.0), (1.0, 1.0), False, "inf"),
    ],
)
def test_the_smallest_difference_is_told_exactly(one, other, identical, largest):
    row = named(compared(run(*one), run(*other), None)["rows"][-1])
    assert (row["identical"], row["largest"]) == (identical, largest)
    json.dumps(row, allow_nan=False)


def test_half_precision_and_whole_numbers_are_compared():
    class Whole(nn.Module):
        def forward(self, x):
            return x.bfloat16().argmax(1)

    trace = record(Whole(), torch.rand(1, 4, 3))
    assert all(row["identical"] for row in compared(trace, trace, None)["rows"])


def test_a_run_that_stopped_half_way_is_paired_as_far_as_it_went():
    model = nn.Sequential(nn.ReLU(), nn.Tanh(), nn.ReLU())
    whole, x = record(model, torch.rand(1, 4)), torch.rand(1, 4)
    part = record(model[:1], x)
    pairs = [(pair.first, pair.second) for pair in paired(whole, part)]
    assert pairs == [(-1, -1), (0, 0), (1, None), (2, None)]
    other = record(model, x, within=swapped({1: "gelu"}))
    assert [(pair.first, pair.second) for pair in paired(whole, other)] == [(-1, -1), (0, 0), (1, 1), (2, 2)]


def test_the_models_that_can_be_compared_with_are_those_of_the_library(library):
    assert [model["name"] for model in comparable(library, {})["models"]] == list(library.names())


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"first": NOW}, "the field 'second' is missing"),
        ({"first": NOW, "second": {"model": "a2"}}, "the field 'strokes' is missing"),
        ({"first": NOW, "second": NOW, "drawn": [1]}, r"the field 'drawn' is \[1\], expected \[step, first channel\]"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_words(library, request_, message):
    with pytest.raises(ValueError, match=message):
        answered(Showing(library), request_)
