"""Optimisers, several steps in a row with the gradients that are given."""

from collections.abc import Callable

import torch
from torch import Tensor

from explorer.arithmetic.operators.base import Operator, Tensors
from explorer.arithmetic.settings import Settings

__all__ = ["OPERATORS"]


def _operator(build: Callable[[Tensor, Settings], torch.optim.Optimizer], state: dict[str, str]) -> Operator:
    """Return an optimiser whose state torch keeps under the names that `state` gives for the page's."""

    def results(tensors: Tensors, settings: Settings) -> Tensors:
        parameter, grads = tensors["parameter"].clone().requires_grad_(), tensors["grad"]
        if grads.shape[1:] != parameter.shape:
            raise ValueError(f"grad has rows of {grads.shape[1]} numbers for {len(parameter)} parameters")
        optimizer = build(parameter, settings)
        history: dict[str, list[Tensor]] = {}
        for gradient in grads:
            parameter.grad = gradient.clone()
            optimizer.step()
            history.setdefault("steps", []).append(parameter.detach().clone())
            for ours, theirs in state.items():
                kept = optimizer.state[parameter].get(theirs)
                if kept is not None:
                    history.setdefault(ours, []).append(kept.clone())
        return {name: torch.stack(rows) for name, rows in history.items()}

    return Operator({"parameter": 1, "grad": 2}, results)


def _sgd(parameter: Tensor, settings: Settings) -> torch.optim.Optimizer:
    momentum, dampening = settings.rate("momentum"), settings.number("dampening")
    nesterov, decay = settings.flag("nesterov"), settings.rate("weightDecay")
    return torch.optim.SGD([parameter], settings.rate("lr"), momentum, dampening, decay, nesterov)


def _adam(parameter: Tensor, settings: Settings) -> torch.optim.Optimizer:
    betas, eps = (settings.rate("beta1"), settings.rate("beta2")), settings.rate("eps")
    return torch.optim.Adam([parameter], settings.rate("lr"), betas, eps, settings.rate("weightDecay"))


OPERATORS = {
    "sgd": _operator(_sgd, {"buffer": "momentum_buffer"}),
    "adam": _operator(_adam, {"expAvg": "exp_avg", "expAvgSq": "exp_avg_sq"}),
}
