"""A kernel recovered from an image and its result: what the windows say of it, and gradient descent towards it."""

from dataclasses import dataclass

import torch
from torch import Tensor

from core.ops.arguments import Ints, check_rank, entries
from core.ops.checks import check_tensors
from core.ops.windows import im2col

__all__ = ["TOLERANCE", "Equations", "descended", "equations", "recoverable"]

TOLERANCE = 1e-11
"""Share of the largest eigenvalue below which another is rounding."""


@dataclass(frozen=True)
class Equations:
    """The normal equations of the kernel w that makes `target` of `input`, both less their means.

        E(w) = mean (w·x − t)² = wᵀG w − 2 c·w + var t

    Attributes:
        gram: `(K, K)`, G = mean x xᵀ, x one window of K = kH · kW elements.
        moment: `(K,)`, c = mean t x.
        mean: `(K,)`, the mean of each tap's elements.
        target_mean: mean of the target.
        variance: var t.
        count: Number of windows.
    """

    gram: Tensor
    moment: Tensor
    mean: Tensor
    target_mean: Tensor
    variance: Tensor
    count: int


def equations(input: Tensor, target: Tensor, kernel_size: Ints, stride: Ints = 1, dilation: Ints = 1) -> Equations:
    """Return the normal equations over all windows of all images, in float64.

    Args:
        input: `(N, 1, H, W)`, padded already.
        target: `(N, 1, outH, outW)`, the result at each window.
        kernel_size: Taps, one number or (kH, kW).
        stride: Elements between neighbouring windows.
        dilation: Elements between neighbouring taps.

    Raises:
        TypeError: A tensor is not of a floating-point dtype.
        ValueError: The windows are not as many as the target's elements, or a setting is impossible.
    """
    check_tensors(input=input, target=target)
    check_rank("input", input.shape, 4)
    check_rank("target", target.shape, 4)
    kernel = entries(kernel_size, "kernel_size")
    columns = im2col(input.double(), kernel, dilation=dilation, stride=stride)  # (N, K, windows)
    windows = columns.transpose(1, 2).reshape(-1, columns.shape[1])
    results = target.double().reshape(-1)
    if len(windows) != len(results):
        raise ValueError(f"input has {len(windows)} windows, target has {len(results)} elements")
    mean, target_mean = windows.mean(0), results.mean()
    x, t = windows - mean, results - target_mean
    count = len(results)
    return Equations(x.T @ x / count, x.T @ t / count, mean, target_mean, (t @ t) / count, count)


def recoverable(found: Equations, tolerance: float = TOLERANCE) -> tuple[Tensor, int]:
    """Return the eigenvalues of the Gram matrix, largest first, and in how many directions the kernel can be learned.

    Kernels that differ in the other directions give the same result on this input: it does not say which was used.
    """
    eigenvalues = torch.linalg.eigvalsh(found.gram).flip(0)
    scale = found.gram.diagonal().mean() + found.mean.square().mean()
    if eigenvalues[0] <= tolerance * scale:
        return eigenvalues, 0
    return eigenvalues, int((eigenvalues > tolerance * eigenvalues[0]).sum())


def descended(found: Equations, steps: int) -> tuple[Tensor, Tensor]:
    """Return the kernel `(K,)` and the bias after gradient descent on E(w) / 2 from 0, the bias always at its best.

    w ← w − η (G w − c),  η = 1 / λ₁

    λ₁, the largest eigenvalue of G, makes the step the largest that overshoots in no direction.
    """
    rate = 1 / torch.linalg.eigvalsh(found.gram)[-1]
    weight = torch.zeros_like(found.moment)
    for _ in range(steps):
        weight = weight - rate * (found.gram @ weight - found.moment)
    return weight, found.target_mean - weight @ found.mean
