"""The Arithmetic page: operators stepped through number by number in the browser, checked against autograd here."""

import math
from typing import Any

import gradio as gr
import torch
from torch import Tensor

from explorer.arithmetic.chain import check_chain
from explorer.arithmetic.check import answered, differentiate
from explorer.arithmetic.films import FORMATS, animate
from explorer.arithmetic.listings import listings
from explorer.arithmetic.operators import MOST_ELEMENTS, OPERATORS
from explorer.arithmetic.settings import Settings
from explorer.wire.view import answers, web_view

__all__ = ["arithmetic_view", "check"]


def arithmetic_view() -> gr.HTML:
    """Return the page's view, with the sources of the naive loops that it shows."""
    return web_view(
        "arithmetic/page.js",
        functions=[answers(check), answers(check_chain), answers(animate)],
        options={"listings": listings(), "films": list(FORMATS)},
    )


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
    return {name: answered(tensor) for name, tensor in found.items()}


def _tensor(name: str, given: Any, rank: int) -> Tensor:
    shape, values = (given.get("shape"), given.get("values")) if isinstance(given, dict) else (None, None)
    if not isinstance(shape, list) or len(shape) != rank or not all(type(size) is int and size > 0 for size in shape):
        raise ValueError(f"{name} has the shape {shape!r}, expected {rank} positive sizes")
    if math.prod(shape) > MOST_ELEMENTS:
        raise ValueError(f"{name} has {math.prod(shape)} elements, at most {MOST_ELEMENTS} are computed")
    if not isinstance(values, list) or not all(type(value) in (int, float) for value in values):
        raise ValueError(f"{name} must hold numbers")
    if len(values) != math.prod(shape):
        raise ValueError(f"{name} has {len(values)} values, its shape {shape} asks for {math.prod(shape)}")
    return torch.tensor(values, dtype=torch.float64).reshape(shape)
