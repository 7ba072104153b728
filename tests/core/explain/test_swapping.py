"""Activations swapped while a model runs."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from core.explain import ACTIVATIONS, activation_calls, grad_terms, local_gradient, record, swapped, terms

pytestmark = pytest.mark.usefixtures("made_on_device")


class Mixed(nn.Module):
    """A module, a function, a method, an in-place module and an in-place function."""

    def __init__(self):
        super().__init__()
        self.relu = nn.ReLU()
        self.inplace = nn.ReLU(inplace=True)
        self.conv = nn.Conv2d(1, 2, 3)

    def forward(self, x):
        x = self.relu(self.conv(x))
        x = F.leaky_relu(x, 0.2) - 0.1
        x = x.tanh() - 0.2
        self.inplace(x)  # its result is not taken: only x itself tells
        x = x - 0.3
        torch.relu_(x)
        return (x * 2).mean((2, 3))


def mixed():
    return Mixed().eval(), torch.randn(1, 1, 6, 6)


def by_hand(model, x, functions):
    x = functions[0](model.conv(x))
    x = functions[1](x) - 0.1
    x = functions[2](x) - 0.2
    x = functions[3](x) - 0.3
    return (functions[4](x) * 2).mean((2, 3))


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("call", range(5))
def test_any_call_is_computed_by_any_activation(name, call):
    model, x = mixed()
    functions = [F.relu, lambda x: F.leaky_relu(x, 0.2), torch.tanh, F.relu, F.relu]
    functions[call] = ACTIVATIONS[name]
    with torch.no_grad(), swapped({call: name}):
        found = model(x)
    assert torch.equal(found, by_hand(model, x, functions))


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_trace_shows_the_swapped_activations_at_their_places_and_explains_them(name):
    model, x = mixed()
    plain = record(model, x)
    trace = record(model, x, grad=True, within=swapped(dict.fromkeys(range(5), name)))
    assert [step.op for step in trace.steps] == [
        name if step.op in ("relu", "leaky_relu", "tanh") else step.op for step in plain.steps
    ]
    assert [step.path for step in trace.steps] == [step.path for step in plain.steps]
    calls = activation_calls(trace)
    assert list(calls.values()) == [0, 1, 2, 3, 4]
    for index in calls:
        step = trace.steps[index]
        cell = (0, 1, 2, 3)
        assert terms(step, cell).agrees
        arriving = torch.randn(step.output.shape)
        assert grad_terms(step, cell, "input", arriving).agrees
        assert local_gradient(step, "input", arriving).shape == step.output.shape


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_gradients_flow_through_swapped_activations_in_place_or_not(name):
    model, x = mixed()
    x = x.double().requires_grad_()
    model = model.double()

    def run(x):
        with swapped(dict.fromkeys(range(5), name)):
            return model(x)

    assert torch.autograd.gradcheck(run, (x,))


def test_nothing_stays_swapped_and_a_call_that_is_not_made_changes_nothing():
    model, x = mixed()
    before = record(model, x).output
    assert torch.equal(record(model, x, within=swapped({77: "gelu"})).output, before)
    assert not torch.equal(record(model, x, within=swapped({0: "gelu"})).output, before)
    assert torch.equal(record(model, x).output, before)


def test_an_output_argument_is_written():
    x, out = torch.randn(4), torch.empty(4)
    with swapped({0: "tanh"}):
        torch.sigmoid(x, out=out)
    assert torch.equal(out, torch.tanh(x))


def test_an_unknown_activation_is_refused():
    with pytest.raises(ValueError, match="there is no activation 'wave' to swap to; there are relu, leaky_relu"):
        swapped({0: "wave"})
