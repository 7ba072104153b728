"""Steps of the optimisers against torch's."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.ops.optim import adam_step, sgd_step

TOLERANCE = {torch.float64: 1e-12, torch.float32: 1e-6}


def torch_steps(kind, parameter, grads, **options):
    leaf = torch.nn.Parameter(parameter.clone())
    optimizer = kind([leaf], **options)
    for grad in grads:
        leaf.grad = grad.clone()
        optimizer.step()
        yield leaf.detach().clone()


def random_steps(dtype, device):
    return torch.randn(3, 4, dtype=dtype, device=device), torch.randn(5, 3, 4, dtype=dtype, device=device)


SGD = [
    {"lr": 0.1},
    {"lr": 0.1, "weight_decay": 0.5},
    {"lr": 0.1, "momentum": 0.9},
    {"lr": 0.1, "momentum": 0.9, "dampening": 0.3, "weight_decay": 0.1},
    {"lr": 0.1, "momentum": 0.9, "nesterov": True},
    {"lr": 0.0, "momentum": 0.5},
]


@pytest.mark.parametrize("options", SGD, ids=str)
@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
def test_sgd_is_torch(options, dtype, device):
    parameter, grads = random_steps(dtype, device)
    buffer = None
    for grad, expected in zip(grads, torch_steps(torch.optim.SGD, parameter, grads, **options), strict=True):
        before = parameter.clone(), None if buffer is None else buffer.clone()
        new, new_buffer = sgd_step(parameter, grad, buffer, **options)
        torch.testing.assert_close(new, expected, rtol=0, atol=10 * TOLERANCE[dtype])
        assert torch.equal(parameter, before[0])
        assert buffer is None or torch.equal(buffer, before[1])
        parameter, buffer = new, new_buffer


ADAM = [{}, {"lr": 0.1}, {"betas": (0.5, 0.6), "eps": 1e-3}, {"weight_decay": 0.5}, {"betas": (0.0, 0.0)}]


@pytest.mark.parametrize("options", ADAM, ids=str)
@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
def test_adam_is_torch(options, dtype, device):
    parameter, grads = random_steps(dtype, device)
    m = v = None
    steps = torch_steps(torch.optim.Adam, parameter, grads, **options)
    for step, (grad, expected) in enumerate(zip(grads, steps, strict=True), 1):
        kept = parameter.clone()
        new, m, v = adam_step(parameter, grad, m, v, step=step, **options)
        torch.testing.assert_close(new, expected, rtol=0, atol=TOLERANCE[dtype])
        assert torch.equal(parameter, kept)
        parameter = new


@given(lr=st.floats(0, 1), momentum=st.floats(0, 1), decay=st.floats(0, 1), nesterov=st.booleans())
@settings(max_examples=40, deadline=None)
def test_any_sgd_is_torch(lr, momentum, decay, nesterov, device):
    options = {"lr": lr, "momentum": momentum, "weight_decay": decay, "nesterov": nesterov and momentum > 0}
    parameter, grads = random_steps(torch.float64, device)
    buffer = None
    for grad, expected in zip(grads, torch_steps(torch.optim.SGD, parameter, grads, **options), strict=True):
        parameter, buffer = sgd_step(parameter, grad, buffer, **options)
        torch.testing.assert_close(parameter, expected, rtol=1e-10, atol=1e-10)


@given(lr=st.floats(0, 1), betas=st.tuples(*[st.floats(0, 0.999)] * 2), decay=st.floats(0, 1))
@settings(max_examples=40, deadline=None)
def test_any_adam_is_torch(lr, betas, decay, device):
    options = {"lr": lr, "betas": betas, "weight_decay": decay}
    parameter, grads = random_steps(torch.float64, device)
    m = v = None
    steps = torch_steps(torch.optim.Adam, parameter, grads, **options)
    for step, (grad, expected) in enumerate(zip(grads, steps, strict=True), 1):
        parameter, m, v = adam_step(parameter, grad, m, v, step=step, **options)
        torch.testing.assert_close(parameter, expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda p: sgd_step(p, p[0], lr=1), ValueError, r"grad has size \(4,\), expected \(3, 4\)"),
        (
            lambda p: sgd_step(p, p.float(), lr=1),
            ValueError,
            "grad has dtype torch.float32, parameter has torch.float64",
        ),
        (lambda p: sgd_step(p, p, lr=-1), ValueError, "lr must not be negative, not -1"),
        (lambda p: sgd_step(p, p, lr=1, nesterov=True), ValueError, "nesterov needs momentum and no dampening"),
        (lambda p: sgd_step(p.long(), p, lr=1), TypeError, "parameter has dtype torch.int64, expected a floating"),
        (lambda p: adam_step(p, p, p, p[0], step=1), ValueError, r"exp_avg_sq has size \(4,\), expected \(3, 4\)"),
        (lambda p: adam_step(p, p, step=0), ValueError, "step counts from 1, not 0"),
        (lambda p: adam_step(p, p, step=1, betas=(0.9, 1.0)), ValueError, r"betas must be .* not \(0.9, 1.0\)"),
        (lambda p: adam_step(p, p, step=1, eps=-1e-8), ValueError, "eps must not be negative, not -1e-08"),
    ],
)
def test_impossible_steps_are_refused(call, error, message):
    with pytest.raises(error, match=message):
        call(torch.randn(3, 4, dtype=torch.float64))
