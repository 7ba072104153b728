"""Cross-entropy and negative log-likelihood."""

import torch
import torch.nn.functional as F
from torch import Tensor

from core.ops.targets import REDUCTIONS, check_classes
from explorer.arithmetic.operators.base import Operator, Tensors, backward, grad, leaves
from explorer.arithmetic.settings import Settings

__all__ = ["OPERATORS"]


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
