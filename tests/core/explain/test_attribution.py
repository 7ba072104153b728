"""The four methods held to their definitions and axioms."""

import pytest
import torch
import torchvision
from captum.attr import LayerGradCam
from torch import nn

from core import models
from core.data.drawn import digits
from core.explain import left_as_found, record
from core.explain.attribution import (
    Undefined,
    cam_layers,
    grad_cam,
    integrated_gradients,
    lead,
    log_odds,
    occlusion,
    saliency,
)

pytestmark = pytest.mark.usefixtures("made_on_device")

DIGIT = digits(1, seed=5).pictures[0, 0].float() / 255


class Weighted(nn.Module):
    """One score per class, linear in the input."""

    def __init__(self, size=(1, 6, 6), classes=3):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(classes, *size))

    def forward(self, x):
        return torch.einsum("n...,k...->nk", x, self.weight)


def score_of(model, target):
    """The score itself, in place of its log-odds: linear where the model is."""
    return lambda batch: model(batch.clone())[:, target]


def asked(name):
    """A shipped model, and the digit as it takes it."""
    device = torch.get_default_device()
    return models.load(name, device=device), models.card(name).prepare(DIGIT.to(device))


def shipped(name, target):
    model, x = asked(name)
    return lambda batch: log_odds(model(batch.clone()), target), x, models.card(name).prepare(torch.zeros(28, 28))


def test_log_odds_are_those_of_the_probability_for_scores_and_log_probabilities_alike():
    scores = torch.randn(4, 5, dtype=torch.float64)
    p = scores.softmax(1)[:, 2]
    assert torch.allclose(log_odds(scores, 2), torch.log(p / (1 - p)))
    assert torch.allclose(log_odds(scores.log_softmax(1), 2), log_odds(scores, 2))
    assert log_odds(torch.tensor([[50.0, 0.0]]), 0).item() == 50  # where p is 1 in float32
    assert log_odds(torch.tensor([[3.0]]), 0).item() == 3
    assert torch.equal(log_odds((scores, torch.zeros(4, 5)), 2), log_odds(scores, 2))


@pytest.mark.parametrize(
    "output", [torch.zeros(3), torch.zeros(1, 2, 3), (torch.zeros(2),), torch.zeros(1, 2).int(), None]
)
def test_an_output_that_is_no_score_per_class_is_undefined(output):
    with pytest.raises(Undefined, match="expected one score per class") as refused:
        log_odds(output, 0)
    assert refused.value.reason == "no_scores"


def test_a_class_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="there is no class 7; the model has 3"):
        log_odds(torch.zeros(1, 3), 7)


def test_of_a_linear_model_saliency_is_the_weight_and_integrated_gradients_are_weight_times_difference():
    model = Weighted()
    x, baseline = torch.rand(1, 1, 6, 6), torch.rand(1, 1, 6, 6)
    weight = model.weight[1].detach()
    assert torch.equal(saliency(score_of(model, 1), x)[0], weight)
    found = integrated_gradients(score_of(model, 1), x, baseline)
    assert torch.allclose(found[0], weight * (x - baseline)[0], atol=1e-5)


def test_of_a_linear_model_occlusion_is_the_windows_mean_of_what_is_covered():
    model = Weighted((1, 14, 14))
    x, baseline = torch.rand(1, 1, 14, 14), torch.zeros(1, 1, 14, 14)
    share = (model.weight[0] * x[0])[0]
    found = occlusion(score_of(model, 0), x, baseline)[0, 0]  # windows 2×2, each step one on
    falls = nn.functional.avg_pool2d(share[None, None], 2, stride=1)[0, 0] * 4
    assert found[0, 0].item() == pytest.approx(falls[0, 0].item(), rel=1e-4)
    assert found[5, 7].item() == pytest.approx(falls[4:6, 6:8].mean().item(), rel=1e-4, abs=1e-5)


@pytest.mark.parametrize("name", ["recommended", "a1", "a2", "a3"])
def test_covering_blank_paper_changes_nothing(name):
    """Not even the last digit, in which a batch may differ from a single picture."""
    scores, x, baseline = shipped(name, 5)
    found = occlusion(scores, x, baseline)[0, 0]
    assert found.any()
    assert not found[:2, :2].any()
    assert not occlusion(scores, baseline, baseline).any()


@pytest.mark.parametrize("name", ["recommended", "a1", "a2", "a3"])
def test_integrated_gradients_are_complete(name):
    scores, x, baseline = shipped(name, 5)
    with torch.no_grad():
        difference = (scores(x) - scores(baseline)).item()
    assert integrated_gradients(scores, x, baseline).sum().item() == pytest.approx(difference, rel=0.03)


