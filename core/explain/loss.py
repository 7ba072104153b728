"""The loss for a chosen class, run backwards through a trace: dL/d(output) of every step, and who passed it on."""

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from core.explain.gradients import local_gradient
from core.explain.receptive import value_parents
from core.explain.terms import explains
from core.explain.trace import INPUT, UNSEEN, Step, Trace, named_tensors

__all__ = [
    "Backward",
    "backward",
    "class_scores",
    "consumers",
    "gradients_of",
    "maps_of",
    "parameter_gradients",
    "scores_name",
    "scores_of",
    "scores_step",
]

SCORES = ("logits", "scores")
"""What the tensor of the scores is called by those who name what they return."""


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
        trace: recorded with `grad=True`; it has `class_scores`.
        label: index of the true class.

    Raises:
        ValueError: the output is no row of scores, there is no such class, or the trace keeps no graph.
    """
    name, loss = _loss(trace, label)
    return Backward(label, name, loss.item(), {k: grad.detach() for k, grad in gradients_of(trace, loss).items()})


def gradients_of(trace: Trace, of: Tensor) -> dict[int, Tensor]:
    """Return d`of`/d(output) of every step that `of` depends on, and of the input (-1).

    A view that a later step overwrote has the sum over its readers, each by autograd through that step alone.

    Args:
        trace: recorded with `grad=True`.
        of: a scalar computed from its output.

    Raises:
        ValueError: as `Trace.gradients`.
    """
    found = trace.gradients(of)
    for index in sorted(trace.overwritten - found.keys() - {INPUT}, reverse=True):
        readers = [(step, name) for step, name in consumers(trace, index) if step.index in found and explains(step)]
        parts = [local_gradient(step, name, found[step.index]) for step, name in readers]
        if parts:
            found[index] = torch.stack(parts).sum(0)
    return found


def parameter_gradients(trace: Trace, label: int) -> dict[str, Tensor]:
    """Return dL/d(parameter) by the parameter's name, for the parameters that are trained and took part.

    Args:
        trace: recorded with `grad=True`; it has `class_scores`.
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
    if not loss.requires_grad:
        trace.gradients(loss)  # says why
    found = torch.autograd.grad(loss, list(trained.values()), retain_graph=True, allow_unused=True)
    return {name: grad for name, grad in zip(trained, found, strict=True) if grad is not None}


def scores_name(output: Any, chosen: str | None = None) -> str | None:
    """Return the name of the returned tensor that holds one score per class; None where no tensor does.

    The one that is `chosen`. By itself: what is called "logits" or "scores"; else the only row of scores, that is of
    floats `(N, classes)` of two classes or more; of several rows as long as each other (auxiliary heads) the first, of
    rows of different lengths none.

    Args:
        output: what a model returned.
        chosen: name of one of its tensors, as `named_tensors` names them.
    """
    rows = {name: tensor for name, tensor in named_tensors(output) if _is_row(tensor)}
    if chosen is not None:
        return chosen if chosen in rows else None
    named = [name for name in rows if name.rpartition(".")[2] in SCORES]
    if named:
        return named[0]
    return next(iter(rows)) if len({tensor.shape[1] for tensor in rows.values()}) == 1 else None


def scores_of(output: Any, chosen: str | None = None) -> Tensor | None:
    """Return the tensor that `scores_name` names."""
    name = scores_name(output, chosen)
    return None if name is None else dict(named_tensors(output))[name]


def maps_of(output: Any, classes: int, chosen: str | None = None) -> Tensor | None:
    """Return the returned tensor that holds scores of each class at each place, `(1, classes, H, W)`; None without one.

    Args:
        output: what a model returned.
        classes: how many there are; a single one has no maps.
        chosen: name of one of its tensors; None: the first that fits.
    """
    returned = dict(named_tensors(output))
    considered = [returned[chosen]] if chosen in returned else list(returned.values())
    fitting = (one for one in considered if one.ndim == 4 and one.shape[:2] == (1, classes) and one.numel())
    return next((one for one in fitting if one.is_floating_point()), None) if classes > 1 else None


def _is_row(tensor: Tensor) -> bool:
    return tensor.ndim == 2 and tensor.shape[1] > 1 and tensor.is_floating_point()


def class_scores(trace: Trace) -> Tensor | None:
    """Return the output's row of scores `(1, classes)`, as `scores_name` finds it; None where there is none."""
    scores = scores_of(trace.output, trace.scores)
    return scores if scores is not None and scores.shape[0] == 1 else None


def scores_step(trace: Trace) -> int | None:
    """Return the step that made the `class_scores`; None where there are none, or no step made them."""
    name = scores_name(trace.output, trace.scores)
    return None if name is None or class_scores(trace) is None else trace.results.get(name)


def _loss(trace: Trace, label: int) -> tuple[str, Tensor]:
    scores = class_scores(trace)
    if scores is None:
        output = trace.output
        shape = tuple(output.shape) if isinstance(output, Tensor) else type(output).__name__
        raise ValueError(f"the output is {shape}, expected (1, classes): one score per class")
    if not 0 <= label < scores.shape[1]:
        raise ValueError(f"there is no class {label}; the model has {scores.shape[1]}")
    target = torch.tensor([label], device=scores.device)
    made_by = scores_step(trace)
    if made_by is not None and made_by != INPUT and trace.steps[made_by].op == "log_softmax":
        return "negative log-likelihood", F.nll_loss(scores, target)
    return "cross-entropy", F.cross_entropy(scores, target)


def consumers(trace: Trace, index: int) -> list[tuple[Step, str]]:
    """Return the steps that read the output of step `index` (-1: the input), each with the argument it reads it as.

    What a step reads only the shape of, and what reaches it as a Python number, has no gradient and is left out.
    """
    if index != INPUT and not 0 <= index < len(trace.steps):
        raise ValueError(f"there is no step {index}; the model ran {len(trace.steps)}")
    return [
        (step, name)
        for step in trace.steps
        for name, parent in value_parents(step).items()
        if parent == index and not name.startswith(f"{UNSEEN}.")
    ]
