"""One autograd Function for every operator of `core.ops`: its backward calls the hand-written gradients."""

import inspect
from collections.abc import Callable
from functools import lru_cache
from types import ModuleType
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

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

    def output(self, *tensors: Tensor) -> Any:
        """Return what the operator computes of its tensors."""
        return getattr(self.ops, self.name)(**dict(zip(self.tensors, tensors, strict=True)), **self.options)

    def gradient(self, wrt: str, grad: Tensor, *tensors: Tensor) -> Tensor | None:
        """Return the gradient by one tensor: what `core.ops` has under the name for it, None if it has nothing.

        That function's arguments say by their names what it needs: the operator's own, `input_size`, `grad_output`.
        """
        function: Callable[..., Tensor] | None = getattr(self.ops, f"{self.name}_{wrt}_grad", None)
        if function is None:
            return None
        given = dict(zip(self.tensors, tensors, strict=True))
        sizes = {f"{name}_size": tensor.shape for name, tensor in given.items()}
        known = {**given, **sizes, **self.options, "grad_output": grad}
        return function(**{name: known[name] for name in signature(function).parameters if name in known})


signature = lru_cache(inspect.signature)


class Operator(Function):
    """An operator of `core.ops` as autograd sees it. Its gradients cannot be differentiated a second time."""

    @staticmethod
    def forward(ctx: Any, call: Call, *tensors: Tensor) -> Any:
        """Return the operator's output, and keep its tensors for the gradients."""
        ctx.call = call
        ctx.save_for_backward(*tensors)
        output, contiguous = call.output(*tensors), tensors[0].is_contiguous()
        if isinstance(output, tuple):
            ctx.mark_non_differentiable(*output[1:])
            return tuple(_as_of_torch(each, contiguous) for each in output)
        return _as_of_torch(output, contiguous)

    @staticmethod
    def backward(ctx: Any, grad: Tensor, *_: Tensor) -> tuple[Tensor | None, ...]:
        """Return the hand-written gradients of the tensors that need one.

        Raises:
            RuntimeError: The gradients are themselves to be differentiated (`create_graph=True`).
        """
        if torch.is_grad_enabled():
            raise RuntimeError(f"the gradients of {ctx.call.name} are hand-written and have no gradient of their own")
        call, tensors = ctx.call, ctx.saved_tensors
        needed = zip(call.tensors, ctx.needs_input_grad[1:], strict=True)
        return None, *(call.gradient(wrt, grad, *tensors) if need else None for wrt, need in needed)


def _as_of_torch(output: Tensor, contiguous: bool) -> Tensor:
    """Return the output in the memory that a model may expect of torch.

    A contiguous input has a contiguous output, whose `view` can be taken (the fast convolution writes channels last),
    and the output is a tensor of its own, not the view that a last reshape left: autograd forbids in-place operations
    on views made inside a Function.
    """
    return (output.contiguous() if contiguous else output).data


def apply(ops: ModuleType, name: str, *args: Any, **kwargs: Any) -> Any:
    """Return what operator `name` of `ops` computes of its arguments, so that autograd can go back through it."""
    arguments = signature(getattr(ops, name)).bind(*args, **kwargs).arguments
    call = Call(ops, name, arguments)
    return Operator.apply(call, *call.tensors.values())
