"""Normalisations and their gradients, in few passes where `pointwise` has them, else on whole tensors.

See `core.ops.naive.norm`.
"""

from collections.abc import Collection
from math import prod

import torch
from torch import Tensor

from core.ops.arguments import check_size
from core.ops.checks import channel_sizes, check_tensors
from core.ops.naive.norm import check_batch_norm, check_group_norm
from core.ops.vectorized import pointwise

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
    """Return every channel normalised, then scaled and shifted; see `core.ops.naive.batch_norm`."""
    check_tensors(input=input, running_mean=running_mean, running_var=running_var, weight=weight, bias=bias)
    check_batch_norm(input.shape, running_mean, running_var, weight, bias, training)
    given = (None, None) if training else (running_mean, running_var)
    if (normal := pointwise.batch_norm(input, *given, weight, bias, eps)) is not None:
        return normal
    mean, var = _statistics(input, running_mean, running_var, training)
    scale = (var + eps).rsqrt() if weight is None else weight * (var + eps).rsqrt()
    output = (input - _along(mean, input)) * _along(scale, input)
    return output if bias is None else output.add_(_along(bias, input))


def batch_norm_running_stats(
    input: Tensor, running_mean: Tensor, running_var: Tensor, momentum: float = 0.1
) -> tuple[Tensor, Tensor]:
    """Return the running statistics after a step on this batch; see `core.ops.naive.batch_norm_running_stats`."""
    check_tensors(input=input, running_mean=running_mean, running_var=running_var)
    N, _, L = check_batch_norm(input.shape, running_mean, running_var, None, None, True)
    if N * L == 0:
        return running_mean.clone(), running_var.clone()
    mean, var = _statistics(input, None, None, True)
    unbiased = var * (N * L / (N * L - 1))
    return running_mean.lerp(mean, momentum), running_var.lerp(unbiased, momentum)


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
    """Return dL/dinput of `batch_norm`; see `core.ops.naive.batch_norm_input_grad`."""
    check_tensors(
        grad_output=grad_output, input=input, running_mean=running_mean, running_var=running_var, weight=weight
    )
    check_batch_norm(input.shape, running_mean, running_var, weight, None, training)
    check_size("grad_output", grad_output.shape, input.shape)
    given = (None, None) if training else (running_mean, running_var)
    if (grads := pointwise.batch_norm_grads(input, grad_output, *given, weight, eps, ("input",))) is not None:
        return grads["input"]
    mean, var = _statistics(input, running_mean, running_var, training)
    scale = (var + eps).rsqrt() if weight is None else weight * (var + eps).rsqrt()
    if not training:
        return grad_output * _along(scale, input)
    axes = _axes(input)
    centred = input - _along(mean, input)
    mean_grad = grad_output.mean(axes)
    slope = (grad_output * centred).mean(axes) / (var + eps)
    return (grad_output - _along(mean_grad, input) - centred * _along(slope, input)) * _along(scale, input)


def batch_norm_weight_grad(
    input: Tensor,
    grad_output: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    training: bool = False,
    *,
    eps: float = 1e-5,
) -> Tensor:
    """Return dL/dweight of `batch_norm`; see `core.ops.naive.batch_norm_weight_grad`."""
    check_tensors(grad_output=grad_output, input=input, running_mean=running_mean, running_var=running_var)
    check_batch_norm(input.shape, running_mean, running_var, None, None, training)
    check_size("grad_output", grad_output.shape, input.shape)
    given = (None, None) if training else (running_mean, running_var)
    if (grads := pointwise.batch_norm_grads(input, grad_output, *given, None, eps, ("weight",))) is not None:
        return grads["weight"]
    mean, var = _statistics(input, running_mean, running_var, training)
    return (grad_output * (input - _along(mean, input))).sum(_axes(input)) * (var + eps).rsqrt()


def batch_norm_grads(
    input: Tensor,
    grad_output: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    training: bool = False,
    *,
    eps: float = 1e-5,
    wanted: Collection[str] = ("input", "weight", "bias"),
) -> dict[str, Tensor]:
    """Return the wanted gradients of `batch_norm` by name, as the three functions do, for the price of one."""
    given = (None, None) if training else (running_mean, running_var)
    check_tensors(grad_output=grad_output, input=input, running_mean=running_mean, running_var=running_var)
    check_batch_norm(input.shape, running_mean, running_var, weight, None, training)
    check_size("grad_output", grad_output.shape, input.shape)
    if (grads := pointwise.batch_norm_grads(input, grad_output, *given, weight, eps, wanted)) is not None:
        return grads
    stats = running_mean, running_var
    each = {
        "input": lambda: batch_norm_input_grad(input, grad_output, *stats, weight, training, eps=eps),
        "weight": lambda: batch_norm_weight_grad(input, grad_output, *stats, training, eps=eps),
        "bias": lambda: batch_norm_bias_grad(grad_output),
    }
    return {which: each[which]() for which in wanted}


def batch_norm_bias_grad(grad_output: Tensor) -> Tensor:
    """Return dL/dbias of `batch_norm`; see `core.ops.naive.batch_norm_bias_grad`."""
    check_tensors(grad_output=grad_output)
    channel_sizes("grad_output", grad_output.shape)
    return grad_output.sum(_axes(grad_output))


