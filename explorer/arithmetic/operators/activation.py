"""Activations, element by element."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from core.ops import naive
from explorer.arithmetic.operators.base import PICTURE, Listed, Operator, Tensors, backward, grad, leaves
from explorer.arithmetic.settings import Settings

__all__ = ["LISTED", "OPERATORS"]

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


def _line(forward: str, gradient: str) -> tuple[dict[str, str], dict[str, str]]:
    return {"term": f"output[k,] = {forward}"}, {"term": f"grad_input[k,] = {gradient}"}


LINES = {
    "relu": _line("0.0 if x <= 0 else x", "0.0 if x <= 0 else grad"),
    "leaky_relu": _line("x if x > 0 else negative_slope * x", "grad if x > 0 else grad * negative_slope"),
    "sigmoid": _line("_sigmoid(x)", "grad * _sigmoid(x) * (1 - _sigmoid(x))"),
    "tanh": _line("math.tanh(x)", "grad * (1 - math.tanh(x) ** 2)"),
    "hardsigmoid": _line("0.0 if x <= -3 else 1.0 if x >= 3 else x / 6 + 0.5", "grad / 6 if -3 < x < 3 else 0.0"),
    "hardswish": _line("x * min(max(x + 3, 0), 6) / 6", "0.0 if x <= -3 else grad if x >= 3 else grad * (x / 3 + 0.5)"),
}

LISTED = {
    name: Listed(getattr(naive, name), marks)
    for stem, (forward, gradient) in LINES.items()
    for name, marks in ((stem, forward), (f"{stem}_input_grad", gradient))
}
