"""Models as `torch.export` and `torch.fx` write them: ATen's names and orders of arguments, in-place ones too."""

from random import Random
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import core.models
from core.explain import Trace, explains, record, terms
from tests.core.explain.explain_cases import Written


class Everything(nn.Module):
    """What the shipped networks do not do: norms of all kinds, a transposed convolution, a change in place."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2, 4, 3, padding=1, groups=2)
        self.up = nn.ConvTranspose2d(4, 4, 2, stride=2, bias=False)
        self.norms = nn.ModuleList([nn.GroupNorm(2, 4), nn.InstanceNorm2d(4, affine=True), nn.BatchNorm2d(4)])
        self.layer = nn.LayerNorm(8)
        self.line = nn.Conv1d(4, 2, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.up(self.conv(x))
        for norm in self.norms:
            x = F.relu(norm(x), inplace=True)
        x = self.layer(x)
        y = x * 2
        y += x
        return self.line(F.max_pool2d(y, 2).flatten(2))


MODELS = {"a2": (1, 28), "recommended": (1, 28), "everything": (2, 4)}


def pieces(name: str) -> tuple[nn.Module, Tensor]:
    model = Everything() if name == "everything" else core.models.build(name)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 2)
    channels, side = MODELS[name]
    return model.eval(), torch.randn(1, channels, side, side)


def assert_explained(trace: Trace, shown: Tensor, *, unexplained: frozenset[tuple[str, int]] = frozenset()) -> None:
    assert torch.equal(trace.output, shown)
    r = Random(0)
    for step in trace.steps:
        if (step.op, step.part) in unexplained:
            continue
        assert explains(step), (step.op, step.func)
        for _ in range(4):
            cell = tuple(r.randrange(size) for size in step.output.shape)
            assert terms(step, cell).agrees, (step.index, step.op, step.func, cell)


@pytest.mark.parametrize("name", MODELS)
def test_an_exported_model_is_explained_to_the_last_step(name):
    model, x = pieces(name)
    program = torch.export.export(model, (x,)).module()
    trace = record(program, x)
    assert_explained(trace, program(x))
    assert {step.op for step in trace.steps} >= {step.op for step in record(model, x).steps} - {"dropout"}


@pytest.mark.parametrize("name", MODELS)
def test_a_decomposed_model_is_explained_by_the_functions_that_it_was_made_of(name):
    model, x = pieces(name)
    program = torch.export.export(model, (x,)).run_decompositions().module()
    trace = record(program, x)
    operations = {step.op for step in trace.steps}
    assert not operations & {"convolution", "native_layer_norm", "native_batch_norm_legit_no_training"}
    skipped = {"native_group_norm", "native_batch_norm_legit"}  # with statistics of their own: by shapes
    indices = frozenset({("max_pool2d", 1), *((op, part) for op in skipped for part in range(3))})
    assert_explained(trace, program(x), unexplained=indices)


def test_a_model_written_by_fx_is_recorded():
    model, x = pieces("everything")
    traced = torch.fx.symbolic_trace(model)
    assert_explained(record(traced, x), model(x))


@pytest.mark.parametrize(
    "call",
    [
        lambda x: torch.ops.aten.add_.Tensor(x * 2, x),
        lambda x: torch.ops.aten.mul_.Scalar(x + 1, 3.0),
        lambda x: torch.ops.aten.relu_.default(x - 0.5),
        lambda x: torch.ops.aten.add_(x * 2, x),
    ],
)
def test_what_an_overload_changes_in_place_keeps_its_values(call):
    """ "add_.Tensor" does not end with an underscore: the step before showed what came after it."""
    x = torch.randn(2, 3)
    trace = record(Written(call), x)
    assert_explained(trace, call(x))
    assert not torch.equal(trace.steps[0].output, trace.steps[-1].output)


def norms() -> list[Any]:
    weight, bias, mean, variance = torch.randn(3), torch.randn(3), torch.randn(3), torch.rand(3) + 0.5
    return [
        lambda x: torch.batch_norm(x, weight, bias, mean, variance, False, 0.1, 1e-5, False),
        lambda x: torch.ops.aten.batch_norm(x, weight, bias, mean, variance, False, 0.1, 1e-5, False),
        lambda x: torch.instance_norm(x, weight, bias, None, None, True, 0.1, 1e-5, False),
        lambda x: torch.group_norm(x, 3, weight, bias, 1e-5, False),
        lambda x: torch.layer_norm(x, (4,), None, None, 1e-5, False),
        lambda x: torch.convolution(x, weight.reshape(1, 3, 1, 1), None, [1, 1], [0, 0], [1, 1], False, [0, 0], 1),
    ]


@pytest.mark.parametrize("k", range(6))
def test_atens_own_order_of_arguments_is_read(k):
    call, x = norms()[k], torch.randn(2, 3, 4, 4)
    assert_explained(record(Written(call), x), call(x))