def test_what_equals_the_baseline_has_no_part():
    scores, x, baseline = shipped("a2", 5)
    same = x == baseline
    assert same.any()
    assert not integrated_gradients(scores, x, baseline)[same].any()
    assert not integrated_gradients(scores, baseline, baseline).any()
    assert not occlusion(scores, baseline, baseline).any()


def test_saliency_predicts_the_effect_of_a_small_change():
    scores, x, _ = shipped("recommended", 5)
    slope = saliency(scores, x)
    change = 1e-3 * torch.randn_like(x)
    with torch.no_grad():
        effect = (scores(x + change) - scores(x - change)).item()
    assert effect == pytest.approx(2 * (slope * change).sum().item(), rel=0.02, abs=1e-4)


def test_grad_cam_is_captums_where_captum_can_look():
    model, x = asked("a1")
    trace = record(model, x, grad=True)
    layer = next(step.index for step in trace.steps if step.path == "conv2")
    expected = LayerGradCam(lambda batch: log_odds(model(batch), 5), model.conv2).attribute(x.requires_grad_())
    assert torch.allclose(grad_cam(trace, 5, layer).before, expected[0, 0], atol=1e-6)


class Awkward(nn.Module):
    """A ReLU that runs three times, twice in place, one of them through a function."""

    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Conv2d(1, 4, 3), nn.Conv2d(4, 4, 3)
        self.norm = nn.BatchNorm2d(4)
        self.relu = nn.ReLU(inplace=True)
        self.head = nn.Linear(4, 3)

    def forward(self, x):
        x = self.relu(self.norm(self.first(x)))
        x = self.relu(self.second(x))
        return self.head(torch.relu_(x - 0.1).mean((2, 3)))


def test_grad_cam_reads_maps_of_shared_in_place_and_functional_steps():
    model = Awkward().eval()
    trace = record(model, torch.rand(1, 1, 12, 12), grad=True)
    score = log_odds(trace.output, 2)[0]
    relus = [step for step in trace.steps if step.op == "relu"]
    assert [step.index for step in relus] == sorted(set(cam_layers(trace)) & {step.index for step in relus})
    slopes = trace.gradients(score)
    for step in relus:
        cam = grad_cam(trace, 2, step.index)
        weights = slopes[step.index][0].mean((1, 2))
        expected = sum(w * m for w, m in zip(weights, step.output[0], strict=True)).detach()
        assert torch.allclose(cam.before, expected, atol=1e-6)
        assert torch.equal(cam.values, cam.before.clamp(min=0))
    assert grad_cam(trace, 2).layer == relus[-1].index


@pytest.mark.parametrize(
    ("name", "side", "layer"),
    [
        ("resnet18", 64, (2, 2)),
        ("mobilenet_v3_small", 64, (2, 2)),
        ("efficientnet_b0", 64, (2, 2)),
        ("convnext_tiny", 64, (2, 2)),
        ("squeezenet1_1", 64, (3, 3)),
        ("densenet121", 64, (2, 2)),
        ("shufflenet_v2_x0_5", 64, (2, 2)),
    ],
)
def test_the_last_maps_before_the_vector_are_chosen(name, side, layer):
    model = getattr(torchvision.models, name)(weights=None).eval()
    trace = record(model, torch.randn(1, 3, side, side), grad=True)
    cam = grad_cam(trace, 3)
    assert tuple(cam.values.shape) == layer
    later = [tuple(step.output.shape) for step in trace.steps[cam.layer + 1 :]]
    assert not any(shape[2:] == layer for shape in later if len(shape) == 4)


