"""Operators on small matrices, one or a whole small network, computed by torch and its autograd.

What the page's arithmetic is checked against.
"""

import math
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor

from core.told import keyed
from explorer.arithmetic.operators import MOST_ELEMENTS, OPERATORS, Tensors
from explorer.arithmetic.settings import FAR, Settings

__all__ = ["check", "check_chain", "differentiate"]

CHAIN = {"input": 3, "weight": 4, "bias": 1, "matrix": 2, "offset": 1, "target": 1}
"""The tensors of the network that `check_chain` takes, and the number of axes of each."""


def check(request: Any) -> dict[str, Any]:
    """Answer one case, `{op, settings, tensors}`, by autograd.

    A tensor is `{shape, values}`. The answer has for each result its elements in one list.

    Raises:
        ValueError: A field is missing or of another kind, or what `differentiate` refuses.
    """
    if not isinstance(request, dict) or not isinstance(request.get("tensors"), dict):
        raise ValueError(f"expected an object with tensors, got {request!r:.80}")
    op = request.get("op")
    if op not in OPERATORS:
        raise ValueError(f"the operator is {op!r}, expected one of {', '.join(OPERATORS)}")
    tensors = {name: _tensor(name, request["tensors"].get(name), rank) for name, rank in OPERATORS[op].ranks.items()}
    found = differentiate(op, tensors, Settings(request.get("settings")))
    return {name: tensor.flatten().tolist() for name, tensor in found.items()}


def differentiate(op: str, tensors: Tensors, settings: Settings) -> Tensors:
    """Return an operator's output, its gradients by autograd for L = Σ gradOutput · output, and its parameters stepped.

    Args:
        op: One of `OPERATORS`.
        tensors: float64, of the ranks that the operator asks for.
        settings: Its settings by the names that the page gives them.

    Raises:
        ValueError: A setting is missing or does not fit, or `gradOutput` is not of the output's size.
    """
    return {name: tensor.detach() for name, tensor in OPERATORS[op].results(tensors, settings).items()}


def check_chain(request: Any) -> dict[str, Any]:
    """Answer one network, `{input, weight, bias, matrix, offset, target, lr}`, by autograd.

    The network is convolution, ReLU, 2×2 max pooling, linear layer and cross-entropy of one picture. A tensor is
    `{shape, values}`; the answer has for each stage its results by the names of the page, each in one list.

    Raises:
        ValueError: A tensor is missing or of another kind, or sizes do not fit together.
    """
    if not isinstance(request, dict):
        raise ValueError(f"expected an object, got {type(request).__name__}")
    given = {name: _tensor(name, request.get(name), rank) for name, rank in CHAIN.items()}
    lr = request.get("lr")
    if isinstance(lr, bool) or not isinstance(lr, int | float) or not 0 <= lr <= FAR:
        raise ValueError(f"lr is {lr!r}, expected a rate")
    target = given.pop("target").long()
    try:
        return _run(given, target, float(lr))
    except (RuntimeError, IndexError) as error:
        raise ValueError(f"the network does not fit together: {error}") from None


def _run(given: dict[str, Tensor], target: Tensor, lr: float) -> dict[str, Any]:
    leaves = {name: tensor.clone().requires_grad_() for name, tensor in given.items()}
    conv = F.conv2d(leaves["input"], leaves["weight"], leaves["bias"])
    relu = F.relu(conv)
    pool = F.max_pool2d(relu, 2)
    flat = pool.flatten()[None]
    logits = F.linear(flat, leaves["matrix"], leaves["offset"])
    loss = F.cross_entropy(logits, target)
    for kept in (conv, relu, pool, flat, logits):
        kept.retain_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    grad = {name: _grad(leaf) for name, leaf in leaves.items()}
    parameters = [leaves[name] for name in ("weight", "bias", "matrix", "offset")]
    torch.optim.SGD(parameters, lr=lr).step()
    found = {
        "conv": {
            **{"output": conv, "gradInput": grad["input"], "gradWeight": grad["weight"], "gradBias": grad["bias"]},
            **{"gradOutput": _grad(conv), "newWeight": leaves["weight"], "newBias": leaves["bias"]},
        },
        "relu": {"output": relu, "gradInput": _grad(conv)},
        "pool": {"output": pool, "gradInput": _grad(relu)},
        "flatten": {"output": flat, "gradInput": _grad(pool)},
        "linear": {
            **{"output": logits, "gradInput": _grad(flat), "gradWeight": grad["matrix"], "gradBias": grad["offset"]},
            **{"newWeight": leaves["matrix"], "newBias": leaves["offset"]},
        },
        "loss": {"output": loss, "probability": logits.softmax(1), "gradInput": _grad(logits)},
    }
    return {
        stage: {name: tensor.flatten().tolist() for name, tensor in results.items()} for stage, results in found.items()
    }


def _grad(tensor: Tensor) -> Tensor:
    return cast(Tensor, tensor.grad).clone()


def _tensor(name: str, given: Any, rank: int) -> Tensor:
    shape, values = (given.get("shape"), given.get("values")) if isinstance(given, dict) else (None, None)
    if not isinstance(shape, list) or len(shape) != rank or not all(type(size) is int and size > 0 for size in shape):
        raise ValueError(f"{name} has the shape {shape!r}, expected {rank} positive sizes")
    if math.prod(shape) > MOST_ELEMENTS:
        raise ValueError(f"{name} has {math.prod(shape)} elements, at most {MOST_ELEMENTS} are computed")
    if not isinstance(values, list) or not all(type(value) in (int, float) and abs(value) <= FAR for value in values):
        raise keyed(ValueError(f"{name} must hold numbers up to {FAR:g}"), "told.check.far", most=f"{FAR:g}")
    if len(values) != math.prod(shape):
        raise ValueError(f"{name} has {len(values)} values, its shape {shape} asks for {math.prod(shape)}")
    return torch.tensor(values, dtype=torch.float64).reshape(shape)
