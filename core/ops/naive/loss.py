"""Losses of a classifier and their gradients, one row at a time."""

# mypy: allow-redefinition
import math
from itertools import product

from torch import Tensor

from core.ops.arguments import Size
from core.ops.checks import check_tensors
from core.ops.naive.numbers import Output, integers, numbers
from core.ops.naive.softmax import log_softmax, softmax
from core.ops.targets import check_classes, check_cross_entropy, check_loss_grad

__all__ = ["cross_entropy", "cross_entropy_input_grad", "cross_entropy_target_grad", "nll_loss", "nll_loss_input_grad"]


def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    *,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> Tensor:
    """Return the negative log-likelihood of the true classes.

    loss[n] = −weight[target[n]] · input[n, target[n]]; "sum" is Σ_n loss[n], "mean" that over Σ_n weight[target[n]]

    Args:
        input: `(N, C)`, log-probabilities.
        target: `(N,)`, int64 class indices.
        weight: `(C,)`, a factor for each class; 1 unless given.
        ignore_index: Rows of this class contribute nothing to sum, mean and gradient.
        reduction: "mean" (of no rows: NaN), "sum" or "none".

    Returns:
        `()`, or `(N,)` for reduction "none".

    Raises:
        TypeError: A tensor is not of a floating-point dtype, or `target` is not int64.
        ValueError: Dtypes, devices, ranks or sizes do not fit together; the reduction is unknown; a class does not
            exist.

    Source: `torch.nn.functional.nll_loss`.
    """
    check_tensors(input=input, weight=weight)
    check_classes(input.shape, target, weight, ignore_index, reduction)
    N = len(input)
    loss = Output(input, N)
    factors = _class_factors(target, weight, ignore_index)
    input, target = numbers(input), integers(target)
    for n in range(N):
        if target[n] != ignore_index:
            loss[n,] = -factors[n] * input[n, target[n]]
    return reduce_loss(loss, reduction, sum(factors))


