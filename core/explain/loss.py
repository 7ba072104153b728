"""The loss for a chosen class, run backwards through a trace: dL/d(output) of every step, and who passed it on."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from core.explain.trace import INPUT, Step, Trace

__all__ = ["Backward", "backward", "consumers", "parameter_gradients"]


@dataclass(frozen=True)
class Backward:
    """A loss and its gradients.

    Attributes:
        label: index of the class taken for true.
        name: "cross-entropy", or "negative log-likelihood" for a model that ends in log-probabilities.
        loss: in nats.
        gradients: dL/d(output) by step, and dL/d(input) under -1, each of the output's shape; no entry where the loss
            does not depend on it.
    """

    label: int
    name: str
    loss: float
    gradients: dict[int, Tensor]


def backward(trace: Trace, label: int) -> Backward:
    """Return the loss of `trace.output` for a class, and its gradients.

    L = −log softmax(z)[label] for scores z, or −z[label] where the last operation is a log-softmax.

    Args:
        trace: recorded with `grad=True`; its output is `(1, classes)`.
        label: index of the true class.

    Raises:
        ValueError: the output is no row of scores, there is no such class, or the trace keeps no graph.
    """
    name, loss = _loss(trace, label)
    return Backward(label, name, loss.item(), {k: grad.detach() for k, grad in trace.gradients(loss).items()})


def parameter_gradients(trace: Trace, label: int) -> dict[str, Tensor]:
    """Return dL/d(parameter) by the parameter's name, for the parameters that are trained and took part.

    Args:
        trace: recorded with `grad=True`; its output is `(1, classes)`.
        label: index of the true class.

    Raises:
        ValueError: as `backward`.
    """
    _, loss = _loss(trace, label)
    trained = {
        name: step.arguments[argument]
        for step in trace.steps
        for argument, name in step.parameters.items()
        if step.arguments[argument].requires_grad
    }
    if not trained:
        return {}
    found = torch.autograd.grad(loss, list(trained.values()), retain_graph=True, allow_unused=True)
    return {name: grad for name, grad in zip(trained, found, strict=True) if grad is not None}


def _loss(trace: Trace, label: int) -> tuple[str, Tensor]:
    scores = trace.output
    if not isinstance(scores, Tensor) or scores.ndim != 2 or len(scores) != 1:
        shape = tuple(scores.shape) if isinstance(scores, Tensor) else type(scores).__name__
        raise ValueError(f"the output is {shape}, expected (1, classes): one score per class")
    if not 0 <= label < scores.shape[1]:
        raise ValueError(f"there is no class {label}; the model has {scores.shape[1]}")
    target = torch.tensor([label], device=scores.device)
    if trace.steps[trace.results[""]].op == "log_softmax":
        return "negative log-likelihood", F.nll_loss(scores, target)
    return "cross-entropy", F.cross_entropy(scores, target)


def consumers(trace: Trace, index: int) -> list[tuple[Step, str]]:
    """Return the steps that read the output of step `index` (-1: the input), each with the argument it reads it as."""
    if index != INPUT and not 0 <= index < len(trace.steps):
        raise ValueError(f"there is no step {index}; the model ran {len(trace.steps)}")
    return [(step, name) for step in trace.steps for name, parent in step.parents.items() if parent == index]
