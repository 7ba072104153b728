"""Normalisations: what torch says; what is normalised together with an element."""

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from core.explain import Step
from core.ops.naive.norm import check_batch_norm, check_group_norm
from explorer.arithmetic.operators.base import PICTURE, Operator, Tensors, backward, grad, leaves
from explorer.arithmetic.operators.cut import Cut, Index, Sent, Unsent, exact, filled, limited
from explorer.arithmetic.settings import Settings

__all__ = ["CUTS", "OPERATORS"]


def _batch_results(tensors: Tensors, settings: Settings) -> Tensors:
    input, weight, bias = leaves(tensors, "input", "weight", "bias")
    mean, var = tensors["runningMean"].clone(), tensors["runningVar"].clone()
    training, eps, momentum = settings.flag("training"), settings.rate("eps"), settings.rate("momentum")
    check_batch_norm(input.shape, mean, var, weight, bias, training)
    output = F.batch_norm(input, mean, var, weight, bias, training, momentum, eps)
    backward(output, tensors)
    found = {"output": output, "gradInput": grad(input), "gradWeight": grad(weight), "gradBias": grad(bias)}
    if not training:
        return found
    batch_var, batch_mean = torch.var_mean(tensors["input"], 0, correction=0)
    normal = (tensors["input"] - batch_mean) / (batch_var + eps).sqrt()
    gradient = tensors["gradOutput"]
    means = {"meanGrad": gradient.mean(0), "meanProduct": (gradient * normal).mean(0)}
    return found | means | {"mean": batch_mean, "var": batch_var, "newMean": mean, "newVar": var}


def _group_results(tensors: Tensors, settings: Settings) -> Tensors:
    input, weight, bias = leaves(tensors, "input", "weight", "bias")
    groups, eps = settings.count("normGroups"), settings.rate("eps")
    check_group_norm((1, *input.shape), groups, weight, bias)
    output = F.group_norm(input[None], groups, weight, bias, eps)[0]
    backward(output, tensors)
    found = {"output": output, "gradInput": grad(input), "gradWeight": grad(weight), "gradBias": grad(bias)}
    var, mean = torch.var_mean(tensors["input"].reshape(groups, -1), 1, correction=0)
    normal = F.group_norm(tensors["input"][None], groups, eps=eps).reshape(groups, -1)
    gradient = (tensors["gradOutput"] * tensors["weight"][:, None, None]).reshape(groups, -1)
    means = {"meanGrad": gradient.mean(1), "meanProduct": (gradient * normal).mean(1)}
    return found | means | {"mean": mean, "var": var}


OPERATORS = {
    "batchNorm": Operator(
        {"input": 2, "weight": 1, "bias": 1, "runningMean": 1, "runningVar": 1, "gradOutput": 2}, _batch_results
    ),
    "groupNorm": Operator({**PICTURE, "weight": 1, "bias": 1}, _group_results),
}


