"""Parts and wholes: joins, slices, padding, and rearrangements that follow no rule per axis."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from core.explain.axes import AxisRule, Lookup, Product, Relation, Window, same
from core.explain.terms.base import Operator
from core.explain.terms.rearrangement import Rearrangement, bind_sizes, numbers, replayed, source_shape
from core.explain.trace import Step


def _cat(step: Step) -> dict[str, Relation]:
    shape = tuple(step.output.shape)
    dim = step.arguments["dim"] % len(shape)
    start = 0
    relations: dict[str, Relation] = {}
    for k, tensor in enumerate(step.arguments["tensors"]):
        if tensor.ndim == len(shape):  # torch skips empty vectors
            rules = [same(axis, size) for axis, size in enumerate(tensor.shape)]
            rules[dim] = Window(dim, tensor.shape[dim], offset=-start)
            relations[f"tensors.{k}"] = Product(tuple(rules), shape)
            start += tensor.shape[dim]
    return relations


def _bind_tensors(tensors: Any, dim: Any = 0, **named: Any) -> dict[str, Any]:
    return {"tensors": tensors, "dim": named.get("axis", dim)}


def _part(step: Step, start: int) -> dict[str, Relation]:
    sizes = source_shape(step)
    dim = step.arguments["dim"] % len(sizes)
    rules = [Window(a, n, offset=start) if a == dim else same(a, n) for a, n in enumerate(sizes)]
    return {"input": Product(tuple(rules), tuple(step.output.shape))}


def _chunk(step: Step) -> dict[str, Relation]:
    size = source_shape(step)[step.arguments["dim"]]
    return _part(step, step.part * -(-size // step.arguments["chunks"]))


def _bind_chunk(input: Any, chunks: int, dim: int = 0) -> dict[str, Any]:
    return locals()


def _split(step: Step) -> dict[str, Relation]:
    sizes = step.arguments["split_size_or_sections"]
    return _part(step, step.part * sizes if isinstance(sizes, int) else sum(sizes[: step.part]))


def _bind_split(input: Any, *sizes: Any, **named: Any) -> dict[str, Any]:
    dim = named.pop("dim", 0)
    first, *rest = (*sizes, *named.values())
    return {"input": input, "split_size_or_sections": first, "dim": rest[0] if rest else dim}


def _getitem(step: Step) -> Mapping[str, Relation]:
    """Returns the relation of basic indexing axis by axis, and of indexing by tensors cell by cell."""
    index = step.arguments["index"]
    items = list(index) if isinstance(index, tuple) else [index]
    if not all(item is None or item is Ellipsis or type(item) in (int, slice) for item in items):
        return replayed(step)
    sizes = source_shape(step)
    named = sum(item is not None and item is not Ellipsis for item in items)
    if not any(item is Ellipsis for item in items):
        items.append(Ellipsis)
    rules: list[AxisRule] = []
    axis = 0  # of the output
    for item in items:
        if item is None:
            axis += 1
        elif item is Ellipsis:
            for _ in range(len(sizes) - named):
                rules.append(same(axis, sizes[len(rules)]))
                axis += 1
        elif isinstance(item, slice):
            start, _, stride = item.indices(sizes[len(rules)])
            rules.append(Window(axis, sizes[len(rules)], stride, start))
            axis += 1
        else:
            rules.append(Window(None, sizes[len(rules)], offset=item % sizes[len(rules)]))
    return {"input": Product(tuple(rules), tuple(step.output.shape))}


def _bind_getitem(input: Any, index: Any) -> dict[str, Any]:
    return locals()


def _select(step: Step) -> dict[str, Relation]:
    sizes = source_shape(step)
    dim, index = step.arguments["dim"] % len(sizes), step.arguments["index"]
    rules = [Window(None, n, offset=index % n) if a == dim else same(a - (a > dim), n) for a, n in enumerate(sizes)]
    return {"input": Product(tuple(rules), tuple(step.output.shape))}


def _bind_select(input: Any, dim: int, index: int) -> dict[str, Any]:
    return locals()


def _narrow(step: Step) -> dict[str, Relation]:
    size = source_shape(step)[step.arguments["dim"]]
    return _part(step, int(step.arguments["start"]) % size)


def _bind_narrow(input: Any, dim: int, start: Any, length: int) -> dict[str, Any]:
    return locals()


_NUMPY_MODES = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}


def _pad(step: Step) -> dict[str, Relation]:
    sizes = source_shape(step)
    pad, mode = list(step.arguments["pad"]), step.arguments["mode"]
    rules: list[AxisRule] = []
    for axis, size in enumerate(sizes):
        place = 2 * (len(sizes) - 1 - axis)  # the last axis is named first
        before, after = pad[place : place + 2] or (0, 0)
        if mode == "constant" or before == after == 0:
            rules.append(Window(axis, size, offset=-before))
        else:
            table = np.pad(np.arange(size), (before, after), mode=_NUMPY_MODES[mode])  # type: ignore[call-overload]
            rules.append(Lookup(axis, size, tuple(table.tolist())))
    return {"input": Product(tuple(rules), tuple(step.output.shape))}


def _bind_pad(input: Any, pad: Any, mode: str = "constant", value: Any = None) -> dict[str, Any]:
    return locals()


def _bind_flip(input: Any, *dims: Any, **named: Any) -> dict[str, Any]:
    return {"input": input, "dims": numbers(dims or tuple(named.values()))}


def _bind_roll(input: Any, shifts: Any, dims: Any = ()) -> dict[str, Any]:
    return {"input": input, "shifts": shifts, "dims": () if dims is None else dims}


def _bind_movedim(input: Any, source: Any, destination: Any) -> dict[str, Any]:
    return locals()


def _bind_pixel_shuffle(input: Any, upscale_factor: int) -> dict[str, Any]:
    return locals()


def _bind_pixel_unshuffle(input: Any, downscale_factor: int) -> dict[str, Any]:
    return locals()


def _bind_unbind(input: Any, dim: int = 0) -> dict[str, Any]:
    return locals()


def _bind_index_select(input: Any, dim: int, index: Any) -> dict[str, Any]:
    return locals()


PARTS: tuple[Operator, ...] = (
    Rearrangement("cat", bind=_bind_tensors, relations=_cat),
    Rearrangement("chunk", bind=_bind_chunk, relations=_chunk),
    Rearrangement("split", bind=_bind_split, relations=_split),
    Rearrangement("getitem", bind=_bind_getitem, relations=_getitem),
    Rearrangement("select", bind=_bind_select, relations=_select),
    Rearrangement("narrow", bind=_bind_narrow, relations=_narrow),
    Rearrangement("pad", bind=_bind_pad, relations=_pad, call="F.{op}"),
    Rearrangement("stack", bind=_bind_tensors, relations=replayed),
    Rearrangement("unbind", bind=_bind_unbind, relations=replayed),
    Rearrangement("flip", bind=_bind_flip, relations=replayed),
    Rearrangement("roll", bind=_bind_roll, relations=replayed),
    Rearrangement("movedim", bind=_bind_movedim, relations=replayed),
    Rearrangement("repeat", bind=bind_sizes, relations=replayed, call=".{op}"),
    Rearrangement("pixel_shuffle", bind=_bind_pixel_shuffle, relations=replayed),
    Rearrangement("pixel_unshuffle", bind=_bind_pixel_unshuffle, relations=replayed),
    Rearrangement("index_select", bind=_bind_index_select, relations=replayed),
)
