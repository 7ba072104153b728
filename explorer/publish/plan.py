"""A network as the browser's engine reads it: which operations run on what, and what the pages say of it, in JSON.

The engine (`explorer/web/engine`) holds operators; everything that is known of a model before it runs is written out
here from its trace, with the words and formulas that `core` has for each step, so that they stand in one place.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from core import models
from core.explain import ACTIVATIONS, INPUT, Formula, Step, Trace, operator, scores_step
from core.explain.attribution import cam_layers
from core.explain.trace import named_tensors
from core.ops.catalogue import CATALOGUE
from core.ops.formulas import CHAIN_RULE, FORMULAS
from explorer.draw.class_sum import logits_step, softmax_step
from explorer.draw.sums import formula_told
from explorer.models.bar import facts
from explorer.models.library import Example, Explored
from explorer.wire.numbers import SHOWN, in_base64
from explorer.wire.trace import describe

__all__ = ["OPERATORS", "planned", "refused"]

OPERATORS = frozenset(
    {"conv2d", "batch_norm", "max_pool2d", "avg_pool2d", "adaptive_avg_pool2d", "linear", "add", "cat", "flatten"}
    | {"view", "reshape", "dropout", "softmax", "log_softmax", *ACTIVATIONS}
)
"""What `explorer/web/engine/ops/index.js` computes."""

WRT = ("input", "weight", "bias", "other", "tensors")
"""Arguments that gradients are told of."""


def refused(explored: Explored, trace: Trace) -> str | None:
    """Return why the engine cannot run a model; None where it can."""
    unfit = _no_drawings(explored) if explored.example is None else _unfit(explored.example)
    if unfit or explored.card.preprocess is not None:
        return unfit or "its pictures are prepared by a function of Python"
    if scores_step(trace) in (None, INPUT):
        return "it gives no row of scores"
    return next((told for step in trace.steps if (told := _unknown(step)) is not None), None)


def _no_drawings(explored: Explored) -> str | None:
    """Return why a model without an example cannot be shown anything."""
    card = explored.card
    draws = card.takes == "ink" and tuple(card.input_shape) == (1, 28, 28)
    return None if draws else "it takes no drawings of 28×28"


def _unfit(example: Example) -> str | None:
    """Return why the engine cannot show an example."""
    if example.kwargs or len(example.args) != 1 or example.args[0] is not example.input:
        return "its example is not a single tensor"
    if example.input.dtype != torch.float32 or len(example.input) != 1:
        return f"its example is {example.input.dtype} {tuple(example.input.shape)}, not one sample of float32"
    if example.input.ndim != 4:
        return f"its example has {example.input.ndim} axes, not the 4 of a picture"
    if max(example.input.shape[-2:]) > SHOWN:
        return f"its example is larger than {SHOWN} pixels a side"
    return None


def _unknown(step: Step) -> str | None:
    """Return what of a step the engine does not compute; None where it computes all of it."""
    where = f"step {step.index + 1} ({step.op})"
    given = step.arguments
    if step.op not in OPERATORS:
        return f"{where} is not among its operators"
    if step.output.dtype != torch.float32:
        return f"{where} gives {step.output.dtype}, not float32"
    if step.op == "conv2d" and (given["groups"] != 1 or isinstance(given["padding"], str)):
        return f"{where} has groups, or padding by name"
    if step.op in ("softmax", "log_softmax") and given["dim"] not in (-1, step.output.ndim - 1):
        return f"{where} runs along another axis than the last"
    if step.op in ("batch_norm", "dropout") and given["training"]:
        return f"{where} runs in training mode"
    if step.op == "add" and (not isinstance(given["other"], Tensor) or given["other"].shape != given["input"].shape):
        return f"{where} adds what is not of one shape"
    known = {*step.parents, *step.parameters}
    lost = [name for name, _ in named_tensors(given) if name not in known]
    return f"{where} reads a tensor that is no parameter: {', '.join(lost)}" if lost else None


def planned(explored: Explored, trace: Trace) -> dict[str, Any]:
    """Return a model's file: `facts` of the bar, the `description` of its structure, its `card`, the `plan` of a run.

    Raises:
        ValueError: the engine cannot run it.
    """
    reason = refused(explored, trace)
    if reason:
        raise ValueError(f"{explored.name} cannot run in the browser: {reason}")
    card = explored.card
    return {
        "facts": facts(explored) | {"device": "browser"},
        "description": describe(explored, trace),
        "card": {
            "title": card.title,
            "classes": list(card.classes),
            "takes": card.takes,
            "shape": list(card.input_shape),
            "mean": list(card.mean),
            "std": list(card.std),
            "unsureBelow": card.unsure_below,
            "trained": explored.trained,
            "shipped": explored.trained and explored.name in models.names(),
            "example": None if explored.example is None else _numbers(explored.example.input),
        },
        "plan": {
            "steps": [_step(step) for step in trace.steps],
            "trained": [name for name, parameter in explored.parameters.items() if parameter.requires_grad],
            "scores": scores_step(trace),
            "camLayers": [
                {"index": index, "places": [trace.value(index).shape[axis] for axis in axes]}
                for index, axes in cam_layers(trace).items()
            ],
            "swaps": {name: _swap(trace, name) for name in ACTIVATIONS},
            "softmax": _texts(softmax_step(trace, logits_step(trace) or 0), "softmax"),
            "chain": CHAIN_RULE,
            "beginning": {
                "cross-entropy": FORMULAS["cross_entropy_input_grad.equal"],
                "negative log-likelihood": FORMULAS["nll_loss_input_grad"],
            },
        },
    }


def _step(step: Step) -> dict[str, Any]:
    tensors = {name.partition(".")[0] for name, _ in named_tensors(step.arguments)}
    return {
        "op": step.op,
        "settings": {name: _plain(value) for name, value in step.arguments.items() if name not in tensors},
        "parents": dict(step.parents),
        "parameters": dict(step.parameters),
        "texts": _texts(step, step.op),
    }


def _texts(step: Step, op: str) -> dict[str, Any]:
    """Return what is said of a step where it computes `op`."""
    told = replace(step, op=op)
    declared = operator(told)
    formula = declared.formula(told)
    gradients: Mapping[str, Formula | None] = {name: declared.gradient_formula(told, name) for name in WRT}
    return {
        "formula": formula_told(formula),
        "after": formula.latex.removeprefix("y = ").partition(r",\quad ")[0] if op in ACTIVATIONS else "",
        "pytorch": declared.pytorch(told),
        "gradients": {name: formula_told(each) for name, each in gradients.items() if each is not None},
    }


def _swap(trace: Trace, name: str) -> dict[str, Any]:
    """Return what an activation is in the place of another: its walk on the Arithmetic page and its words."""
    own = next((step for step in trace.steps if step.op in ACTIVATIONS), None)
    if own is None:
        return {"walk": None, "texts": {}}
    settings = operator(replace(own, op=name)).bind(own.arguments["input"])
    swapped = replace(own, arguments=settings)
    return {"walk": CATALOGUE[name].page if name in CATALOGUE else None, "texts": _texts(swapped, name)}


def _numbers(tensor: Tensor) -> dict[str, Any]:
    return {"shape": list(tensor.shape), "data": in_base64(tensor)}


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else str(value) if isinstance(value, torch.dtype) else value