def _channel(step: Step, c: int) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Return the settings and the parameters of one channel."""
    usual = {"weight": 1.0, "bias": 0.0, "running_mean": 0.0, "running_var": 1.0}
    numbers = {
        name: exact(step.tensor(name))[c : c + 1] if step.arguments[name] is not None else filled(otherwise, 1)
        for name, otherwise in usual.items()
    }
    names = {"running_mean": "runningMean", "running_var": "runningVar"}
    settings = {"training": step.arguments["training"], "eps": step.arguments["eps"]}
    settings["momentum"] = step.arguments["momentum"] or 0.0  # None: stored statistics that are plain averages
    return settings, {names.get(name, name): value for name, value in numbers.items()}


def _column(tensor: Tensor, c: int) -> Tensor:
    """Return a channel of all images as rows of one number."""
    return limited(exact(tensor).transpose(0, 1)[c].reshape(-1, 1), "the channel")


def _row(step: Step, index: Index) -> int:
    """Return which row of its channel's column an element is."""
    input = step.tensor("input")
    places = torch.arange(input.numel() // input.shape[1]).reshape(input.shape[0], *input.shape[2:])
    return int(places[(index[0], *index[2:])])


def _batch_norm(step: Step, index: Index) -> Sent:
    """A batch's own statistics need the whole channel; stored ones need the element alone."""
    settings, numbers = _channel(step, index[1])
    if settings["training"]:
        input, element = _column(step.tensor("input"), index[1]), _row(step, index)
    else:
        input, element = exact(step.tensor("input"))[index].reshape(1, 1), 0
    return Sent("batchNorm", settings, numbers | {"input": input, "gradOutput": torch.ones_like(input)}, element)


def _batch_norm_gradient(step: Step, wrt: str, index: Index, grad: Tensor) -> Sent:
    c = index[1] if wrt == "input" else index[0]
    settings, numbers = _channel(step, c)
    if wrt == "input" and not settings["training"]:
        one = {"input": exact(step.tensor("input"))[index], "gradOutput": exact(grad)[index]}
        return Sent("batchNorm", settings, numbers | {k: v.reshape(1, 1) for k, v in one.items()}, walk="inputGrad")
    numbers |= {"input": _column(step.tensor("input"), c), "gradOutput": _column(grad, c)}
    if wrt == "input":
        return Sent("batchNorm", settings, numbers, _row(step, index), "inputGrad")
    return Sent("batchNorm", settings, numbers, walk="biasGrad" if wrt == "bias" else "weightGrad")


def _group(step: Step, n: int, c: int) -> tuple[int, dict[str, Any], dict[str, Tensor]]:
    """Return the first channel of the group that channel `c` of image `n` is in, and the case of that group alone."""
    input = exact(step.tensor("input"))
    D = input.shape[1] // step.arguments["num_groups"]
    channels = slice(c // D * D, c // D * D + D)
    numbers = {
        name: exact(step.tensor(name))[channels] if step.arguments[name] is not None else filled(otherwise, D)
        for name, otherwise in (("weight", 1.0), ("bias", 0.0))
    }
    numbers["input"] = limited(_planes(input[n, channels]), "the group")
    return channels.start, {"normGroups": 1, "eps": step.arguments["eps"]}, numbers


def _planes(tensor: Tensor) -> Tensor:
    """Return the `(D, H, W)` of some channels, those of another number of axes as one row each."""
    return tensor if tensor.ndim == 3 else tensor.reshape(len(tensor), 1, -1)


def _element(shape: torch.Size, first: int, index: Index) -> int:
    """Return which element of its group's planes a cell is."""
    _, c, *place = index
    within = torch.arange(math.prod(shape[2:])).reshape(shape[2:])
    return (c - first) * within.numel() + int(within[tuple(place)])


def _group_norm(step: Step, index: Index) -> Sent:
    first, settings, numbers = _group(step, index[0], index[1])
    element = _element(step.tensor("input").shape, first, index)
    return Sent("groupNorm", settings, numbers | {"gradOutput": torch.ones_like(numbers["input"])}, element)


def _group_norm_gradient(step: Step, wrt: str, index: Index, grad: Tensor) -> Sent:
    if wrt != "input" and len(grad) > 1:
        raise Unsent(f"the sum runs over {len(grad)} images; Arithmetic walks through one")
    n, c = index[:2] if wrt == "input" else (0, index[0])
    first, settings, numbers = _group(step, n, c)
    numbers["gradOutput"] = _planes(exact(grad)[n, first : first + len(numbers["weight"])])
    if wrt == "input":
        return Sent("groupNorm", settings, numbers, _element(grad.shape, first, index), "inputGrad")
    return Sent("groupNorm", settings, numbers, c - first, "biasGrad" if wrt == "bias" else "weightGrad")


CUTS = {"batch_norm": Cut(_batch_norm, _batch_norm_gradient), "group_norm": Cut(_group_norm, _group_norm_gradient)}
