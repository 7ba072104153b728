"""The matrix product under the vectorised operators: oneDNN's for large ones where this build has it, or PyTorch's own.

`torch.mm` calls the BLAS that PyTorch was built with, in the usual builds MKL. On an AMD processor (Zen 5, two cores,
PyTorch 2.14) oneDNN's product was measured 1.8–2.4 times faster on large matrices, at 420 · 10⁹ operations a second
instead of 190; on Intel processors the two were not compared. PyTorch offers it as the fully connected layer of its
compiler.
"""

import torch
from torch import Tensor

LARGE = 1 << 20
"""Multiplications (`M·N·K`) from which oneDNN is the faster one: a call costs 10 µs more than `torch.mm` does."""


def product(left: Tensor, right: Tensor) -> Tensor:
    """Return `left @ right.mT`, for one pair of matrices or for several; autograd must have nothing to record.

    Args:
        left: `(M, K)` or `(G, M, K)`; copied unless it is contiguous.
        right: `(N, K)` or `(G, N, K)`; copied unless it or its transpose is contiguous: over gaps between rows or
            columns oneDNN takes thousands of times as long.
    """
    if left.dim() == 3:
        return product(left[0], right[0])[None] if len(left) == 1 else torch.bmm(left, right.mT)
    if _onednn(left) and left.numel() * len(right) >= LARGE:
        dense = right if right.is_contiguous() or right.mT.is_contiguous() else right.contiguous()
        result: Tensor = torch.ops.mkldnn._linear_pointwise.default(left, dense, None, "none", [], "")
        return result
    return torch.mm(left, right.mT)


def _onednn(tensor: Tensor) -> bool:
    return tensor.dtype is torch.float32 and tensor.is_cpu and hasattr(torch.ops.mkldnn, "_linear_pointwise")
