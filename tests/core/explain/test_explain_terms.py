from random import Random

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from explain_cases import CASES, Written
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from core.explain import INPUT, Trace, Unexplained, explains, operator, record, terms
from core.explain.swapping import identity
from core.explain.terms.activation import ACTIVATIONS

pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")
seeds = st.integers(0, 2**32 - 1)


def random_cells(shape, r, count=4):
    return [tuple(r.randrange(size) for size in shape) for _ in range(count if all(shape) else 0)]


def assert_explained(trace: Trace, r: Random) -> None:
    for step in trace.steps:
        assert explains(step), step.op
        for index in random_cells(step.output.shape, r):
            found = terms(step, index)
            assert found.agrees, (step.op, step.arguments, index, found)
            if found.reduction == "sum":
                assert found.reduced == pytest.approx(
                    sum(a.products.sum() for a in found.addends), rel=1e-15, nan_ok=True
                )


@pytest.mark.parametrize("name", CASES)
@given(seed=seeds, dtype=st.sampled_from([torch.float32, torch.float64]))
@settings(max_examples=12, deadline=None)
def test_terms_add_up_to_the_element(name, device, seed, dtype):
    r = Random(seed)
    function, x = CASES[name](r)
    assert_explained(record(Written(function), x.to(device, dtype)), r)


@pytest.mark.parametrize("name", [name for name in CASES if name != "dropout"])
@given(seed=seeds)
@settings(max_examples=8, deadline=None)
def test_the_pytorch_line_runs_and_gives_the_same_tensor(name, device, seed):
    function, x = CASES[name](Random(seed))
    for step in record(Written(function), x.to(device)).steps:
        line = operator(step).pytorch(step)
        with torch.no_grad():  # as it was recorded: torch has another LSTM where a graph is kept
            again = eval(line, {"F": F, "torch": torch, **step.arguments})
        assert torch.equal(again, step.output), line


@pytest.mark.parametrize("name", CASES)
@given(seed=seeds)
@settings(max_examples=4, deadline=None)
def test_every_operator_has_a_formula(name, device, seed):
    function, x = CASES[name](Random(seed))
    for step in record(Written(function), x.to(device)).steps:
        latex, letters = operator(step).formula(step)
        assert latex
        assert all(value is None or isinstance(value, int | float | str) for value in letters.values())


OF_NUMBERS = [operator for operator in ACTIVATIONS if operator.names != ("bitwise_not",)]


@pytest.mark.parametrize("operator", OF_NUMBERS, ids=lambda operator: operator.names[0])
def test_activations_of_extreme_values_are_torchs(operator, device):
    values = [0.0, -0.0, 1e-30, 25.0, -25.0, 800.0, -800.0, 1e30, -1e30, float("inf"), float("-inf"), float("nan")]
    x = torch.tensor(values, device=device, dtype=torch.float64)
    step = record(Written(lambda x: call(operator, x)), x).steps[0]
    assert step.op == operator.names[0]
    for k in range(len(values)):
        found = terms(step, (k,))
        assert found.agrees, (values[k], found.value, found.shown)


def call(operator, x):
    name = operator.names[0]
    if name == "identity":  # ConvScope's own, in the place of an activation
        return identity(x)
    settings = {"threshold": (0.1, 2.0), "clamp": (-0.5, 2.0), "clamp_min": (0.5,), "clamp_max": (0.5,)}.get(name, ())
    return getattr(torch, name, None)(x, *settings) if hasattr(torch, name) else getattr(F, name)(x, *settings)


def test_padded_taps_are_listed_with_their_place_outside(device):
    step = record(nn.Conv2d(1, 1, 3, padding=1).to(device), torch.rand(1, 1, 4, 4, device=device)).steps[0]
    found = terms(step, (0, 0, 0, 3))
    taps, bias = found.addends
    assert len(taps.products) == 9
    assert taps.outside.tolist() == [True, True, True, False, False, True, False, False, True]
    assert (taps.products[taps.outside] == 0).all()
    assert taps.factors[0].cells[0].tolist() == [0, 0, -1, 2]
    assert taps.factors[1].cells[5].tolist() == [0, 0, 1, 2]
    assert bias.factors[0].argument == "bias"


def test_subtotals_are_by_input_channel(device):
    step = record(nn.Conv2d(3, 2, 3).to(device), torch.rand(1, 3, 5, 5, device=device)).steps[0]
    found = terms(step, (0, 1, 0, 0))
    taps, bias = found.addends
    assert taps.group_label == "input channel"
    x, weight = step.tensor("input").double(), step.tensor("weight").double()
    expected = {c: (x[0, c, :3, :3] * weight[1, c]).sum().item() for c in range(3)}
    assert taps.subtotals() == pytest.approx(expected)
    assert found.reduced == pytest.approx(sum(expected.values()) + bias.products[0])


