"""Stand-ins for what a forward pass changes of a model: it works on copies, and backward finds them as it left them."""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from threading import RLock
from typing import Any

import torch
from torch import Tensor, nn

from core.explain.members import attributes, modules
from core.explain.trace import PLAIN

_LOCKS = tuple(RLock() for _ in range(64))
"""A model is lent to one thread at a time; two models seldom share a lock."""


@contextmanager
def left_as_found(model: nn.Module, *, parameters: bool = False) -> Iterator[None]:
    """Lends the model copies of its buffers while the block runs, and gives it back its own.

    What the block assigns to attributes that hold tensors or numbers is put back too, and what lists, dicts and sets
    among them held.

    Args:
        model: Of one thread at a time: others that ask for the same model wait.
        parameters: Lend copies of the parameters too, for a model whose `forward` changes them.
    """
    with _LOCKS[id(model) // 64 % len(_LOCKS)]:
        found = [
            (module, dict(module._parameters.items()), dict(module._buffers.items()), attributes(module))
            for module in modules(model)
            if not isinstance(module, torch.jit.ScriptModule)  # keeps its tensors in C++
        ]
        containers = {id(value): (value, value.copy()) for *_, others in found for value in _containers(others)}
        copies: dict[int, Tensor] = {}
        try:
            for module, own_parameters, buffers, others in found:
                _lend(module._buffers, buffers, copies)
                _lend(vars(module), others, copies)
                if parameters:
                    _lend(module._parameters, own_parameters, copies)
                    _flatten_again(module)
            yield
        finally:
            for module, own_parameters, buffers, others in found:
                _restore(module._buffers, buffers)
                _restore(module._parameters, own_parameters)
                _put_back(module, others)
                if parameters:
                    _flatten_again(module)
            for value, contents in containers.values():
                _refill(value, contents)


def _containers(attributes: dict[str, Any]) -> Iterator[Any]:
    return (value for value in attributes.values() if isinstance(value, dict | list | set | deque))


def _refill(value: Any, contents: Any) -> None:
    """Puts back what a list, dict or set held, if it holds anything else: a cache is as empty as before."""
    if _items(value) != _items(contents):
        value.clear()
        (value.extend if isinstance(value, list | deque) else value.update)(contents)


def _items(value: Any) -> list[tuple[int, int]]:
    """Returns what tells two contents apart: the keys and values that they hold, each by identity."""
    pairs = value.items() if isinstance(value, dict) else ((item, item) for item in value)
    return [(id(key), id(item)) for key, item in pairs]


def _lend(table: Any, found: dict[str, Any], copies: dict[int, Tensor]) -> None:
    """Replaces the tensors of a module's table that have no history by copies, a shared tensor by one copy."""
    for name, tensor in found.items():
        if type(tensor) in PLAIN:
            continue
        if isinstance(tensor, Tensor) and tensor.grad_fn is None and not _unfinished(tensor):
            table[name] = copies[id(tensor)] if id(tensor) in copies else _copy(tensor, copies)


def _copy(tensor: Tensor, copies: dict[int, Tensor]) -> Tensor:
    copy: Tensor = tensor.detach().clone()
    if isinstance(tensor, nn.Parameter):
        copy = nn.Parameter(copy, requires_grad=tensor.requires_grad)
    elif tensor.requires_grad:
        copy.requires_grad_()
    copies[id(tensor)] = copy
    return copy


def _unfinished(tensor: Tensor) -> bool:
    """Whether a lazy module has still to give the tensor its shape."""
    return nn.parameter.is_lazy(tensor)


def _restore(table: Any, found: dict[str, Any]) -> None:
    for name, tensor in found.items():
        if table.get(name) is not tensor:
            table[name] = tensor


def _put_back(module: nn.Module, others: dict[str, Any]) -> None:
    held = vars(module)
    for name in [name for name, value in held.items() if isinstance(value, Tensor) and name not in others]:
        del held[name]
    for name, value in others.items():
        counted = isinstance(value, Tensor | int | float | None) and not isinstance(value, bool)
        if counted and held.get(name, held) is not value:
            held[name] = value


def _flatten_again(module: nn.Module) -> None:
    """Lists a recurrent layer's weights anew: it keeps them a second time."""
    if isinstance(module, nn.RNNBase):
        module._flat_weights = [getattr(module, name, None) for name in module._flat_weights_names]
