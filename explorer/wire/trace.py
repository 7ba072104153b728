"""What crosses from Python to the browser: the structure of a trace once, then its maps as bytes, drawing by drawing.

The twin of `web/lib/codes.js`: a map travels as one byte per value with one scale per map,
`value = (code − 128) / 127 · scale`, code 0 for values that are not finite.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from core.explain import (
    ACTIVATIONS,
    INPUT,
    AxisField,
    Step,
    Trace,
    activation_calls,
    class_scores,
    explains,
    geometry,
    maps_of,
    receptive_field_sizes,
)
from core.explain.trace import named_tensors
from core.models import Card
from core.ops.catalogue import CATALOGUE
from explorer.models.library import Explored
from explorer.wire.channels import Row, ordered, strengths
from explorer.wire.numbers import in_base64
from explorer.wire.requests import affordable

__all__ = ["Layout", "changes", "describe", "encode_maps", "fed", "observe", "predict"]

Maps = npt.NDArray[np.float32]
"""`(channels, count)` values."""

ZERO, STEPS = 128, 127
"""The code of 0, and codes from there to the largest value."""

LARGEST_SIDE = 56
"""Maps larger than this, in cells, travel as means of blocks."""

PAGE_VALUES = 40_000
"""Most values of one step that travel at once; further channels are on further pages."""

PAGE_CHANNELS = 128
"""Most channels on a page."""

MOST_MAPS = 256
"""Most classes of a map of classes: each place is a byte."""

LARGEST_MAP = 224
"""A map of classes with more places a side is shown at every second, third … of them."""

MOST_NAMED = 4
"""Returned tensors whose shapes are said."""

ANSWER_VALUES = 105_000
"""A model whose maps hold no more values than this sends all of them each time (140 kB in base64); a larger one sends
what is on screen."""


@dataclass(frozen=True)
class Layout:
    """How the output of a step is laid out as maps.

    Attributes:
        size: its shape without the batch: one length is a vector, drawn as one map of near-square shape. Of a matrix
            its whole shape: the batch then counts the maps.
        channels: number of maps.
        rows, columns: cells of a map as drawn; `count` of them hold values.
        block: a drawn cell is the mean of `block × block` values.
        per_page: maps that travel at once.
    """

    size: tuple[int, ...]
    channels: int
    rows: int
    columns: int
    count: int
    block: int
    per_page: int

    @classmethod
    def of(cls, shape: Sequence[int], *, matrix: bool = False) -> "Layout | None":
        """Return the layout of a `(1, …)` output, or None for one without values.

        The last two axes are a map's, all before them count its channels. Three axes are a signal, `(1, channels,
        length)`, each channel a strip; or a `matrix`, `(1, rows, columns)`, such as tokens and their numbers, or
        `(rows, 1, columns)`, each row a strip, where the sequence comes first.
        """
        return cls._of(tuple(shape), matrix and len(shape) == 3 and 1 in shape[:2])

    @classmethod
    @lru_cache(4096)
    def _of(cls, shape: tuple[int, ...], matrix: bool) -> "Layout | None":
        size = shape[1:] if len(shape) > 1 and not matrix else shape
        if not size or 0 in shape:
            return None
        if len(size) == 1:
            columns = 1 if size[0] <= 16 else math.ceil(math.sqrt(size[0]))
            return cls(size, 1, math.ceil(size[0] / columns), columns, size[0], 1, 1)
        channels, height, width = (size[0], 1, size[1]) if len(size) == 2 else (math.prod(size[:-2]), *size[-2:])
        block = math.ceil(max(height, width) / LARGEST_SIDE)
        rows, columns = math.ceil(height / block), math.ceil(width / block)
        fitting = min(PAGE_CHANNELS, max(1, PAGE_VALUES // (rows * columns)))
        per_page = channels if channels <= fitting else 2 ** int(math.log2(fitting))
        return cls(size, channels, rows, columns, rows * columns, block, per_page)

    @property
    def facts(self) -> dict[str, Any]:
        """What the browser needs to know of it."""
        return {
            "channels": self.channels,
            "rows": self.rows,
            "columns": self.columns,
            "count": self.count,
            "block": self.block,
            "size": list(self.size),
            "perPage": self.per_page,
        }

    def maps(self, output: Tensor) -> Tensor:
        """Return the first sample of `output`, of a matrix all, as `(channels, count)` values to draw, float32."""
        values = _plain(output[0] if output.ndim > len(self.size) else output).float()
        if self.block > 1:
            values = values.reshape(1, self.channels, -1, self.size[-1])
            values = F.avg_pool2d(values, self.block, ceil_mode=True, count_include_pad=False)
        return values.reshape(self.channels, -1)


def matrices(trace: Trace) -> frozenset[int]:
    """Return the steps, and the input as −1, whose three axes are a matrix: what no operation along a line works on.

    A convolution or pooling along a line reads and makes `(N, channels, length)`; what keeps that shape passes it on.
    """
    flat = [k for k in range(INPUT, len(trace.steps)) if trace.value(k).ndim == 3]
    signals: set[int] = set()
    for step in trace.steps if flat else ():
        parents = set(step.parents.values())
        if step.op.endswith("1d"):
            signals |= {step.index, *parents}
        elif any(k in signals and trace.value(k).shape == step.output.shape for k in parents):
            signals.add(step.index)
    return frozenset(flat) - signals


def _plain(tensor: Tensor) -> Tensor:
    """Return the numbers that a quantised tensor stands for; any other as it is."""
    return tensor.dequantize() if tensor.is_quantized else tensor


def encode_maps(maps: Tensor) -> dict[str, str]:
    """Return `(channels, count)` values as base64 codes, and the scale of each map as base64 float32."""
    ((coded, _),) = encode_pages([maps.detach().cpu().numpy()])
    return coded


def encode_pages(pages: Sequence[Maps]) -> list[tuple[dict[str, str], Row]]:
    """Return pages of maps, `(channels, count)` values each, as codes, and the mean |value| of each map.

    All in one pass, for most maps are small.
    """
    if not pages:
        return []
    channels = [len(page) for page in pages]
    counts = np.repeat([page.shape[1] for page in pages], channels)
    starts = np.cumsum(counts) - counts
    values = np.concatenate(pages, axis=None)
    sizes = np.abs(values)
    means = np.add.reduceat(sizes, starts, dtype=np.float64) / counts
    scales = np.maximum.reduceat(sizes, starts)  # not finite where one of a map's values is not
    if np.isfinite(scales).all():
        codes = _codes(values, scales, counts)
    else:
        finite = np.isfinite(values)
        values = np.where(finite, values, np.float32(0))
        scales = np.maximum.reduceat(np.abs(values), starts)
        codes = np.where(finite, _codes(values, scales, counts), np.uint8(0))
    coded, first, map_ = [], 0, 0
    for page, maps in zip(pages, channels, strict=True):
        own = slice(map_, map_ + maps)
        told = {"scales": in_base64(scales[own]), "data": in_base64(codes[first : first + page.size])}
        coded.append((told, means[own]))
        first, map_ = first + page.size, map_ + maps
    return coded


def _codes(values: Maps, scales: Maps, counts: npt.NDArray[np.intp]) -> npt.NDArray[np.uint8]:
    codes = values * np.repeat(STEPS / np.where(scales > 0, scales, np.float32(1)), counts)
    codes += np.float32(ZERO + 0.5)  # rounds: all are positive
    return codes.astype(np.uint8)


def describe(explored: Explored, trace: Trace) -> dict[str, Any]:
    """Return the structure of a model as it ran: its steps, how each is laid out, and what it is made of.

    `swaps`: what its activations can be swapped for.
    """
    counted, tables = set(explored.parameters), matrices(trace)
    low, high = _input_range(explored)
    first = {
        "index": INPUT,
        "op": "input",
        "path": trace.input_name if any(step.op == "input" for step in trace.steps) else "",
        "from": [],
        "parents": [],
        "explained": True,
        "call": None,
        "parameters": "",
        "learned": [],
        "field": "",
        "walk": None,
        **_layout_facts(trace.input, INPUT in tables),
        "scale": "grey",
        "low": low,
        "high": high,
    }
    fields, calls = receptive_field_sizes(trace), activation_calls(trace)
    steps = [
        first,
        *(
            {**_step(step, trace, field, counted, explored.card, tables), "call": calls.get(step.index)}
            for step, field in zip(trace.steps, fields, strict=True)
        ),
    ]
    values = sum(_page_values(step["map"]) for step in steps)
    whole = all(step["map"] is None or step["map"]["perPage"] == step["map"]["channels"] for step in steps)
    return {
        "steps": steps,
        "everything": whole and values <= ANSWER_VALUES,
        "structure": trace.signature(),
        "modules": trace.modules,
        "geometry": geometry(trace),
        "swaps": list(ACTIVATIONS),
        "classes": list(explored.card.classes) if _scores(trace, explored.card) is not None else [],
    }


def _page_values(layout: dict[str, Any] | None) -> int:
    return layout["perPage"] * layout["count"] if layout else 0


def _step(
    step: Step,
    trace: Trace,
    field: tuple[AxisField, ...] | None,
    counted: set[str],
    card: Card,
    tables: frozenset[int],
) -> dict[str, Any]:
    facts = _layout_facts(step.output, step.index in tables)
    scores = facts["shape"] == [1, len(card.classes)] and facts["map"]
    if scores and step.index in trace.results.values():
        facts["map"]["labels"] = list(card.classes)
    return {
        "index": step.index,
        "op": step.op,
        "path": step.func if step.op == "input" else step.path,
        "from": _sources(step, trace),
        "parents": sorted(set(step.parents.values())),
        "explained": explains(step),
        "parameters": _parameter_sum(step, counted),
        "learned": [name for name in step.parameters.values() if name in counted],
        "field": _field_text(field),
        "walk": CATALOGUE[step.op].page if step.op in CATALOGUE else None,
        **facts,
        "scale": "sequential" if step.op == "softmax" else "diverging",
        "low": 0.0,
        "high": 1.0,
    }


def _layout_facts(output: Tensor, matrix: bool) -> dict[str, Any]:
    shape = list(output.shape)
    layout = Layout.of(shape, matrix=matrix)
    if layout is None or output.is_complex():
        return {"shape": shape, "map": None, "message": f"gives {output.dtype} of shape {tuple(shape)}: not drawn"}
    return {"shape": shape, "map": {**layout.facts, "labels": []}, "message": ""}


def _sources(step: Step, trace: Trace) -> list[str]:
    """Return where the step's inputs come from, when that is not simply the step before."""
    parents = sorted(set(step.parents.values()))
    if parents == [step.index - 1]:
        return []
    return ["input" if parent == INPUT else f"{parent + 1} {trace.steps[parent].op}" for parent in parents]


def _parameter_sum(step: Step, counted: set[str]) -> str:
    """Return the step's number of parameters with its arithmetic: "32×1×5×5 + 32 = 832"."""
    shapes = [tuple(step.tensor(argument).shape) for argument, name in step.parameters.items() if name in counted]
    if not shapes:
        return ""
    total = sum(math.prod(shape) for shape in shapes)
    arithmetic = " + ".join("×".join(map(str, shape)) for shape in shapes)
    return f"{total:,}" if arithmetic == str(total) else f"{arithmetic} = {total:,}"


def _field_text(field: tuple[AxisField, ...] | None) -> str:
    """Return the height × width of a receptive field on the input, pixels; empty where there is none."""
    if field is None or len(field) < 2:
        return ""
    return "×".join(f"{axis.size:g}" for axis in field[-2:])


def _input_range(explored: Explored) -> tuple[float, float]:
    """Return the lowest and highest value of the model's input: for black, for white, and in its example."""
    takes = explored.card.takes
    inputs = [] if takes == "tensors" else [explored.card.prepare(torch.full((28, 28), grey)) for grey in (0.0, 1.0)]
    if explored.example is not None:
        inputs.append(explored.example.input.float())
    low, high = min(input.min().item() for input in inputs), max(input.max().item() for input in inputs)
    return low, high if high > low else low + 1


def observe(
    trace: Trace,
    wanted: Collection[Sequence[int]],
    gradients: Mapping[int, Tensor] | None = None,
    *,
    sort: str = "index",
) -> dict[str, Any]:
    """Return the maps of the wanted pages, and the largest |value| and time of every step.

    A page is `(step, first place)` for as many maps as travel at once, or `(step, first place, most, channel, …)` for
    the named channels and then the first ones of the rest, `most` in all. Given `gradients` by step, their maps instead
    of the outputs'; 0 where the loss does not depend on a step. With a `sort` of `wire.channels` each page tells its
    `channels`, the strongest of the step first, with `strengths`.

    Raises:
        ValueError: the wanted pages have more values than an answer may have.
    """

    def shown(index: int) -> Tensor:
        if gradients is None:
            return trace.value(index)
        return gradients[index] if index in gradients else torch.zeros_like(trace.value(index))

    @cache
    def strength(index: int) -> Row:
        return _strengths(trace.value(index), (gradients or {}).get(index), sort, layouts[index])

    tables, layouts, maps = matrices(trace), dict[int, Layout](), dict[int, Maps]()
    whole: set[int] = set()  # the steps whose maps are their very values
    for index in {page[0] for page in wanted}:
        if not INPUT <= index < len(trace.steps):
            continue
        output = shown(index)
        layout = Layout.of(output.shape, matrix=index in tables)
        if layout is not None:
            layouts[index], maps[index] = layout, layout.maps(output).detach().cpu().numpy()
            if output.dtype == torch.float32 and maps[index].size == output.numel():
                whole.add(index)
    pages: list[dict[str, Any]] = []
    values: list[Maps] = []
    count = 0
    for index, first, *rest in wanted:
        layout = layouts.get(index)
        if layout is None or not 0 <= first < layout.channels:
            continue
        by_strength = sort != "index" and layout.channels > 1
        most = max(0, min(rest[0], layout.per_page)) if rest else layout.per_page
        chosen = [channel for channel in rest[1:] if 0 <= channel < layout.channels][:most]
        if len(chosen) < most:
            named, order = set(chosen), ordered(strength(index)) if by_strength else range(layout.channels)
            others = (channel for channel in order[first:] if channel not in named)
            chosen += islice(others, most - len(chosen))
        count += len(chosen) * layout.count
        affordable(count, "the wanted maps have more than")
        page: dict[str, Any] = {"step": index, "first": first}
        if by_strength:
            page["strengths"] = []  # measured below
        if by_strength or rest[1:]:
            page["channels"] = chosen
        pages.append(page)
        values.append(maps[index].take(chosen, 0))
    for page, (codes, means) in zip(pages, encode_pages(values), strict=True):
        index = page["step"]
        if "strengths" in page:
            by_maps = sort == "activation" and gradients is None and index in whole
            page["strengths"] = _rounded((means if by_maps else strength(index)[page["channels"]]).tolist())
        page |= codes
    indices = range(INPUT, len(trace.steps))
    peaks = _rounded([_largest(maps[k]) if k in whole else _peak(shown(k)) for k in indices])
    return {
        "maps": pages,
        "peaks": dict(zip(map(str, indices), peaks, strict=True)),
        "milliseconds": _rounded([1000 * step.seconds for step in trace.steps], 3),
    }


def _strengths(value: Tensor, gradient: Tensor | None, sort: str, layout: Layout) -> Row:
    """Return the strengths of the maps; a matrix has no batch, and its whole shape is one sample's."""
    if len(layout.size) < value.ndim:
        return strengths(value, gradient, sort)
    return strengths(value[None], None if gradient is None else gradient[None], sort)


def _rounded(values: Sequence[float], digits: int = 6) -> list[float]:
    """Return numbers with their first digits: as one text, for most of the time goes into taking up a number."""
    return [*map(float, (f"%.{digits}g " * len(values) % tuple(values)).split())]


def changes(explored: Explored, changed: Mapping[str, Tensor]) -> dict[str, Any]:
    """Return for each changed parameter how many of its elements differ, and the largest |difference|."""
    told = {}
    for name, value in changed.items():
        difference = (value - explored.parameters[name].detach()).abs()
        count = int((difference > 0).sum())
        if count:
            told[name] = {"count": count, "of": difference.numel(), "largest": difference.max().item()}
    return told


def _peak(output: Tensor) -> float:
    """Return the largest |value| of a step that is finite."""
    if output.numel() == 0 or output.is_complex():
        return 0.0
    return _largest(_plain(output).detach().float().cpu().numpy())


def _largest(values: Maps) -> float:
    peak = max(float(values.max()), -float(values.min()))
    return peak if math.isfinite(peak) else float(np.abs(np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)).max())


def fed(explored: Explored, *, empty: bool) -> dict[str, Any]:
    """Return how the picture becomes the model's input: whether an example stands for it, or is kept, and the shape."""
    return {
        "example": explored.example is not None and (empty or explored.card.takes == "tensors"),
        "kept": explored.example is not None,
        "takes": explored.card.takes,
        "own": explored.card.preprocess is not None,
        "shape": list(explored.card.input_shape),
    }


def _scores(trace: Trace, card: Card) -> Tensor | None:
    """Return the model's output if it is one score per class, `(1, classes)`."""
    scores = class_scores(trace)
    return scores if scores is not None and scores.shape[1] == len(card.classes) else None


def predict(trace: Trace, explored: Explored, *, empty: bool, problem: str | None = None) -> dict[str, Any]:
    """Return the probability of each class and what may be said of it.

    The verdict is "failed" (the model raised: `reason`), "empty" (nothing shown, and no example either), "features" (no
    row of scores), "maps" (a map of scores for each class: `map` has the winner of each place), "none" (the scores are
    no numbers), "untrained", "unsure" (the greatest probability is below the card's threshold), "best" (there is no
    threshold) or "sure".
    """
    card = explored.card
    silent: dict[str, Any] = {"classes": [], "probabilities": [], "threshold": None}
    if problem is not None:
        return {"verdict": "failed", **silent, "reason": problem}
    scores = _scores(trace, card)
    if scores is None:
        maps = maps_of(trace.output, len(card.classes), card.scores) if len(card.classes) <= MOST_MAPS else None
        if maps is not None:
            return {"verdict": "maps", **silent, "map": _winners(maps, card)}
        return {"verdict": "features", **silent, "output": _shapes(trace.output)}
    probabilities = scores[0].detach().cpu().double().softmax(0).tolist()  # of log-probabilities too
    if not all(map(math.isfinite, probabilities)):
        reason = "The scores are not numbers (NaN, or infinity from infinity): no probability follows from them"
        return {"verdict": "none", **silent, "reason": reason}
    best = max(probabilities)
    if empty and explored.example is None:
        verdict = "empty"
    elif not explored.trained or card.unsure_below >= 1:
        verdict = "untrained"
    elif card.unsure_below == 0:
        verdict = "best"
    else:
        verdict = "unsure" if not best >= card.unsure_below else "sure"
    return {
        "verdict": verdict,
        "classes": list(card.classes),
        "probabilities": probabilities,
        "threshold": card.unsure_below,
    }


def _winners(maps: Tensor, card: Card) -> dict[str, Any]:
    """Return the class with the highest score at each place, as bytes, and how much of the map each class has."""
    step = math.ceil(max(maps.shape[-2:]) / LARGEST_MAP)
    winners = maps[0].detach().argmax(0)
    shares = torch.bincount(winners.flatten().cpu(), minlength=len(card.classes)).double() / winners.numel()
    told = sorted(((share, k) for k, share in enumerate(shares.tolist()) if share > 0), reverse=True)
    seen = winners[::step, ::step].to(torch.uint8)
    return {
        "rows": seen.shape[0],
        "columns": seen.shape[1],
        "data": in_base64(seen),
        "shares": [{"index": k, "name": card.classes[k], "share": share} for share, k in told],
    }


def _shapes(output: Any) -> str:
    """Return the shapes of what a model returned, by name where there are several."""
    returned = named_tensors(output)
    if not returned:
        return type(output).__name__
    told = [f"{name} {tuple(tensor.shape)}".strip() for name, tensor in returned[:MOST_NAMED]]
    return ", ".join([*told, *(["…"] if len(returned) > MOST_NAMED else [])])