def test_maps_whose_channels_come_last_are_weighed_along_their_places():
    class ChannelsLast(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.norm, self.head = nn.Conv2d(1, 5, 3), nn.LayerNorm(5), nn.Linear(5, 3)

        def forward(self, x):
            return self.head(self.norm(self.conv(x).permute(0, 2, 3, 1)).mean((1, 2)))

    trace = record(ChannelsLast(), torch.rand(1, 1, 9, 9), grad=True)
    cam = grad_cam(trace, 1)
    assert trace.steps[cam.layer].op == "layer_norm"
    assert tuple(cam.values.shape) == (7, 7)
    assert tuple(cam.weights.shape) == (5,)


def test_a_model_without_maps_has_no_grad_cam():
    trace = record(nn.Sequential(nn.Flatten(), nn.Linear(36, 3)), torch.rand(1, 1, 6, 6), grad=True)
    with pytest.raises(Undefined) as refused:
        grad_cam(trace, 0)
    assert refused.value.reason == "no_layer"
    with pytest.raises(ValueError, match="step 1 has no maps to weigh"):
        grad_cam(trace, 0, layer=1)


def test_a_model_that_cuts_the_graph_has_no_gradient_but_is_occluded():
    model = Weighted()

    def scores(batch):
        return model(batch.round())[:, 0].detach()

    x, baseline = torch.rand(1, 1, 6, 6), torch.zeros(1, 1, 6, 6)
    for method in (lambda: saliency(scores, x), lambda: integrated_gradients(scores, x, baseline)):
        with pytest.raises(Undefined) as refused:
            method()
        assert refused.value.reason == "not_differentiable"
    assert occlusion(scores, x, baseline).any()
    trace = record(nn.Sequential(nn.Conv2d(1, 2, 3), Cut(), nn.Flatten()), x, grad=True)
    with pytest.raises(Undefined) as refused:
        grad_cam(trace, 0)
    assert refused.value.reason == "not_differentiable"


def test_a_model_that_overwrites_what_its_gradient_needs_is_named():
    def scores(batch):
        x = (batch * 2).sigmoid()
        x += 1
        return x.flatten(1).sum(1)

    x = torch.rand(1, 1, 6, 6)
    with pytest.raises(Undefined, match="autograd refuses") as refused:
        saliency(scores, x)
    assert refused.value.reason == "not_differentiable"


class Cut(nn.Module):
    def forward(self, x):
        return x.detach()


def test_a_model_written_for_one_picture_is_asked_one_by_one():
    model = Weighted()

    def scores(batch):
        return model(batch.reshape(1, 1, 6, 6))[:, 1]

    x, baseline = torch.rand(1, 1, 6, 6), torch.zeros(1, 1, 6, 6)
    together = score_of(model, 1)
    for method in (integrated_gradients, occlusion):
        assert torch.allclose(method(scores, x, baseline), method(together, x, baseline), atol=1e-5)


def test_a_model_in_training_mode_is_complete_and_left_as_found():
    model = Awkward().train()
    x, baseline = torch.rand(1, 1, 12, 12), torch.zeros(1, 1, 12, 12)

    def scores(batch):
        with left_as_found(model):
            return log_odds(model(batch.clone()), 1)

    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    with torch.no_grad():
        difference = (scores(x) - scores(baseline)).item()
    assert integrated_gradients(scores, x, baseline).sum().item() == pytest.approx(difference, rel=0.1, abs=0.02)
    occlusion(scores, x, baseline)
    saliency(scores, x)
    assert model.training
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, before[name]), name
    assert all(parameter.grad is None for parameter in model.parameters())
    assert all(not module._forward_hooks and not module._backward_hooks for module in model.modules())
    assert not x.requires_grad
    assert x.grad is None


def test_buffers_are_put_back_after_an_exception():
    model = nn.BatchNorm2d(2).train()
    before = model.running_mean.clone()

    def stops():
        with left_as_found(model):
            model(torch.rand(2, 2, 3, 3))
            raise RuntimeError("half-way")

    with pytest.raises(RuntimeError, match="half-way"):
        stops()
    assert torch.equal(model.running_mean, before)


def test_half_precision_gives_finite_maps():
    model = Weighted((1, 14, 14)).bfloat16()
    x, baseline = torch.rand(1, 1, 14, 14).bfloat16(), torch.zeros(1, 1, 14, 14).bfloat16()
    scores = score_of(model, 0)
    for found in (saliency(scores, x), integrated_gradients(scores, x, baseline), occlusion(scores, x, baseline)):
        assert found.isfinite().all()
        assert found.any()


@pytest.mark.parametrize("shape", [(5,), (2, 9)])
def test_inputs_that_are_no_pictures_are_attributed_too(shape):
    model = Weighted(shape)
    x, baseline = torch.rand(1, *shape), torch.zeros(1, *shape)
    scores = score_of(model, 0)
    expected = (model.weight[0] * x[0]).detach()
    assert torch.allclose(integrated_gradients(scores, x, baseline)[0], expected, atol=1e-5)
    assert occlusion(scores, x, baseline).shape == x.shape


def test_a_lead_is_the_logarithm_of_two_probabilities_quotient():
    scores = torch.tensor([[1.0, -2.0, 4.0], [0.0, 0.5, -1.0]])
    for output in (scores, scores.log_softmax(1)):
        p = output.softmax(1)
        torch.testing.assert_close(lead(output, 0, 2), (p[:, 0] / p[:, 2]).log())
        torch.testing.assert_close(lead(output, 2, 0), -lead(output, 0, 2))
    with pytest.raises(ValueError, match="there is no class 3; the model has 3"):
        lead(scores, 0, 3)
    with pytest.raises(Undefined, match="expected one score per class"):
        lead(scores[0], 0, 1)
