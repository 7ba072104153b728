"""Activations, element by element."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from explorer.arithmetic.operators.base import PICTURE, Operator, Tensors, backward, grad, leaves
from explorer.arithmetic.settings import Settings

__all__ = ["OPERATORS"]

Activation = Callable[[Tensor, Settings], Tensor]


def _operator(activation: Activation) -> Operator:
    def results(tensors: Tensors, settings: Settings) -> Tensors:
        (input,) = leaves(tensors, "input")
        output = activation(input, settings)
        backward(output, tensors)
        return {"output": output, "gradInput": grad(input)}

    return Operator(PICTURE, results)


OPERATORS = {
    "relu": _operator(lambda input, _: F.relu(input)),
    "leakyRelu": _operator(lambda input, settings: F.leaky_relu(input, settings.number("slope"))),
    "sigmoid": _operator(lambda input, _: torch.sigmoid(input)),
    "tanh": _operator(lambda input, _: torch.tanh(input)),
    # Torch multiplies the float64 gradient of hardsigmoid by a float32 1/6: its own relu6 has the exact one.
    "hardsigmoid": _operator(lambda input, _: F.relu6(input + 3) / 6),
    "hardswish": _operator(lambda input, _: F.hardswish(input)),
}
