"""The line of PyTorch that a step prints is the call that it makes."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from explain_cases import Written
from torch import nn

from core.explain import Unexplained, explains, grad_terms, local_gradient, operator, record, terms
from core.explain.terms.line import Line, Name, literal


def opened(model, x):
    """Returns the only step of a model, after its printed line has been run."""
    (step,) = record(model, x).steps
    again = eval(operator(step).pytorch(step), {"torch": torch, "F": F, **step.arguments})
    assert torch.equal(again, step.output)
    assert torch.equal(operator(step).replay(step, step.arguments), step.output)
    return step


@pytest.mark.parametrize(
    "write",
    [
        lambda x: x / np.sqrt(64),
        lambda x: x * np.float32(2),
        lambda x: np.float64(3) - x,
        lambda x: x + np.int64(1),
        lambda x: x.reshape(*np.array([3, 2])),
        lambda x: x.reshape(np.array([3, 2]).tolist()),
        lambda x: x[np.int64(1)],
        lambda x: x[:, np.array([0, 2])],
        lambda x: x.clamp(0, float("inf")),
        lambda x: x.clamp(-math.inf, 0.5),
        lambda x: F.pad(x, (0, 1), value=float("-inf")),
        lambda x: x * math.inf,
        lambda x: 1.5 / x,
        lambda x: x.to(torch.float64),
        lambda x: x.to("cpu", torch.float64, memory_format=torch.contiguous_format),
        lambda x: x.to(x.device),
        lambda x: x.sum(dtype=torch.float64),
        lambda x: x.to(torch.int32),
        lambda x: x[..., None, ::2],
        lambda x: x[()],
        lambda x: F.leaky_relu(x, np.float64(0.25)),
        torch.t,
    ],
)
def test_the_line_of_unusual_arguments_runs(write):
    step = opened(Written(write), torch.rand(2, 3) - 0.5)
    assert terms(step, tuple(0 for _ in step.output.shape)).agrees


@pytest.mark.parametrize("dims", [1, 2, 3])
def test_average_pools_of_every_dimension_have_a_line_and_a_gradient(dims):
    pool = (nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d)[dims - 1](3, 2, 1)
    step = opened(pool, torch.rand(1, 2, *(7,) * dims))
    assert grad_terms(step, (0, 1, *(2,) * dims), "input", torch.rand_like(step.output)).agrees


@pytest.mark.parametrize("mode", ["floor", "trunc"])
@pytest.mark.parametrize("divisor", [0.1, -0.3, 2])
def test_a_rounded_quotient_has_its_value_and_no_gradient(mode, divisor):
    x = torch.tensor([[0.3, -0.3, 0.55, 7.0, -7.25]])
    (step,) = record(Written(lambda x: torch.div(x, divisor, rounding_mode=mode)), x).steps
    for k in range(5):
        assert terms(step, (0, k)).agrees
        gradient = grad_terms(step, (0, k), "input", torch.ones(1, 5))
        assert gradient.value == gradient.shown == 0
    found = terms(step, (0, 2))
    assert found.tolerance == 0
    assert found.value == step.output[0, 2]


@pytest.mark.parametrize("write", [lambda x: F.elu(x, torch.tensor(2.0)), lambda x: F.hardtanh(x, torch.tensor(0.1))])
def test_settings_that_are_tensors_are_refused_in_words(write):
    step = record(Written(write), torch.rand(1, 3)).steps[-1]
    with pytest.raises(Unexplained, match=r"is a Tensor, not a number"):
        terms(step, (0, 1))
    with pytest.raises(Unexplained, match=r"is a Tensor, not a number"):
        grad_terms(step, (0, 1), "input", torch.ones(1, 3))


@pytest.mark.parametrize("name", ["view_as", "reshape_as", "type_as", "expand_as"])
@pytest.mark.parametrize("keyword", [False, True])
def test_a_second_tensor_of_which_only_the_kind_is_read_has_no_gradient(name, keyword):
    other = torch.rand(2, 3)
    model = Written(lambda x: getattr(x, name)(other=other) if keyword else getattr(x, name)(other))
    step = opened(model, torch.rand(2, 3))
    assert grad_terms(step, (1, 2), "input", torch.rand(2, 3)).agrees
    with pytest.raises(Unexplained, match=f"{name} has no gradient by other"):
        grad_terms(step, (1, 2), "other", torch.rand(2, 3))


@pytest.mark.filterwarnings("ignore:torch.quantize_per_tensor")
@pytest.mark.parametrize(
    ("write", "message"),
    [
        (lambda x: torch.fft.fft(x).abs(), r"abs .*complex64"),
        (lambda x: torch.complex(x, x) * 2, r"mul .*complex64"),
        (lambda x: x.view(torch.int32), "same bits are read as another type"),
        (lambda x: torch.quantize_per_tensor(x, 0.1, 0, torch.quint8).flatten(), r"flatten .*quint8"),
    ],
)
def test_what_is_no_plain_real_number_is_not_explained(write, message):
    step = record(Written(write), torch.rand(2, 4)).steps[-1]
    assert not explains(step)
    with pytest.raises(Unexplained, match=message):
        terms(step, tuple(0 for _ in step.output.shape))


@pytest.mark.parametrize("dtype", [torch.int8, torch.int64, torch.bool, torch.float16, torch.bfloat16])
def test_a_conversion_rounds_or_cuts_as_torch_does(dtype):
    step = record(Written(lambda x: x.to(dtype)), torch.tensor([0.7, -1.9, 0.0, 3.25, 1 / 3])).steps[0]
    for k in range(5):
        found = terms(step, (k,))
        assert found.difference == 0
        assert found.value == float(step.output[k])
    assert dtype == torch.float32 or terms(step, (0,)).after == rf"\mathrm{{{str(dtype)[6:]}}}(x)"


def test_lines_state_their_constants_and_refuse_what_they_cannot():
    line = Line("F.pad", (Name("input"), (1, 0)), {"value": float("nan"), "mode": "constant"})
    assert str(line) == "F.pad(input, (1, 0), value=float(\"nan\"), mode='constant')"
    assert literal([True, None, (2,), torch.float16, torch.device("cpu")]) == (
        "[True, None, (2,), torch.float16, torch.device('cpu')]"
    )
    with pytest.raises(Unexplained, match="a object cannot be written in a line of PyTorch"):
        literal(object())


def test_a_gradient_is_asked_of_a_learned_exponents_neighbours(device):
    class Generalized(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.p = nn.Parameter(torch.ones(1) * 3)

        def forward(self, x):
            return F.avg_pool2d(x.clamp(min=1e-6).pow(self.p), 2).pow(1.0 / self.p)

    trace = record(Generalized().to(device), torch.rand(1, 2, 4, 4, device=device), grad=True)
    assert all(explains(step) for step in trace.steps)
    for step in trace.steps:
        if step.op == "pow":
            assert terms(step, (0, 1, 0, 1)).agrees
            assert grad_terms(step, (0,), "other", torch.ones_like(step.output)).agrees
            assert grad_terms(step, (0, 1, 0, 1), "input", torch.ones_like(step.output)).agrees
    clamp = trace.steps[0]
    assert torch.equal(local_gradient(clamp, "input", clamp.output), clamp.output)
