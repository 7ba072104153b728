"""Activations, element by element: all that the catalogue gives a name on the page."""

import inspect
from collections.abc import Callable
from typing import get_args

import torch.nn.functional as F
from torch import Tensor

from core.ops import naive
from core.ops.catalogue import ACTIVATIONS, Op
from explorer.arithmetic.operators.base import PICTURE, Operator, Tensors, backward, grad, leaves
from explorer.arithmetic.settings import Settings

__all__ = ["OPERATORS"]

# Torch multiplies the float64 gradient of hardsigmoid by a float32 1/6: its own relu6 has the exact one.
EXACT: dict[str, Callable[..., Tensor]] = {"hardsigmoid": lambda input: F.relu6(input + 3) / 6}


def _operator(op: Op) -> Operator:
    """Return what torch says of an activation, with the settings that the page gives it."""

    def results(tensors: Tensors, settings: Settings) -> Tensors:
        (input,) = leaves(tensors, "input")
        output = EXACT.get(op.name, op.functions[0])(input, **_arguments(op, settings))
        backward(output, tensors)
        return {"output": output, "gradInput": grad(input)}

    return Operator(PICTURE, results)


def _arguments(op: Op, settings: Settings) -> dict[str, float | str]:
    """Return an activation's arguments, each of the kind that `core.ops` declares."""
    parameters = inspect.signature(getattr(naive, op.name)).parameters
    choices = {name: get_args(parameter.annotation) for name, parameter in parameters.items()}
    return {
        name: settings.choice(setting, choices[name]) if choices[name] else settings.number(setting)
        for setting, name in op.settings.items()
    }


OPERATORS = {op.page: _operator(op) for op in ACTIVATIONS.values() if op.page}
