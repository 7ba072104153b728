"""The parts of a model, by `nn.Module`'s own tables: a model may call its attributes `modules` or `parameters`."""

from collections.abc import Iterator
from typing import Any, TypeVar

from torch import Tensor, nn

__all__ = ["attributes", "modules", "named_buffers", "named_modules", "named_parameters"]

T = TypeVar("T", bound=Tensor)

_TABLES = frozenset(vars(nn.Module()))
"""What `nn.Module` itself keeps in each module: its tables, and whether it is in training."""


def named_modules(model: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """Yields every module under each path that leads to it, "" for the model itself, parents first."""

    def below(path: str, module: nn.Module, above: tuple[nn.Module, ...]) -> Iterator[tuple[str, nn.Module]]:
        yield path, module
        for name, child in module._modules.items():
            if child is not None and not any(child is one for one in above):
                yield from below(f"{path}.{name}" if path else name, child, (*above, child))

    return below("", model, (model,))


def modules(model: nn.Module) -> list[nn.Module]:
    """Returns every module once, in the order of `named_modules`."""
    found: dict[int, nn.Module] = {}

    def visit(module: nn.Module) -> None:
        if id(module) not in found:
            found[id(module)] = module
            for child in module._modules.values():
                if child is not None:
                    visit(child)

    visit(model)
    return list(found.values())


def attributes(module: nn.Module) -> dict[str, Any]:
    """Returns what the module's class has put into it besides parameters, buffers and modules."""
    return {name: value for name, value in vars(module).items() if name not in _TABLES}


def named_parameters(model: nn.Module) -> dict[str, nn.Parameter]:
    """Returns the parameters as `nn.Module.named_parameters` names them: a shared one by its first name."""
    return _first_names((path, module._parameters) for path, module in named_modules(model))


def named_buffers(model: nn.Module) -> dict[str, Tensor]:
    """Returns the buffers as `nn.Module.named_buffers` names them: a shared one by its first name."""
    return _first_names((path, module._buffers) for path, module in named_modules(model))


def _first_names(tables: Iterator[tuple[str, dict[str, T | None]]]) -> dict[str, T]:
    found: dict[int, tuple[str, T]] = {}
    for path, table in tables:
        for name, tensor in table.items():
            if tensor is not None:
                found.setdefault(id(tensor), (f"{path}.{name}" if path else name, tensor))
    return dict(found.values())
