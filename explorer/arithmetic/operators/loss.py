"""Cross-entropy and negative log-likelihood: what torch says; the row of scores that a cell is computed from."""

import torch
import torch.nn.functional as F
from torch import Tensor

from core.explain import Step
from core.ops.targets import REDUCTIONS, check_classes
from explorer.arithmetic.operators.base import Operator, Tensors, backward, grad, leaves
from explorer.arithmetic.operators.cut import Cut, Index, Sent, Unsent, exact
from explorer.arithmetic.settings import Settings

__all__ = ["CUTS", "OPERATORS", "loss_gradient", "softmax"]


def _classes(tensors: Tensors, reduction: str) -> Tensor:
    target = tensors["target"]
    if not torch.equal(target, target.round()):
        raise ValueError(f"target holds {target.tolist()}, expected whole numbers: the true classes")
    check_classes(tensors["input"].shape, target.long(), None, -1, reduction)
    return target.long()


def _losses(input: Tensor, logP: Tensor, tensors: Tensors, reduction: str) -> Tensors:
    target = _classes(tensors, reduction)
    output = F.nll_loss(logP, target, reduction=reduction)
    output = output if reduction == "none" else output[None]
    backward(output, tensors)
    rows = {} if reduction == "none" else {"rowLoss": F.nll_loss(logP, target, reduction="none")}
    return {"output": output, "gradInput": grad(input), **rows}


def _cross_entropy(tensors: Tensors, settings: Settings) -> Tensors:
    (input,) = leaves(tensors, "input")
    logP = F.log_softmax(input, 1)
    found = _losses(input, logP, tensors, settings.choice("reduction", REDUCTIONS))
    return found | {"logP": logP, "probability": F.softmax(input, 1)}


def _nll(tensors: Tensors, settings: Settings) -> Tensors:
    (input,) = leaves(tensors, "input")
    return _losses(input, input, tensors, settings.choice("reduction", REDUCTIONS))


RANKS = {"input": 2, "target": 1, "gradOutput": 1}

OPERATORS = {"crossEntropy": Operator(RANKS, _cross_entropy), "nll": Operator(RANKS, _nll)}


NATS = {"reduction": "mean"}


def softmax(logits: Tensor, k: int, walk: str, label: int | None = None) -> Sent:
    """Return a walk of cross-entropy on one row of logits; the most likely class stands for a true one not chosen."""
    row = exact(logits)
    target = int(row.argmax()) if label is None else label
    tensors = {"input": row[None], "target": _one(target), "gradOutput": _one(1.0)}
    return Sent("crossEntropy", NATS, tensors, k, walk)


def loss_gradient(scores: Tensor, k: int, label: int, *, logarithms: bool) -> Sent:
    """Return where the gradient begins: dL/d(score `k`) of a row of logits, or of `logarithms` of probabilities."""
    if not logarithms:
        return softmax(scores, k, "inputGrad", label)
    if k != label:
        raise Unsent("the loss reads the true class alone: this gradient is 0, there is nothing to add up")
    return Sent(
        "nll", NATS, {"input": exact(scores)[None], "target": _one(label), "gradOutput": _one(1.0)}, k, "inputGrad"
    )


def _one(value: float) -> Tensor:
    return torch.tensor([value], dtype=torch.float64)


def _row(step: Step, tensor: Tensor, index: Index) -> tuple[Tensor, int]:
    """Return the row that a cell is normalised over, and its place in it."""
    axis = step.arguments["dim"] % len(index)
    at: list[int | slice] = list(index)
    at[axis] = slice(None)
    return exact(tensor)[tuple(at)], index[axis]


def _value(step: Step, index: Index) -> Sent:
    row, k = _row(step, step.tensor("input"), index)
    return softmax(row, k, "logP" if step.op == "log_softmax" else "probability")


def _gradient(step: Step, wrt: str, index: Index, grad: Tensor) -> Sent:
    """Cross-entropy's p − y, where all that arrives is −1 at the true class."""
    arriving, k = _row(step, grad, index)
    label = int(arriving.argmin())
    if step.op != "log_softmax" or not torch.equal(arriving, -torch.eye(len(arriving), dtype=torch.float64)[label]):
        raise Unsent("what arrives here is not the gradient of a negative log-likelihood of one class")
    return softmax(_row(step, step.tensor("input"), index)[0], k, "inputGrad", label)


CUTS = {"softmax": Cut(_value, _gradient), "log_softmax": Cut(_value, _gradient)}
