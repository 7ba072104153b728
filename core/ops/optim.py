"""One step of an optimiser, as a function: parameter, gradient and state in, new parameter and new state out.

Nothing is changed in place. All tensors of a step have the parameter's size; one formula serves every element.
"""

import math

from torch import Tensor

from core.ops.arguments import check_size
from core.ops.checks import check_tensors


def sgd_step(
    parameter: Tensor,
    grad: Tensor,
    momentum_buffer: Tensor | None = None,
    *,
    lr: float,
    momentum: float = 0.0,
    dampening: float = 0.0,
    weight_decay: float = 0.0,
    nesterov: bool = False,
) -> tuple[Tensor, Tensor | None]:
    """Return the parameter after a step of stochastic gradient descent, and the momentum buffer for the next.

    g = grad + weight_decay · parameter
    buffer = momentum · buffer + (1 − dampening) · g, in the first step g
    parameter = parameter − lr · (buffer, with Nesterov g + momentum · buffer, without momentum g)

    Args:
        parameter: Of any size.
        grad: dL/dparameter.
        momentum_buffer: What the last step returned; None in the first.
        lr: Learning rate, ≥ 0.
        momentum: Share of the buffer that is kept, ≥ 0.
        dampening: Share of the gradient that the buffer leaves out.
        weight_decay: Factor of the L2 penalty, ≥ 0.
        nesterov: Look ahead along the buffer; needs momentum and no dampening.

    Returns:
        The parameter, and the buffer (None without momentum).

    Raises:
        TypeError: A tensor is not of a floating-point dtype.
        ValueError: Dtypes, devices or sizes differ; a factor is negative; Nesterov without momentum or with dampening.

    Source: `torch.optim.SGD`; Sutskever et al. 2013.
    """
    _check_step(parameter, grad=grad, momentum_buffer=momentum_buffer)
    _check_factors(lr=lr, momentum=momentum, weight_decay=weight_decay)
    if nesterov and (momentum == 0 or dampening != 0):
        raise ValueError(f"nesterov needs momentum and no dampening, not momentum {momentum}, dampening {dampening}")
    g = grad + weight_decay * parameter
    if momentum == 0:
        return parameter - lr * g, None
    buffer = g if momentum_buffer is None else momentum * momentum_buffer + (1 - dampening) * g
    return parameter - lr * (g + momentum * buffer if nesterov else buffer), buffer


def adam_step(
    parameter: Tensor,
    grad: Tensor,
    exp_avg: Tensor | None = None,
    exp_avg_sq: Tensor | None = None,
    *,
    step: int,
    lr: float = 1e-3,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
    weight_decay: float = 0.0,
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the parameter after a step of Adam, and both moving averages for the next.

    g = grad + weight_decay · parameter
    m = β₁ · m + (1 − β₁) · g,  v = β₂ · v + (1 − β₂) · g²
    parameter = parameter − lr · m̂ / (√v̂ + eps), with m̂ = m / (1 − β₁^step), v̂ = v / (1 − β₂^step)

    Args:
        parameter: Of any size.
        grad: dL/dparameter.
        exp_avg: m of the last step; None in the first (0).
        exp_avg_sq: v of the last step; None in the first (0).
        step: Number of this step, from 1.
        lr: Learning rate, ≥ 0.
        betas: β₁ and β₂, in [0, 1).
        eps: Added to the root, ≥ 0.
        weight_decay: Factor of the L2 penalty, ≥ 0.

    Returns:
        The parameter, m and v.

    Raises:
        TypeError: A tensor is not of a floating-point dtype.
        ValueError: Dtypes, devices or sizes differ; a factor is out of its range; the step is not positive.

    Source: `torch.optim.Adam`; Kingma & Ba 2015, algorithm 1.
    """
    _check_step(parameter, grad=grad, exp_avg=exp_avg, exp_avg_sq=exp_avg_sq)
    _check_factors(lr=lr, eps=eps, weight_decay=weight_decay)
    if not all(0 <= beta < 1 for beta in betas):
        raise ValueError(f"betas must be at least 0 and below 1, not {betas}")
    if step < 1:
        raise ValueError(f"step counts from 1, not {step}")
    beta1, beta2 = betas
    g = grad + weight_decay * parameter
    m = (0.0 if exp_avg is None else beta1 * exp_avg) + (1 - beta1) * g
    v = (0.0 if exp_avg_sq is None else beta2 * exp_avg_sq) + (1 - beta2) * g.square()
    root = v.sqrt() / math.sqrt(1 - beta2**step)
    return parameter - lr / (1 - beta1**step) * m / (root + eps), m, v


def _check_step(parameter: Tensor, **state: Tensor | None) -> None:
    check_tensors(parameter=parameter, **state)
    for name, tensor in state.items():
        if tensor is not None:
            check_size(name, tensor.shape, parameter.shape)


def _check_factors(**factors: float) -> None:
    for name, factor in factors.items():
        if factor < 0:
            raise ValueError(f"{name} must not be negative, not {factor}")
