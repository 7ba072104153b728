"""Backward by number: the products and sums behind one element of a gradient.

An argument cell takes part in some cells of the output; its gradient is the sum, over those, of the gradient that
arrives there times ∂output/∂cell. Gradients here are those of one step: a tensor that several steps read has the sum of
theirs.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from core.explain.terms import explained
from core.explain.terms.base import Addends, Factor, Terms, rounding
from core.explain.terms.line import Unexplained
from core.explain.trace import Step

GRAD_OUTPUT = "grad_output"
"""Name of the factor that reads the arriving gradient."""


def grad_terms(
    step: Step, index: tuple[int, ...], wrt: str, grad_output: Tensor, gradient: Tensor | None = None
) -> Terms:
    """Returns the terms of element `index` of the gradient by the argument `wrt`, in float64.

    dL/d`wrt`[index] = Σ_cells grad_output[cell] · ∂output[cell]/∂`wrt`[index].

    Args:
        step: Any step with known derivatives.
        index: A cell of the argument.
        wrt: Flat argument name: "input", "weight", "bias", "tensors.1".
        grad_output: dL/d(output), of the output's shape.
        gradient: What to compare with; by default `local_gradient(step, wrt, grad_output)`.

    Raises:
        IndexError: `index` is no cell of the argument.
        ValueError: `grad_output` has another shape than the output.
        Unexplained: The derivatives are not known.
    """
    shape = tuple(step.tensor(wrt).shape)
    if len(index) != len(shape) or not all(0 <= i < size for i, size in zip(index, shape, strict=True)):
        raise IndexError(f"{wrt} of step {step.index} ({step.op}) has cells of shape {shape}, got index {tuple(index)}")
    _check(step, grad_output)
    if not step.tensor(wrt).is_floating_point() or wrt in explained(step).only_shape:
        raise Unexplained(f"{step.op} has no gradient by {wrt}")
    operator = explained(step)
    partials = operator.partials(step, wrt, tuple(int(i) for i in index))
    arriving = grad_output.detach().cpu().double().numpy()[tuple(partials.outputs.T)]
    products = arriving * partials.values
    groups = None if partials.group_axis is None else partials.outputs[:, partials.group_axis]
    rule = GRAD_OUTPUT if partials.rule == "1" else f"{GRAD_OUTPUT} · {partials.rule}"
    factors = (Factor(GRAD_OUTPUT, partials.outputs, arriving), *partials.factors)
    rows = Addends("gradient", rule, factors, products, "" if groups is None else "output channel", groups)
    value = float(products.sum())
    if gradient is None:
        gradient = local_gradient(step, wrt, grad_output)
    shown = float(gradient[tuple(index)].item())
    largest = float(np.abs(arriving).max(initial=0.0))
    steepest = largest * float(np.abs(partials.values).max(initial=partials.scale))
    mixed = operator.mixed(step, wrt, partials, grad_output)
    magnitude = max(steepest, float(np.abs(products).sum()), mixed)
    tolerance = rounding(step, len(products), magnitude, value, gradient.dtype)
    eps = torch.finfo(gradient.dtype).eps
    tolerance += 4 * eps * largest * partials.scale  # slopes come of rounded values
    if gradient.dtype in (torch.float16, torch.bfloat16):  # some backward kernels add in 16 bits
        tolerance += eps * float(np.abs(products).sum())
    return Terms(f"{step.op} gradient", tuple(index), (rows,), "sum", value, "", value, shown, tolerance)


def local_gradient(step: Step, wrt: str, grad_output: Tensor) -> Tensor:
    """Returns dL/d`wrt` through this step alone, by autograd on copies: no `.grad`, buffer or argument is touched.

    Raises:
        ValueError: `grad_output` has another shape than the output.
    """
    _check(step, grad_output)
    arguments = {name: _copied(value) for name, value in step.arguments.items()}
    head, _, position = wrt.partition(".")
    leaf: Tensor = arguments[head][int(position)] if position else arguments[head]
    leaf.requires_grad_()
    with torch.enable_grad():
        output = explained(step).replay(step, arguments)
        if not output.requires_grad:  # floor division, a comparison
            return torch.zeros_like(leaf)
        (gradient,) = torch.autograd.grad(output, leaf, grad_output.detach().to(output), allow_unused=True)
    return torch.zeros_like(leaf) if gradient is None else gradient


def _check(step: Step, grad_output: Tensor) -> None:
    if grad_output.shape != step.output.shape:
        raise ValueError(
            f"grad_output must have the output's shape {tuple(step.output.shape)}, got {tuple(grad_output.shape)}"
        )


def _copied(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.detach().clone()
    return type(value)(map(_copied, value)) if type(value) in (list, tuple) else value
