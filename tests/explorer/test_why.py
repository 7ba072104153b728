"""What the panel "Why" is answered: maps, sums, and words where there is no map."""

import base64
import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from core.data.perturbation import Perturbation
from core.data.photo import preprocessed_already
from core.explain.attribution import METHODS, log_odds
from core.models import Card
from explorer.draw.why import reasons
from explorer.draw.why import why as answered
from explorer.models.library import UNCHANGED, UNTRAINED, Changes, Library
from explorer.models.own import add
from explorer.screen.inputs import Input, Inputs
from explorer.screen.shown import Showing, Shown

EXAMPLES = Path(__file__).resolve().parents[2] / "explorer" / "web" / "examples.json"
INK = json.loads(EXAMPLES.read_text())[3]["strokes"]
REQUEST = {"model": "a2", "strokes": INK, "brush": 1, "centred": True, "label": None, "edits": []} | {
    "method": "saliency",
    "target": None,
    "layer": None,
}


def values(answer):
    flat = np.frombuffer(base64.b64decode(answer["values"]), "<f4")
    return flat.reshape(answer["rows"], answer["columns"])


@pytest.fixture(scope="module")
def library():
    return Library()


def asked(library, **fields):
    return answered(Showing(library), REQUEST | fields)


def own(model, example=None, **given):
    library = Library()
    name = add(library, model, example, **given)
    return library.explored(name)


def explained(explored, method, target=None, changes=UNCHANGED, picture=None, layer=None):
    picture = torch.rand(28, 28) if picture is None else picture
    input = Input(preprocessed_already(picture), picture, Perturbation())
    shown, graded = (Shown.make(explored, input, changes, grad=grad) for grad in (False, True))
    return reasons(shown, lambda: graded, method=method, target=target, layer=layer)


@pytest.mark.parametrize("name", ["recommended", "a1", "a2", "a3", "resnet18" + UNTRAINED])
@pytest.mark.parametrize("method", ["saliency", "grad_cam"])
def test_every_model_gives_maps_for_the_predicted_class(library, name, method):
    answer = asked(library, model=name, method=method)
    explored = library.explored(name)
    trace, _ = explored.trace(Inputs().read(REQUEST).picture)
    assert answer["target"] == trace.output[0].argmax()
    assert answer["score"] == pytest.approx(log_odds(trace.output, answer["target"]).item(), rel=1e-4, abs=1e-4)
    assert np.isfinite(values(answer)).all()
    assert answer["ink"]["rows"] == min(explored.card.input_shape[1], 56)


def test_the_sum_of_integrated_gradients_is_what_the_ink_adds_to_the_score(library):
    answer = asked(library, method="integrated_gradients")
    assert answer["sum"] == pytest.approx(answer["score"] - answer["baseline"], rel=0.03)
    assert values(answer).sum() == pytest.approx(answer["sum"], rel=1e-5)
    assert answer["note"] is None
    json.dumps(answer, allow_nan=False)


def test_a_layer_is_chosen_and_can_be_changed(library):
    answer = asked(library, method="grad_cam")
    assert [layer["index"] for layer in answer["layers"]] == [0, 1, 2, 3, 4, 5]
    assert answer["layer"] == 5
    assert answer["layers"][5] == {"index": 5, "op": "relu", "path": "", "places": [4, 4]}
    other = asked(library, method="grad_cam", layer=0)
    assert (other["layer"], other["rows"], other["columns"]) == (0, 24, 24)
    with pytest.raises(ValueError, match="step 7 has no maps to weigh; the steps that have are 0, 1, 2, 3, 4, 5"):
        asked(library, method="grad_cam", layer=7)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "edit",
    [
        {"kind": "scale", "parameters": ["conv1.weight", "conv1.bias"], "channel": 4, "factor": 3},
        {"kind": "swap", "call": 0, "activation": "tanh"},
    ],
)
def test_a_persons_changes_are_in_force_and_leave_nothing_behind(library, method, edit):
    before = asked(library, method=method, target=3)
    changed = asked(library, method=method, target=3, edits=[edit])
    assert changed["values"] != before["values"]
    assert asked(library, method=method, target=3) == before


def test_an_empty_pad_is_said_to_be_one(library):
    answer = asked(library, strokes=[], method="integrated_gradients")
    assert answer["note"]["reason"] == "no_ink"
    assert not values(answer).any()
    assert values(asked(library, strokes=[])).any()


class Raising(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 3)

    def forward(self, x):
        self.conv(x)
        raise KeyError("half-way")


class Cut(nn.Module):
    def forward(self, x):
        return x.flatten(1)[:, :4].detach()


class Constant(nn.Module):
    def forward(self, x):
        return x.flatten(1)[:, :3] * 0


