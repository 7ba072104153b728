"""Recording: one real eager forward pass, observed.

A `TorchFunctionMode` sees every torch call with its real arguments, whether a module or a function made it; module
hooks say in which module it happened. There is no tracing and no copy of the model: control flow, shared modules and
in-place operations are recorded as they ran.
"""

import inspect
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from itertools import chain
from threading import get_ident
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.autograd.graph import GradientEdge, get_gradient_edge
from torch.nn.modules._functions import BackwardHookFunction
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook
from torch.overrides import TorchFunctionMode

from core.device import Stopwatch
from core.explain.calls import COMPOSED, Call, describe, positional
from core.explain.constants import constants
from core.explain.custom import watched
from core.explain.members import named_modules
from core.explain.standins import left_as_found
from core.explain.trace import INPUT, PLAIN, UNSEEN, Step, Trace, named_tensors, rebuilt, version_of


class RecordingError(RuntimeError):
    """The model raised half-way. `trace` holds the steps that ran; the model's own exception is `__cause__`."""

    def __init__(self, message: str, trace: Trace):
        super().__init__(message)
        self.trace = trace


def record(
    model: nn.Module,
    *args: Any,
    grad: bool = False,
    within: AbstractContextManager[Any] = nullcontext(),  # noqa: B008  (keeps no state)
    **kwargs: Any,
) -> Trace:
    """Returns the trace of `model(*args, **kwargs)`.

    The model is left as found, also after an exception: no hook, no `.grad`, the same mode and device, the same
    parameters, and the buffers that the pass changed (batch norm's running statistics, in training mode) put back. The
    pass draws from the random generators what an ordinary forward pass would, and nothing more. The inputs are not
    changed, even by a model that works on them in place.

    Args:
        model: Any eager module; it returns a tensor or a tuple, list, dict or dataclass of tensors.
        args: The arguments of its `forward`, tensors on the model's device. The first tensor is the trace's `input`;
            any other, also inside a list or dict, is a step "input", whose `func` is what `forward` calls it.
        grad: Keep the autograd graph, for `Trace.gradients`; otherwise the pass runs under `torch.no_grad`.
        within: Entered around the pass, inside the recording: what it puts in place of an operation is recorded. It is
            entered a second time for a model whose `forward` changes its parameters: the pass begins anew on copies.
        kwargs: Further arguments by name.

    Raises:
        TypeError: `model` is not a module, or no argument is a tensor.
        RecordingError: The model raised; the part that ran is its `trace`.
    """
    if not isinstance(model, nn.Module):
        raise TypeError(f"model must be a torch.nn.Module, got {type(model).__name__}")
    given = named_tensors((*args, kwargs))
    if not given:
        kinds = ", ".join(type(value).__name__ for value in (*args, *kwargs.values())) or "nothing"
        raise TypeError(f"the model's input must be a torch.Tensor, got {kinds}")
    with torch.inference_mode(mode=False), torch.set_grad_enabled(grad):
        drawn = _generators(given[0][1])
        try:
            return _Recorder(model, args, kwargs, grad).observe(within)
        except _ChangesParameters:
            _draw_again(given[0][1], drawn)
            return _Recorder(model, args, kwargs, grad, on_copies=True).observe(within)


class _ChangesParameters(BaseException):
    """The model is about to change a parameter of its own: the pass has to begin anew on copies."""


def _generators(input: Tensor) -> tuple[Tensor, Tensor | None]:
    """Returns the states of the random generators that a pass may draw from."""
    return torch.get_rng_state(), torch.cuda.get_rng_state(input.device) if input.is_cuda else None


def _draw_again(input: Tensor, states: tuple[Tensor, Tensor | None]) -> None:
    torch.set_rng_state(states[0])
    if states[1] is not None:
        torch.cuda.set_rng_state(states[1], input.device)


class _Origin(NamedTuple):
    """The step that made a tensor, and the tensor's version counter when it had."""

    tensor: Tensor  # kept alive: its id must stay its own
    step: int
    version: int


