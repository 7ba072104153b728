"""Losses of a classifier and their gradients, in one pass where `pointwise` has them, else on whole tensors."""

import torch
from torch import Tensor

from core.ops.arguments import Size
from core.ops.checks import check_tensors
from core.ops.targets import check_cross_entropy, check_exist, check_indices, check_loss_grad
from core.ops.vectorized import pointwise
from core.ops.vectorized.softmax import log_softmax, softmax

__all__ = ["cross_entropy", "cross_entropy_input_grad", "cross_entropy_target_grad", "nll_loss", "nll_loss_input_grad"]


def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    *,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> Tensor:
    """Return the negative log-likelihood of the true classes; see `core.ops.naive.nll_loss`."""
    if weight is None:
        output = pointwise.loss(input, target, None, ignore_index, reduction)
        if output is not None:
            return output
    check_tensors(input=input, weight=weight)
    check_indices(input.shape, target, weight, reduction)
    check_exist(input.shape, target, ignore_index)
    kept, classes, factors = _rows(input, target, weight, ignore_index)
    loss = -factors * input.gather(1, classes[:, None])[:, 0]
    return _reduce(loss.where(kept, 0.0), reduction, factors.sum())


def nll_loss_input_grad(
    input_size: Size,
    target: Tensor,
    grad_output: Tensor,
    weight: Tensor | None = None,
    *,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> Tensor:
    """Return dL/dinput of `nll_loss`; see `core.ops.naive.nll_loss_input_grad`."""
    if weight is None:
        grad_input = pointwise.loss(None, target, input_size, ignore_index, reduction, grad=grad_output)
        if grad_input is not None:
            return grad_input
    check_tensors(grad_output=grad_output, weight=weight)
    check_indices(input_size, target, weight, reduction)
    check_loss_grad(input_size, grad_output, reduction)
    check_exist(input_size, target, ignore_index)
    kept, classes, factors = _rows(grad_output, target, weight, ignore_index)
    grad_loss = _row_gradients(grad_output, reduction, factors.sum())
    grad_true = (-factors * grad_loss).where(kept, 0.0)
    return grad_output.new_zeros(*input_size).scatter_(1, classes[:, None], grad_true[:, None])


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    *,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """Return the cross-entropy of the softmax of the logits; see `core.ops.naive.cross_entropy`."""
    if weight is None and label_smoothing == 0:
        output = pointwise.loss(input, target, None, ignore_index, reduction, logits=True)
        if output is not None:
            return output
    check_cross_entropy(input, target, weight, ignore_index, reduction, label_smoothing)
    log_p = log_softmax(input, 1)
    if not target.is_floating_point() and label_smoothing == 0:
        return nll_loss(log_p, target, weight, ignore_index=ignore_index, reduction=reduction)
    q, kept, divisor = _distribution(input, target, weight, ignore_index, label_smoothing)
    weighted = q if weight is None else q * weight
    return _reduce(-(weighted * log_p).sum(1).where(kept, 0.0), reduction, divisor)


def cross_entropy_input_grad(
    input: Tensor,
    target: Tensor,
    grad_output: Tensor,
    weight: Tensor | None = None,
    *,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """Return dL/dinput of `cross_entropy`; see `core.ops.naive.cross_entropy_input_grad`."""
    if weight is None and label_smoothing == 0:
        grad_input = pointwise.loss(input, target, None, ignore_index, reduction, logits=True, grad=grad_output)
        if grad_input is not None:
            return grad_input
    check_tensors(input=input, grad_output=grad_output)
    check_cross_entropy(input, target, weight, ignore_index, reduction, label_smoothing)
    check_loss_grad(input.shape, grad_output, reduction)
    q, kept, divisor = _distribution(input, target, weight, ignore_index, label_smoothing)
    grad_loss = _row_gradients(grad_output, reduction, divisor).expand(len(input)).where(kept, 0.0)
    weighted = q if weight is None else q * weight
    return grad_loss[:, None] * (softmax(input, 1) * weighted.sum(1, keepdim=True) - weighted)


def cross_entropy_target_grad(
    input: Tensor,
    target: Tensor,
    grad_output: Tensor,
    weight: Tensor | None = None,
    *,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """Return dL/dtarget of `cross_entropy`; see `core.ops.naive.cross_entropy_target_grad`."""
    check_tensors(input=input, target=target, grad_output=grad_output)
    check_cross_entropy(input, target, weight, ignore_index, reduction, label_smoothing)
    check_loss_grad(input.shape, grad_output, reduction)
    grad_loss = _row_gradients(grad_output, reduction, input.new_full((), len(input))).expand(len(input))
    grad_target = -(1 - label_smoothing) * grad_loss[:, None] * log_softmax(input, 1)
    return grad_target if weight is None else grad_target * weight


def _rows(like: Tensor, target: Tensor, weight: Tensor | None, ignore_index: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return for every row whether it counts, a class that exists, and its factor, 0 if it does not count."""
    kept = target != ignore_index
    classes = target.where(kept, 0)
    factors = like.new_ones(target.shape) if weight is None else weight[classes]
    return kept, classes, factors.where(kept, 0.0)


def _distribution(
    input: Tensor, target: Tensor, weight: Tensor | None, ignore_index: int, label_smoothing: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the true distributions `(N, C)`, which rows count, and the divisor of the mean."""
    N, C = input.shape
    if target.is_floating_point():
        q, kept = target, torch.ones(N, dtype=torch.bool, device=input.device)
        divisor = input.new_full((), N)
    else:
        kept, classes, factors = _rows(input, target, weight, ignore_index)
        q, divisor = input.new_zeros(N, C).scatter_(1, classes[:, None], 1.0), factors.sum()
    return (1 - label_smoothing) * q + label_smoothing / C, kept, divisor


def _reduce(loss: Tensor, reduction: str, divisor: Tensor) -> Tensor:
    """Return the loss of all rows, their sum, or their sum over `divisor` (of nothing: NaN)."""
    if reduction == "none":
        return loss
    return loss.sum() if reduction == "sum" else loss.sum() / divisor


def _row_gradients(grad_output: Tensor, reduction: str, divisor: Tensor) -> Tensor:
    """Return dL/dloss of every row, or one for all."""
    return grad_output / divisor if reduction == "mean" else grad_output