def test_max_pool_names_the_first_winner(device):
    x = torch.tensor([[[[1.0, 5.0], [5.0, 2.0]]]], device=device)
    found = terms(record(nn.MaxPool2d(2, padding=1), -x).steps[0], (0, 0, 0, 0))
    assert found.reduction == "max"
    assert found.addends[0].products.tolist() == [-np.inf, -np.inf, -np.inf, -1.0]
    assert found.winner == 3
    found = terms(record(nn.MaxPool2d(2), x).steps[0], (0, 0, 0, 0))
    assert (found.winner, found.value, found.difference, found.tolerance) == (1, 5.0, 0.0, 0.0)


def test_the_worked_numbers_of_a_convolution(device):
    """X = 1..9, K = [[1, 0], [0, 1]] gives [[6, 8], [12, 14]]."""
    layer = nn.Conv2d(1, 1, 2, bias=False).to(device)
    with torch.no_grad():
        layer.weight.copy_(torch.eye(2))
    step = record(layer, torch.arange(1.0, 10, device=device).reshape(1, 1, 3, 3)).steps[0]
    assert [[terms(step, (0, 0, y, x)).value for x in range(2)] for y in range(2)] == [[6, 8], [12, 14]]
    assert terms(step, (0, 0, 1, 1)).addends[0].products.tolist() == [5, 0, 0, 9]


def test_batch_statistics_are_opened_as_sums(device):
    layer = nn.BatchNorm2d(2).to(device).train()
    step = record(layer, torch.rand(3, 2, 4, 4, device=device)).steps[0]
    found = terms(step, (1, 1, 0, 0))
    for name in ("mean", "var"):
        quantity = found.quantities[name]
        assert len(quantity.addends.products) == 48
        assert quantity.value == pytest.approx(quantity.addends.products.sum())


def test_a_value_can_be_followed_to_the_input(device):
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(2 * 3 * 3, 4)).to(device)
    trace = record(model, torch.rand(1, 1, 5, 5, device=device))
    index, step = (0, 2), trace.steps[3]
    path = []
    while True:
        factor = terms(step, index).addends[0].factors[0]
        path.append((step.op, factor.argument))
        index = tuple(factor.cells[-1].tolist())
        parent = step.parents[factor.argument]
        assert factor.values[-1] == trace.value(parent)[index].item()
        if parent == INPUT:
            break
        step = trace.steps[parent]
    assert [op for op, _ in path] == ["linear", "flatten", "relu", "conv2d"]
    assert index == (0, 0, 4, 4)


@pytest.mark.parametrize("index", [(0,), (0, 0, 0, 9), (0, -1, 0, 0), (0, 0, 0, 0, 0)])
def test_rejects_cells_that_do_not_exist(index, device):
    step = record(nn.Conv2d(1, 2, 3).to(device), torch.rand(1, 1, 5, 5, device=device)).steps[0]
    with pytest.raises(IndexError, match=r"step 0 \(conv2d\) has cells of shape \(1, 2, 3, 3\), got index"):
        terms(step, index)


def test_a_smoothed_picture_one_pixel_wide_is_not_explained():
    """torch gives the first row again and again, whatever the others hold."""
    x = torch.arange(5.0).reshape(1, 1, 5, 1)
    step = record(Written(lambda x: F.interpolate(x, (7, 1), mode="bilinear", antialias=True)), x).steps[-1]
    assert not explains(step)
    with pytest.raises(Unexplained, match="one pixel wide of the input's first row"):
        terms(step, (0, 0, 3, 0))


def test_an_unknown_operation_says_so(device):
    step = record(Written(lambda x: torch.cumprod(x, dim=1)), torch.rand(1, 3, device=device)).steps[0]
    assert step.arguments["dim"] == 1
    assert not explains(step)
    with pytest.raises(Unexplained, match="cumprod is shown by its shapes only"):
        terms(step, (0, 0))


def test_the_tolerance_would_notice_a_missing_term(device):
    """A stated tolerance is worth something only if a dropped term breaks it."""
    step = record(nn.Linear(9216, 4).to(device), torch.rand(1, 9216, device=device)).steps[0]
    found = terms(step, (0, 1))
    products = np.abs(found.addends[0].products)
    assert found.tolerance < np.median(products)
    assert len(found) == 9217
