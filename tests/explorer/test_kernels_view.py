"""What the server gives the Kernels page: exact maps and kernels of the model, and refusals in words."""

import base64
import json

import numpy as np
import pytest
import torch

from core.explain import record
from explorer.kernels import learned as kernels
from explorer.kernels.page import feature_map, learned_kernel, learned_kernels
from explorer.models.library import Library
from explorer.screen.inputs import Inputs
from explorer.screen.shown import Showing

DRAWING = {"model": "a2", "strokes": [[[0.3, 0.2], [0.6, 0.8]]], "brush": 1, "centred": True, "edits": []}
KERNEL = {"model": "a2", "edits": [], "name": "conv2.weight", "output": 3, "input": 9}


@pytest.fixture(scope="module")
def library() -> Library:
    return Library()


def decoded(answer):
    values = np.frombuffer(base64.b64decode(answer["values"]), "<f4")
    return torch.tensor(values.reshape(answer["height"], answer["width"]))


def test_a_feature_map_is_the_tensor_bit_by_bit(library):
    explored = library.explored("a2")
    trace, _ = explored.trace(Inputs().read(DRAWING).picture)
    for step, channel in ((-1, 0), (0, 9), (3, 19)):
        answer = json.loads(json.dumps(feature_map(Showing(library), DRAWING | {"step": step, "channel": channel})))
        assert torch.equal(decoded(answer), trace.value(step).detach()[0, channel].cpu())
        assert answer["name"].endswith(f", {channel}")


def test_a_persons_changes_are_in_the_map_and_in_the_kernel(library):
    edit = {"kind": "set", "parameter": "conv2.weight", "index": [3, 9, 0, 1], "value": 0.5}
    kernel = learned_kernel(Showing(library), KERNEL | {"edits": [edit]})
    assert kernel["values"][1] == 0.5
    silent = {"kind": "scale", "parameters": ["conv1.weight", "conv1.bias"], "channel": 4, "factor": 0}
    answer = feature_map(Showing(library), DRAWING | {"edits": [silent], "step": 0, "channel": 4})
    assert decoded(answer).abs().max() == 0


def test_a_learned_kernel_is_the_parameter_exactly(library):
    weight = library.explored("a2").parameters["conv2.weight"].detach()
    answer = json.loads(json.dumps(learned_kernel(Showing(library), KERNEL)))
    assert (answer["rows"], answer["columns"]) == (5, 5)
    assert torch.equal(torch.tensor(answer["values"], dtype=torch.float32).reshape(5, 5), weight[3, 9].cpu())


def test_the_kernels_of_a_model_are_its_convolutions_with_more_than_one_tap(library):
    assert learned_kernels(library, {"model": "a2"}) == {
        "weights": [{"name": "conv1.weight", "shape": [10, 1, 5, 5]}, {"name": "conv2.weight", "shape": [20, 10, 5, 5]}]
    }


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"step": 99}, "the step is 99"),
        ({"step": -2}, "the field 'step' is -2, expected a whole number from -1"),
        ({"step": 7}, r"step 7 gives a tensor of shape .*, expected \(1, C, H, W\)"),
        ({"channel": 10}, "the channel is 10, step 0 has 10 channels"),
        ({"channel": -1}, "the field 'channel' is -1, expected a whole number from 0"),
        ({"step": "0"}, "the field 'step' is '0'"),
        ({"model": "a9"}, "a9"),
    ],
)
def test_maps_that_are_not_there_are_refused(library, change, message):
    with pytest.raises(ValueError, match=message):
        feature_map(Showing(library), DRAWING | {"step": 0, "channel": 0} | change)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "fc1.weight"}, "no kernels called 'fc1.weight'; it has conv1.weight, conv2.weight"),
        ({"output": 20}, "the output channel is 20, conv2.weight has 20"),
        ({"input": -1}, "the field 'input' is -1, expected a whole number from 0"),
        ({"input": None}, "the field 'input' is None"),
    ],
)
def test_kernels_that_are_not_there_are_refused(library, change, message):
    with pytest.raises(ValueError, match=message):
        learned_kernel(Showing(library), KERNEL | change)


def test_maps_that_are_too_large_or_not_finite_are_refused():
    class Wide(torch.nn.Module):
        def forward(self, x):
            return torch.nn.functional.relu(x)

    trace = record(Wide(), torch.zeros(1, 1, 3, 600))
    with pytest.raises(ValueError, match="the map is 3 × 600, at most 512 × 512 is sent"):
        kernels.feature_map(trace, 0, 0)
    trace = record(Wide(), torch.full((1, 1, 3, 3), float("inf")))
    with pytest.raises(ValueError, match="holds NaN or infinity"):
        kernels.feature_map(trace, 0, 0)
