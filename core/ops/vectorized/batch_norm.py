"""Batch normalisation and its gradients on whole tensors."""

import torch
from torch import Tensor

from core.ops.arguments import check_size
from core.ops.checks import channel_sizes, check_batch_norm, check_tensors

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
    """Return every channel normalised, then scaled and shifted; see `core.ops.naive.batch_norm`."""
    check_tensors(input=input, running_mean=running_mean, running_var=running_var, weight=weight, bias=bias)
    check_batch_norm(input.shape, running_mean, running_var, weight, bias, training)
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
    mean, var = _statistics(input, running_mean, running_var, training)
    return (grad_output * (input - _along(mean, input))).sum(_axes(input)) * (var + eps).rsqrt()


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
    var, mean = torch.var_mean(input, _axes(input), correction=0)
    return mean, var


def _axes(input: Tensor) -> list[int]:
    """Return all dimensions but the channels'."""
    return [0, *range(2, input.dim())]


def _along(values: Tensor, input: Tensor) -> Tensor:
    """Return one value per channel, shaped to be broadcast over `(N, C, *)`."""
    return values.reshape(-1, *[1] * (input.dim() - 2))
