"""`--model package.module:factory`: a model of your own for the command line."""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from torch import nn

__all__ = ["arguments_from"]

EXPECTED = "a torch.nn.Module, (module, example_input, …), or a dict of the arguments of explorer.explore"

KNOWN = ("model", "example_input", "kwargs", "classes", "preprocess", "scores", "title")


def arguments_from(path: str) -> dict[str, Any]:
    """Return what `package.module:factory` makes, as arguments of `explorer.models.own.add` by name.

    The factory is called without arguments; a module in place of a function is taken as it is. `example_input` is one
    input, or a tuple of several.

    Raises:
        ValueError: there is no such module or factory, importing or calling it raised, or it returned something else.
    """
    made = _made(path)
    if isinstance(made, nn.Module):
        return {"model": made}
    if isinstance(made, tuple) and len(made) >= 2:
        made = {"model": made[0], "example_input": made[1] if len(made) == 2 else made[1:]}
    if not isinstance(made, Mapping):
        raise ValueError(f"{path} returned {_words(made)}, expected {EXPECTED}")
    unknown = sorted(set(made) - set(KNOWN))
    if unknown:
        raise ValueError(f"{path} returned a dict with {', '.join(map(repr, unknown))}; it may have {', '.join(KNOWN)}")
    if not isinstance(made.get("model"), nn.Module):
        raise ValueError(f"{path} returned {_words(made.get('model'))} as the model, expected a torch.nn.Module")
    return dict(made)


def _made(path: str) -> Any:
    module_name, _, name = path.partition(":")
    try:
        module = import_module(module_name)
    except Exception as error:  # somebody else's module: whatever it raises is told
        raise ValueError(f"importing {module_name} raised {type(error).__name__}: {error}") from error
    found: Any = module
    for part in name.split("."):
        if not hasattr(found, part):
            has = ", ".join(one for one in vars(found) if not one.startswith("_") and callable(getattr(found, one)))
            raise ValueError(f"{module_name} has no {name!r}; it has {has or 'nothing that can be called'}")
        found = getattr(found, part)
    return found if isinstance(found, nn.Module) else _called(path, found)


def _called(path: str, factory: Callable[[], Any]) -> Any:
    if not callable(factory):
        raise ValueError(f"{path} is {_words(factory)}, expected a function that returns {EXPECTED}")
    try:
        return factory()
    except Exception as error:
        raise ValueError(f"{path}() raised {type(error).__name__}: {error}") from error


def _words(value: Any) -> str:
    return "None" if value is None else f"{type(value).__name__}"
