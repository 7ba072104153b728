"""One class opened: the softmax behind its probability with the real logits, the loss, and the gradient's beginning."""

from collections.abc import Sequence
from typing import Any

import torch

from core.explain import Step, Trace, class_scores, scores_step
from core.models import Card
from explorer.draw.sums import open_step

__all__ = ["logits_step", "open_class", "softmax_step"]


def open_class(trace: Trace, card: Card, label: int | None, cell: Sequence[int]) -> dict[str, Any]:
    """Return the softmax behind the probability of class `cell`, `(0, class)`, as a sum with a table of all classes.

        p[i] = exp(z[i] − m) / Σ_j exp(z[j] − m)        loss = −log p[label]        dL/dz[i] = p[i] − y[i]

    The logits z are the model's output, or what its last log-softmax was given.

    Raises:
        ValueError: the output is no row of scores, or there is no such class.
    """
    scores, made_by, classes = class_scores(trace), logits_step(trace), len(card.classes)
    if scores is None or made_by is None or scores.shape[1] != classes:
        raise ValueError(f"the output of {trace.model} is no row of {classes} scores: there is no class to open")
    if len(cell) != 2 or cell[0] != 0 or not 0 <= cell[1] < classes:
        raise ValueError(f"the classes are (0, 0) to (0, {classes - 1}), got {tuple(cell)}")
    if label is not None and not 0 <= label < classes:
        raise ValueError(f"there is no class {label}; the model has {classes}")
    logits = trace.value(made_by).detach()
    if not logits.isfinite().all():
        raise ValueError("the logits are not all finite: no probabilities follow from them")
    shares = scores.detach().cpu().double().softmax(1)
    answer = open_step(softmax_step(trace, made_by), (0, cell[1]))
    rows = zip(card.classes, logits[0].cpu().double().tolist(), shares[0].tolist(), strict=True)
    answer["classes"] = [
        {"name": name, "logit": z, "p": p, "y": float(k == label), "gradient": p - (k == label)}
        for k, (name, z, p) in enumerate(rows)
    ]
    answer["logits"] = made_by
    answer["label"] = label
    answer["loss"] = None if label is None else -torch.log_softmax(scores.detach().cpu().double(), 1)[0, label].item()
    return answer


def softmax_step(trace: Trace, made_by: int) -> Step:
    """Return the step that the network does not have: the softmax of the logits that step `made_by` gives.

    Raises:
        ValueError: the model has no row of scores.
    """
    scores = class_scores(trace)
    if scores is None:
        raise ValueError(f"the output of {trace.model} is no row of scores")
    arguments = {"input": trace.value(made_by).detach(), "dim": 1, "dtype": None}
    shares = scores.detach().cpu().double().softmax(1).to(scores.dtype)  # as exact as the model's own scores
    return Step(len(trace.steps), "softmax", "softmax", "", trace.model, arguments, {"input": made_by}, {}, shares)


def logits_step(trace: Trace) -> int | None:
    """Return the step that made the logits: the scores, or what their log-softmax was given; None where no step did."""
    made_by = scores_step(trace)
    if made_by is not None and made_by >= 0 and trace.steps[made_by].op == "log_softmax":
        return trace.steps[made_by].parents["input"]
    return made_by
