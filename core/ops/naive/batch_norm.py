"""Batch normalisation and its gradients, one channel at a time."""

# mypy: allow-redefinition
import math
from itertools import product

from torch import Tensor

from core.ops.arguments import check_size
from core.ops.checks import channel_sizes, check_batch_norm, check_tensors
from core.ops.naive.numbers import Output, numbers

__all__ = [
    "batch_norm",
    "batch_norm_bias_grad",
    "batch_norm_input_grad",
    "batch_norm_running_stats",
    "batch_norm_weight_grad",
]


def batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    *,
    eps: float = 1e-5,
) -> Tensor:
    """Return every channel shifted and scaled to mean 0 and variance 1, then by weight and bias.

    output[n, c, l] = weight[c] · (input[n, c, l] − mean[c]) / √(var[c] + eps) + bias[c]

    In training, mean and var are those of the channel in this batch (var over N·L, not N·L − 1), else the running
    ones. The running statistics are not changed: `batch_norm_running_stats` returns the new ones.

    Args:
        input: `(N, C, *)`; l counts through all trailing dimensions.
        running_mean: `(C,)`; needed in evaluation.
        running_var: `(C,)`; needed in evaluation.
        weight: `(C,)`; 1 unless given.
        bias: `(C,)`; 0 unless given.
        training: Normalise by the batch's own statistics.
        eps: Added to the variance.

    Returns:
        Of the size of `input`.

    Raises:
        TypeError: A tensor is not of a floating-point dtype.
        ValueError: Dtypes, devices, ranks or sizes do not fit together; running statistics are missing in evaluation;
            a single value per channel in training.

    Source: `torch.nn.functional.batch_norm`; Ioffe & Szegedy 2015, algorithm 1.
    """
    check_tensors(input=input, running_mean=running_mean, running_var=running_var, weight=weight, bias=bias)
    N, C, L = check_batch_norm(input.shape, running_mean, running_var, weight, bias, training)
    size, output = input.shape, Output(input, N, C, L)
    input = numbers(input.reshape(N, C, L))
    mean, var = batch_norm_statistics(input, running_mean, running_var, training)
    weight, bias = [1.0] * C if weight is None else numbers(weight), [0.0] * C if bias is None else numbers(bias)
    for n, c, l in product(range(N), range(C), range(L)):
        output[n, c, l] = weight[c] * (input[n, c, l] - mean[c]) / math.sqrt(var[c] + eps) + bias[c]
    return output.tensor().reshape(size)


def batch_norm_running_stats(
    input: Tensor, running_mean: Tensor, running_var: Tensor, momentum: float = 0.1
) -> tuple[Tensor, Tensor]:
    """Return the running mean and variance after a training step on this batch.

    new = (1 − momentum) · running + momentum · batch, the batch's variance over N·L − 1 (unbiased)

    Args:
        input: `(N, C, *)`.
        running_mean: `(C,)`.
        running_var: `(C,)`.
        momentum: Share of the new batch; an empty one changes nothing.

    Raises:
        TypeError: A tensor is not of a floating-point dtype.
        ValueError: As `batch_norm` in training.
    """
    check_tensors(input=input, running_mean=running_mean, running_var=running_var)
    N, C, L = check_batch_norm(input.shape, running_mean, running_var, None, None, True)
    if N * L == 0:
        return running_mean.clone(), running_var.clone()
    new_mean, new_var = Output(running_mean, C), Output(running_var, C)
    mean, var = batch_norm_statistics(numbers(input.reshape(N, C, L)), None, None, True)
    running_mean, running_var = numbers(running_mean), numbers(running_var)
    for c in range(C):
        unbiased = var[c] * N * L / (N * L - 1)
        new_mean[c,] = (1 - momentum) * running_mean[c] + momentum * mean[c]
        new_var[c,] = (1 - momentum) * running_var[c] + momentum * unbiased
    return new_mean.tensor(), new_var.tensor()


