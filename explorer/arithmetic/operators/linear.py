"""The fully connected layer: what torch says; the row that an element is computed from."""

import torch.nn.functional as F
from torch import Tensor

from core.explain import Step
from explorer.arithmetic.operators.base import Operator, Tensors, backward, descended, grad, leaves
from explorer.arithmetic.operators.cut import Cut, Index, Sent, bias, exact, filled, limited, weightiest
from explorer.arithmetic.settings import Settings

__all__ = ["CUTS", "OPERATORS"]

LONGEST = 32
"""Most products of a row that travel one by one, the largest; the others travel as their sum."""


def _results(tensors: Tensors, settings: Settings) -> Tensors:
    input, weight, bias = leaves(tensors, "input", "weight", "bias")
    output = F.linear(input, weight, bias)
    backward(output, tensors)
    found = {"output": output, "gradInput": grad(input), "gradWeight": grad(weight), "gradBias": grad(bias)}
    return found | descended(settings.rate("lr"), newWeight=weight, newBias=bias)


OPERATORS = {"linear": Operator({"input": 2, "weight": 2, "bias": 1, "gradOutput": 2}, _results)}


def _linear(step: Step, index: Index) -> Sent:
    *row, o = index
    input, weight = exact(step.tensor("input"))[tuple(row)], exact(step.tensor("weight"))[o]
    offset, left = bias(step, o, o + 1), None
    if len(input) > LONGEST:
        products = input * weight
        kept = weightiest(products, LONGEST)
        rest = (products.sum() - products[kept].sum()).item()
        input, weight, offset = input[kept], weight[kept], offset + rest
        left = (len(products) - LONGEST, rest)
    tensors = {"input": input[None], "weight": weight[None], "bias": offset, "gradOutput": filled(1.0, 1, 1)}
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


CUTS = {"linear": Cut(_linear, _linear_gradient)}
