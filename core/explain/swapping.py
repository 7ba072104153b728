"""Activations swapped for others while a model runs: `with swapped({2: "gelu"}): model(x)`.

The activations of a forward pass are counted in the order in which they are called, whether a module, a function or a
method calls them; a swapped call gives the other function's values and keeps its place, and works in place where the
original does.
"""

from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor
from torch.overrides import TorchFunctionMode, handle_torch_function, has_torch_function_unary

from core.explain.calls import describe
from core.explain.trace import Trace
from core.ops import catalogue

__all__ = ["ACTIVATIONS", "activation_calls", "swapped"]

Activation = Callable[[Tensor], Tensor]


def identity(input: Tensor) -> Tensor:
    """Returns `input` by value."""
    if has_torch_function_unary(input):
        return handle_torch_function(identity, (input,), input)
    return input.clone()


ACTIVATIONS: dict[str, Activation] = {
    **{name: op.functions[0] for name, op in catalogue.ACTIVATIONS.items() if op.swap},
    "identity": identity,
}
"""What an activation can be swapped for, with torch's default settings."""

SWAPPABLE = {*catalogue.ACTIVATIONS, "identity"}
"""Canonical names of the operations that count as activations."""


class swapped(TorchFunctionMode):
    """Within the block, computes some activations by other functions.

    Inside a recording (`record(…, within=swapped(…))`) the trace shows the function that took the other's place.

    Args:
        swaps: the number of a call, counted from 0 among the activations, to a name in `ACTIVATIONS`. A call that is
            not made has no effect.

    Raises:
        ValueError: there is no such activation.
    """

    def __init__(self, swaps: Mapping[int, str]) -> None:
        super().__init__()
        for name in swaps.values():
            if name not in ACTIVATIONS:
                raise ValueError(f"there is no activation {name!r} to swap to; there are {', '.join(ACTIVATIONS)}")
        self.swaps = swaps
        self.calls = 0

    def __enter__(self) -> "swapped":
        self.calls = 0
        super().__enter__()  # type: ignore[no-untyped-call]
        return self

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        call = describe(func)
        if call.op not in SWAPPABLE:
            return func(*args, **kwargs)
        name = self.swaps.get(self.calls)
        self.calls += 1
        if name is None:
            return func(*args, **kwargs)
        input = args[0] if args else kwargs["input"]
        target = call.overwritten(args, kwargs)
        if target is None:
            return ACTIVATIONS[name](input)
        return _IN_PLACE[name](input) if target is input else target.copy_(ACTIVATIONS[name](input))


def activation_calls(trace: Trace) -> dict[int, int]:
    """Returns for each step that is an activation the number of its call, as `swapped` counts."""
    steps = [step.index for step in trace.steps if step.op in SWAPPABLE]
    return {index: call for call, index in enumerate(steps)}


def _in_place(name: str, activation: Activation) -> Activation:
    def overwrite(input: Tensor) -> Tensor:
        if has_torch_function_unary(input):
            return handle_torch_function(overwrite, (input,), input)
        return input.copy_(activation(input.clone()))

    overwrite.__name__ = f"{name}_"
    return overwrite


_IN_PLACE = {name: _in_place(name, activation) for name, activation in ACTIVATIONS.items()}
