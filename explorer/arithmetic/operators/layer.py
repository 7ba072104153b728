"""The fully connected layer and batch normalisation."""

import torch
import torch.nn.functional as F

from core.ops import naive
from core.ops.checks import check_batch_norm
from core.ops.naive.batch_norm import _statistics
from explorer.arithmetic.operators.base import Listed, Operator, Tensors, backward, descended, grad, leaves
from explorer.arithmetic.settings import Settings

__all__ = ["LISTED", "OPERATORS"]


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

NORMAL = "normal = (input[n, c, l] - mean[c]) / deviation"
PRODUCT = "mean_product += grad_output[n, c, l] * (input[n, c, l] - mean[c]) / deviation / (N * L)"

LISTED = {
    "linear": Listed(
        naive.linear,
        {
            "start": "total = 0.0 if bias is None else bias[o]",
            "term": "total += weight[o, f] * input[n, f]",
            "done": "output[n, o] = total",
        },
    ),
    "linear_input_grad": Listed(
        naive.linear_input_grad,
        {
            "start": "total = 0.0",
            "term": "total += weight[o, f] * grad_output[n, o]",
            "done": "grad_input[n, f] = total",
        },
    ),
    "linear_weight_grad": Listed(
        naive.linear_weight_grad,
        {
            "start": "total = 0.0",
            "term": "total += grad_output[n, o] * input[n, f]",
            "done": "grad_weight[o, f] = total",
        },
    ),
    "linear_bias_grad": Listed(
        naive.linear_bias_grad,
        {"start": "total = 0.0", "term": "total += grad_output[n, o]", "done": "grad_bias[o,] = total"},
    ),
    "batch_norm_statistics.mean": Listed(_statistics, {"term": "mean[c] += input[n, c, l] / (N * L)"}),
    "batch_norm_statistics.var": Listed(_statistics, {"term": "var[c] += (input[n, c, l] - mean[c]) ** 2 / (N * L)"}),
    "batch_norm": Listed(
        naive.batch_norm,
        {
            "term": "output[n, c, l] = weight[c] * (input[n, c, l] - mean[c]) / math.sqrt(var[c] + eps) + bias[c]",
        },
    ),
    "batch_norm_running_stats": Listed(
        naive.batch_norm_running_stats,
        {
            "unbiased": "unbiased = var[c] * N * L / (N * L - 1)",
            "mean": "new_mean[c,] = (1 - momentum) * running_mean[c] + momentum * mean[c]",
            "var": "new_var[c,] = (1 - momentum) * running_var[c] + momentum * unbiased",
        },
    ),
    "batch_norm_input_grad.means": Listed(
        naive.batch_norm_input_grad,
        {
            "start": "deviation = math.sqrt(var[c] + eps)",
            "grad": "mean_grad += grad_output[n, c, l] / (N * L)",
            "product": PRODUCT,
        },
    ),
    "batch_norm_input_grad.elements": Listed(
        naive.batch_norm_input_grad,
        {
            "normal": NORMAL,
            "grad": "grad = grad_output[n, c, l] - mean_grad - normal * mean_product",
            "done": "grad_input[n, c, l] = weight[c] / deviation * grad",
        },
    ),
    "batch_norm_weight_grad": Listed(
        naive.batch_norm_weight_grad,
        {
            "start": "total = 0.0",
            "term": "total += grad_output[n, c, l] * (input[n, c, l] - mean[c]) / math.sqrt(var[c] + eps)",
            "done": "grad_weight[c,] = total",
        },
    ),
    "batch_norm_bias_grad": Listed(
        naive.batch_norm_bias_grad,
        {"start": "total = 0.0", "term": "total += grad_output[n, c, l]", "done": "grad_bias[c,] = total"},
    ),
}