def _statistics(
    input: Tensor, running_mean: Tensor | None, running_var: Tensor | None, training: bool
) -> tuple[Tensor, Tensor]:
    """Return every channel's mean and variance: in training the batch's (0 of an empty one), else the running ones."""
    if not training and running_mean is not None and running_var is not None:
        return running_mean, running_var
    if input.numel() == 0:
        return input.new_zeros(input.shape[1]), input.new_zeros(input.shape[1])
    if (found := pointwise.moments(input)) is not None:
        return found
    var, mean = torch.var_mean(input, _axes(input), correction=0)
    return mean, var


def _axes(input: Tensor) -> list[int]:
    """Return all dimensions but the channels'."""
    return [0, *range(2, input.dim())]


def _along(values: Tensor, input: Tensor) -> Tensor:
    """Return one value per channel, shaped to be broadcast over `(N, C, *)`."""
    return values.reshape(-1, *[1] * (input.dim() - 2))


def group_norm(
    input: Tensor, num_groups: int, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5
) -> Tensor:
    """Return every group of channels normalised, then scaled and shifted; see `core.ops.naive.group_norm`."""
    check_tensors(input=input, weight=weight, bias=bias)
    check_group_norm(input.shape, num_groups, weight, bias)
    if (normal := _channels_normal(input, num_groups, weight, bias, eps)) is not None:
        return normal
    output = _normal(input, num_groups, eps)[0]
    output = output if weight is None else output * _along(weight, input)
    return output if bias is None else output + _along(bias, input)


def group_norm_input_grad(
    input: Tensor, grad_output: Tensor, num_groups: int, weight: Tensor | None = None, eps: float = 1e-5
) -> Tensor:
    """Return dL/dinput of `group_norm`; see `core.ops.naive.group_norm_input_grad`."""
    check_tensors(grad_output=grad_output, input=input, weight=weight)
    N, _, L, D = check_group_norm(input.shape, num_groups, weight, None)
    check_size("grad_output", grad_output.shape, input.shape)
    scaled = grad_output if weight is None else grad_output * _along(weight, input)
    alone = (1, N * num_groups, D * L)
    if input.is_contiguous() and scaled.is_contiguous():
        views = input.view(alone), scaled.view(alone)
        if (grads := pointwise.batch_norm_grads(*views, None, None, None, eps, ("input",))) is not None:
            return grads["input"].view_as(input)
    normal, scale = _normal(input, num_groups, eps)
    normal = normal.reshape(N, num_groups, D * L)
    grad = scaled.reshape(normal.shape)
    slope = (grad * normal).mean(-1, keepdim=True)
    return ((grad - grad.mean(-1, keepdim=True) - normal * slope) * scale).reshape(input.shape)


def group_norm_weight_grad(input: Tensor, grad_output: Tensor, num_groups: int, eps: float = 1e-5) -> Tensor:
    """Return dL/dweight of `group_norm`; see `core.ops.naive.group_norm_weight_grad`."""
    check_tensors(grad_output=grad_output, input=input)
    check_group_norm(input.shape, num_groups, None, None)
    check_size("grad_output", grad_output.shape, input.shape)
    stats = _channels_statistics(input, num_groups)
    if stats is not None and grad_output.is_contiguous():
        views = input.view(1, -1, prod(input.shape[2:])), grad_output.view(1, -1, prod(input.shape[2:]))
        if (grads := pointwise.batch_norm_grads(*views, *stats, None, eps, ("weight",))) is not None:
            return grads["weight"].view(input.shape[:2]).sum(0)
    return (grad_output * _normal(input, num_groups, eps)[0]).sum(_axes(input))


def group_norm_bias_grad(grad_output: Tensor) -> Tensor:
    """Return dL/dbias of `group_norm`; see `core.ops.naive.group_norm_bias_grad`."""
    return batch_norm_bias_grad(grad_output)


def _channels_statistics(input: Tensor, num_groups: int) -> tuple[Tensor, Tensor] | None:
    """Return the mean and variance of its group for every channel of every image; None where `pointwise` cannot."""
    if not input.is_contiguous() or input.numel() == 0:
        return None
    N, C = input.shape[:2]
    found = pointwise.moments(input.view(1, N * num_groups, -1))
    if found is None:
        return None
    mean, var = (stat.repeat_interleave(C // num_groups) for stat in found)
    return mean, var


def _channels_normal(
    input: Tensor, num_groups: int, weight: Tensor | None, bias: Tensor | None, eps: float
) -> Tensor | None:
    """Return the channels of all images normalised as so many channels of one image; None where `pointwise` cannot."""
    stats, N = _channels_statistics(input, num_groups), len(input)
    if stats is None:
        return None
    scale, shift = (None if each is None else each.detach().repeat(N) for each in (weight, bias))
    normal = pointwise.batch_norm(input.view(1, -1, prod(input.shape[2:])), *stats, scale, shift, eps)
    return None if normal is None else normal.view_as(input)


def _normal(input: Tensor, num_groups: int, eps: float) -> tuple[Tensor, Tensor]:
    """Return the input with mean 0 and variance 1 in every group, and 1 / √(var + eps), `(N, G, 1)`."""
    groups = input.reshape(len(input), num_groups, prod(input.shape[1:]) // num_groups)
    if input.numel() == 0:
        return input.clone(), groups.new_ones(0, num_groups, 1)
    var, mean = torch.var_mean(groups, -1, correction=0, keepdim=True)
    scale = (var + eps).rsqrt()
    return ((groups - mean) * scale).reshape(input.shape), scale
