"""What is told of a number besides its sum: contributing maps, the ink it answers to, its layer's facts and kernels."""

import base64
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from explorer.draw.layer import layer
from explorer.draw.sources import MOST_CURVES, number_ink, sources
from explorer.models.library import Library
from explorer.models.own import add
from explorer.screen.shown import Showing

EXAMPLES = Path(__file__).resolve().parents[2] / "explorer" / "web" / "examples.json"
DRAWING = {"strokes": json.loads(EXAMPLES.read_text())[3]["strokes"], "brush": 1, "centred": True, "edits": []}
PLACE = {**DRAWING, "model": "a2", "label": None, "of": "", "step": 3, "cell": [0, 5, 4, 4]}


@pytest.fixture(scope="module")
def showing():
    return Showing(Library())


def numbers(text, kind="<f4"):
    return np.frombuffer(base64.b64decode(text), kind)


def test_the_largest_contributions_come_one_by_one_and_the_others_as_their_sum(showing):
    trace = showing.of(PLACE).trace
    (level,) = sources(showing, PLACE)["levels"]
    assert (level["step"], level["cell"], level["rest"]) == (3, PLACE["cell"], None)
    weight, bias = trace.steps[3].tensor("weight"), trace.steps[3].tensor("bias")
    patch = trace.value(2)[0, :, 4:9, 4:9]
    expected = (patch * weight[5]).sum((1, 2))
    for each in level["most"]:
        assert each["value"] == pytest.approx(expected[each["cell"][1]].item(), abs=1e-5)
    total = sum(each["value"] for each in level["most"]) + bias[5].item()
    assert total == pytest.approx(trace.value(3)[0, 5, 4, 4].item(), abs=1e-5)
    (wide,) = sources(showing, PLACE | {"step": 7, "cell": [0, 25]})["levels"]
    assert len(wide["most"]) == MOST_CURVES
    assert wide["rest"]["count"] == 320 - MOST_CURVES


def test_a_class_has_the_contributions_to_its_logit_and_a_gradient_none(showing):
    levels = sources(showing, PLACE | {"of": "class", "step": -1, "cell": [0, 3]})["levels"]
    assert (levels[0]["step"], levels[0]["cell"]) == (9, [0, 3])
    assert sources(showing, PLACE | {"of": "output", "label": 3})["levels"] == []
    with pytest.raises(ValueError, match=r"cells of shape \(1, 20, 8, 8\), got \(0, 20, 0, 0\)"):
        sources(showing, PLACE | {"cell": [0, 20, 0, 0]})


def test_the_ink_of_a_number_is_its_gradient_times_what_was_drawn(showing):
    answer = number_ink(showing, PLACE)
    found = numbers(answer["values"]).reshape(28, 28)
    shown = showing.of(PLACE, grad=True)
    input = shown.trace.input.detach().clone().requires_grad_()
    blank = shown.explored.input(shown.explored.blank())
    features = shown.explored.model
    caught = []
    handle = features.conv2.register_forward_hook(lambda module, given, output: caught.append(output))
    features(input)
    handle.remove()
    caught[0][0, 5, 4, 4].backward()
    expected = ((input - blank) * input.grad)[0, 0].detach().cpu().numpy()
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert answer["sum"] == pytest.approx(expected.sum(), abs=1e-5)
    assert not found[shown.input.picture.numpy() == 0].any()  # where nothing was drawn nothing is told


def test_of_an_empty_pad_it_is_said_that_there_is_no_ink_and_not_that_no_pixel_matters():
    answer = number_ink(Showing(Library()), {**PLACE, "strokes": []})
    assert answer["note"]["reason"] == "no_ink"


def test_a_number_of_any_model_for_pictures_is_seen_over_its_input():
    library = Library()
    name = add(library, nn.Sequential(nn.Conv2d(3, 2, 3), nn.ReLU()), torch.rand(1, 3, 20, 24))
    asked = {**PLACE, "strokes": [], "model": name, "step": 0, "cell": [0, 1, 4, 5]}
    answer = number_ink(Showing(library), asked)
    assert (answer["rows"], answer["columns"], answer["note"]) == (20, 24, None)
    found = numbers(answer["values"]).reshape(20, 24)
    assert np.argwhere(found).min(0).tolist() == [4, 5]
    assert np.argwhere(found).max(0).tolist() == [6, 7]


def test_a_layer_tells_its_largest_value_and_its_channels_that_are_zero():
    library = Library()
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten())
    with torch.no_grad():
        model[0].weight[2].zero_()
        model[0].bias[2] = -1
    name = add(library, model, torch.rand(1, 3, 8, 8))
    asked = {**PLACE, "strokes": [], "model": name, "step": 1, "cell": []}
    showing = Showing(library)
    answer = layer(showing, asked)
    values = showing.of(asked).trace.value(1)
    assert 2 in answer["zero"]
    assert answer["channels"] == 4
    assert answer["largest"]["value"] == pytest.approx(values.max().item())
    assert values[tuple(answer["largest"]["cell"])].item() == answer["largest"]["value"]
    flat = layer(showing, asked | {"step": 2})
    assert len(flat["zero"]) == int((values == 0).sum())
    assert flat["channels"] == values.numel()


def test_a_convolution_shows_for_each_map_the_kernel_that_weighs_most(showing):
    found = layer(showing, PLACE | {"cell": []})["kernels"]
    weight = showing.of(PLACE).trace.steps[3].tensor("weight")
    assert (found["rows"], found["columns"], found["of"]) == (5, 5, 10)
    scales, codes = numbers(found["scales"]), numbers(found["data"], np.uint8).reshape(20, 5, 5)
    for k, channel in enumerate(found["inputs"]):
        assert channel == weight[k].abs().sum((1, 2)).argmax()
        shown = (codes[k].astype(float) - 128) / 127 * scales[k]
        np.testing.assert_allclose(shown, weight[k, channel].cpu().numpy(), atol=scales[k] / 127)
    assert layer(showing, PLACE | {"step": 1, "cell": []})["kernels"] is None
