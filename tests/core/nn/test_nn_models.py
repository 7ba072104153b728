"""The explorer's models, torchvision's included, on our operators: every weight, statistic and gradient is torch's."""

import copy

import pytest
import torch
import torch.nn.functional as F
from torch.overrides import TorchFunctionMode

from core.models import build, card, names
from core.nn import use_backend
from core.nn.backend import IN_PLACE, STANDS_FOR
from tests.stand_in import not_on_stand_in

COVERED = {function for table in (STANDS_FOR, IN_PLACE) for functions in table.values() for function in functions}
# What moves data, and the sums and products of whole tensors: no operator of `core.ops`.
LEFT_TO_TORCH = {"__get__", "add", "add_", "iadd", "mul", "clone", "dim", "flatten", "size", "squeeze", "view"}


class Uncovered(TorchFunctionMode):
    """Collects the functions of torch that are called and that no operator stands for."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def __torch_function__(self, func, types, args=(), kwargs=None):
        if func not in COVERED:
            self.names.add(func.__name__)
        return func(*args, **kwargs or {})


def small_batch(name: str, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    channels = card(name).input_shape[0]
    side = 28 if channels == 1 else 48
    return torch.randn(2, channels, side, side, device=device), torch.tensor([3, 7], device=device)


@not_on_stand_in("draws the mask of a dropout as the processor does")
@pytest.mark.parametrize("name", names())
def test_a_model_learns_the_same_on_the_vectorised_backend(name, device):
    model = build(name).double().to(device).train()
    input, target = small_batch(name, device)
    results = {}
    for backend in ("torch", "vectorized"):
        here = copy.deepcopy(model).requires_grad_()
        torch.manual_seed(4)
        with use_backend(backend):
            loss = F.cross_entropy(here(input.double()), target)
            loss.backward()
        grads = {f"{key}.grad": value.grad for key, value in here.named_parameters()}
        results[backend] = {"loss": loss.detach()} | grads | dict(here.named_buffers())
    for key, expected in results["torch"].items():
        allowed = 1e-7 * max(expected.abs().max().item(), 1e-3)
        torch.testing.assert_close(
            results["vectorized"][key], expected, rtol=0, atol=allowed, msg=lambda m, key=key: f"{key}: {m}"
        )


@pytest.mark.parametrize("name", names())
def test_our_operators_cover_all_arithmetic_of_a_model(name, device):
    model = build(name).to(device).train()
    input, target = small_batch(name, device)
    with Uncovered() as uncovered:
        F.cross_entropy(model(input), target)
    assert uncovered.names <= LEFT_TO_TORCH


@pytest.mark.parametrize("name", ["a1", "a2", "a3"])
def test_an_article_model_answers_on_the_naive_backend(name, device):
    model = build(name).to(device).eval()
    input = torch.randn(1, 1, 28, 28, device=device)
    with torch.no_grad():
        expected = model(input)
        with use_backend("naive"):
            torch.testing.assert_close(model(input), expected, rtol=1e-5, atol=1e-5)