class _Recorder(TorchFunctionMode):
    def __init__(
        self, model: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any], grad: bool, *, on_copies: bool = False
    ) -> None:
        super().__init__()
        self.model = model
        self.args, self.kwargs = args, kwargs
        self.grad = grad
        self.on_copies = on_copies  # of the parameters
        self.thread = get_ident()
        self.paths: dict[int, list[str]] = {}  # of modules, by id
        self.names: dict[int, str] = {}  # of parameters and buffers, by id
        self.own: set[int] = set()  # storages of the parameters, where they are not copies
        self.constants: dict[int, Tensor] = {}
        self.stack: list[tuple[str, str]] = [("", type(model).__name__)]
        self.unwound: tuple[str, str] | None = None  # the innermost module that an exception left
        self.running = ""  # the operation that has not returned
        self.inside = False  # whether there is one
        self.origins: dict[int, _Origin] = {}
        self.holders: dict[int, list[Step]] = {}  # the steps that keep a tensor, by its storage
        self.changes: dict[int, int] = {}  # the last step that worked in place, by storage
        self.of_input = {INPUT}  # the steps whose values the input has a part in
        self.left: dict[int, None] = {}  # those whose numbers went where nobody can follow them, in order
        self.as_numbers: dict[int, None] = {}  # those of them that went as Python numbers
        kept = named_tensors((*args, kwargs))[0][1].detach().clone()
        if grad and kept.is_floating_point():
            kept.requires_grad_()
        self.device = kept.device
        self.trace = Trace(type(model).__name__, kept, grad=grad)

    def observe(self, within: AbstractContextManager[Any]) -> Trace:
        before = register_module_forward_pre_hook(self._enter)
        after = register_module_forward_hook(self._leave, always_call=True)
        start = perf_counter()
        try:
            with left_as_found(self.model, parameters=self.on_copies):
                self._survey()
                args, kwargs = self._fed()
                with self, watched(self._apply), within:
                    output = self.model(*args, **kwargs)
        except Exception as error:
            path, module = self.unwound or self.stack[0]
            where = f"in {path} ({module})" if path else f"in {module}.forward"
            what = f"{self.running} " if self.running else ""
            message = f"{what}{where}, after {len(self.trace.steps)} steps: {type(error).__name__}: {error}"
            raise RecordingError(message, self.trace) from error
        finally:
            self.trace.seconds = perf_counter() - start
            before.remove()
            after.remove()
        self.trace.output = output
        for name, tensor in named_tensors(output):
            origin = self.origins.get(id(tensor))
            if origin is not None:
                self.trace.results[name] = origin.step
        return self.trace

    def _survey(self) -> None:
        for path, module in named_modules(self.model):
            self.paths.setdefault(id(module), []).append(path)
            prefix = path and path + "."
            for name, tensor in chain(module._parameters.items(), module._buffers.items()):
                if tensor is not None:
                    self.names.setdefault(id(tensor), prefix + name)
            if not self.on_copies:
                self.own.update(_storage(tensor) for tensor in module._parameters.values() if tensor is not None)
        self.constants = constants(self.model)

    def _fed(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Returns the arguments with copies of their tensors, which the trace knows as the input and as steps."""
        copies: dict[int, Tensor] = {}
        names = self._names()

        def copied(value: Any) -> Any:
            if not isinstance(value, Tensor):
                return rebuilt(value, copied)
            if id(value) not in copies:
                copies[id(value)] = self._input(value, names.get(id(value), "input"), first=not copies)
            return copies[id(value)]

        with torch.set_grad_enabled(self.grad):
            args = tuple(copied(value) for value in self.args)
            return args, {name: copied(value) for name, value in self.kwargs.items()}

    def _names(self) -> dict[int, str]:
        """Returns what the model's `forward` calls each tensor among the arguments: "image", "states.1"."""
        try:
            given: Any = dict(inspect.signature(self.model.forward).bind(*self.args, **self.kwargs).arguments)
        except (TypeError, ValueError):  # it does not take them, or has no signature
            given = {"": self.args} | self.kwargs
        return {id(tensor): name for name, tensor in reversed(named_tensors(given))}

    def _input(self, value: Tensor, name: str, first: bool) -> Tensor:
        if first:
            self.trace.input_name = name
            fed = self.trace.input.clone()
            self.origins[id(fed)] = _Origin(fed, INPUT, version_of(fed))
            return fed
        fed = value.detach().clone()
        if self.grad and fed.is_floating_point():
            fed = fed.requires_grad_().clone()
        step = Step(len(self.trace.steps), "input", name, "", self.stack[0][1], {}, {}, {}, fed)
        self._finish(step, fed, 0.0)
        self.of_input.add(step.index)
        return fed

    def _enter(self, module: nn.Module, args: Any) -> None:
        if get_ident() != self.thread:
            return
        here = self.stack[-1][0]
        paths = self.paths.get(id(module), [here])
        inside = here and here + "."
        path = paths[0] if len(paths) == 1 else next((p for p in paths if p.startswith(inside)), paths[0])
        self.stack.append((path, type(module).__name__))
        self.trace.modules.setdefault(path, type(module).__name__)

    def _leave(self, module: nn.Module, args: Any, output: Any) -> None:
        if get_ident() != self.thread:
            return
        if output is not None and not self._inside_a_call():
            with torch._C.DisableTorchFunction():
                self._look_at(args, output)
        left = self.stack.pop()
        self.unwound = (self.unwound or left) if output is None else None

    def _look_at(self, args: Any, output: Any) -> None:
        """Records, for a module that gives tensors which nobody saw being made, that it made them (TorchScript)."""
        for _, tensor in named_tensors(output):
            if not self._is_known(tensor):
                made_of = [value for _, value in named_tensors(args) if self._is_known(value)]
                self._unseen(tensor, () if self.left else made_of)

    def _is_known(self, tensor: Tensor) -> bool:
        identity = id(tensor)
        return identity in self.origins or identity in self.names or identity in self.constants

    def _inside_a_call(self) -> bool:
        """Whether an operation runs that is a step as a whole, or a function transform, whose values end with it."""
        return self.inside or torch._C._are_functorch_transforms_active()

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if self._inside_a_call():
            self._let_go(args)
            return func(*args, **kwargs)
        if func in COMPOSED:
            with self:
                return COMPOSED[func](*args, **kwargs)
        call = describe(func)
        if call.is_bookkeeping:
            return func(*args, **kwargs)
        if call.leaves:
            self._let_go(args, as_numbers=True)
        target = call.overwritten(args, kwargs)
        updated = call.updated(args, kwargs) + call.overwritten_list(args)
        for tensor in (target, *updated):
            if tensor is not None and self.own and _storage(tensor) in self.own:
                raise _ChangesParameters
        if target is not None and id(target) in self.names:  # a buffer's own bookkeeping is not a step
            self._keep_values_of(target)
            return func(*args, **kwargs)
        if target is not None or updated:
            # The arguments are kept before the call, which changes them.
            step = self._new_step(func.__name__, call, args, kwargs, self.trace.input)
            for tensor in (target, *updated):
                if tensor is not None:
                    self._keep_values_of(tensor)
            if target is not None and self.grad and target._is_view() and id(target) in self.origins:
                self.trace.overwritten.add(self.origins[id(target)].step)
            result, seconds = self._run(call.op, func, args, kwargs)
            self._finish(step, next(t for t in (target, *_tensors(result), *updated) if t is not None), seconds)
            if target is not None:
                self.changes[_storage(target)] = step.index
            return result
        result, seconds = self._run(call.op, func, args, kwargs)
        self._several(func.__name__, call, args, kwargs, result, seconds)
        if isinstance(result, Tensor) and self.trace.steps and self.trace.steps[-1].output is result:
            self.trace.steps[-1].called = func, args, kwargs
        return result

    def _apply(self, function: type, apply: Any, args: Any, kwargs: Any) -> Any:
        """Records a function with a gradient of its own as one step: autograd does not go through what it calls."""
        if self._inside_a_call():
            return apply(*args, **kwargs)
        call = replace(describe(apply), op=f"{function.__name__}.apply", bind=positional)
        result, seconds = self._run(call.op, apply, args, kwargs)
        with torch._C.DisableTorchFunction():
            self._applied(function, call, args, kwargs, result, seconds)
        return result

    def _applied(self, function: type, call: Call, args: Any, kwargs: Any, result: Any, seconds: float) -> None:
        if function is BackwardHookFunction:  # hands its arguments on
            for before, after in zip(args, result if isinstance(result, tuple) else (result,), strict=False):
                if id(before) in self.origins:
                    origin = self.origins[id(before)]
                    self.origins[id(after)] = _Origin(after, origin.step, version_of(after))
        else:
            self._several("apply", call, args, kwargs, result, seconds)

    def _several(self, name: str, call: Call, args: Any, kwargs: Any, result: Any, seconds: float) -> None:
        """Records one step for each tensor that a call has returned, but a parameter that it handed on as it is."""
        for part, output in enumerate(_tensors(result)):
            if id(output) in self.names:
                continue
            step = self._new_step(name, call, args, kwargs, output)
            step.part = part
            self._finish(step, output, seconds if part == 0 else 0.0)

    def _run(self, op: str, func: Any, args: Any, kwargs: Any) -> tuple[Any, float]:
        """Returns what the call returns, and the seconds that it took."""
        self.running = op
        self.inside = True
        watch = Stopwatch(self.device)
        try:
            result = func(*args, **kwargs)
        finally:
            self.inside = False
        seconds = watch.seconds()
        self.running = ""
        return result, seconds

    def _new_step(self, name: str, call: Call, args: Any, kwargs: Any, output: Tensor) -> Step:
        try:
            arguments = call.bind(*args, **kwargs)
        except (TypeError, ValueError, KeyError, StopIteration):  # a spelling that the binder does not know
            arguments = positional(*args, **kwargs)
        if self.as_numbers and _has_float(arguments):
            arguments[UNSEEN] = [self.trace.value(index) for index in self.as_numbers]
        path, module = self.stack[-1]
        step = Step(len(self.trace.steps), call.op, name, path, module, arguments, {}, {}, output)
        for name, value in arguments.items():
            if name == UNSEEN:
                step.parents |= {f"{name}.{k}": index for k, index in enumerate(self.as_numbers)}
            else:
                arguments[name] = self._linked(step, name, value)
        step.index = len(self.trace.steps)  # an alias may have been recorded in between
        return step

    def _linked(self, step: Step, name: str, value: Any) -> Any:
        """Links the tensors in an argument to what made them, and returns the argument to keep, without NumPy's own."""
        if type(value) in PLAIN:
            return value
        if isinstance(value, Tensor):
            return self._argument(step, name, value)
        if isinstance(value, list | tuple) and not hasattr(value, "_asdict"):
            items = [self._linked(step, f"{name}.{k}", item) for k, item in enumerate(value)]
            return items if isinstance(value, list) else tuple(items)
        return value.tolist() if isinstance(value, np.generic | np.ndarray) else value

    def _argument(self, step: Step, name: str, tensor: Tensor) -> Tensor:
        """Links `tensor` to what made it, and returns the tensor to keep."""
        identity, version = id(tensor), version_of(tensor)
        qualified = self.names.get(identity)
        if qualified is not None:
            step.parameters[name] = qualified
            step.parameter_versions[name] = version
        elif (origin := self.origins.get(identity)) is not None:
            step.parents[name] = origin.step if origin.version == version else self._alias(origin)
        elif identity not in self.constants:
            step.parents[name] = self._unseen(tensor)
        self._hold(step, tensor)
        return tensor

    def _let_go(self, args: Any, *, as_numbers: bool = False) -> None:
        """Notes the steps whose values go where they cannot be followed."""
        for _, tensor in named_tensors(args):
            origin = self.origins.get(id(_unwrapped(tensor)))
            if origin is not None and origin.step in self.of_input and tensor.is_floating_point():
                self.left[origin.step] = None
                if as_numbers:
                    self.as_numbers[origin.step] = None

    def _unseen(self, tensor: Tensor, made_of: Sequence[Tensor] = ()) -> int:
        """Records a tensor that nobody saw being made: of `made_of`, or of all that it may have been made of."""
        known = [self.origins[id(value)].step for value in made_of if id(value) in self.origins]
        steps = known or list(self.left) or self._behind(tensor) or [INPUT]
        path, module = self.stack[-1]
        names = ["input", *(f"argument_{k}" for k in range(1, len(steps)))]
        arguments = {name: self.trace.value(index) for name, index in zip(names, steps, strict=True)}
        parents = dict(zip(names, steps, strict=True))
        step = Step(len(self.trace.steps), UNSEEN, UNSEEN, path, module, arguments, parents, {}, tensor)
        self._finish(step, tensor, 0.0)
        return step.index

    def _behind(self, tensor: Tensor) -> list[int]:
        """Returns the steps that autograd would come to first, going back from a tensor."""
        nodes = {step.edge.node: step.index for step in self.trace.steps if step.edge is not None}
        found, seen, ahead = set(), set(), [tensor.grad_fn]
        while ahead:
            node = ahead.pop()
            if node is None or node in seen:
                continue
            seen.add(node)
            if node in nodes:
                found.add(nodes[node])
            else:
                ahead += [before for before, _ in node.next_functions]
        return sorted(found)

    def _alias(self, origin: _Origin) -> int:
        """Records that a tensor has other values since a later step worked in place on its storage."""
        tensor = origin.tensor
        cause = self.changes.get(_storage(tensor))
        before = self.trace.value(origin.step)
        path, module = self.stack[-1]
        arguments, parents = {"input": before}, {"input": origin.step}
        step = Step(len(self.trace.steps), "alias", "alias", path, module, arguments, parents, {}, tensor)
        if cause is not None:
            step.arguments["changed"] = self.trace.value(cause)
            step.parents["changed"] = cause
        self._finish(step, tensor, 0.0)
        return step.index

    def _finish(self, step: Step, output: Tensor, seconds: float) -> None:
        step.output = output
        step.seconds = seconds
        if self.grad and output.requires_grad:
            step.edge = _edge(output)
        self.trace.steps.append(step)
        if not self.of_input.isdisjoint(step.parents.values()):
            self.of_input.add(step.index)
        self.origins[id(output)] = _Origin(output, step.index, version_of(output))
        self._hold(step, output)

    def _hold(self, step: Step, tensor: Tensor) -> None:
        self.holders.setdefault(_storage(tensor), []).append(step)

    def _keep_values_of(self, changed: Tensor) -> None:
        """Copies every kept tensor that shares storage with `changed`, just before its values change."""
        storage = _storage(changed)
        copies: dict[int, Tensor] = {}

        def kept(tensor: Tensor) -> Tensor:
            if _storage(tensor) != storage:
                return tensor
            if id(tensor) not in copies:
                copies[id(tensor)] = tensor.detach().clone()
            return copies[id(tensor)]

        for step in self.holders.pop(storage, ()):
            step.output = kept(step.output)
            for name, tensor in named_tensors(step.arguments):
                copy = kept(tensor)
                if copy is not tensor:
                    step.replace(name, copy)


def _edge(tensor: Tensor) -> GradientEdge | None:
    """Returns where the gradient of a tensor is read; a view that was taken under no_grad has none."""
    try:
        cut = tensor.grad_fn is None and tensor._is_view()
    except RuntimeError:  # such a view, after its base has changed
        return None
    return None if cut else get_gradient_edge(tensor)


def _tensors(value: Any) -> list[Tensor]:
    return [tensor for _, tensor in named_tensors(value)]


def _has_float(value: Any) -> bool:
    """Whether a number that is not whole is among the arguments."""
    if isinstance(value, dict):
        return any(map(_has_float, value.values()))
    if isinstance(value, list | tuple):
        return any(map(_has_float, value))
    return isinstance(value, float | np.floating)


def _unwrapped(tensor: Tensor) -> Tensor:
    """Returns the tensor inside those of function transforms."""
    functorch = torch._C._functorch
    while functorch.is_functorch_wrapped_tensor(tensor):
        tensor = functorch.get_unwrapped(tensor)
    return tensor


def _storage(tensor: Tensor) -> int:
    """Returns what tensors that share memory have in common; a tensor without plain storage is on its own."""
    try:
        return tensor.untyped_storage().data_ptr()
    except (RuntimeError, NotImplementedError):  # sparse, or wrapped by a function transform
        return id(tensor)
