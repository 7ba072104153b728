import json
import threading
from pathlib import Path

import pytest
import torch

from core.data.strokes import preprocess
from core.explain import parameter_gradients
from explorer.models.library import UNTRAINED, Library
from explorer.screen.edits import Edits

EXAMPLES = Path(__file__).resolve().parents[2] / "explorer" / "web" / "examples.json"
INK = json.loads(EXAMPLES.read_text())[3]["strokes"]
SGD = {"kind": "sgd", "rate": 0.1, "label": 3, "strokes": INK, "brush": 1, "centred": True}
SET = {"kind": "set", "parameter": "conv1.weight", "index": [4, 0, 2, 2], "value": 0.5}
SWAP = {"kind": "swap", "call": 1, "activation": "gelu"}
SILENCE = {"kind": "scale", "parameters": ["conv1.weight", "conv1.bias"], "channel": 4, "factor": 0}


@pytest.fixture(scope="module")
def explored():
    return Library().explored("a2" + UNTRAINED)


def output(explored, edits=()):
    picture = torch.linspace(0, 1, 784).reshape(28, 28)
    return explored.trace(picture, changes=Edits().changes(explored, edits))[0].output


def test_an_element_is_set_and_nothing_else_changes(explored):
    changed = Edits().changes(explored, [SET]).parameters
    assert list(changed) == ["conv1.weight"]
    difference = changed["conv1.weight"] != explored.model.conv1.weight
    assert difference.nonzero().tolist() == [[4, 0, 2, 2]]
    assert changed["conv1.weight"][4, 0, 2, 2] == 0.5


def test_a_silenced_channel_is_zero_everywhere_and_a_factor_of_one_restores_it_exactly(explored):
    picture = torch.rand(28, 28)
    edits = Edits()
    trace, _ = explored.trace(picture, changes=edits.changes(explored, [SILENCE]))
    assert not trace.steps[0].output[:, 4].any()
    assert trace.steps[0].output[:, 5].any()
    again, _ = explored.trace(picture, changes=edits.changes(explored, [SILENCE, SILENCE | {"factor": 1}]))
    assert torch.equal(again.output, explored.trace(picture)[0].output)


def test_a_step_of_gradient_descent_lowers_the_loss_and_moves_every_weight_against_its_gradient(explored):
    picture = preprocess(INK, pad=1.0).picture
    before, _ = explored.trace(picture, grad=True)
    changed = Edits().changes(explored, [SGD])
    after, _ = explored.trace(picture, changes=changed)
    assert -after.output[0, 3] < -before.output[0, 3]
    own = dict(explored.model.named_parameters())
    for name, gradient in parameter_gradients(before, 3).items():
        assert torch.equal(changed.parameters[name], own[name].detach() - 0.1 * gradient)


def test_changes_are_for_one_request_and_undoing_them_is_exact(explored):
    own = {name: (id(parameter), parameter.clone()) for name, parameter in explored.model.named_parameters()}
    before = output(explored)
    for edits in ([SET], [SGD], [SGD, SET, SILENCE], [SGD, SGD]):
        assert not torch.equal(output(explored, edits), before)
        assert torch.equal(output(explored), before)
    for name, parameter in explored.model.named_parameters():
        assert id(parameter) == own[name][0]
        assert torch.equal(parameter, own[name][1])
        assert parameter.grad is None


def test_an_activation_is_swapped_within_a_step_of_sgd_too_and_restored_exactly(explored):
    before = output(explored)
    assert Edits().changes(explored, [SWAP]).swaps == {1: "gelu"}
    assert not torch.equal(output(explored, [SWAP]), before)
    assert not torch.equal(output(explored, [SWAP, SGD]), output(explored, [SGD]))
    assert torch.equal(output(explored, [SWAP, SWAP | {"activation": None}]), before)
    assert torch.equal(output(explored), before)


def test_two_people_changing_at_once_do_not_see_each_other(explored):
    cases = [[SWAP], [SET], [SILENCE], [SGD]]
    expected = [output(explored, edits) for edits in cases]
    found = {}
    threads = [
        threading.Thread(target=lambda k=k: found.update({k: [output(explored, cases[k % 4]) for _ in range(5)]}))
        for k in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(torch.equal(one, expected[k % 4]) for k, outputs in found.items() for one in outputs)
    assert len(found) == 8


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        ({"kind": "paint"}, "expected an object whose kind is one of set, scale, sgd, swap"),
        (3, "a change is 3, expected an object"),
        (SET | {"parameter": "conv9.weight"}, "the model has no parameter 'conv9.weight'; it has conv1.weight"),
        (
            SET | {"index": [99, 0, 0, 0]},
            r"elements of shape \(10, 1, 5, 5\), got index \(99, 0, 0, 0\)",
        ),
        (SET | {"value": float("nan")}, "the field 'value' is nan, expected a number from -3.4"),
        (SET | {"value": 1e300}, "the field 'value' is 1e.300, expected a number from -3.4"),
        (SET | {"value": "x"}, "the field 'value' is 'x', expected a number from -3.4"),
        (SILENCE | {"channel": 10}, "conv1.weight has 10 channels, got channel 10"),
        (SGD | {"label": 10}, "there is no class 10"),
        (SWAP | {"call": -1}, "the field 'call' is -1, expected a whole number from 0"),
        (SWAP | {"activation": "wave"}, "the activation is 'wave', expected one of relu, leaky_relu"),
        ({"kind": "set", "parameter": "conv1.weight"}, "the field 'index' is missing, expected a list"),
    ],
)
def test_a_change_that_does_not_fit_is_refused_in_words(explored, edit, message):
    with pytest.raises(ValueError, match=message):
        Edits().changes(explored, [edit])


def test_too_many_changes_are_refused(explored):
    with pytest.raises(ValueError, match="501 changes are more than the 500"):
        Edits().changes(explored, [SET] * 501)
