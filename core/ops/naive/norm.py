"""Normalisations and their gradients: batch normalisation channel by channel, group normalisation group by group.

What they refuse, both implementations check by the functions at the end.
"""

# mypy: allow-redefinition
import math
from itertools import product

from torch import Tensor

from core.ops.arguments import Size, check_size
from core.ops.checks import channel_sizes, check_optional, check_tensors
from core.ops.naive.numbers import Output, numbers

__all__ = [
    "batch_norm",
    "batch_norm_bias_grad",
    "batch_norm_input_grad",
    "batch_norm_running_stats",
    "batch_norm_weight_grad",
    "group_norm",
    "group_norm_bias_grad",
    "group_norm_input_grad",
    "group_norm_weight_grad",
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


def group_norm(
    input: Tensor, num_groups: int, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5
) -> Tensor:
    """Return every group of an image's channels shifted and scaled to mean 0 and variance 1, then by weight and bias.

    output[n, c, l] = weight[c] · (input[n, c, l] − mean) / √(var + eps) + bias[c]

    mean and var are those of the D = C / num_groups channels of image n that c is among, var over D·L. One group is the
    layer normalisation of an image, as many groups as channels is instance normalisation.

    Args:
        input: `(N, C, *)`; l counts through all trailing dimensions.
        num_groups: G; divides C.
        weight: `(C,)`; 1 unless given.
        bias: `(C,)`; 0 unless given.
        eps: Added to the variance.

    Returns:
        Of the size of `input`.

    Raises:
        TypeError: A tensor is not of a floating-point dtype.
        ValueError: Dtypes, devices, ranks or sizes do not fit together; the groups do not divide the channels; there is
            a single value per group.

    Source: `torch.nn.functional.group_norm`; Wu & He 2018, section 3.1.
    """
    check_tensors(input=input, weight=weight, bias=bias)
    N, C, L, D = check_group_norm(input.shape, num_groups, weight, bias)
    size, output = input.shape, Output(input, N, C, L)
    input = numbers(input.reshape(N, C, L))
    weight, bias = [1.0] * C if weight is None else numbers(weight), [0.0] * C if bias is None else numbers(bias)
    for n, g in product(range(N), range(num_groups)):
        mean = var = 0.0
        for c, l in product(range(g * D, g * D + D), range(L)):
            mean += input[n, c, l] / (D * L)
        for c, l in product(range(g * D, g * D + D), range(L)):
            var += (input[n, c, l] - mean) ** 2 / (D * L)
        for c, l in product(range(g * D, g * D + D), range(L)):
            output[n, c, l] = weight[c] * (input[n, c, l] - mean) / math.sqrt(var + eps) + bias[c]
    return output.tensor().reshape(size)


def group_norm_input_grad(
    input: Tensor, grad_output: Tensor, num_groups: int, weight: Tensor | None = None, eps: float = 1e-5
) -> Tensor:
    """Return dL/dinput of `group_norm`: mean and variance depend on every element, which takes two averages away.

    grad_input[n, c, l] = (g − mean(g) − x̂ · mean(g · x̂)) / √(var + eps), with g = weight[c] · grad_output[n, c, l],
    x̂ = (input[n, c, l] − mean) / √(var + eps), means over the group

    Args:
        input: `(N, C, *)`.
        grad_output: Of the size of `input`.
        num_groups: As given to `group_norm`, and so are the arguments that follow.
        weight: See `group_norm`.
        eps: See `group_norm`.

    Raises:
        TypeError: A tensor is not of a floating-point dtype.
        ValueError: As `group_norm`, or `grad_output` is not of the input's size.
    """
    check_tensors(grad_output=grad_output, input=input, weight=weight)
    N, C, L, D = check_group_norm(input.shape, num_groups, weight, None)
    check_size("grad_output", grad_output.shape, input.shape)
    size, grad_input = input.shape, Output(grad_output, N, C, L)
    input, grad_output = numbers(input.reshape(N, C, L)), numbers(grad_output.reshape(N, C, L))
    weight = [1.0] * C if weight is None else numbers(weight)
    for n, g in product(range(N), range(num_groups)):
        mean, deviation = _moments(input, n, range(g * D, g * D + D), eps)
        mean_grad = mean_product = 0.0
        for c, l in product(range(g * D, g * D + D), range(L)):
            mean_grad += weight[c] * grad_output[n, c, l] / (D * L)
            mean_product += weight[c] * grad_output[n, c, l] * (input[n, c, l] - mean) / deviation / (D * L)
        for c, l in product(range(g * D, g * D + D), range(L)):
            normal = (input[n, c, l] - mean) / deviation
            grad = weight[c] * grad_output[n, c, l] - mean_grad - normal * mean_product
            grad_input[n, c, l] = grad / deviation
    return grad_input.tensor().reshape(size)


def group_norm_weight_grad(input: Tensor, grad_output: Tensor, num_groups: int, eps: float = 1e-5) -> Tensor:
    """Return dL/dweight of `group_norm`, `(C,)`.

    grad_weight[c] = Σ_{n,l} grad_output[n, c, l] · (input[n, c, l] − mean) / √(var + eps)

    Args:
        input: `(N, C, *)`.
        grad_output: Of the size of `input`.
        num_groups: As given to `group_norm`, and so is the argument that follows.
        eps: See `group_norm`.

    Raises:
        TypeError: A tensor is not of a floating-point dtype.
        ValueError: As `group_norm`, or `grad_output` is not of the input's size.
    """
    check_tensors(grad_output=grad_output, input=input)
    N, C, L, D = check_group_norm(input.shape, num_groups, None, None)
    check_size("grad_output", grad_output.shape, input.shape)
    grad_weight = Output(grad_output, C)
    input, grad_output = numbers(input.reshape(N, C, L)), numbers(grad_output.reshape(N, C, L))
    for c in range(C):
        first, total = c // D * D, 0.0
        moments = [_moments(input, n, range(first, first + D), eps) for n in range(N)]
        for n, l in product(range(N), range(L)):
            total += grad_output[n, c, l] * (input[n, c, l] - moments[n][0]) / moments[n][1]
        grad_weight[c,] = total
    return grad_weight.tensor()


def group_norm_bias_grad(grad_output: Tensor) -> Tensor:
    """Return dL/dbias of `group_norm`, `(C,)`: that of `batch_norm`."""
    return batch_norm_bias_grad(grad_output)


def _moments(input: "memoryview[float]", n: int, channels: range, eps: float) -> tuple[float, float]:
    """Return the mean and √(var + eps) of some channels of an image."""
    assert input.shape is not None
    values = [input[n, c, l] for c, l in product(channels, range(input.shape[2]))]
    mean = sum(x / len(values) for x in values)
    return mean, math.sqrt(sum((x - mean) ** 2 / len(values) for x in values) + eps)


def check_batch_norm(
    input_size: Size,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None,
    bias: Tensor | None,
    training: bool,
) -> tuple[int, int, int]:
    """Return `(N, C, L)` of a batch normalisation, L counting through all trailing dimensions.

    Raises:
        ValueError: In this order: rank, sizes, missing running statistics, a single value per channel in training.
    """
    N, C, L = channel_sizes("input", input_size)
    optional = {"running_mean": running_mean, "running_var": running_var, "weight": weight, "bias": bias}
    for name, tensor in optional.items():
        check_optional(name, tensor, (C,))
    if not training and (running_mean is None or running_var is None):
        raise ValueError("batch_norm in evaluation needs running_mean and running_var")
    if training and N * L == 1:
        raise ValueError(f"batch_norm in training needs more than one value per channel, input has {tuple(input_size)}")
    return N, C, L


def check_group_norm(
    input_size: Size, num_groups: int, weight: Tensor | None, bias: Tensor | None
) -> tuple[int, int, int, int]:
    """Return `(N, C, L, D)` of a group normalisation, D the channels of a group.

    Raises:
        ValueError: In this order: rank, groups, sizes, a single value per group.
    """
    N, C, L = channel_sizes("input", input_size)
    if num_groups < 1 or C % num_groups:
        raise ValueError(f"num_groups {num_groups} must divide the {C} channels")
    check_optional("weight", weight, (C,))
    check_optional("bias", bias, (C,))
    if N * (C // num_groups) * L == 1:
        raise ValueError(f"group_norm needs more than one value per group, input has {tuple(input_size)}")
    return N, C, L, C // num_groups
