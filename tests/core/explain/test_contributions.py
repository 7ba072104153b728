"""What each map contributes to a value, held to the sum itself and to the operation's definition."""

from itertools import pairwise

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from core import models
from core.explain import Unexplained, contributions, down_to_sum, explains, record, terms
from core.explain.attribution import Undefined, input_gradient

pytestmark = pytest.mark.usefixtures("made_on_device")


def trace_of(model, *shape, grad=False):
    return record(model.eval(), torch.randn(1, *shape), grad=grad)


def found(trace, step, cell):
    return contributions(trace.steps[step], terms(trace.steps[step], cell))


def test_a_convolutions_contributions_are_patch_times_kernel_of_each_input_channel():
    conv = nn.Conv2d(3, 4, 3, padding=1)
    trace = trace_of(conv, 3, 6, 6)
    padded = F.pad(trace.input[0], (1, 1, 1, 1)).double()
    for cell in ((0, 2, 3, 4), (0, 1, 0, 5)):  # one at the border, over padding
        _, k, y, x = cell
        expected = (padded[:, y : y + 3, x : x + 3] * conv.weight[k].detach().double()).sum((1, 2))
        told = {each.cell[1]: each.value for each in found(trace, 0, cell)}
        assert told == pytest.approx(dict(enumerate(expected.tolist())))
        assert [abs(each.value) for each in found(trace, 0, cell)] == sorted(map(abs, told.values()), reverse=True)


def test_of_a_vector_every_value_contributes_by_itself():
    linear = nn.Linear(5, 2)
    trace = trace_of(linear, 5)
    told = {each.cell: each.value for each in found(trace, 0, (0, 1))}
    expected = (linear.weight[1] * trace.input[0]).double().tolist()
    assert told == pytest.approx({(0, k): value for k, value in enumerate(expected)}, rel=1e-5)


@pytest.mark.parametrize("name", ["recommended", "a2"])
def test_contributions_and_constants_are_the_whole_sum_at_every_step(name):
    device = torch.get_default_device()
    trace = record(models.load(name, device=device), models.card(name).prepare(torch.rand(28, 28, device=device)))
    for step in trace.steps:
        cell = tuple(size // 2 for size in step.output.shape)
        if step.op == "log_softmax" or not explains(step):
            continue
        sums = terms(step, cell)
        constants = sum(
            addends.products.sum()
            for addends in sums.addends
            if not any(factor.argument in step.parents for factor in addends.factors)
        )
        total = sum(each.value for each in contributions(step, sums)) + constants
        assert total == pytest.approx(sums.reduced, rel=1e-9, abs=1e-12), step


def test_of_a_maximum_only_the_winner_contributes():
    trace = trace_of(nn.MaxPool2d(2), 2, 4, 4)
    (only,) = found(trace, 0, (0, 1, 1, 0))
    window = trace.input[0, 1, 2:4, 0:2]
    assert only.value == window.max().item()
    assert trace.input[only.cell].item() == only.value


def test_a_sum_of_two_paths_has_a_contribution_of_each():
    class Block(nn.Module):
        def forward(self, x):
            return x.relu() + 2 * x

    trace = trace_of(Block(), 2, 3, 3)
    cell = (0, 1, 2, 0)
    told = {each.step: each.value for each in found(trace, len(trace.steps) - 1, cell)}
    x = trace.input[cell].item()
    assert told == pytest.approx({0: max(x, 0.0), 1: 2 * x})


def test_single_values_are_followed_down_to_the_sum_behind_them():
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2))
    trace = trace_of(model, 3, 8, 8)
    levels = down_to_sum(trace, 3, (0, 2, 1, 1))
    assert [level.step for level in levels] == [3, 2, 1, 0]
    assert [len(level.contributions) for level in levels] == [1, 1, 1, 3]
    for above, below in pairwise(levels):
        assert above.contributions[0].cell == below.cell


def test_a_step_without_known_arithmetic_is_named_and_ends_the_way_down():
    class Multiplied(nn.Module):
        def forward(self, x):
            return x.cumprod(1).relu()

    trace = trace_of(Multiplied(), 6)
    with pytest.raises(Unexplained):
        down_to_sum(trace, 0, (0, 2))
    assert [level.step for level in down_to_sum(trace, 1, (0, 2))] == [1]


def test_the_gradient_of_a_cell_by_the_input_is_autograds():
    model = nn.Sequential(nn.Conv2d(2, 3, 3), nn.Tanh(), nn.Conv2d(3, 2, 3))
    trace = trace_of(model, 2, 7, 7, grad=True)
    x = trace.input.detach().clone().requires_grad_()
    model[1](model[0](x))[0, 1, 2, 3].backward()
    torch.testing.assert_close(input_gradient(trace, 1, (0, 1, 2, 3)), x.grad)
    outside = input_gradient(trace, 1, (0, 1, 2, 3))[0, :, 5:]
    assert not outside.any()
    with pytest.raises(Undefined, match="no gradient"):
        input_gradient(trace_of(model, 2, 7, 7), 1, (0, 1, 2, 3))
