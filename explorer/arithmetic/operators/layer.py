"""The fully connected layer and batch normalisation."""

import torch
import torch.nn.functional as F

from core.ops.checks import check_batch_norm
from explorer.arithmetic.operators.base import Operator, Tensors, backward, descended, grad, leaves
from explorer.arithmetic.settings import Settings

__all__ = ["OPERATORS"]


def _linear(tensors: Tensors, settings: Settings) -> Tensors:
    input, weight, bias = leaves(tensors, "input", "weight", "bias")
    output = F.linear(input, weight, bias)
    backward(output, tensors)
    found = {"output": output, "gradInput": grad(input), "gradWeight": grad(weight), "gradBias": grad(bias)}
    return found | descended(settings.rate("lr"), newWeight=weight, newBias=bias)


def _batch_norm(tensors: Tensors, settings: Settings) -> Tensors:
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


OPERATORS = {
    "linear": Operator({"input": 2, "weight": 2, "bias": 1, "gradOutput": 2}, _linear),
    "batchNorm": Operator(
        {"input": 2, "weight": 1, "bias": 1, "runningMean": 1, "runningVar": 1, "gradOutput": 2}, _batch_norm
    ),
}
