from random import Random

import pytest
import torch
import torch.nn.functional as F
from explain_cases import CASES, Written
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from core.explain import Unexplained, grad_terms, local_gradient, operator, record
from core.explain.trace import named_tensors

pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")
seeds = st.integers(0, 2**32 - 1)

EXPLAINED = [name for name in CASES if name != "dropout"]


def random_cell(shape, r):
    return tuple(r.randrange(size) for size in shape)


@pytest.mark.parametrize("name", EXPLAINED)
@given(seed=seeds, dtype=st.sampled_from([torch.float32, torch.float64]))
@settings(max_examples=12, deadline=None)
def test_gradient_terms_add_up_to_autograd(name, device, seed, dtype):
    r = Random(seed)
    function, x = CASES[name](r)
    for step in record(Written(function), x.to(device, dtype)).steps:
        if step.op == "to" or step.output.numel() == 0 or not step.output.is_floating_point():
            continue
        grad_output = torch.randn_like(step.output)
        for wrt, _ in named_tensors(step.arguments):
            shape_only = wrt in operator(step).only_shape or wrt.startswith("running")
            if shape_only or not step.tensor(wrt).is_floating_point() or not step.tensor(wrt).numel():
                continue
            gradient = local_gradient(step, wrt, grad_output)
            for _ in range(3):
                index = random_cell(step.tensor(wrt).shape, r)
                found = grad_terms(step, index, wrt, grad_output, gradient)
                assert found.agrees, (step.op, step.arguments, wrt, index, found)


@given(seed=seeds)
@settings(max_examples=15, deadline=None)
def test_batch_norm_gradients_in_evaluation(device, seed):
    r = Random(seed)
    layer = nn.BatchNorm2d(3).to(device).eval()
    with torch.no_grad():
        for tensor in (layer.weight, layer.bias, layer.running_mean):
            tensor.normal_()
        layer.running_var.uniform_(0.1, 2.0)
    step = record(layer, torch.randn(2, 3, 4, 5, device=device)).steps[0]
    for wrt in ("input", "weight", "bias"):
        grad_output = torch.randn_like(step.output)
        assert grad_terms(step, random_cell(step.tensor(wrt).shape, r), wrt, grad_output).agrees


def test_the_chain_of_local_gradients_is_the_gradient_of_the_model(device):
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(inplace=True), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(18, 4))
    model = model.to(device)
    x = torch.randn(1, 1, 8, 8, device=device)
    trace = record(model, x, grad=True)
    loss = F.cross_entropy(trace.output, torch.tensor([2], device=device))
    gradients = trace.gradients(loss)
    for step in reversed(trace.steps):
        local = local_gradient(step, "input", gradients[step.index])
        torch.testing.assert_close(local, gradients[step.parents["input"]])
    conv = trace.steps[0]
    (expected,) = torch.autograd.grad(loss, model[0].weight)
    for index in [(0, 0, 0, 0), (1, 0, 2, 1)]:
        found = grad_terms(conv, index, "weight", gradients[0], expected)
        assert found.agrees
        assert len(found) == 36
    assert all(parameter.grad is None for parameter in model.parameters())


def test_the_worked_numbers_of_a_convolution_backward(device):
    """X = 1..9, K = [[1, 0], [0, 1]], dL/dY = [[1, 2], [3, 4]]."""
    layer = nn.Conv2d(1, 1, 2, bias=False).to(device)
    with torch.no_grad():
        layer.weight.copy_(torch.eye(2))
    step = record(layer, torch.arange(1.0, 10, device=device).reshape(1, 1, 3, 3)).steps[0]
    arriving = torch.tensor([[[[1.0, 2], [3, 4]]]], device=device)
    by_input = [[grad_terms(step, (0, 0, y, x), "input", arriving).value for x in range(3)] for y in range(3)]
    by_weight = [[grad_terms(step, (0, 0, y, x), "weight", arriving).value for x in range(2)] for y in range(2)]
    assert by_input == [[1, 2, 0], [3, 5, 2], [0, 3, 4]]
    assert by_weight == [[37, 47], [67, 77]]


def test_max_pool_routes_to_the_winner(device):
    x = torch.tensor([[[[1.0, 5], [2, 3]]]], device=device)
    step = record(nn.MaxPool2d(2, stride=1), x).steps[0]
    arriving = torch.full((1, 1, 1, 1), 7.0, device=device)
    values = [[grad_terms(step, (0, 0, y, x), "input", arriving).value for x in range(2)] for y in range(2)]
    assert values == [[0, 7], [0, 0]]


def test_terms_of_an_input_gradient_are_grouped_by_output_channel(device):
    step = record(nn.Conv2d(2, 3, 3).to(device), torch.randn(1, 2, 6, 6, device=device)).steps[0]
    found = grad_terms(step, (0, 1, 3, 3), "input", torch.randn_like(step.output))
    rows = found.addends[0]
    assert sorted(rows.subtotals()) == [0, 1, 2]
    assert sum(rows.subtotals().values()) == pytest.approx(found.value)
    assert [factor.argument for factor in rows.factors] == ["grad_output", "weight"]


def test_rejects_what_it_cannot_do(device):
    model = nn.BatchNorm2d(2).to(device)
    step = record(model, torch.randn(2, 2, 3, 3, device=device)).steps[0]
    with pytest.raises(Unexplained, match="the gradient of batch_norm by running_mean is not explained"):
        grad_terms(step, (0,), "running_mean", step.output)
    with pytest.raises(ValueError, match=r"shape \(2, 2, 3, 3\), got \(1,\)"):
        grad_terms(step, (0, 0, 0, 0), "input", torch.ones(1))
    with pytest.raises(IndexError, match=r"weight of step 0 \(batch_norm\) has cells of shape \(2,\)"):
        grad_terms(step, (2,), "weight", step.output)


def test_training_statistics_survive_a_replay(device):
    model = nn.BatchNorm2d(2).to(device).train()
    step = record(model, torch.randn(2, 2, 3, 3, device=device)).steps[0]
    before = model.running_mean.clone()
    local_gradient(step, "input", torch.ones_like(step.output))
    assert torch.equal(model.running_mean, before)
    assert grad_terms(step, (1,), "weight", torch.randn_like(step.output)).agrees
