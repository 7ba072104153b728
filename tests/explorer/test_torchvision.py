"""Torchvision's networks, random weights, small pictures: every page opens, and every sum is the tensor's."""

from random import Random

import pytest
import torch
from torch import nn

torchvision = pytest.importorskip("torchvision")

from explorer.draw.sums import open_cell  # noqa: E402
from explorer.models.library import Library  # noqa: E402
from explorer.models.own import add  # noqa: E402
from explorer.wire import trace as payloads  # noqa: E402

SIZES = {"alexnet": 80}
NETS = ["alexnet", "vgg11_bn", "resnet18", "mobilenet_v3_small", "squeezenet1_1", "densenet121", "googlenet"]
NETS += ["shufflenet_v2_x0_5", "efficientnet_b0", "convnext_tiny"]
CELLS = 40
"""Cells opened in each network, spread over its steps."""


def built(name: str, channels: int) -> nn.Module:
    torch.manual_seed(0)
    options = {"init_weights": False} if name == "googlenet" else {}
    model = torchvision.models.get_model(name, weights=None, num_classes=12, **options).eval()
    if channels != 3:
        path, stem = next((path, layer) for path, layer in model.named_modules() if isinstance(layer, nn.Conv2d))
        settings = {"kernel_size": stem.kernel_size, "stride": stem.stride, "padding": stem.padding}
        model.set_submodule(path, nn.Conv2d(channels, stem.out_channels, bias=stem.bias is not None, **settings))
    return model


@pytest.mark.parametrize(
    ("name", "channels"), [*((name, 3) for name in NETS), ("resnet18", 1), ("squeezenet1_1", 1), ("densenet121", 1)]
)
def test_a_network_opens_and_its_cells_are_their_sums(name, channels):
    library = Library()
    size = SIZES.get(name, 64)
    chosen = add(library, built(name, channels), torch.randn(1, channels, size, size))
    explored = library.explored(chosen)
    trace, problem = explored.trace(explored.blank())
    assert problem is None
    description = payloads.describe(explored, trace)
    assert [step["op"] for step in description["steps"] if not step["explained"]] == []
    assert all(step["map"] for step in description["steps"])
    assert len(description["geometry"]) == len(trace.steps)
    wanted = [[step["index"], 0] for step in description["steps"]]
    assert len(payloads.observe(trace, wanted, sort="activation")["maps"]) == len(wanted)
    assert len(payloads.predict(trace, explored, empty=True)["probabilities"]) == 12
    r = Random(name)
    for step in r.sample(trace.steps, min(CELLS, len(trace.steps))):
        cell = [r.randrange(size) for size in step.output.shape]
        opened = open_cell(trace, step.index, cell)
        assert opened.get("agrees"), (step, cell, opened)


def test_a_network_in_training_mode_returns_its_scores_first():
    library = Library()
    model = torchvision.models.googlenet(weights=None, num_classes=12, init_weights=False).train()
    name = add(library, model, torch.randn(1, 3, 96, 96))
    explored = library.explored(name)
    trace, problem = explored.trace(explored.blank())
    assert problem is None
    prediction = payloads.predict(trace, explored, empty=True)
    assert prediction["probabilities"] == pytest.approx(trace.output.logits[0].double().softmax(0).tolist())
    assert model.training


def test_weights_own_transforms_are_a_preprocess():
    library = Library()
    transforms = torchvision.models.ResNet18_Weights.IMAGENET1K_V1.transforms(crop_size=64, resize_size=64)
    name = add(library, built("resnet18", 3), torch.zeros(1, 3, 64, 64), preprocess=transforms)
    explored = library.explored(name)
    assert explored.trace(torch.rand(28, 28))[0].input.shape == (1, 3, 64, 64)