def nll_loss_input_grad(
    input_size: Size,
    target: Tensor,
    grad_output: Tensor,
    weight: Tensor | None = None,
    *,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> Tensor:
    """Return dL/dinput of `nll_loss`: it is 0 except at the true classes.

    grad_input[n, target[n]] = −weight[target[n]] · grad_output[n], for "mean" over Σ_n weight[target[n]]

    Args:
        input_size: `(N, C)`.
        target: `(N,)`, int64 class indices.
        grad_output: `()`, or `(N,)` for reduction "none".
        weight: As given to `nll_loss`, and so are the arguments that follow.
        ignore_index: See `nll_loss`.
        reduction: See `nll_loss`.

    Raises:
        TypeError: A tensor is not of a floating-point dtype, or `target` is not int64.
        ValueError: As `nll_loss`, or `grad_output` is not of the loss's size.
    """
    check_tensors(grad_output=grad_output, weight=weight)
    check_classes(input_size, target, weight, ignore_index, reduction)
    check_loss_grad(input_size, grad_output, reduction)
    N, C = input_size
    grad_input = Output(grad_output, N, C)
    factors = _class_factors(target, weight, ignore_index)
    grad_loss = _row_gradients(target, grad_output, ignore_index, reduction, sum(factors))
    target = integers(target)
    for n in range(N):
        if target[n] != ignore_index:
            grad_input[n, target[n]] = -factors[n] * grad_loss[n]
    return grad_input.tensor()


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    *,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """Return the cross-entropy between the true classes and the softmax of the logits.

    loss[n] = −Σ_c weight[c] · q[n, c] · ln softmax(input)[n, c]
    with q[n, c] = (1 − ε) · [c = target[n]] + ε / C, ε the label smoothing

    Args:
        input: `(N, C)`, logits.
        target: `(N,)` int64 class indices, or `(N, C)` probabilities in the place of [c = target[n]].
        weight: `(C,)`, a factor for each class; 1 unless given.
        ignore_index: Rows of this class contribute nothing to sum, mean and gradient.
        reduction: "none", "sum", or "mean": the sum over Σ_n weight[target[n]], for probabilities over N.
        label_smoothing: ε in [0, 1].

    Returns:
        `()`, or `(N,)` for reduction "none".

    Raises:
        TypeError: A tensor is not of a floating-point dtype, or indices are not int64.
        ValueError: Dtypes, devices, ranks or sizes do not fit together; the reduction is unknown; a class does not
            exist; the smoothing is out of its range.

    Source: `torch.nn.functional.cross_entropy`; label smoothing by Szegedy et al. 2016, section 7.
    """
    check_cross_entropy(input, target, weight, ignore_index, reduction, label_smoothing)
    if not target.is_floating_point() and label_smoothing == 0:
        log_p = log_softmax(input, 1)
        return nll_loss(log_p, target, weight, ignore_index=ignore_index, reduction=reduction)
    N, C = input.shape
    q, divisor = _distribution(input, target, weight, ignore_index, label_smoothing)
    loss = Output(input, N)
    log_p = numbers(log_softmax(input.double(), 1))
    weight = [1.0] * C if weight is None else numbers(weight)
    for n in range(N):
        loss[n,] = -sum(weight[c] * q[n, c] * log_p[n, c] for c in range(C))
    return reduce_loss(loss, reduction, divisor)


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
    """Return dL/dinput of `cross_entropy`: with equal weights p − q.

    grad_input[n, k] = grad_loss[n] · (p[n, k] · Σ_c weight[c] · q[n, c] − weight[k] · q[n, k]), p = softmax(input)

    Args:
        input: `(N, C)`, logits.
        target: `(N,)` int64 class indices, or `(N, C)` probabilities.
        grad_output: `()`, or `(N,)` for reduction "none".
        weight: As given to `cross_entropy`, and so are the arguments that follow.
        ignore_index: See `cross_entropy`.
        reduction: See `cross_entropy`.
        label_smoothing: See `cross_entropy`.

    Raises:
        TypeError: A tensor is not of a floating-point dtype, or indices are not int64.
        ValueError: As `cross_entropy`, or `grad_output` is not of the loss's size.
    """
    check_tensors(input=input, grad_output=grad_output)
    check_cross_entropy(input, target, weight, ignore_index, reduction, label_smoothing)
    check_loss_grad(input.shape, grad_output, reduction)
    N, C = input.shape
    q, divisor = _distribution(input, target, weight, ignore_index, label_smoothing)
    grad_loss = _row_gradients(target, grad_output, ignore_index, reduction, divisor)
    grad_input = Output(grad_output, N, C)
    p = numbers(softmax(input.double(), 1))
    weight = [1.0] * C if weight is None else numbers(weight)
    for n in range(N):
        mass = sum(weight[c] * q[n, c] for c in range(C))
        for k in range(C):
            grad_input[n, k] = grad_loss[n] * (p[n, k] * mass - weight[k] * q[n, k])
    return grad_input.tensor()


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
    """Return dL/dtarget of `cross_entropy`, for targets that are probabilities.

    grad_target[n, c] = −grad_loss[n] · (1 − ε) · weight[c] · ln softmax(input)[n, c]

    Args:
        input: `(N, C)`, logits.
        target: `(N, C)`, probabilities.
        grad_output: `()`, or `(N,)` for reduction "none".
        weight: As given to `cross_entropy`, and so are the arguments that follow.
        ignore_index: See `cross_entropy`.
        reduction: See `cross_entropy`.
        label_smoothing: See `cross_entropy`.

    Raises:
        TypeError: A tensor is not of a floating-point dtype.
        ValueError: As `cross_entropy`, or `grad_output` is not of the loss's size.
    """
    check_tensors(input=input, target=target, grad_output=grad_output)
    check_cross_entropy(input, target, weight, ignore_index, reduction, label_smoothing)
    check_loss_grad(input.shape, grad_output, reduction)
    N, C = input.shape
    grad_loss = _row_gradients(target, grad_output, ignore_index, reduction, N)
    grad_target = Output(grad_output, N, C)
    log_p = numbers(log_softmax(input.double(), 1))
    weight = [1.0] * C if weight is None else numbers(weight)
    for n, c in product(range(N), range(C)):
        grad_target[n, c] = -grad_loss[n] * (1 - label_smoothing) * weight[c] * log_p[n, c]
    return grad_target.tensor()


def _class_factors(target: Tensor, weight: Tensor | None, ignore_index: int) -> list[float]:
    """Return every row's weight[target[n]]: 1 without weights, 0 for an ignored row."""
    weights = None if weight is None else numbers(weight)
    return [0.0 if t == ignore_index else 1.0 if weights is None else weights[t] for t in integers(target)]


def _distribution(
    input: Tensor, target: Tensor, weight: Tensor | None, ignore_index: int, label_smoothing: float
) -> tuple[Output, float]:
    """Return the true distributions q `(N, C)` and the divisor of the mean."""
    N, C = input.shape
    q = Output(input, N, C)
    if target.is_floating_point():
        probabilities = numbers(target)
        for n, c in product(range(N), range(C)):
            q[n, c] = (1 - label_smoothing) * probabilities[n, c] + label_smoothing / C
        return q, N
    classes = integers(target)
    for n, c in product(range(N), range(C)):
        if classes[n] != ignore_index:
            q[n, c] = (1 - label_smoothing) * (c == classes[n]) + label_smoothing / C
    return q, sum(_class_factors(target, weight, ignore_index))


def reduce_loss(loss: Output, reduction: str, divisor: float) -> Tensor:
    """Return the loss of all rows, their sum, or their sum over `divisor`."""
    if reduction == "none":
        return loss.tensor()
    total = sum(loss.elements)
    return loss.tensor().new_tensor(total if reduction == "sum" else _ratio(total, divisor))


def _row_gradients(
    target: Tensor, grad_output: Tensor, ignore_index: int, reduction: str, divisor: float
) -> list[float]:
    """Return dL/dloss[n] for every row n, 0 for an ignored row."""
    N, grad_output = len(target), numbers(grad_output)
    if reduction == "none":
        grad_loss = list(grad_output)
    else:
        grad_loss = [grad_output[()] if reduction == "sum" else _ratio(grad_output[()], divisor)] * N
    if target.is_floating_point():
        return grad_loss
    return [0.0 if t == ignore_index else grad for t, grad in zip(integers(target), grad_loss, strict=True)]


def _ratio(total: float, divisor: float) -> float:
    """Return total / divisor, NaN for a mean over nothing."""
    return total / divisor if divisor else math.nan
