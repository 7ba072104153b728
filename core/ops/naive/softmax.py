"""Softmax, its logarithm and their gradients, one exponential at a time."""

# mypy: allow-redefinition
import math

from torch import Tensor

from core.ops.checks import check_dim, check_elementwise, check_tensors
from core.ops.naive.numbers import Output, numbers

__all__ = ["log_softmax", "log_softmax_input_grad", "softmax", "softmax_input_grad"]


def softmax(input: Tensor, dim: int) -> Tensor:
    """Return probabilities along one dimension.

    output[k] = e^(input[k] − top) / Σ_l e^(input[l] − top), top = max_l input[l]

    Subtracting the largest value changes nothing and keeps the exponentials from overflowing.

    Args:
        input: Logits, of any size.
        dim: The dimension along which the output sums to 1.

    Raises:
        TypeError: `input` is not of a floating-point dtype.
        ValueError: There is no such dimension.

    Source: `torch.nn.functional.softmax`.
    """
    check_tensors(input=input)
    M, K = check_dim(input.shape, dim)
    rows = input.movedim(dim, -1)
    size = rows.shape
    output = Output(input, M, K)
    input = numbers(rows.reshape(M, K))
    for m in range(M):
        top = max(input[m, k] for k in range(K))
        total = sum(math.exp(input[m, k] - top) for k in range(K))
        for k in range(K):
            output[m, k] = math.exp(input[m, k] - top) / total
    return output.tensor().reshape(size).movedim(-1, dim)


def softmax_input_grad(input: Tensor, grad_output: Tensor, dim: int) -> Tensor:
    """Return dL/dinput of `softmax`.

    grad_input[k] = p[k] · (grad_output[k] − Σ_l p[l] · grad_output[l]), p = softmax(input)

    Args:
        input: Logits, of any size.
        grad_output: Of the size of `input`.
        dim: As given to `softmax`.

    Raises:
        TypeError: A tensor is not of a floating-point dtype.
        ValueError: There is no such dimension, or the sizes differ.
    """
    check_elementwise(input, grad_output)
    M, K = check_dim(input.shape, dim)
    p, rows = softmax(input.double(), dim).movedim(dim, -1), grad_output.movedim(dim, -1)
    size = rows.shape
    grad_input = Output(grad_output, M, K)
    p, grad_output = numbers(p.reshape(M, K)), numbers(rows.reshape(M, K))
    for m in range(M):
        mean = sum(p[m, k] * grad_output[m, k] for k in range(K))
        for k in range(K):
            grad_input[m, k] = p[m, k] * (grad_output[m, k] - mean)
    return grad_input.tensor().reshape(size).movedim(-1, dim)


def log_softmax(input: Tensor, dim: int) -> Tensor:
    """Return the logarithm of `softmax`, without computing a probability that could round to 0.

    output[k] = input[k] − top − ln Σ_l e^(input[l] − top), top = max_l input[l]

    Args:
        input: Logits, of any size.
        dim: The dimension along which the exponentials of the output sum to 1.

    Raises:
        TypeError: `input` is not of a floating-point dtype.
        ValueError: There is no such dimension.

    Source: `torch.nn.functional.log_softmax`.
    """
    check_tensors(input=input)
    M, K = check_dim(input.shape, dim)
    rows = input.movedim(dim, -1)
    size = rows.shape
    output = Output(input, M, K)
    input = numbers(rows.reshape(M, K))
    for m in range(M):
        top = max(input[m, k] for k in range(K))
        total = sum(math.exp(input[m, k] - top) for k in range(K))
        for k in range(K):
            output[m, k] = input[m, k] - top - math.log(total)
    return output.tensor().reshape(size).movedim(-1, dim)


def log_softmax_input_grad(input: Tensor, grad_output: Tensor, dim: int) -> Tensor:
    """Return dL/dinput of `log_softmax`.

    grad_input[k] = grad_output[k] − p[k] · Σ_l grad_output[l], p = softmax(input)

    Args:
        input: Logits, of any size.
        grad_output: Of the size of `input`.
        dim: As given to `log_softmax`.

    Raises:
        TypeError: A tensor is not of a floating-point dtype.
        ValueError: There is no such dimension, or the sizes differ.
    """
    check_elementwise(input, grad_output)
    M, K = check_dim(input.shape, dim)
    p, rows = softmax(input.double(), dim).movedim(dim, -1), grad_output.movedim(dim, -1)
    size = rows.shape
    grad_input = Output(grad_output, M, K)
    p, grad_output = numbers(p.reshape(M, K)), numbers(rows.reshape(M, K))
    for m in range(M):
        total = sum(grad_output[m, k] for k in range(K))
        for k in range(K):
            grad_input[m, k] = grad_output[m, k] - p[m, k] * total
    return grad_input.tensor().reshape(size).movedim(-1, dim)
