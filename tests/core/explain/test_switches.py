"""Whatever switch of PyTorch was used, terms are computed; the one that governs an operation widens its tolerance."""

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn

from core.explain import record, terms
from core.explain.terms.switches import product_epsilon

CARD = torch.device("cuda", 0)
TF32 = 2.0**-10
"""Machine epsilon of TF32."""

BACKENDS = (torch.backends.cudnn.conv, torch.backends.cuda.matmul, torch.backends.mkldnn.matmul)


@pytest.fixture(autouse=True)
def _switches_put_back() -> Iterator[None]:
    before = [backend.fp32_precision for backend in BACKENDS]
    yield
    for backend, precision in zip(BACKENDS, before, strict=True):
        backend.fp32_precision = precision


def test_terms_are_computed_once_somebody_has_used_the_new_switch() -> None:
    torch.backends.cudnn.conv.fp32_precision = "ieee"
    with pytest.raises(RuntimeError, match="allow_tf32"):
        _ = torch.backends.cudnn.allow_tf32
    trace = record(nn.Conv2d(1, 2, 3), torch.rand(1, 1, 5, 5))
    assert terms(trace.steps[0], (0, 1, 1, 1)).agrees
    assert product_epsilon("conv2d", CARD) == 0


@pytest.mark.parametrize("op", ["conv1d", "conv2d", "conv_transpose2d"])
def test_a_convolution_follows_its_own_switch(op: str) -> None:
    torch.backends.cudnn.conv.fp32_precision, torch.backends.cuda.matmul.fp32_precision = "tf32", "ieee"
    assert product_epsilon(op, CARD) == TF32
    torch.backends.cudnn.conv.fp32_precision, torch.backends.cuda.matmul.fp32_precision = "ieee", "tf32"
    assert product_epsilon(op, CARD) == 0


@pytest.mark.parametrize("op", ["linear", "matmul"])
def test_a_matrix_product_follows_its_own_switch(op: str) -> None:
    torch.backends.cudnn.conv.fp32_precision, torch.backends.cuda.matmul.fp32_precision = "tf32", "ieee"
    assert product_epsilon(op, CARD) == 0
    torch.backends.cudnn.conv.fp32_precision, torch.backends.cuda.matmul.fp32_precision = "ieee", "tf32"
    assert product_epsilon(op, CARD) == TF32
    assert product_epsilon("relu", CARD) == 0


def rounded(tensor: Tensor) -> Tensor:
    """The factors as TF32 has them: 10 bits of the mantissa."""
    bits = tensor.view(torch.int32)
    return ((bits + (1 << 12)) & ~((1 << 13) - 1)).view(torch.float32)


def test_a_linear_layer_of_rounded_factors_agrees_within_the_switch_and_not_without() -> None:
    torch.manual_seed(0)
    layer, x = nn.Linear(9216, 128), torch.randn(1, 9216)
    trace = record(layer, x)
    step = trace.steps[0]
    with torch.no_grad():
        step.output = nn.functional.linear(rounded(x), rounded(layer.weight), layer.bias)

    def agreeing() -> int:
        return sum(terms(step, (0, o)).agrees for o in range(64))

    assert agreeing() < 64
    torch.backends.mkldnn.matmul.fp32_precision = "tf32"
    assert agreeing() == 64
