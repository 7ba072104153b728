"""Recording: one real eager forward pass, observed.

A `TorchFunctionMode` sees every torch call with its real arguments, whether a module or a function made it; module
hooks say in which module it happened. There is no tracing and no copy of the model: control flow, shared modules and
in-place operations are recorded as they ran.
"""

from contextlib import AbstractContextManager, nullcontext
from threading import get_ident
from time import perf_counter
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.autograd.graph import get_gradient_edge
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook
from torch.overrides import TorchFunctionMode

from core.device import Stopwatch
from core.explain.buffers import left_as_found
from core.explain.calls import Call, describe, positional
from core.explain.trace import INPUT, Step, Trace, named_tensors, version_of


class RecordingError(RuntimeError):
    """The model raised half-way. `trace` holds the steps that ran; the model's own exception is `__cause__`."""

    def __init__(self, message: str, trace: Trace):
        super().__init__(message)
        self.trace = trace


def record(
    model: nn.Module,
    input: Tensor,
    *,
    grad: bool = False,
    within: AbstractContextManager[Any] = nullcontext(),  # noqa: B008  (keeps no state)
) -> Trace:
    """Returns the trace of `model(input)`.

    The model is left as found, also after an exception: no hook, no `.grad`, the same mode and device, and the
    buffers that the pass changed (batch norm's running statistics, in training mode) put back. The pass draws from
    the random generators what an ordinary forward pass would, and nothing more. `input` is not changed, even by a
    model that works on it in place.

    Args:
        model: Any eager module; it returns a tensor or a tuple, list or dict of tensors.
        input: The one argument of its `forward`, on the model's device.
        grad: Keep the autograd graph, for `Trace.gradients`; otherwise the pass runs under `torch.no_grad`.
        within: Entered around the pass, inside the recording: what it puts in place of an operation is recorded.

    Raises:
        TypeError: `model` is not a module, or `input` is not a tensor.
        RecordingError: The model raised; the part that ran is its `trace`.
    """
    if not isinstance(model, nn.Module):
        raise TypeError(f"model must be a torch.nn.Module, got {type(model).__name__}")
    if not isinstance(input, Tensor):
        raise TypeError(f"input must be a torch.Tensor, got {type(input).__name__}")
    with torch.inference_mode(mode=False), torch.set_grad_enabled(grad):
        return _Recorder(model, input, grad).observe(within)


class _Origin(NamedTuple):
    """The step that made a tensor, and the tensor's version counter when it had."""

    tensor: Tensor  # kept alive: its id must stay its own
    step: int
    version: int


