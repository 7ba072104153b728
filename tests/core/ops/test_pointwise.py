"""The compiled elementwise functions, normalisations, softmax and losses give the numbers of float64, in any layout."""

import math
from collections.abc import Iterator
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from core.ops import vectorized
from core.ops.geometry import pool_windows
from core.ops.vectorized import compiled, pointwise

CLOSE = 2e-6
"""Largest difference from float64 allowed, absolute and relative: some units in float32's last place."""

ACTIVATIONS: dict[str, Any] = {
    "relu": F.relu,
    "leaky_relu": F.leaky_relu,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "hardsigmoid": F.hardsigmoid,
    "hardswish": F.hardswish,
    "silu": F.silu,
    "mish": F.mish,
    "gelu none": F.gelu,
    "gelu tanh": lambda x: F.gelu(x, approximate="tanh"),
}
SLOPE = {"leaky_relu": 0.01}
OF_OUTPUT = ("sigmoid", "tanh")
"""Whose gradient reads the output."""
ODD = (2, 3, 37, 41)  # whole vectors and a rest


@pytest.fixture(autouse=True)
def _compiled() -> None:
    if reason := compiled.missing("pointwise"):
        pytest.skip(reason)


@pytest.fixture(params=[1, 2, 5])
def _threads(request: pytest.FixtureRequest) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield
    torch.set_num_threads(before)


def value_of(name: str, input: Tensor) -> Tensor | None:
    """The compiled activation, or, of those whose gradient alone is compiled, the operator."""
    if name in ("relu", "tanh"):
        output: Tensor = getattr(vectorized, name)(input)
        return output
    return pointwise.activation(name, input, slope=SLOPE.get(name, 0.0))


def assert_close(found: Tensor | None, exact: Tensor, scale: float = 1.0) -> None:
    assert found is not None
    torch.testing.assert_close(found.double(), exact, rtol=CLOSE * scale, atol=CLOSE * scale)


@pytest.mark.usefixtures("_threads")
@pytest.mark.parametrize("last", [False, True], ids=["contiguous", "channels last"])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_are_those_of_float64(name: str, last: bool) -> None:
    layout = torch.channels_last if last else torch.contiguous_format
    input = (torch.linspace(-12, 12, math.prod(ODD)).view(ODD)).contiguous(memory_format=layout)
    grad, exact = torch.randn(ODD).contiguous(memory_format=layout), input.double().requires_grad_()
    expected = ACTIVATIONS[name](exact)
    found = value_of(name, input)
    assert found is not None
    assert found.stride() == input.stride()
    assert_close(found, expected.detach())
    read = found if name in OF_OUTPUT else input
    found = pointwise.activation(name, read, grad, SLOPE.get(name, 0.0))
    assert_close(found, torch.autograd.grad(expected, exact, grad.double())[0])


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_extremes_are_those_of_torch(name: str) -> None:
    input = torch.tensor([float("nan"), -1e30, -200.0, -104.5, -90.0, -88.0, 0.0, 88.0, 90.0, 200.0, 1e30] * 7)
    found = value_of(name, input)
    torch.testing.assert_close(found, ACTIVATIONS[name](input), rtol=1e-6, atol=1e-37, equal_nan=True)


def test_small_results_keep_their_digits() -> None:
    far = torch.linspace(-80, -5, 1001)
    for name in ("sigmoid", "silu"):
        exact = ACTIVATIONS[name](far.double())
        found = pointwise.activation(name, far)
        assert found is not None
        assert ((found.double() - exact).abs() <= CLOSE * exact.abs()).all()


def test_gaps_are_left_to_whole_tensors() -> None:
    gaps = torch.randn(8, 10)[:, ::2]
    assert pointwise.activation("silu", gaps) is None
    torch.testing.assert_close(vectorized.silu(gaps), F.silu(gaps))
    assert pointwise.activation("silu", torch.randn(3, dtype=torch.float64)) is None
    assert pointwise.activation("silu", torch.empty(3, device="meta")) is None


