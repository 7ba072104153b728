"""One autograd Function for every operator of `core.ops`: its backward calls the hand-written gradients."""

import inspect
from collections.abc import Callable, Sequence
from functools import lru_cache
from types import ModuleType
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from core.ops.layout import lies_contiguous

__all__ = ["apply"]

Options = dict[str, Any]


class Call:
    """One call of an operator: what its gradients need to know.

    Args:
        ops: `core.ops.naive` or `core.ops.vectorized`.
        name: The operator.
        arguments: By name.
    """

    def __init__(self, ops: ModuleType, name: str, arguments: Options) -> None:
        self.ops, self.name = ops, name
        self.tensors = {name: value for name, value in arguments.items() if isinstance(value, Tensor)}
        self.options = {name: value for name, value in arguments.items() if name not in self.tensors}
        self.kept: Any = None
        self.reads_output = _reads_output(getattr(ops, f"{name}_grads", None))

    def output(self, *tensors: Tensor, keep: bool) -> Any:
        """Return what the operator computes of its tensors, and `keep` what its gradients can use, if there is any."""
        given = dict(zip(self.tensors, tensors, strict=True))
        keeping = getattr(self.ops, f"{self.name}_kept", None) if keep else None
        if keeping is None:
            return getattr(self.ops, self.name)(**given, **self.options)
        output, self.kept = keeping(**given, **self.options)
        return output

    def gradients(self, wanted: Sequence[str], grad: Tensor, *tensors: Tensor) -> dict[str, Tensor]:
        """Return the gradients by the wanted tensors: what `core.ops` has under the names for them.

        A function's arguments say by their names what it needs: the operator's own, `input_size`, `grad_output`. Where
        there is a `NAME_grads`, it computes all those `wanted` at once, from what was `kept` of the forward pass, or
        from its `output`, which then follows the tensors.
        """
        names = (*self.tensors, "output") if self.reads_output else self.tensors
        given = dict(zip(names, tensors, strict=True))
        sizes = {f"{name}_size": tensor.shape for name, tensor in given.items()}
        known = {**given, **sizes, **self.options, "grad_output": grad, "kept": self.kept}
        functions = {which: getattr(self.ops, f"{self.name}_{which}_grad", None) for which in wanted}
        known["wanted"] = [which for which, function in functions.items() if function]
        together: Callable[..., dict[str, Tensor]] | None = getattr(self.ops, f"{self.name}_grads", None)
        if together and known["wanted"]:
            return together(**_asked(together, known))
        return {which: function(**_asked(function, known)) for which, function in functions.items() if function}


@lru_cache
def signature(function: Callable[..., Any]) -> inspect.Signature:
    """Return the arguments of a function."""
    return inspect.signature(function)


@lru_cache
def _names(function: Callable[..., Any]) -> tuple[str, ...]:
    return tuple(signature(function).parameters)


@lru_cache
def _reads_output(gradients: Callable[..., Any] | None) -> bool:
    return gradients is not None and "output" in _names(gradients)


@lru_cache
def _positional(function: Callable[..., Any]) -> tuple[str, ...]:
    kinds = signature(function).parameters.values()
    return tuple(parameter.name for parameter in kinds if parameter.kind is parameter.POSITIONAL_OR_KEYWORD)


def _bound(function: Callable[..., Any], args: Sequence[Any], kwargs: Options) -> Options:
    """Return a call's arguments by name: what `inspect` binds, whose 30 µs are for calls that cannot be bound."""
    names = _positional(function)
    if len(args) > len(names) or not kwargs.keys().isdisjoint(names[: len(args)]):
        return dict(signature(function).bind(*args, **kwargs).arguments)
    return dict(zip(names, args, strict=False)) | kwargs


def _asked(function: Callable[..., Any], known: Options) -> Options:
    """Return those of the known arguments that a function takes."""
    return {name: known[name] for name in _names(function) if name in known}


class Operator(Function):
    """An operator of `core.ops` as autograd sees it. Its gradients cannot be differentiated a second time."""

    @staticmethod
    def forward(ctx: Any, call: Call, *tensors: Tensor) -> Any:
        """Return the operator's output, and keep its tensors for the gradients."""
        ctx.call = call
        output = call.output(*tensors, keep=any(ctx.needs_input_grad))
        contiguous = lies_contiguous(*tensors[:2])
        if isinstance(output, tuple):
            ctx.save_for_backward(*tensors)
            ctx.mark_non_differentiable(*output[1:])
            return tuple(_as_of_torch(each, contiguous) for each in output)
        output = _as_of_torch(output, contiguous)
        ctx.save_for_backward(*tensors, *((output,) if call.reads_output else ()))
        return output

    @staticmethod
    def backward(ctx: Any, grad: Tensor, *_: Tensor) -> tuple[Tensor | None, ...]:
        """Return the hand-written gradients of the tensors that need one.

        Raises:
            RuntimeError: The gradients are themselves to be differentiated (`create_graph=True`).
        """
        if torch.is_grad_enabled():
            raise RuntimeError(f"the gradients of {ctx.call.name} are hand-written and have no gradient of their own")
        call, tensors = ctx.call, ctx.saved_tensors
        wanted = [which for which, need in zip(call.tensors, ctx.needs_input_grad[1:], strict=True) if need]
        found = call.gradients(wanted, grad, *tensors)
        return None, *(found.get(which) for which in call.tensors)


def _as_of_torch(output: Tensor, contiguous: bool) -> Tensor:
    """Return the output in the memory that a model may expect of torch.

    A contiguous input has a contiguous output, whose `view` can be taken (the fast convolution writes channels last),
    unless it or the weight is laid out channels-last. The output is a tensor of its own, not the view that a last
    reshape left: autograd forbids in-place operations on views made inside a Function.
    """
    return (output.contiguous() if contiguous else output).data


def apply(ops: ModuleType, name: str, *args: Any, **kwargs: Any) -> Any:
    """Return what operator `name` of `ops` computes of its arguments, so that autograd can go back through it."""
    return apply_keeping(ops, name, *args, **kwargs)[0]


def apply_keeping(ops: ModuleType, name: str, *args: Any, **kwargs: Any) -> tuple[Any, Any]:
    """Return the same, and what is kept for the gradients, None if that is nothing."""
    call = Call(ops, name, _bound(getattr(ops, name), args, kwargs))
    return Operator.apply(call, *call.tensors.values()), call.kept
