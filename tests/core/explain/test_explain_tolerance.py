"""The tolerance of a sum is what rounding may do, and no more: an element that was falsified is not accepted."""

from dataclasses import replace
from itertools import product
from math import inf
from random import Random

import pytest
import torch
import torch.nn.functional as F
from explain_cases import CASES, Written
from hypothesis import given, settings
from hypothesis import strategies as st

from core.device import exact_products
from core.explain import explains, grad_terms, local_gradient, record, terms
from core.explain.terms.base import lowest

pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")

NOTICED = {torch.float64: 1e-9, torch.float32: 0.01, torch.float16: 0.01, torch.bfloat16: 0.03}
"""How far off an element is never accepted, as a part of it."""


def cells(trace, r, count=3):
    for step in trace.steps:
        if explains(step) and all(step.output.shape) and step.output.is_floating_point():
            for _ in range(count):
                yield step, tuple(r.randrange(size) for size in step.output.shape)


def is_left_of_larger(found, dtype):
    """Whether an element is what is left of much larger numbers: in 16 bits, of three times as large ones."""
    parts = sum(abs(product) for addends in found.addends for product in addends.products)
    largest = max(parts, *(abs(v) for a in found.addends for f in a.factors for v in f.values), 1)
    return (3 if dtype in (torch.float16, torch.bfloat16) else 100) * abs(found.value) < largest


@pytest.mark.parametrize("dtype", NOTICED, ids=str)
@pytest.mark.parametrize("name", CASES)
@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=4, deadline=None)
def test_a_falsified_element_is_not_accepted_and_the_true_one_is(name, dtype, device, seed):
    r = Random(seed)
    function, x = CASES[name](r)
    with exact_products():  # a card may round the factors of a product to ten bits: then it holds to those
        found_cells = [
            (step, terms(step, index)) for step, index in cells(record(Written(function), x.to(device, dtype)), r)
        ]
    for step, found in found_cells:
        index = found.index
        assert found.agrees, (step.op, index, found.value, found.shown, found.tolerance)
        off = NOTICED[step.output.dtype]
        if inf > abs(found.value) > 1000 * lowest(step.output.dtype) and not is_left_of_larger(
            found, step.output.dtype
        ):
            for sign in (1, -1):
                wrong = replace(found, shown=found.value * (1 + sign * off))
                assert not wrong.agrees, (step.op, index, found.value, found.tolerance)


def test_a_sum_that_overflows_is_infinite_and_agrees(device):
    x = torch.full((3,), 3e38, device=device)
    found = terms(record(Written(torch.sum), x).steps[0], ())
    assert (found.shown, found.agrees) == (float("inf"), True)
    assert not replace(terms(record(Written(torch.sum), x / 4).steps[0], ()), shown=float("inf")).agrees


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_numbers_that_become_too_small_agree(dtype, device):
    x = torch.full((4,), torch.finfo(dtype).tiny, device=device, dtype=dtype)
    for function in (
        lambda x: x * 1e-3,
        torch.mean,
        lambda x: x / 7,
        lambda x: F.softmax(torch.stack((x[0], -x[0])), 0),
    ):
        step = record(Written(function), x).steps[-1]
        assert terms(step, tuple(0 for _ in step.output.shape)).agrees


def test_elu_near_zero_in_double_precision():
    """A true element was refused: e^x − 1 loses the digits that expm1 keeps."""
    x = torch.linspace(-0.06, 0, 500, dtype=torch.float64)
    step = record(Written(F.elu), x).steps[0]
    assert all(terms(step, (k,)).agrees for k in range(len(x)))
    gradient = local_gradient(step, "input", torch.ones_like(x))
    assert all(grad_terms(step, (k,), "input", torch.ones_like(x), gradient).agrees for k in range(0, 500, 50))


@pytest.mark.parametrize("function", [torch.exp, torch.sigmoid, F.silu, F.softplus, F.mish], ids=lambda f: f.__name__)
def test_small_results_of_large_numbers_are_held_to_their_own_size(function):
    x = torch.linspace(-30, -5, 40)
    step = record(Written(function), x).steps[0]
    for k in range(len(x)):
        found = terms(step, (k,))
        assert found.agrees, (x[k], found)
        assert found.tolerance < 1e-3 * abs(found.value)


