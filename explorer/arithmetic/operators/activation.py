"""Activations, element by element: all that the catalogue gives a name on the page."""

import inspect
from collections.abc import Callable
from typing import get_args

import torch.nn.functional as F
from torch import Tensor

from core.explain import Step
from core.ops import naive
from core.ops.catalogue import ACTIVATIONS, Op
from explorer.arithmetic.operators.base import PICTURE, Operator, Tensors, backward, grad, leaves
from explorer.arithmetic.operators.cut import Cut, Index, Sent, exact, filled
from explorer.arithmetic.settings import Settings

__all__ = ["CUTS", "OPERATORS"]


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


def _activation(op: Op) -> Cut:
    """Cut one number of an activation."""

    def sent(step: Step, index: Index, grad: float, walk: str) -> Sent:
        settings = {setting: step.arguments[name] for setting, name in op.settings.items()}
        numbers = {"input": exact(step.tensor("input"))[index].item(), "gradOutput": grad}
        tensors = {name: filled(value, 1, 1, 1) for name, value in numbers.items()}
        return Sent(str(op.page), settings, tensors, walk=walk)

    return Cut(
        lambda step, index: sent(step, index, 1.0, "forward"),
        lambda step, wrt, index, grad: sent(step, index, exact(grad)[index].item(), "inputGrad"),
    )


CUTS = {name: _activation(op) for name, op in ACTIVATIONS.items() if op.page}
