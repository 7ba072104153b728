import pytest
import torch
import torch.nn.functional as F
from torch import nn

from core.explain import backward, consumers, grad_terms, parameter_gradients, record
from core.models import build, card


@pytest.mark.parametrize("name", ["a1", "a2", "a3", "recommended"])
def test_gradients_are_those_of_autograd(name, device):
    model = build(name).to(device).eval()
    input = card(name).prepare(torch.rand(28, 28, device=device))
    found = backward(record(model, input, grad=True), 3)
    leaf = input.clone().requires_grad_()
    loss = F.cross_entropy(model(leaf), torch.tensor([3], device=device))
    (expected,) = torch.autograd.grad(loss, leaf)
    assert found.loss == pytest.approx(loss.item(), rel=1e-6)
    assert torch.allclose(found.gradients[-1], expected, rtol=1e-4, atol=1e-7)
    assert all(parameter.grad is None for parameter in model.parameters())


def test_gradients_of_the_parameters_are_those_of_autograd_and_leave_grad_alone(device):
    model = build("a2").to(device).eval()
    input = card("a2").prepare(torch.rand(28, 28, device=device))
    model.fc1.requires_grad_(False)
    found = parameter_gradients(record(model, input, grad=True), 4)
    trained = {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}
    loss = F.nll_loss(model(input), torch.tensor([4], device=device))
    expected = torch.autograd.grad(loss, list(trained.values()))
    assert list(found) == list(trained)
    assert all(torch.allclose(found[name], grad, atol=1e-7) for name, grad in zip(trained, expected, strict=True))
    assert all(parameter.grad is None for parameter in model.parameters())
    assert parameter_gradients(record(nn.Flatten(), torch.ones(1, 3), grad=True), 0) == {}


@pytest.mark.parametrize("name", ["a2", "a3"])
def test_the_gradient_of_a_cell_is_the_sum_over_its_readers(name):
    model = build(name).eval()
    trace = record(model, card(name).prepare(torch.rand(28, 28)), grad=True)
    found = backward(trace, 7)
    for step in trace.steps[:-1]:
        cell = tuple(int(torch.randint(size, ())) for size in step.output.shape)
        parts = [
            grad_terms(reader, cell, name, found.gradients[reader.index])
            for reader, name in consumers(trace, step.index)
        ]
        total, tolerance = sum(part.value for part in parts), sum(part.tolerance for part in parts)
        assert total == pytest.approx(found.gradients[step.index][cell].item(), abs=tolerance + 1e-7)


def test_the_loss_is_named_after_what_the_model_returns():
    scores, log_probabilities = nn.Linear(4, 3), nn.Sequential(nn.Linear(4, 3), nn.LogSoftmax(1))
    input = torch.ones(1, 4)
    assert backward(record(scores, input, grad=True), 0).name == "cross-entropy"
    found = backward(record(log_probabilities, input, grad=True), 2)
    assert found.name == "negative log-likelihood"
    assert found.gradients[1].tolist() == [[0, 0, -1]]


@pytest.mark.parametrize(
    ("model", "label", "message"),
    [
        (nn.Linear(4, 3), 3, "there is no class 3; the model has 3"),
        (nn.Linear(4, 3), -1, "there is no class -1"),
        (nn.Unflatten(1, (2, 2)), 0, r"the output is \(1, 2, 2\), expected \(1, classes\)"),
    ],
)
def test_what_has_no_loss_is_refused(model, label, message):
    with pytest.raises(ValueError, match=message):
        backward(record(model, torch.ones(1, 4), grad=True), label)


def test_a_step_that_does_not_exist_has_no_readers():
    with pytest.raises(ValueError, match="there is no step 5; the model ran 1"):
        consumers(record(nn.ReLU(), torch.ones(1)), 5)


@pytest.mark.parametrize("cut", ["no_grad", "detach"])
def test_a_forward_without_a_graph_says_so(cut, device):
    fc = torch.nn.Linear(3, 2).to(device)

    class Cut(torch.nn.Module):
        def forward(self, x):
            if cut == "detach":
                return fc(x).detach()
            with torch.no_grad():
                return fc(x)

    trace = record(Cut(), torch.rand(1, 3, device=device), grad=True)
    with pytest.raises(ValueError, match=r"output has no gradient: its forward runs under torch\.no_grad"):
        backward(trace, 1)