class _Recorder(TorchFunctionMode):
    def __init__(self, model: nn.Module, input: Tensor, grad: bool) -> None:
        super().__init__()
        self.model = model
        self.grad = grad
        self.thread = get_ident()
        self.device = input.device
        self.paths: dict[nn.Module, list[str]] = {}
        self.names: dict[int, str] = {}  # of parameters and buffers, by id
        self.buffer_versions: dict[int, int] = {}
        self.stack: list[tuple[str, str]] = [("", type(model).__name__)]
        self.unwound: tuple[str, str] | None = None  # the innermost module that an exception left
        self.running = ""  # the operation that has not returned
        self.origins: dict[int, _Origin] = {}
        self.holders: dict[int, list[Step]] = {}  # the steps that keep a tensor, by its storage
        self.changes: dict[int, int] = {}  # the last step that worked in place, by storage
        kept = input.detach().clone()
        if grad and kept.is_floating_point():
            kept.requires_grad_()
        self.trace = Trace(type(model).__name__, kept)
        self.fed = kept.clone()
        self.origins[id(self.fed)] = _Origin(self.fed, INPUT, version_of(self.fed))

    def observe(self, within: AbstractContextManager[Any]) -> Trace:
        self._survey()
        before = register_module_forward_pre_hook(self._enter)
        after = register_module_forward_hook(self._leave, always_call=True)
        start = perf_counter()
        try:
            with left_as_found(self.model), self, within:
                output = self.model(self.fed)
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
        for path, module in self.model.named_modules(remove_duplicate=False):
            self.paths.setdefault(module, []).append(path)
            prefix = path and path + "."
            for name, parameter in module._parameters.items():
                self.names.setdefault(id(parameter), prefix + name)
            for name, buffer in module._buffers.items():
                if buffer is not None:
                    self.names.setdefault(id(buffer), prefix + name)
                    self.buffer_versions[id(buffer)] = version_of(buffer)
        self.names.pop(id(None), None)

    def _enter(self, module: nn.Module, args: Any) -> None:
        if get_ident() != self.thread:
            return
        here = self.stack[-1][0]
        paths = self.paths.get(module, [here])
        inside = here and here + "."
        path = paths[0] if len(paths) == 1 else next((p for p in paths if p.startswith(inside)), paths[0])
        self.stack.append((path, type(module).__name__))
        self.trace.modules.setdefault(path, type(module).__name__)

    def _leave(self, module: nn.Module, args: Any, output: Any) -> None:
        if get_ident() != self.thread:
            return
        left = self.stack.pop()
        self.unwound = (self.unwound or left) if output is None else None

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        call = describe(func)
        if call.is_bookkeeping:
            return func(*args, **kwargs)
        target = call.overwritten(args, kwargs)
        updated = call.updated(args, kwargs)
        if target is not None and id(target) in self.names:  # a buffer's own bookkeeping is not a step
            self._keep_values_of(target)
            return func(*args, **kwargs)
        if target is not None or updated:
            # The arguments are kept before the call, which changes them.
            step = self._new_step(func, call, args, kwargs, self.fed)
            for tensor in (target, *updated):
                if tensor is not None:
                    self._keep_values_of(tensor)
            result, seconds = self._run(func, call, args, kwargs)
            self._finish(step, result if target is None else target, seconds)
            if target is not None:
                self.changes[_storage(target)] = step.index
            return result
        result, seconds = self._run(func, call, args, kwargs)
        for part, (_, output) in enumerate(named_tensors(result)):
            step = self._new_step(func, call, args, kwargs, output)
            step.part = part
            self._finish(step, output, seconds if part == 0 else 0.0)
        return result

    def _run(self, func: Any, call: Call, args: Any, kwargs: Any) -> tuple[Any, float]:
        """Returns what the call returns, and the seconds that it took."""
        self.running = call.op
        watch = Stopwatch(self.device)
        result = func(*args, **kwargs)
        seconds = watch.seconds()
        self.running = ""
        return result, seconds

    def _new_step(self, func: Any, call: Call, args: Any, kwargs: Any, output: Tensor) -> Step:
        try:
            arguments = call.bind(*args, **kwargs)
        except TypeError:  # a spelling that the binder does not know
            arguments = positional(*args, **kwargs)
        path, module = self.stack[-1]
        step = Step(len(self.trace.steps), call.op, func.__name__, path, module, arguments, {}, {}, output)
        for name, value in arguments.items():
            if isinstance(value, Tensor):
                arguments[name] = self._argument(step, name, value)
            elif isinstance(value, list | tuple) and any(isinstance(item, Tensor) for item in value):
                arguments[name] = type(value)(
                    self._argument(step, f"{name}.{k}", item) if isinstance(item, Tensor) else item
                    for k, item in enumerate(value)
                )
        step.index = len(self.trace.steps)  # an alias may have been recorded in between
        return step

    def _argument(self, step: Step, name: str, tensor: Tensor) -> Tensor:
        """Links `tensor` to what made it, and returns the tensor to keep."""
        identity, version = id(tensor), version_of(tensor)
        qualified = self.names.get(identity)
        if qualified is not None:
            step.parameters[name] = qualified
            if self.buffer_versions.get(identity, version) != version:
                return tensor.detach().clone()  # will be put back
            step.parameter_versions[name] = version
        elif (origin := self.origins.get(identity)) is not None:
            step.parents[name] = origin.step if origin.version == version else self._alias(origin)
        self._hold(step, tensor)
        return tensor

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
            step.edge = get_gradient_edge(output)
        self.trace.steps.append(step)
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


def _storage(tensor: Tensor) -> int:
    """Returns what tensors that share memory have in common; a tensor without plain storage is on its own."""
    try:
        return tensor.untyped_storage().data_ptr()
    except (RuntimeError, NotImplementedError):  # sparse, or wrapped by a function transform
        return id(tensor)
