"""Tensors that a model had before it ran: in attributes, containers, closures and the globals that it names."""

import inspect
from collections.abc import Iterator
from functools import partial
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from torch import Tensor, nn

from core.explain.members import attributes, modules
from core.explain.trace import PLAIN

__all__ = ["constants"]

DEEPEST = 6
"""How many containers, objects or functions deep a tensor is looked for."""


def constants(model: nn.Module) -> dict[int, Tensor]:
    """Returns the tensors that are no parameter or buffer of the model, by id."""
    found: dict[int, Tensor] = {}
    seen: dict[int, Any] = {}  # kept alive: an id must stay its own

    def look(value: Any, depth: int) -> None:
        if isinstance(value, Tensor):
            found[id(value)] = value
        elif depth < DEEPEST and id(value) not in seen:
            seen[id(value)] = value
            for item in _inside(value):
                look(item, depth + 1)

    every = modules(model)
    seen.update((id(module), module) for module in every)
    for module in every:
        for value in attributes(module).values():
            if type(value) not in PLAIN:
                look(value, 0)
    for kind in {type(module) for module in every}:
        look(inspect.getattr_static(kind, "forward", None), 0)
    return found


def _inside(value: Any) -> Iterator[Any]:
    """Yields what a container, a function or an object holds, as far as a tensor may be there."""
    if isinstance(value, dict):
        yield from list(value.values())
    elif isinstance(value, list | tuple | set):
        yield from list(value)
    elif isinstance(value, MethodType):
        yield from (value.__func__, value.__self__)
    elif isinstance(value, FunctionType):
        if not (value.__module__ or "").startswith("torch."):  # generated code belongs to no module
            yield from _of_function(value)
    elif isinstance(value, partial):
        yield from (value.func, value.args, value.keywords)
    elif isinstance(value, nn.Module):
        yield from (value._parameters, value._buffers, value._modules, attributes(value))
    elif hasattr(value, "__dict__") and not isinstance(value, type | ModuleType):
        yield from list(vars(value).values())


def _of_function(function: FunctionType) -> Iterator[Any]:
    yield from function.__defaults__ or ()
    yield from (function.__kwdefaults__ or {}).values()
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:  # not bound yet
            continue
    for name in _names(function.__code__):
        if name in function.__globals__:
            yield function.__globals__[name]


def _names(code: CodeType) -> Iterator[str]:
    """Yields the names that a function's code reads, those of functions written inside it too."""
    yield from code.co_names
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            yield from _names(inner)
