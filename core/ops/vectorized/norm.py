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
from core.ops.vectorized.pointwise import Moments

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
    return batch_norm_kept(input, running_mean, running_var, weight, bias, training, eps=eps)[0]


def batch_norm_kept(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    *,
    eps: float = 1e-5,
) -> tuple[Tensor, Moments]:
    """Return `batch_norm` and what its gradients and the running statistics can use: every channel's mean, variance."""
    given = _given(running_mean, running_var, training)
    if given or (training and running_mean is running_var is None):  # what is read passes every check
        found = pointwise.normal(input, given, weight, bias, eps)
        if found is not None:
            return found
    check_tensors(input=input, running_mean=running_mean, running_var=running_var, weight=weight, bias=bias)
    check_batch_norm(input.shape, running_mean, running_var, weight, bias, training)
    mean, var = given or _moments(input)
    scale = (var + eps).rsqrt() if weight is None else weight * (var + eps).rsqrt()
    output = (input - _along(mean, input)) * _along(scale, input)
    return output if bias is None else output.add_(_along(bias, input)), (mean, var)


def batch_norm_running_stats(
    input: Tensor,
    running_mean: Tensor,
    running_var: Tensor,
    momentum: float = 0.1,
) -> tuple[Tensor, Tensor]:
    """Return the running statistics after a step on this batch; see `core.ops.naive.batch_norm_running_stats`."""
    check_tensors(input=input, running_mean=running_mean, running_var=running_var)
    N, _, L = check_batch_norm(input.shape, running_mean, running_var, None, None, True)
    if N * L == 0:
        return running_mean.clone(), running_var.clone()
    mean, var = _moments(input)
    return running_mean.lerp(mean, momentum), running_var.lerp(var * (N * L / (N * L - 1)), momentum)


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
    stats = running_mean, running_var
    return batch_norm_grads(input, grad_output, *stats, weight, training, eps=eps, wanted=("input",))["input"]


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
    stats = running_mean, running_var
    return batch_norm_grads(input, grad_output, *stats, None, training, eps=eps, wanted=("weight",))["weight"]


def batch_norm_grads(
    input: Tensor,
    grad_output: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    training: bool = False,
    *,
    eps: float = 1e-5,
    kept: Moments | None = None,
    wanted: Collection[str] = ("input", "weight", "bias"),
) -> dict[str, Tensor]:
    """Return the `wanted` gradients of `batch_norm` by name, as the three functions do, for the price of one.

    `kept` is what `batch_norm_kept` kept, if that is at hand.
    """
    moments = kept or _given(running_mean, running_var, training)
    if moments or (training and running_mean is running_var is None):
        found = pointwise.normal_grads(input, grad_output, moments, weight, eps, wanted, constant=not training)
        if found is not None:
            return found
    check_tensors(
        grad_output=grad_output, input=input, running_mean=running_mean, running_var=running_var, weight=weight
    )
    check_batch_norm(input.shape, running_mean, running_var, weight, None, training)
    check_size("grad_output", grad_output.shape, input.shape)
    mean, var = moments or _moments(input)
    centred, inverse, axes = input - _along(mean, input), (var + eps).rsqrt(), _axes(input)
    grads = {}
    if "input" in wanted:
        grad = grad_output
        if training:
            slope = (grad * centred).mean(axes) / (var + eps)
            grad = grad - _along(grad.mean(axes), input) - centred * _along(slope, input)
        grads["input"] = grad * _along(inverse if weight is None else weight * inverse, input)
    if "weight" in wanted:
        grads["weight"] = (grad_output * centred).sum(axes) * inverse
    if "bias" in wanted:
        grads["bias"] = grad_output.sum(axes)
    return grads


def batch_norm_bias_grad(grad_output: Tensor) -> Tensor:
    """Return dL/dbias of `batch_norm`; see `core.ops.naive.batch_norm_bias_grad`."""
    check_tensors(grad_output=grad_output)
    channel_sizes("grad_output", grad_output.shape)
    return grad_output.sum(_axes(grad_output))


def _given(running_mean: Tensor | None, running_var: Tensor | None, training: bool) -> Moments | None:
    """Return the statistics that are given, None in training, whose batch has its own."""
    return None if training or running_mean is None or running_var is None else (running_mean, running_var)


