"""The matrix product: the same numbers from oneDNN and from torch, whatever the layout, dtype and device."""

import timeit

import pytest
import torch

from core.ops.vectorized import matmul
from core.ops.vectorized.matmul import product

SIZES = [(3, 4, 5), (128, 96, 130), (1, 2048, 600), (0, 4, 5), (4, 0, 5)]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("transposed", [(False, False), (False, True), (True, False), (True, True)], ids=str)
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_is_the_product_with_the_transposed(
    size: tuple[int, int, int], transposed: tuple[bool, bool], dtype: torch.dtype, device: torch.device
) -> None:
    M, K, N = size
    matrices = torch.randn(M, K, dtype=dtype, device=device), torch.randn(N, K, dtype=dtype, device=device)
    left, right = (m.mT.contiguous().mT if swap else m for m, swap in zip(matrices, transposed, strict=True))
    exact = left.double() @ right.double().mT
    torch.testing.assert_close(product(left, right), exact.to(dtype), rtol=0, atol=1e-5 * max(1, K) ** 0.5)


@pytest.mark.parametrize("by", ["rows", "columns"])
def test_gaps_in_the_right_factor_cost_no_more_than_a_copy(by: str) -> None:
    def least_seconds(right: torch.Tensor) -> float:
        return min(timeit.repeat(lambda: product(left, right), number=1, repeat=3))

    left, wide = torch.randn(100, 4000), torch.randn(64, 8000)
    gaps = wide[:, :4000] if by == "rows" else wide.view(8000, 64)[:4000, ::2].mT
    torch.testing.assert_close(product(left, gaps), left @ gaps.mT, rtol=1e-5, atol=1e-3)
    assert least_seconds(gaps) < 100 * least_seconds(gaps.contiguous())  # oneDNN alone takes thousands of times as long


def test_a_nan_stays_in_its_row_and_column() -> None:
    left, right = torch.randn(128, 96), torch.randn(130, 96)
    left[5, 7] = float("nan")
    bad = product(left, right).isnan()
    assert bad[5].all()
    assert bad.sum() == 130


@pytest.mark.parametrize("large", [1, 1 << 40], ids=["oneDNN", "torch"])
def test_both_products_agree(large: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matmul, "LARGE", large)
    left, right = torch.randn(128, 96), torch.randn(130, 96)
    torch.testing.assert_close(product(left, right), left @ right.mT, rtol=1e-5, atol=1e-4)


def test_knows_its_size_without_data() -> None:
    left, right = torch.empty(2048, 600, device="meta"), torch.empty(64, 600, device="meta")
    assert product(left, right).shape == (2048, 64)
