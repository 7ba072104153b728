"""What is computed element by element: activations, the linear layer's rows, batch normalisation's channels."""

from typing import Any

import torch
from torch import Tensor

from core.explain import Step
from core.ops.catalogue import ACTIVATIONS, Op
from explorer.arithmetic.from_network.base import Cut, Index, Sent, bias, exact, limited

__all__ = ["CUTS"]

LONGEST = 32
"""Most products of a row that travel one by one, the largest; the others travel as their sum."""


def _activation(op: Op) -> Cut:
    """Cut one number of an activation."""

    def sent(step: Step, index: Index, grad: float, walk: str) -> Sent:
        settings = {setting: step.arguments[name] for setting, name in op.settings.items()}
        numbers = {"input": exact(step.tensor("input"))[index].item(), "gradOutput": grad}
        tensors = {name: _filled(value, 1, 1, 1) for name, value in numbers.items()}
        return Sent(str(op.page), settings, tensors, walk=walk)

    return Cut(
        lambda step, index: sent(step, index, 1.0, "forward"),
        lambda step, wrt, index, grad: sent(step, index, exact(grad)[index].item(), "inputGrad"),
    )


def _filled(value: float, *shape: int) -> Tensor:
    return torch.full(shape, value, dtype=torch.float64)


def _linear(step: Step, index: Index) -> Sent:
    *row, o = index
    input, weight = exact(step.tensor("input"))[tuple(row)], exact(step.tensor("weight"))[o]
    offset, left = bias(step, o, o + 1), None
    if len(input) > LONGEST:
        products = input * weight
        kept = products.abs().topk(LONGEST).indices.sort().values
        rest = (products.sum() - products[kept].sum()).item()
        input, weight, offset = input[kept], weight[kept], offset + rest
        left = (len(products) - LONGEST, rest)
    tensors = {"input": input[None], "weight": weight[None], "bias": offset, "gradOutput": _filled(1.0, 1, 1)}
    return Sent("linear", {"lr": 0.1}, tensors, left=left)


def _linear_gradient(step: Step, wrt: str, index: Index, grad: Tensor) -> Sent:
    weight = exact(step.tensor("weight"))
    outputs, features = weight.shape
    if wrt == "input":
        *row, f = index
        tensors = {
            "input": exact(step.tensor("input"))[index].reshape(1, 1),
            "weight": limited(weight[:, f : f + 1], "the sum"),
            "bias": bias(step, 0, outputs),
            "gradOutput": exact(grad)[tuple(row)][None],
        }
        return Sent("linear", {"lr": 0.1}, tensors, walk="inputGrad")
    o, f = index if wrt == "weight" else (index[0], 0)
    tensors = {
        "input": limited(exact(step.tensor("input")).reshape(-1, features)[:, f : f + 1], "the sum"),
        "weight": weight[o : o + 1, f : f + 1],
        "bias": bias(step, o, o + 1),
        "gradOutput": exact(grad).reshape(-1, outputs)[:, o : o + 1],
    }
    return Sent("linear", {"lr": 0.1}, tensors, walk="biasGrad" if wrt == "bias" else "weightGrad")


def _channel(step: Step, c: int) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Return the settings and the parameters of one channel."""
    usual = {"weight": 1.0, "bias": 0.0, "running_mean": 0.0, "running_var": 1.0}
    numbers = {
        name: exact(step.tensor(name))[c : c + 1] if step.arguments[name] is not None else _filled(otherwise, 1)
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


CUTS = {
    **{name: _activation(op) for name, op in ACTIVATIONS.items() if op.page},
    "linear": Cut(_linear, _linear_gradient),
    "batch_norm": Cut(_batch_norm, _batch_norm_gradient),
}
