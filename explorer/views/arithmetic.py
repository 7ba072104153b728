"""The Arithmetic page: operators stepped through number by number in the browser, checked against autograd here."""

import math
from typing import Any

import gradio as gr
import torch
from torch import Tensor

from explorer.autograd import MOST_ELEMENTS, answered, differentiate
from explorer.listings import listings
from explorer.web_view import answers, web_view

__all__ = ["arithmetic_view", "check"]

RANKS = {"input": 3, "weight": 4, "bias": 1, "grad_output": 3}
PAIRS = ("stride", "padding", "dilation")
LARGEST_SETTING = 64


def arithmetic_view() -> gr.HTML:
    """Return the page's view, with the sources of the naive loops that it shows."""
    return web_view("arithmetic.js", functions=[answers(check)], options={"listings": listings()})


def check(request: Any) -> dict[str, Any]:
    """Answer one case, `{op, flip, lr, stride, padding, dilation, input, weight, bias, grad_output}`, by autograd.

    A tensor is `{shape, values}`. The answer has for each result its elements in one list.

    Raises:
        ValueError: A field is missing or of another kind, or what `differentiate` refuses.
    """
    if not isinstance(request, dict):
        raise ValueError(f"expected an object, got {type(request).__name__}")
    tensors = {name: _tensor(name, request.get(name), rank) for name, rank in RANKS.items()}
    pairs = {name: _pair(name, request.get(name)) for name in PAIRS}
    op, flip, lr = request.get("op"), request.get("flip"), request.get("lr")
    if not isinstance(op, str) or not isinstance(flip, bool) or not isinstance(lr, int | float) or not lr >= 0:
        raise ValueError(f"op, flip and lr are {op!r}, {flip!r} and {lr!r}, expected a name, a switch and a rate")
    found = differentiate(op, tensors, flip=flip, lr=float(lr), **pairs)
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


def _pair(name: str, given: Any) -> tuple[int, int]:
    if not isinstance(given, list) or len(given) != 2 or not all(type(size) is int for size in given):
        raise ValueError(f"{name} is {given!r}, expected two whole numbers")
    if max(given) > LARGEST_SETTING:
        raise ValueError(f"{name} is {given!r}, at most {LARGEST_SETTING} is computed")
    return given[0], given[1]