class OnCard(torch.Tensor):
    """A tensor that says that a card made it."""

    is_cuda = property(lambda self: True)  # type: ignore[assignment]


PIXELS = torch.tensor(
    [
        [4, 0, -5, 0, 1, 0],
        [0, -4, -4, 1, 1, 0],
        [0, 4, -4, -1, 1, 0],
        [0, -2, -1, 2, 1, 0],
        [0, 2, -1, -2, 1, 0],
        [0, 4, 0, -5, 0, 1],
    ],
).float()
TAPS = torch.tensor([[6, 0, 0], [-4, -4, -4], [-4, 4, -4], [1, 2, 4], [1, -2, 4], [0, 0, 24]]).float() / 24
RESULTS = torch.tensor([[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]]).float()
"""Winograd's F(4, 3), which turns six pixels into four results of a kernel of three. Source: Lavin and Gray 2016."""


def tiles(x):
    """Return the tiles of `(C, L)` pixels, transformed: `(C, L / 4, 6)`."""
    return F.pad(x, (1, 1)).unfold(1, 6, 4) @ PIXELS.T


def winograd(x, weight):
    """Return the convolution of `(C, L)` by `(O, C, 3)`, padded by 1, as a card may compute it."""
    products = torch.einsum("clk,ock->olk", tiles(x), weight @ TAPS.T)
    return (products @ RESULTS.T).flatten(1)


def winograd_weight_grad(x, grad):
    """Return its gradient by the weight."""
    return torch.einsum("clk,olk->ock", tiles(x), grad.unfold(1, 4, 4) @ RESULTS) @ TAPS


@pytest.mark.parametrize("seed", range(5))
def test_an_algorithm_that_mixes_a_tile_agrees_on_a_card_forward_and_backward(seed):
    torch.manual_seed(seed)
    x, weight, grad = torch.randn(1, 3, 24), torch.randn(5, 3, 3), torch.randn(1, 5, 24)
    x[0, :, ::5] *= 1e4
    grad[0, :, ::5] *= 1e4
    weight[:, 1] *= 1e-3
    step = record(Written(lambda x: F.conv1d(x, weight, padding=1)), x).steps[0]
    by_input = winograd(grad[0], weight.transpose(0, 1).flip(2))[None]
    by_weight = winograd_weight_grad(x[0], grad[0])
    exact = F.conv1d(x.double(), weight.double(), padding=1)
    assert (winograd(x[0], weight) - exact[0]).abs().max() < 1e-5 * exact.abs().max()

    def agreeing(output):
        step.output = output
        values = [terms(step, (0, o, k)) for o in range(5) for k in range(24)]
        values += [grad_terms(step, (0, c, k), "input", grad, by_input) for c in range(3) for k in range(24)]
        cells = product(range(5), range(3), range(3))
        values += [grad_terms(step, cell, "weight", grad, by_weight) for cell in cells]
        return [found.agrees for found in values]

    mixed = winograd(x[0], weight)[None]
    assert all(agreeing(mixed.as_subclass(OnCard)))
    plain = agreeing(mixed)
    assert not all(plain[:120])
    assert not all(plain[120:192])


def test_the_tolerance_of_a_tile_is_none_on_the_processor_and_for_other_convolutions_of_a_card():
    x, weight = torch.randn(1, 2, 9, 9), torch.randn(3, 2, 3, 3)
    x[0, 0, 0, 0] = 1e6
    for settings_, widened in (({"stride": 2}, False), ({"dilation": 2}, False), ({}, True)):
        step = record(Written(lambda x, more=settings_: F.conv2d(x, weight, **more)), x).steps[0]
        grad = torch.ones_like(step.output)
        grad[0, :, 0, 0] = 1e6
        here = terms(step, (0, 0, 1, 1)).tolerance, grad_terms(step, (0, 0, 3, 3), "input", grad).tolerance
        step.output = step.output.as_subclass(OnCard)
        there = terms(step, (0, 0, 1, 1)).tolerance, grad_terms(step, (0, 0, 3, 3), "input", grad).tolerance
        assert [one > before for one, before in zip(there, here, strict=True)] == [widened, widened]
