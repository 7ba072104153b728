"""The same elements under another shape or in another order of axes."""

from typing import Any

from core.explain.axes import Product, Relation, Reshape, broadcast, same
from core.explain.terms.base import Operator
from core.explain.terms.rearrangement import Rearrangement, bind_sizes, numbers, source_shape
from core.explain.trace import Step


def _reshape(step: Step) -> dict[str, Relation]:
    return {"input": Reshape(source_shape(step), tuple(step.output.shape))}


def _bind_flatten(input: Any, start_dim: int = 0, end_dim: int = -1) -> dict[str, Any]:
    return locals()


def _bind_dim(input: Any, dim: Any) -> dict[str, Any]:
    return locals()


def _bind_squeeze(input: Any, dim: Any = None) -> dict[str, Any]:
    return {"input": input} if dim is None else {"input": input, "dim": dim}


def _bind_alone(input: Any, **settings: Any) -> dict[str, Any]:
    return {"input": input}


def _bind_conversion(input: Any, *target: Any, **settings: Any) -> dict[str, Any]:
    return {"input": input, **{f"argument_{k}": value for k, value in enumerate(target, 1)}, **settings}


def _bind_like(input: Any, other: Any) -> dict[str, Any]:
    return locals()


def _permuted(step: Step, order: list[int]) -> dict[str, Relation]:
    """Returns the relation of an output whose axis k is the input's axis `order[k]`."""
    sizes = source_shape(step)
    return {"input": Product(tuple(same(order.index(a), n) for a, n in enumerate(sizes)), tuple(step.output.shape))}


def _permute(step: Step) -> dict[str, Relation]:
    axes = step.output.ndim
    return _permuted(step, [dim % axes for dim in step.arguments["dims"]])


def _transpose(step: Step) -> dict[str, Relation]:
    order = list(range(step.output.ndim))
    if order:
        a, b = step.arguments["dim0"] % len(order), step.arguments["dim1"] % len(order)
        order[a], order[b] = order[b], order[a]
    return _permuted(step, order)


def _reversed(step: Step) -> dict[str, Relation]:
    return _permuted(step, list(reversed(range(step.output.ndim))))


def _last_two_swapped(step: Step) -> dict[str, Relation]:
    *order, a, b = range(step.output.ndim)
    return _permuted(step, [*order, b, a])


def _bind_permute(input: Any, *dims: Any, **named: Any) -> dict[str, Any]:
    return {"input": input, "dims": numbers(dims or tuple(named.values()))}


def _bind_transpose(input: Any, *dims: int, **named: int) -> dict[str, Any]:
    dim0, dim1 = (*dims, *named.values())
    return {"input": input, "dim0": dim0, "dim1": dim1}


def _expand(step: Step) -> dict[str, Relation]:
    return {"input": broadcast(source_shape(step), tuple(step.output.shape))}


def _converted(*names: str) -> Rearrangement:
    return Rearrangement(*names, bind=_bind_conversion, relations=_reshape, call=".{op}")


VIEWS: tuple[Operator, ...] = (
    Rearrangement("flatten", bind=_bind_flatten, relations=_reshape),
    Rearrangement("view", "reshape", bind=bind_sizes, relations=_reshape, call=".{op}"),
    Rearrangement("unsqueeze", bind=_bind_dim, relations=_reshape),
    Rearrangement("squeeze", bind=_bind_squeeze, relations=_reshape),
    Rearrangement("contiguous", "clone", "detach", "data", bind=_bind_alone, relations=_reshape, call=".{op}"),
    _converted("to", "float", "double", "half", "bfloat16", "long", "int", "bool", "type", "cpu", "cuda"),
    Rearrangement("view_as", "reshape_as", "type_as", bind=_bind_like, relations=_reshape, call=".{op}"),
    _converted("unflatten"),
    Rearrangement("permute", bind=_bind_permute, relations=_permute),
    Rearrangement("transpose", bind=_bind_transpose, relations=_transpose),
    Rearrangement("t", bind=_bind_alone, relations=_reversed),
    Rearrangement("T", bind=_bind_alone, relations=_reversed, call=".{op}"),
    Rearrangement("mT", bind=_bind_alone, relations=_last_two_swapped, call=".{op}"),
    Rearrangement("expand", "broadcast_to", bind=bind_sizes, relations=_expand, call=".{op}"),
    Rearrangement("expand_as", bind=_bind_like, relations=_expand, call=".{op}"),
)
