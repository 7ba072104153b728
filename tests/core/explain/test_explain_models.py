from random import Random

import numpy as np
import pytest
import torch
from torch import nn

torchvision = pytest.importorskip("torchvision")

import core.models  # noqa: E402
import core.nn  # noqa: E402
from core.explain import (  # noqa: E402
    INPUT,
    Trace,
    explains,
    grad_terms,
    influence,
    local_gradient,
    receptive_field,
    receptive_field_sizes,
    record,
    terms,
)
from core.explain.trace import named_tensors  # noqa: E402

SIZES = {"alexnet": 80, "googlenet": 64}
ZOO = ["alexnet", "vgg11_bn", "resnet18", "mobilenet_v3_small", "squeezenet1_1", "densenet121", "googlenet"]
ZOO += ["shufflenet_v2_x0_5", "efficientnet_b0", "convnext_tiny"]


def with_random_statistics(model: nn.Module) -> nn.Module:
    """Batch norm as after training: means off 0, variances off 1."""
    generator = torch.Generator().manual_seed(0)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1, generator=generator)
            module.running_var.uniform_(0.5, 2.0, generator=generator)
    return model.eval()


def random_cell(shape, r):
    return tuple(r.randrange(size) for size in shape)


def assert_every_step_is_explained(trace: Trace, r: Random, cells: int) -> None:
    for step in trace.steps:
        assert explains(step), step.op
        for _ in range(cells):
            index = random_cell(step.output.shape, r)
            found = terms(step, index)
            assert found.agrees, (step.index, step.op, index, found.value, found.shown, found.tolerance)


def assert_fields_are_inverse(trace: Trace, r: Random, steps: int) -> None:
    assert len(receptive_field_sizes(trace)) == len(trace.steps)
    source = random_cell(trace.input.shape, r)
    reached = influence(trace, INPUT, source)
    assert reached.exact
    for step in r.sample(trace.steps, min(steps, len(trace.steps))):
        cell = random_cell(step.output.shape, r)
        field = receptive_field(trace, step.index, cell)
        assert field.exact
        assert field.masks[INPUT][source] == (step.index in reached.masks and reached.masks[step.index][cell])


@pytest.mark.parametrize("name", ["a1", "a2", "a3", "recommended"])
def test_every_step_of_the_shipped_models(name, device):
    card = core.models.card(name)
    model = with_random_statistics(core.models.load(name, device=device, pretrained=False))
    trace = record(model, torch.rand(2, *card.input_shape, device=device))
    assert torch.equal(trace.output, model(trace.input))
    assert_every_step_is_explained(trace, Random(name), cells=20)
    assert_fields_are_inverse(trace, Random(name), steps=8)


@pytest.mark.parametrize("name", ["a1", "a2", "a3", "recommended"])
def test_a_model_on_our_own_operators_has_the_same_trace(name, device):
    model = core.models.load(name, device=device, pretrained=False)
    x = torch.rand(1, *core.models.card(name).input_shape, device=device)
    with core.nn.use_backend("vectorized"):
        trace = record(model, x)
    assert trace.signature() == record(model, x).signature()
    assert_every_step_is_explained(trace, Random(name), cells=2)


@pytest.mark.parametrize("name", ["a1", "a2", "a3", "recommended", "resnet18", "mobilenet_v3_small"])
def test_gradients_of_every_step_of_the_shipped_models(name, device):
    model = with_random_statistics(core.models.load(name, device=device, pretrained=False))
    channels = core.models.card(name).input_shape[0]
    r = Random(name)
    for step in record(model, torch.rand(1, channels, *((28, 28) if channels == 1 else (64, 64)), device=device)).steps:
        grad_output = torch.randn_like(step.output)
        for wrt, tensor in named_tensors(step.arguments):
            if wrt not in ("running_mean", "running_var"):
                gradient = local_gradient(step, wrt, grad_output)
                found = grad_terms(step, random_cell(tensor.shape, r), wrt, grad_output, gradient)
                assert found.agrees, (step, wrt, found)


@pytest.mark.parametrize("name", ZOO)
def test_every_step_of_torchvision_models(name, device):
    options = {"init_weights": False} if name == "googlenet" else {}
    model = with_random_statistics(torchvision.models.get_model(name, weights=None, **options)).to(device)
    size = SIZES.get(name, 64)
    trace = record(model, torch.rand(1, 3, size, size, device=device))
    assert_every_step_is_explained(trace, Random(name), cells=3)
    assert_fields_are_inverse(trace, Random(name), steps=2)


def test_a_skip_connection_is_seen_by_both_its_parents(device):
    model = with_random_statistics(torchvision.models.resnet18(weights=None)).to(device)
    trace = record(model, torch.rand(1, 3, 64, 64, device=device))
    joins = [step for step in trace.steps if step.op == "add"]
    assert len(joins) == 8
    for step in joins:
        assert set(step.parents) == {"input", "other"}
        assert step.func == "add_"
        expected = trace.value(step.parents["input"]) + trace.value(step.parents["other"])
        assert torch.equal(step.output, expected)
    assert [field.size for field in receptive_field_sizes(trace)[3]] == [1, 3, 11, 11]


def test_training_mode_of_a_deep_model(device):
    model = torchvision.models.resnet18(weights=None).to(device).train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    trace = record(model, torch.rand(2, 3, 64, 64, device=device))
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert_every_step_is_explained(trace, Random(0), cells=1)
    field = receptive_field(trace, 1, (0, 0, 0, 0))
    assert np.all(field.masks[0] == (np.arange(64) == 0)[None, :, None, None])
