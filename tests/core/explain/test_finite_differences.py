"""The gradients that are shown agree with what the loss does when a weight or a pixel is moved."""

from random import Random

import pytest
import torch
import torch.nn.functional as F

from core import models
from core.explain import backward, parameter_gradients, record

SMALL = ["recommended", "a1", "a2", "a3"]
H = 1e-6


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("label", [3])
def test_finite_differences_of_the_loss_agree(name: str, label: int, device: torch.device) -> None:
    r = Random(f"{name} {label}")
    model, card = models.load(name, device=device).double(), models.card(name)
    noise = torch.rand(1, 1, 28, 28, generator=torch.Generator().manual_seed(label), dtype=torch.float64)
    x = card.prepare(noise.to(device))  # no two windows alike: where a maximum is shared, the loss has a kink
    trace = record(model, x, grad=True)
    weights, pixels = parameter_gradients(trace, label), backward(trace, label).gradients[-1]

    @torch.no_grad()
    def loss() -> float:
        return F.cross_entropy(model(x), torch.tensor([label], device=device)).item()

    def slope(tensor: torch.Tensor, index: tuple[int, ...]) -> float:
        before = tensor[index].item()
        ends = []
        for moved in (before + H, before - H):
            tensor[index] = moved
            ends.append(loss())
        tensor[index] = before
        return (ends[0] - ends[1]) / (2 * H)

    places = [(parameter.data, weights[key]) for key, parameter in model.named_parameters()] + [(x, pixels)]
    compared = 0
    for tensor, gradient in places:
        scale = gradient.abs().max().item()
        for _ in range(2):
            index = tuple(r.randrange(size) for size in tensor.shape)
            assert slope(tensor, index) == pytest.approx(gradient[index].item(), rel=1e-4, abs=1e-6 * scale + 1e-8)
            compared += 1
    assert compared == 2 * len(places)
