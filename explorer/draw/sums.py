"""One cell's complete sum for the browser: what was multiplied, what it adds up to, where each number comes from."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from core.explain import (
    INPUT,
    Addends,
    Backward,
    Formula,
    Step,
    Terms,
    Trace,
    Unexplained,
    class_scores,
    consumers,
    grad_terms,
    operator,
    scores_step,
    terms,
)
from core.explain.gradients import GRAD_OUTPUT
from core.ops.formulas import CHAIN_RULE, FORMULAS
from explorer.draw.places import cell_of, name_of, step_of

__all__ = ["MOST_TERMS", "formula_told", "open_cell", "open_gradient", "open_parameter", "open_step"]

MOST_TERMS = 640
"""Most terms that travel one by one, the largest first; the others travel as sums of their group."""


def open_cell(trace: Trace, step: int, cell: Sequence[int], *, most: int = MOST_TERMS) -> dict[str, Any]:
    """Return the sum behind one cell of a step's output; `unexplained` says why there is none.

    Raises:
        ValueError: there is no such step or cell.
    """
    opened = step_of(trace, step)
    return open_step(opened, cell_of(opened.output, cell, name_of(trace, step)), most=most)


def open_step(opened: Step, index: tuple[int, ...], *, most: int = MOST_TERMS) -> dict[str, Any]:
    """Return the sum behind one element of a step's output; `unexplained` says why there is none."""
    try:
        found = terms(opened, index)
    except Unexplained as error:
        return {"unexplained": str(error), "shown": opened.output[index].item()}
    declared = operator(opened)
    answer = _sum([(opened, found)], found.shown, most)
    answer |= {
        "channel": _channel(opened, index),
        "formulas": [formula_told(declared.formula(opened))],
        "pytorch": declared.pytorch(opened),
        "reduction": found.reduction,
        "after": found.after,
        "quantities": [{"name": name, "value": quantity.value} for name, quantity in found.quantities.items()],
    }
    return answer


def open_gradient(
    trace: Trace, back: Backward, step: int, cell: Sequence[int], *, most: int = MOST_TERMS
) -> dict[str, Any]:
    """Return the sum behind the gradient that arrives at one cell of a step's output, or of the input (-1).

    Raises:
        ValueError: there is no such step or cell.
    """
    if step != INPUT:
        step_of(trace, step)
    value = trace.value(step)
    index = cell_of(value, cell, name_of(trace, step))
    arrived = back.gradients.get(step)
    shown = 0.0 if arrived is None else arrived[index].item()
    if step == scores_step(trace):
        return _loss_gradient(trace, back, step, index, shown)
    readers = [(reader, name) for reader, name in consumers(trace, step) if reader.index in back.gradients]
    return _gradient_sum(readers, index, back, shown, most)


def open_parameter(
    trace: Trace, back: Backward | None, step: int, argument: str, cell: Sequence[int], *, most: int = MOST_TERMS
) -> dict[str, Any]:
    """Return one element of a step's parameter, and the sum behind its gradient over all steps that use it.

    Raises:
        ValueError: there is no such step, parameter or element.
    """
    opened = step_of(trace, step)
    if argument not in opened.parameters:
        known = ", ".join(opened.parameters) or "none"
        raise ValueError(f"step {step + 1} ({opened.op}) has no parameter {argument!r}; its parameters: {known}")
    parameter = opened.parameters[argument]
    index = cell_of(opened.tensor(argument), cell, parameter)
    element = {"parameter": parameter, "element": opened.tensor(argument)[index].item()}
    if back is None:
        return element
    readers = [
        (reader, name)
        for reader in trace.steps
        for name, path in reader.parameters.items()
        if path == parameter and reader.index in back.gradients
    ]
    return {**element, **_gradient_sum(readers, index, back, None, most)}


def _gradient_sum(
    readers: Sequence[tuple[Step, str]], index: tuple[int, ...], back: Backward, shown: float | None, most: int
) -> dict[str, Any]:
    """Return the gradient as the sum over its readers; `shown` is the sum of autograd's parts where it is not given."""
    try:
        parts = [(step, grad_terms(step, index, name, back.gradients[step.index])) for step, name in readers]
    except Unexplained as error:
        return {"unexplained": str(error), "shown": 0.0 if shown is None else shown}
    answer = _sum(parts, sum(part.shown for _, part in parts) if shown is None else shown, most)
    own = {(step.op, name): operator(step).gradient_formula(step, name.partition(".")[0]) for step, name in readers}
    formulas = [formula_told(formula) for formula in own.values() if formula is not None]
    if len(readers) > 1 or not formulas:
        formulas.insert(0, {"latex": CHAIN_RULE, "letters": {}})
    return answer | {"formulas": formulas, "pytorch": "loss.backward()"}