@pytest.mark.usefixtures("_threads")
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last], ids=str)
@pytest.mark.parametrize("size", [(3, 5, 7, 9), (4, 70, 6, 5), (2, 33, 1, 1), (2, 2, 70, 90), (1, 17, 9, 3)], ids=str)
def test_batch_norm_is_that_of_float64(size: tuple[int, ...], layout: torch.memory_format, training: bool) -> None:
    C = size[1]
    input = (100 + 3 * torch.randn(size)).contiguous(memory_format=layout)  # far from 0
    grad, weight, bias = torch.randn(size).contiguous(memory_format=layout), torch.randn(C), torch.randn(C)
    given: Any = (None, None) if training else (100 + torch.randn(C), torch.rand(C) + 0.5)
    exact = [tensor.double().requires_grad_() for tensor in (input, weight, bias)]
    stats = [stat if stat is None else stat.double() for stat in given]
    expected = F.batch_norm(exact[0], stats[0], stats[1], exact[1], exact[2], training)
    grads = torch.autograd.grad(expected, exact, grad.double())
    kept = pointwise.normal(input, None if training else given, weight, bias, 1e-5)
    assert kept is not None
    assert_close(kept[0], expected.detach(), scale=50)  # of the input's own rounding at 100
    mine = vectorized.batch_norm_grads(input, grad, given[0], given[1], weight, training)
    for which, gradient in zip(("input", "weight", "bias"), grads, strict=True):
        assert_close(mine[which], gradient, scale=100 * max(1.0, float(gradient.abs().max())))
        alone = vectorized.batch_norm_grads(
            input, grad, given[0], given[1], weight, training, wanted=(which,), kept=kept[1]
        )
        torch.testing.assert_close(alone[which], mine[which])


@pytest.mark.usefixtures("_threads")
@pytest.mark.parametrize("size", [(3, 6, 7, 9), (4, 70, 6, 5), (5, 32, 2, 2), (2, 4, 70, 90), (3, 8)], ids=str)
def test_group_norm_is_that_of_float64(size: tuple[int, ...]) -> None:
    C = size[1]
    input, grad, weight, bias = 100 + 3 * torch.randn(size), torch.randn(size), torch.randn(C), torch.randn(C)
    for groups in (1, 2, C):
        exact = [tensor.double().requires_grad_() for tensor in (input, weight, bias)]
        expected = F.group_norm(exact[0], groups, exact[1], exact[2])
        grads = torch.autograd.grad(expected, exact, grad.double())
        found = pointwise.normal(input, None, weight, bias, 1e-5, groups=groups)
        assert found is not None
        assert_close(found[0], expected.detach(), scale=50)  # of the input's own rounding at 100
        for kept in (None, found[1]):
            mine = vectorized.group_norm_grads(input, grad, groups, weight, kept=kept)
            for which, gradient in zip(("input", "weight", "bias"), grads, strict=True):
                assert_close(mine[which], gradient, scale=100 * max(1.0, float(gradient.abs().max())))


def test_moments_about_an_outlier_keep_their_digits() -> None:
    input = torch.randn(4, 3, 40, 40)
    input[0, :, 0, 0] = 1e4  # the element about which sums are taken first
    exact = F.batch_norm(input.double(), None, None, training=True)
    found = pointwise.normal(input, None, None, None, 1e-5)
    assert found is not None
    assert_close(found[0], exact, scale=10)


@pytest.mark.usefixtures("_threads")
@pytest.mark.parametrize("padding", [(1, 1, 1, 1), (2, 0, 0, 3), (0, 0, 0, 0), (3, 1, 2, 2)], ids=str)
@pytest.mark.parametrize("mode", ["zeros", "reflect", "replicate", "circular"])
def test_padding_is_that_of_torch(mode: str, padding: tuple[int, ...]) -> None:
    input = torch.randn(9, 5, 40, 37, requires_grad=True)
    expected = F.pad(input, padding, "constant" if mode == "zeros" else mode)
    grad = torch.randn(expected.shape)
    assert torch.equal(vectorized.pad2d(input.detach(), padding, padding_mode=mode), expected)
    found = vectorized.pad2d_input_grad(input.shape, grad, padding, padding_mode=mode)
    torch.testing.assert_close(found, torch.autograd.grad(expected, input, grad)[0])