def _moments(input: Tensor) -> Moments:
    """Return every channel's mean and variance, 0 of an empty batch."""
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


def group_norm(
    input: Tensor, num_groups: int, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5
) -> Tensor:
    """Return every group of channels normalised, then scaled and shifted; see `core.ops.naive.group_norm`."""
    return group_norm_kept(input, num_groups, weight, bias, eps)[0]


def group_norm_kept(
    input: Tensor, num_groups: int, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5
) -> tuple[Tensor, Moments | None]:
    """Return `group_norm` and what its gradients can use: every group's mean and variance, if they are at hand."""
    if num_groups > 0 and (found := pointwise.normal(input, None, weight, bias, eps, groups=num_groups)) is not None:
        return found
    check_tensors(input=input, weight=weight, bias=bias)
    check_group_norm(input.shape, num_groups, weight, bias)
    output = _normal(input, num_groups, eps)[0]
    output = output if weight is None else output * _along(weight, input)
    return output if bias is None else output + _along(bias, input), None


def group_norm_input_grad(
    input: Tensor, grad_output: Tensor, num_groups: int, weight: Tensor | None = None, eps: float = 1e-5
) -> Tensor:
    """Return dL/dinput of `group_norm`; see `core.ops.naive.group_norm_input_grad`."""
    return group_norm_grads(input, grad_output, num_groups, weight, eps, wanted=("input",))["input"]


def group_norm_weight_grad(input: Tensor, grad_output: Tensor, num_groups: int, eps: float = 1e-5) -> Tensor:
    """Return dL/dweight of `group_norm`; see `core.ops.naive.group_norm_weight_grad`."""
    return group_norm_grads(input, grad_output, num_groups, None, eps, wanted=("weight",))["weight"]


def group_norm_grads(
    input: Tensor,
    grad_output: Tensor,
    num_groups: int,
    weight: Tensor | None = None,
    eps: float = 1e-5,
    *,
    kept: Moments | None = None,
    wanted: Collection[str] = ("input", "weight", "bias"),
) -> dict[str, Tensor]:
    """Return the `wanted` gradients of `group_norm` by name, as the three functions do, for the price of one.

    `kept` is what `group_norm_kept` kept, if that is at hand.
    """
    if num_groups > 0:
        found = pointwise.normal_grads(input, grad_output, kept, weight, eps, wanted, groups=num_groups)
        if found is not None:
            return found
    check_tensors(grad_output=grad_output, input=input, weight=weight)
    N, _, L, D = check_group_norm(input.shape, num_groups, weight, None)
    check_size("grad_output", grad_output.shape, input.shape)
    normal, scale = _normal(input, num_groups, eps)
    grads = {}
    if "input" in wanted:
        scaled = grad_output if weight is None else grad_output * _along(weight, input)
        grad, rows = (each.reshape(N, num_groups, D * L) for each in (scaled, normal))
        slope = (grad * rows).mean(-1, keepdim=True)
        grads["input"] = ((grad - grad.mean(-1, keepdim=True) - rows * slope) * scale).reshape(input.shape)
    if "weight" in wanted:
        grads["weight"] = (grad_output * normal).sum(_axes(input))
    if "bias" in wanted:
        grads["bias"] = grad_output.sum(_axes(input))
    return grads


def group_norm_bias_grad(grad_output: Tensor) -> Tensor:
    """Return dL/dbias of `group_norm`; see `core.ops.naive.group_norm_bias_grad`."""
    return batch_norm_bias_grad(grad_output)


def _normal(input: Tensor, num_groups: int, eps: float) -> tuple[Tensor, Tensor]:
    """Return the input with mean 0 and variance 1 in every group, and 1 / √(var + eps), `(N, G, 1)`."""
    groups = input.reshape(len(input), num_groups, prod(input.shape[1:]) // num_groups)
    if input.numel() == 0:
        return input.clone(), groups.new_ones(0, num_groups, 1)
    var, mean = torch.var_mean(groups, -1, correction=0, keepdim=True)
    scale = (var + eps).rsqrt()
    return ((groups - mean) * scale).reshape(input.shape), scale