def _loss_gradient(trace: Trace, back: Backward, step: int, index: tuple[int, ...], shown: float) -> dict[str, Any]:
    """Return the gradient where it begins: p − y for cross-entropy, −y for the negative log-likelihood."""
    products = [-float(index[-1] == back.label)]
    scores = class_scores(trace)
    if back.name == "cross-entropy" and scores is not None:
        products.insert(0, scores[0].detach().cpu().double().softmax(0)[index[-1]].item())
    rule, name = ("p − y", "cross_entropy_input_grad.equal") if len(products) == 2 else ("−y", "nll_loss_input_grad")
    told = [{"cells": [], "values": [], "product": product, "outside": False, "winner": False} for product in products]
    group = {"group": 0, "subtotal": sum(products), "count": len(products), "rest": None, "terms": told}
    addends = {"label": back.name, "rule": rule, "groupLabel": "", "count": len(products), "total": sum(products)}
    return {
        **_comparison(sum(products), shown, max(1e-6, torch.finfo(trace.value(step).dtype).eps)),
        "count": len(products),
        "addends": [{**addends, "factors": [], "groups": [group]}],
        "formulas": [{"latex": FORMULAS[name], "letters": {"g_n": 1, "w_k": 1}}],
        "pytorch": f"F.{'cross_entropy' if len(products) == 2 else 'nll_loss'}(output, target)",
    }


def _sum(parts: Sequence[tuple[Step, Terms]], shown: float, most: int) -> dict[str, Any]:
    """Return the addends of all parts as one sum, compared with the tensor's element."""
    value, tolerance = sum(found.value for _, found in parts), sum(found.tolerance for _, found in parts)
    if len(parts) > 1:  # autograd has added the parts in the tensor's own precision
        tolerance += torch.finfo(parts[0][0].output.dtype).eps * sum(abs(found.value) for _, found in parts)
    return {
        **_comparison(value, shown, tolerance),
        "reduced": sum(found.reduced for _, found in parts),
        "count": sum(len(found) for _, found in parts),
        "addends": [_addends(step, addends, found, most) for step, found in parts for addends in found.addends],
    }


def _comparison(value: float, shown: float, tolerance: float) -> dict[str, Any]:
    same = shown == value or (math.isnan(shown) and math.isnan(value))
    difference = 0.0 if same else shown - value
    return {
        "value": value,
        "shown": shown,
        "difference": difference,
        "tolerance": tolerance,
        "agrees": abs(difference) <= tolerance,
        "reduction": "sum",
        "reduced": value,
        "after": "",
        "quantities": [],
    }


def formula_told(formula: Formula) -> dict[str, Any]:
    """Return a formula with what stands for its letters, a number that is not finite in LaTeX."""
    signs = {"inf": r"\infty", "-inf": r"-\infty", "nan": r"\mathrm{NaN}"}
    letters = {letter: signs.get(str(value), value) for letter, value in formula.letters.items()}
    return {"latex": formula.latex, "letters": letters}


def _channel(step: Step, index: tuple[int, ...]) -> dict[str, Any] | None:
    """Return the parameters that scale the cell's whole channel, for silencing it; None where there are none."""
    names = [name for argument, name in step.parameters.items() if argument in ("weight", "bias")]
    scales = step.op in ("conv1d", "conv2d", "linear", "batch_norm") and bool(names)
    return {"parameters": names, "channel": index[1]} if scales else None


def _addends(step: Step, addends: Addends, found: Terms, most: int) -> dict[str, Any]:
    size = len(addends.products)
    groups = np.zeros(size, np.int64) if addends.groups is None else addends.groups
    keys = np.unique(groups)
    members = {int(key): np.flatnonzero(groups == key) for key in keys}
    sums = addends.subtotals() if found.reduction == "sum" else dict.fromkeys(members, found.reduced)
    room = most
    rows = []
    for key in sorted(members, key=lambda key: -abs(sums[key])):
        told = _told(addends, members[key], room, found.winner)
        room -= len(told)
        rest = np.setdiff1d(members[key], told, assume_unique=True)
        rows.append(
            {
                "group": key,
                "subtotal": sums[key],
                "count": len(members[key]),
                "rest": {"count": len(rest), "sum": float(addends.products[rest].sum())} if len(rest) else None,
                "terms": [_term(addends, k, found.winner) for k in told.tolist()],
            }
        )
    return {
        "label": addends.label,
        "rule": addends.rule,
        "groupLabel": addends.group_label,
        "count": size,
        "total": float(addends.products.sum()) if found.reduction == "sum" else found.reduced,
        "factors": [
            {
                "argument": factor.argument,
                "step": step.index,
                "parent": step.index if factor.argument == GRAD_OUTPUT else step.parents.get(factor.argument),
                "gradient": factor.argument == GRAD_OUTPUT,
                "parameter": step.parameters.get(factor.argument),
                "learned": factor.argument in ("weight", "bias") and factor.argument in step.parameters,
            }
            for factor in addends.factors
        ],
        "groups": rows,
    }


def _told(addends: Addends, members: "np.typing.NDArray[np.int64]", room: int, winner: int | None) -> Any:
    """Return which of a group's terms travel one by one: all in their order, or the largest that there is room for."""
    if len(members) <= room:
        return members
    weight = np.abs(np.nan_to_num(addends.products[members], nan=np.inf))
    if winner is not None:
        weight[members == winner] = np.inf
    return members[np.argsort(-weight, kind="stable")[:room]]


def _term(addends: Addends, k: int, winner: int | None) -> dict[str, Any]:
    outside = addends.outside is not None and bool(addends.outside[k])
    return {
        "cells": [factor.cells[k].tolist() for factor in addends.factors],
        "values": [float(factor.values[k]) for factor in addends.factors],
        "product": float(addends.products[k]),
        "outside": outside,
        "winner": k == winner,
    }