class Mean(nn.Module):
    def forward(self, x):
        mean = x.mean((1, 2, 3))
        return torch.stack([mean, -mean], 1)


class Broken(nn.Module):
    def forward(self, x):
        return x.flatten(1)[:, :3] / 0 * 0


class Silent(nn.Module):
    """Its maps speak against class 0 everywhere."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 1, 3)
        nn.init.constant_(self.conv.weight, 0.1)  # of random ones the sum at some place may be nearly 0
        nn.init.zeros_(self.conv.bias)

    def forward(self, x):
        y = self.conv(x).abs().mean((2, 3))
        return torch.cat([-y, y], 1)


@pytest.mark.parametrize(
    ("model", "method", "reason", "message"),
    [
        (Raising(), "saliency", "raises", "KeyError: 'half-way'"),
        (Raising(), "grad_cam", "raises", "half-way"),
        (Cut(), "saliency", "not_differentiable", "no gradient"),
        (Cut(), "integrated_gradients", "not_differentiable", "no gradient"),
        (nn.Conv2d(1, 2, 3), "occlusion", "no_scores", r"\(1, 2, 26, 26\), expected one score per class"),
        (Constant(), "saliency", "zero", "exactly 0"),
        (Mean(), "saliency", "flat", "^0.0025"),
        (Broken(), "saliency", "not_finite", "nan"),
        (Cut(), "grad_cam", "not_differentiable", "no gradient"),
        (nn.Sequential(nn.Flatten(), nn.Linear(784, 3)), "grad_cam", "no_layer", "no step with maps"),
        (Silent(), "grad_cam", "negative", "^-0"),
    ],
)
def test_a_map_that_is_missing_or_empty_has_its_reason(model, method, reason, message):
    library = Library()
    library.add(Card("own", "Own", "", classes=("a", "b"), mean=(0.0,), std=(1.0,)), model)
    explored = library.explored("own")
    target = 0 if reason in ("negative", "flat") else None
    answer = explained(explored, method, target, picture=torch.linspace(0.2, 1, 784).reshape(28, 28))
    assert answer["note"]["reason"] == reason
    assert re.search(message, answer["note"]["message"])
    json.dumps(answer, allow_nan=False)


class Awkward(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.norm = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)
        self.relu, self.head = nn.ReLU(inplace=True), nn.Linear(4, 5)

    def forward(self, x):
        return self.head(self.relu(self.norm(self.conv(self.relu(x)))).mean((2, 3)))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("training", [False, True])
def test_an_in_place_model_of_colour_pictures_is_left_as_found(method, training):
    model = Awkward().train(training)
    explored = own(model, torch.rand(1, 3, 20, 24))
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    answer = explained(explored, method)
    assert (answer["rows"], answer["columns"]) == ((18, 22) if method == "grad_cam" else (20, 24))
    assert model.training == training
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())
    assert not any(module._forward_hooks or module._backward_hooks for module in model.modules())


def test_a_model_that_raises_is_left_as_found():
    model = Raising()
    explored = own(model, torch.rand(1, 1, 8, 8))
    weight = model.conv.weight
    for method in METHODS:
        explained(explored, method, changes=Changes({"conv.weight": torch.zeros_like(weight)}))
    assert model.conv.weight is weight
    assert weight.grad is None
    assert not model.conv._forward_hooks


def test_inputs_that_are_no_pictures_are_explained():
    model = nn.Sequential(nn.Linear(9, 4), nn.Tanh(), nn.Linear(4, 3))
    explored = own(model, torch.rand(1, 9), preprocess=lambda picture: picture.flatten()[:9])
    for method in ("saliency", "integrated_gradients", "occlusion"):
        answer = explained(explored, method)
        assert answer["note"] is None
        assert values(answer).size == 9
        assert answer["ink"] is None
    assert explained(explored, "grad_cam")["note"]["reason"] == "no_layer"


def test_of_a_large_input_numbers_stand_for_blocks():
    explored = Library().explored("mobilenet_v3_small" + UNTRAINED)
    answer = explained(explored, "saliency")
    assert (answer["rows"], answer["columns"], answer["block"]) == (56, 56, 4)
    assert values(answer).sum() * 16 == pytest.approx(answer["sum"], rel=1e-2, abs=1e-6)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"method": "guess"}, "the field 'method' is 'guess', expected one of saliency, grad_cam"),
        ({"target": 10}, "there is no class 10; the model has 10"),
        ({"target": "3"}, "the field 'target' is '3'"),
        ({"model": "a9"}, "there is no model 'a9'"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_words(library, fields, message):
    with pytest.raises(ValueError, match=message):
        asked(library, **fields)