def batch_norm_input_grad(
    input: Tensor,
    grad_output: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    training: bool = False,
    *,
    eps: float = 1e-5,
) -> Tensor:
    """Return dL/dinput of `batch_norm`.

    Evaluation: grad_input[n, c, l] = weight[c] · grad_output[n, c, l] / √(var[c] + eps).
    Training: the batch's mean and variance depend on every element, which takes two averages away:
    grad_input[n, c, l] = weight[c] / √(var[c] + eps) · (g − mean(g) − x̂ · mean(g · x̂)),
    with g = grad_output[n, c, l], x̂ = (input[n, c, l] − mean[c]) / √(var[c] + eps), means over n and l

    Args:
        input: `(N, C, *)`.
        grad_output: Of the size of `input`.
        running_mean: As given to `batch_norm`, and so are the arguments that follow.
        running_var: See `batch_norm`.
        weight: See `batch_norm`.
        training: See `batch_norm`.
        eps: See `batch_norm`.

    Raises:
        TypeError: A tensor is not of a floating-point dtype.
        ValueError: As `batch_norm`, or `grad_output` is not of the input's size.
    """
    check_tensors(
        grad_output=grad_output, input=input, running_mean=running_mean, running_var=running_var, weight=weight
    )
    N, C, L = check_batch_norm(input.shape, running_mean, running_var, weight, None, training)
    check_size("grad_output", grad_output.shape, input.shape)
    size, grad_input = input.shape, Output(grad_output, N, C, L)
    input, grad_output = numbers(input.reshape(N, C, L)), numbers(grad_output.reshape(N, C, L))
    mean, var = batch_norm_statistics(input, running_mean, running_var, training)
    weight = [1.0] * C if weight is None else numbers(weight)
    for c in range(C):
        deviation = math.sqrt(var[c] + eps)
        mean_grad = mean_product = 0.0
        if training:
            for n, l in product(range(N), range(L)):
                mean_grad += grad_output[n, c, l] / (N * L)
                mean_product += grad_output[n, c, l] * (input[n, c, l] - mean[c]) / deviation / (N * L)
        for n, l in product(range(N), range(L)):
            normal = (input[n, c, l] - mean[c]) / deviation
            grad = grad_output[n, c, l] - mean_grad - normal * mean_product
            grad_input[n, c, l] = weight[c] / deviation * grad
    return grad_input.tensor().reshape(size)


def batch_norm_weight_grad(
    input: Tensor,
    grad_output: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    training: bool = False,
    *,
    eps: float = 1e-5,
) -> Tensor:
    """Return dL/dweight of `batch_norm`, `(C,)`.

    grad_weight[c] = Σ_{n,l} grad_output[n, c, l] · (input[n, c, l] − mean[c]) / √(var[c] + eps)

    Args:
        input: `(N, C, *)`.
        grad_output: Of the size of `input`.
        running_mean: As given to `batch_norm`, and so are the arguments that follow.
        running_var: See `batch_norm`.
        training: See `batch_norm`.
        eps: See `batch_norm`.

    Raises:
        TypeError: A tensor is not of a floating-point dtype.
        ValueError: As `batch_norm`, or `grad_output` is not of the input's size.
    """
    check_tensors(grad_output=grad_output, input=input, running_mean=running_mean, running_var=running_var)
    N, C, L = check_batch_norm(input.shape, running_mean, running_var, None, None, training)
    check_size("grad_output", grad_output.shape, input.shape)
    grad_weight = Output(grad_output, C)
    input, grad_output = numbers(input.reshape(N, C, L)), numbers(grad_output.reshape(N, C, L))
    mean, var = batch_norm_statistics(input, running_mean, running_var, training)
    for c in range(C):
        total = 0.0
        for n, l in product(range(N), range(L)):
            total += grad_output[n, c, l] * (input[n, c, l] - mean[c]) / math.sqrt(var[c] + eps)
        grad_weight[c,] = total
    return grad_weight.tensor()


def batch_norm_bias_grad(grad_output: Tensor) -> Tensor:
    """Return dL/dbias of `batch_norm`, `(C,)`.

    grad_bias[c] = Σ_{n,l} grad_output[n, c, l]

    Args:
        grad_output: `(N, C, *)`.

    Raises:
        TypeError: `grad_output` is not of a floating-point dtype.
        ValueError: `grad_output` has fewer than two dimensions.
    """
    check_tensors(grad_output=grad_output)
    N, C, L = channel_sizes("grad_output", grad_output.shape)
    grad_bias = Output(grad_output, C)
    grad_output = numbers(grad_output.reshape(N, C, L))
    for c in range(C):
        total = 0.0
        for n, l in product(range(N), range(L)):
            total += grad_output[n, c, l]
        grad_bias[c,] = total
    return grad_bias.tensor()


def batch_norm_statistics(
    input: "memoryview[float]", running_mean: Tensor | None, running_var: Tensor | None, training: bool
) -> tuple[list[float], list[float]]:
    """Return every channel's mean and variance: the batch's own in training, else the running ones."""
    if not training and running_mean is not None and running_var is not None:
        return list(numbers(running_mean)), list(numbers(running_var))
    assert input.shape is not None
    N, C, L = input.shape
    mean, var = [0.0] * C, [0.0] * C
    for c in range(C):
        for n, l in product(range(N), range(L)):
            mean[c] += input[n, c, l] / (N * L)
        for n, l in product(range(N), range(L)):
            var[c] += (input[n, c, l] - mean[c]) ** 2 / (N * L)
    return mean, var
