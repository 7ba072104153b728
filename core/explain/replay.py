"""A pass again: the calls of a trace, made anew for another input.

A model whose `forward` asks nothing of its values makes the same calls whatever it is shown. Once they were observed,
they need not be observed again: three quarters of a small network's recording is the observing.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, NamedTuple

import torch
from torch import Tensor

from core.device import Stopwatch
from core.explain.trace import INPUT, Step, Trace, named_tensors, rebuilt

__all__ = ["Replay"]


class _Made(NamedTuple):
    """Stands for the output of a step, or the model's input, in the arguments of a call."""

    step: int


class _Holding(NamedTuple):
    """Stands for a list, tuple or dict with such tensors in it."""

    items: Any


class _Call(NamedTuple):
    """A call of the trace: its function, arguments by place and by name, and those that its step keeps."""

    step: Step
    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    arguments: dict[str, Any]
    made: tuple[str, ...]
    """Names of the arguments that are made anew."""


@dataclass(frozen=True, eq=False)
class Replay:
    """The calls of one trace, for inputs of the same shape.

    It stands for the model only as long as that holds the same parameters and buffers, in the same mode; whoever keeps
    it watches that. It takes no lock and changes nothing: the tensors are those that the trace was recorded with.
    """

    trace: Trace
    structure: str
    """The trace's signature."""
    _plan: tuple[_Call, ...] = field(repr=False)

    @classmethod
    def of(cls, trace: Trace) -> "Replay | None":
        """Returns what repeats a trace; None where a call changed a tensor, or is none that can be made again.

        Whether the model would make the same calls for another input cannot be read from a trace: the caller knows it.
        """
        if trace.grad or not isinstance(trace.output, Tensor) or "" not in trace.results:
            return None
        plan = []
        for step in trace.steps:
            if step.called is None:
                return None
            tensors = dict(named_tensors(step.arguments))
            made = {id(tensors[name]): parent for name, parent in step.parents.items()}

            def kept(value: Any, made: dict[int, int] = made) -> Any:
                if isinstance(value, Tensor):
                    return _Made(made[id(value)]) if id(value) in made else value
                items = rebuilt(value, kept)
                inside = items.values() if isinstance(items, dict) else items if isinstance(items, list | tuple) else ()
                return _Holding(items) if any(type(item) in (_Made, _Holding) for item in inside) else value

            function, args, kwargs = step.called
            given, named = tuple(map(kept, args)), {name: kept(value) for name, value in kwargs.items()}
            arguments = {name: kept(value) for name, value in step.arguments.items()}
            anew = tuple(name for name, value in arguments.items() if type(value) in (_Made, _Holding))
            plan.append(_Call(step, function, given, named, arguments, anew))
        return cls(trace, trace.signature(), tuple(plan))

    def fits(self, input: Tensor) -> bool:
        """Returns whether the calls are those that the model would make for an input."""
        own = self.trace.input
        return (input.shape, input.dtype, input.device) == (own.shape, own.dtype, own.device)

    def run(self, input: Tensor) -> Trace:
        """Returns the trace of the same calls for another input, as `record` would.

        Raises:
            ValueError: the input has another shape, dtype or device.
        """
        if not self.fits(input):
            own = self.trace.input
            raise ValueError(
                f"the calls were made for {tuple(own.shape)} of {own.dtype} on {own.device}, "
                f"got {tuple(input.shape)} of {input.dtype} on {input.device}"
            )
        before = self.trace
        trace = Trace(before.model, input.detach().clone(), modules=before.modules, input_name=before.input_name)
        trace.results, trace.scores, trace.structure = before.results, before.scores, self.structure
        trace.nbytes = before.nbytes
        start = perf_counter()
        with torch.inference_mode(mode=False), torch.no_grad():
            fed = trace.input.clone()
            values = [fed]  # by step + 1

            def filled(value: Any) -> Any:
                if type(value) is _Made:
                    return values[value.step - INPUT]
                return rebuilt(value.items, filled) if type(value) is _Holding else value

            for step, function, args, kwargs, arguments, made in self._plan:
                given, named = (
                    [filled(value) for value in args],
                    {name: filled(value) for name, value in kwargs.items()},
                )
                watch = Stopwatch(fed.device)
                output = function(*given, **named)
                seconds = watch.seconds()
                trace.steps.append(
                    Step(
                        step.index,
                        step.op,
                        step.func,
                        step.path,
                        step.module,
                        {**arguments, **{name: filled(arguments[name]) for name in made}},
                        step.parents,
                        step.parameters,
                        output,
                        seconds,
                        parameter_versions=step.parameter_versions,
                    )
                )
                values.append(output)
        trace.seconds = perf_counter() - start
        trace.output = values[before.results[""] - INPUT]
        return trace