@pytest.mark.usefixtures("_threads")
@pytest.mark.parametrize("logarithm", [True, False])
@pytest.mark.parametrize("size", [(64, 10), (3, 1000), (5, 1), (2, 3, 17)], ids=str)
def test_softmax_is_that_of_float64(size: tuple[int, ...], logarithm: bool) -> None:
    input, grad = 10 * torch.randn(size), torch.randn(size)
    exact = input.double().requires_grad_()
    expected = exact.log_softmax(-1) if logarithm else exact.softmax(-1)
    output = pointwise.softmax(input, len(size) - 1, logarithm=logarithm)
    assert output is not None
    assert_close(output, expected.detach())
    found = pointwise.softmax(output, -1, grad, logarithm=logarithm)
    assert_close(found, torch.autograd.grad(expected, exact, grad.double())[0], scale=max(1, size[-1] ** 0.5))
    assert pointwise.softmax(input, 0, logarithm=logarithm) is None or len(size) == 1
    input[0, ..., 0] = float("nan")
    spoilt = pointwise.softmax(input, -1, logarithm=logarithm)
    assert spoilt is not None
    assert torch.equal(spoilt.isnan(), input.isnan().any(-1, keepdim=True).expand_as(input))


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("logits", [True, False])
def test_losses_are_those_of_float64(logits: bool, reduction: str) -> None:
    input, target = 5 * torch.randn(9, 13), torch.tensor([0, 12, 3, -100, 5, 5, -100, 1, 2])
    input = input if logits else input.log_softmax(1)
    exact = input.double().requires_grad_()
    expected = (F.cross_entropy if logits else F.nll_loss)(exact, target, reduction=reduction)
    grad = torch.randn(expected.shape)
    assert_close(pointwise.loss(input, target, None, -100, reduction, logits=logits), expected.detach(), scale=10)
    found = pointwise.loss(input if logits else None, target, (9, 13), -100, reduction, logits=logits, grad=grad)
    assert_close(found, torch.autograd.grad(expected, exact, grad.double())[0])


def test_a_class_that_does_not_exist_is_not_read() -> None:
    for wrong in (13, -1):
        target = torch.tensor([1, wrong])
        assert pointwise.loss(torch.randn(2, 13), target, None, -100, "mean") is None
        with pytest.raises(ValueError, match=f"target holds class {wrong}, input has 13 classes"):
            vectorized.cross_entropy(torch.randn(2, 13), target)


@pytest.mark.usefixtures("_threads")
@pytest.mark.parametrize(
    ("size", "kernel", "stride", "padding", "dilation"),
    [
        ((3, 4, 24, 24), (2, 2), (2, 2), (0, 0), (1, 1)),
        ((2, 3, 9, 11), (2, 2), (2, 2), (0, 0), (1, 1)),
        ((2, 3, 8, 40), (2, 2), (2, 2), (0, 0), (1, 1)),
        ((2, 3, 8, 7), (2, 2), (2, 2), (0, 0), (1, 1)),
        ((2, 3, 9, 13), (2, 2), (2, 2), (1, 1), (1, 1)),
        ((2, 3, 21, 37), (3, 3), (2, 2), (1, 1), (1, 1)),
        ((2, 3, 11, 40), (3, 5), (1, 1), (1, 2), (1, 1)),
        ((1, 2, 19, 23), (3, 2), (3, 4), (1, 1), (2, 5)),
    ],
)
def test_max_pooling_sends_what_torch_sends(
    size: tuple[int, ...], kernel: Any, stride: Any, padding: Any, dilation: Any
) -> None:
    input = torch.randint(3, size).float()  # many equal elements
    input[0, 0, 3, 4], input[0, 1, 5, 5] = float("nan"), float("inf")
    input[-1, -1] = -float("inf")
    leaf = input.clone().requires_grad_()
    output = F.max_pool2d(leaf, kernel, stride, padding, dilation)
    assert input.isnan().sum() == 1
    grad = torch.randn(output.shape)
    expected = torch.autograd.grad(output, leaf, grad)[0]
    windows = pool_windows(size, kernel, stride, padding, dilation)
    kept = pointwise.max_pool(input, windows)
    assert kept is not None
    assert torch.equal(kept[0].nan_to_num(7), output.detach().nan_to_num(7))
    found = pointwise.max_pool_grad(input.shape, grad, kept[1], windows)
    torch.testing.assert_close(found, expected, rtol=0, atol=2e-6)  # sums of the same numbers in another order
