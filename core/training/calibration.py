"""Probabilities that mean what they say, and the probability below which a model is unsure."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["expected_calibration_error", "fold_temperature", "temperature", "unsure_below"]

BINS = 15
"""Source: C. Guo, G. Pleiss, Y. Sun, K. Weinberger (2017), *On calibration of modern neural networks*."""


def expected_calibration_error(probabilities: Tensor, labels: Tensor) -> float:
    """Return Σ_b (n_b / N) · |accuracy_b − confidence_b| over 15 equal bins of the greatest probability.

    Args:
        probabilities: `(N, K)`, each row summing to 1.
        labels: `(N,)`.
    """
    confidence, answer = probabilities.double().max(1)
    right = (answer == labels).double()
    bins = (confidence * BINS).long().clamp(max=BINS - 1)
    gap = torch.zeros(BINS, dtype=torch.float64, device=labels.device).index_add_(0, bins, right - confidence)
    return float(gap.abs().sum() / len(labels))


def temperature(logits: Tensor, labels: Tensor) -> float:
    """Return the T that makes softmax(logits / T) most likely, from 0.1 to 10.

    It has the least mean cross-entropy; found by golden sections.

    Args:
        logits: `(N, K)` of held-out pictures.
        labels: `(N,)`.
    """
    shrink = (5**0.5 - 1) / 2
    low, high = -1.0, 1.0  # log10 of T

    def error(exponent: float) -> float:
        return float(F.cross_entropy(logits.double() / 10**exponent, labels))

    while high - low > 1e-4:
        left, right = high - shrink * (high - low), low + shrink * (high - low)
        low, high = (low, right) if error(left) < error(right) else (left, high)
    return float(10 ** ((low + high) / 2))


def fold_temperature(last: nn.Linear, value: float) -> None:
    """Divide a last linear layer's weights and bias by a temperature, which divides the logits by it."""
    with torch.no_grad():
        last.weight.div_(value)
        last.bias.div_(value)


def unsure_below(confidence: Tensor, share: float) -> float:
    """Return the probability below which the given share of held-out digits lies.

    Args:
        confidence: `(N,)` greatest probabilities of held-out digits.
        share: of digits that may be called unsure, from 0 to 1.
    """
    return float(torch.quantile(confidence.double(), share))
