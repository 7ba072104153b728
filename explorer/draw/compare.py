"""Two drawings, models or changed models side by side: which steps correspond, how far apart they are, their maps."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

import torch
from torch import Tensor

from core.explain import INPUT, Step, Trace
from explorer.models.library import Library
from explorer.screen.shown import Showing
from explorer.wire import trace as payloads
from explorer.wire.requests import DRAWING, PAGE, Fields, checked, optional, record
from explorer.wire.trace import Layout, encode_maps

__all__ = ["Pair", "comparable", "compare", "compared", "paired"]


COMPARED: Fields = {"first": record(DRAWING), "second": record(DRAWING), "drawn": optional(PAGE)}


def comparable(library: Library, request: Any) -> dict[str, Any]:
    """Answer with the models that can be compared with, those trained meanwhile included."""
    return {"models": library.offered()}


def compare(showing: Showing, request: Any) -> dict[str, Any]:
    """Answer `{first, second, drawn}`: how two requests' runs differ, step by step, and what both predict.

    `first` and `second` each say a drawing, a model and its changes; `drawn` the step and first channel to be drawn.
    """
    asked = checked(request, COMPARED)
    sides = [showing.of(asked[side]) for side in ("first", "second")]
    told = [
        {
            "title": shown.explored.card.title,
            "problem": shown.problem,
            "prediction": payloads.predict(shown.trace, shown.explored, empty=shown.input.empty, problem=shown.problem),
        }
        for shown in sides
    ]
    return {"sides": told, **compared(sides[0].trace, sides[1].trace, asked.get("drawn"))}


@dataclass(frozen=True)
class Pair:
    """One row of the comparison: a step of each run that correspond, or of one run alone (the other is None)."""

    first: int | None
    second: int | None


def paired(first: Trace, second: Trace) -> list[Pair]:
    """Return the steps of both runs in order, those of the same operation and shape side by side; the inputs first.

    Where as many steps with the same shapes stand at the same place but do something else (a swapped activation), they
    correspond too.
    """
    found = [Pair(INPUT, INPUT)] if first.input.shape == second.input.shape else [Pair(INPUT, None), Pair(None, INPUT)]
    one, two = ([(step.op, tuple(step.output.shape)) for step in trace.steps] for trace in (first, second))
    for _, start, stop, other, end in SequenceMatcher(a=one, b=two, autojunk=False).get_opcodes():
        if [shape for _, shape in one[start:stop]] == [shape for _, shape in two[other:end]]:
            found += [Pair(start + k, other + k) for k in range(stop - start)]
        else:
            found += [Pair(k, None) for k in range(start, stop)] + [Pair(None, k) for k in range(other, end)]
    return found


def compared(first: Trace, second: Trace, drawn: Sequence[int] | None) -> dict[str, Any]:
    """Return every pair with its largest difference, and the maps of one.

    Args:
        first: a run.
        second: another one.
        drawn: step of the first run and first channel of the maps to return; None: those of the first pair that
            differs.
    """
    pairs = paired(first, second)
    rows = [_row(pair, first, second) for pair in pairs]
    sides = {
        k: (first.value(pair.first), second.value(pair.second))
        for k, pair in enumerate(pairs)
        if pair.first is not None and pair.second is not None
    }
    chosen, channel = None, 0
    if drawn is not None:
        chosen = next((k for k in sides if pairs[k].first == drawn[0]), None)
        channel = drawn[1]
    if chosen is None and sides:
        chosen, channel = next((k for k in sides if not rows[k]["identical"]), max(sides)), 0
    return {"rows": rows, "chosen": chosen, "maps": None if chosen is None else _maps(*sides[chosen], channel)}


def _row(pair: Pair, first: Trace, second: Trace) -> dict[str, Any]:
    names = {"first": _named(first, pair.first), "second": _named(second, pair.second)}
    if pair.first is None or pair.second is None:
        return {**names, "identical": False, "largest": None, "relative": 0.0, "place": []}
    a, b = first.value(pair.first), second.value(pair.second)
    if a.is_complex() or b.is_complex():
        return {**names, "identical": _same_bits(a, b), "largest": None, "relative": 0.0, "place": []}
    gap = _difference(a, b).abs()
    largest = gap.max().item() if gap.numel() else 0.0
    scale = max((side.detach().cpu().double().abs().max().item() for side in (a, b) if side.numel()), default=0.0)
    place = [int(i) for i in torch.unravel_index(gap.argmax(), gap.shape)] if gap.numel() else []
    return {
        **names,
        "identical": _same_bits(a, b),
        "largest": largest,
        "relative": largest / scale if largest and math.isfinite(largest) and math.isfinite(scale) else 0.0,
        "place": place,
    }


def _maps(a: Tensor, b: Tensor, channel: int) -> dict[str, Any] | None:
    """Return one page of maps of both runs and of their difference, first − second, as codes."""
    layout = Layout.of(a.shape)
    if layout is None or a.is_complex() or b.is_complex():
        return None  # no cells to draw
    start = channel if 0 <= channel < layout.channels else 0
    pages = [layout.maps(side)[start : start + layout.per_page] for side in (a, b, _difference(a, b))]
    return {
        "map": layout.facts,
        "first": start,
        "pages": [encode_maps(page) for page in pages],
    }


def _difference(a: Tensor, b: Tensor) -> Tensor:
    """Return a − b in float64; 0 also where both are the same infinity."""
    a, b = (side.detach().cpu().double() for side in (a, b))
    return torch.where(a == b, 0.0, a - b)


def _same_bits(a: Tensor, b: Tensor) -> bool:
    if a.dtype != b.dtype or a.shape != b.shape:
        return False
    one, other = (side.detach().cpu().contiguous().reshape(-1).view(torch.uint8) for side in (a, b))
    return torch.equal(one, other)


def _named(trace: Trace, index: int | None) -> dict[str, Any] | None:
    if index is None:
        return None
    step: Step | None = None if index == INPUT else trace.steps[index]
    shape = list(trace.value(index).shape)
    return {"index": index, "op": step.op if step else "input", "path": step.path if step else "", "shape": shape}
