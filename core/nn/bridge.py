"""One autograd Function for every operator of `core.ops`: its backward calls the hand-written gradients."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

Options = dict[str, Any]


class Call:
    """One call of an operator: what its gradients need to know.

    Args:
        ops: `core.ops.naive` or `core.ops.vectorized`.
        name: The operator.
        options: Its arguments that are not tensors.
    """

    def __init__(self, ops: ModuleType, name: str, options: Options) -> None:
        self.ops, self.name, self.options = ops, name, options

    def output(self, *tensors: Tensor | None) -> Any:
        """Return what the operator computes."""
        return getattr(self.ops, self.name)(*tensors, **self.options)

    def grad(self, which: str, *arguments: Any, **options: Any) -> Tensor:
        """Return what the operator's gradient with respect to the tensor called `which` computes."""
        gradient: Callable[..., Tensor] = getattr(self.ops, f"{self.name}_{which}_grad")
        return gradient(*arguments, **options)


Gradients = tuple[Callable[..., Tensor] | None, ...]

WEIGHTED: Gradients = (
    lambda call, grad, input, weight, bias: call.grad("input", input.shape, weight, grad, **call.options),
    lambda call, grad, input, weight, bias: call.grad("weight", input, weight.shape, grad, **call.options),
    lambda call, grad, input, weight, bias: call.grad("bias", grad),
)
BY_VALUE: Gradients = (lambda call, grad, input: call.grad("input", input, grad, **call.options),)
BY_SIZE: Gradients = (lambda call, grad, input: call.grad("input", input.shape, grad, **call.options),)

# The gradient with respect to each tensor of a call, in order; tensors beyond have none.
GRADIENTS: dict[str, Gradients] = {
    **dict.fromkeys(("conv1d", "conv2d", "conv_transpose2d", "linear"), WEIGHTED),
    **dict.fromkeys(("relu", "sigmoid", "tanh", "hardsigmoid", "hardswish", "softmax", "log_softmax"), BY_VALUE),
    **dict.fromkeys(("avg_pool2d", "pad2d"), BY_SIZE),
    "max_pool2d": (
        lambda call, grad, input: call.grad(
            "input", input, grad, **{key: value for key, value in call.options.items() if key != "return_indices"}
        ),
    ),
    "adaptive_avg_pool2d": (lambda call, grad, input: call.grad("input", input.shape, grad),),
    "batch_norm": (
        lambda call, grad, input, mean, var, weight, bias: call.grad(
            "input", input, grad, mean, var, weight, **call.options
        ),
        None,
        None,
        lambda call, grad, input, mean, var, weight, bias: call.grad("weight", input, grad, mean, var, **call.options),
        lambda call, grad, input, mean, var, weight, bias: call.grad("bias", grad),
    ),
    "dropout": (lambda call, grad, input, mask: call.grad("input", mask, grad, **call.options),),
    "nll_loss": (
        lambda call, grad, input, target, weight: call.grad("input", input.shape, target, grad, weight, **call.options),
    ),
    "cross_entropy": (
        lambda call, grad, input, target, weight: call.grad("input", input, target, grad, weight, **call.options),
    ),
}


class Operator(Function):
    """An operator of `core.ops` as autograd sees it. Its gradients cannot be differentiated a second time."""

    @staticmethod
    def forward(ctx: Any, call: Call, *tensors: Tensor | None) -> Any:
        """Return the operator's output, and keep its tensors for the gradients."""
        ctx.call = call
        ctx.save_for_backward(*tensors)
        output, contiguous = call.output(*tensors), tensors[0] is not None and tensors[0].is_contiguous()
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
        tensors = ctx.saved_tensors
        gradients = GRADIENTS[ctx.call.name]
        gradients += (None,) * (len(tensors) - len(gradients))
        needed = zip(ctx.needs_input_grad[1:], gradients, strict=True)
        return None, *(gradient(ctx.call, grad, *tensors) if need and gradient else None for need, gradient in needed)


def _as_of_torch(output: Tensor, contiguous: bool) -> Tensor:
    """Return the output in the memory that a model may expect of torch.

    A contiguous input has a contiguous output, whose `view` can be taken (the fast convolution writes channels last),
    and the output is a tensor of its own, not the view that a last reshape left: autograd forbids in-place operations
    on views made inside a Function.
    """
    return (output.contiguous() if contiguous else output).data


def apply(ops: ModuleType, name: str, *tensors: Tensor | None, **options: Any) -> Any:
    """Return what operator `name` of `ops` computes, so that autograd can go back through it.

    Args:
        ops: `core.ops.naive` or `core.ops.vectorized`.
        name: One of `GRADIENTS`.
        tensors: The operator's tensors in order, None for one that is left out.
        options: The operator's other arguments.
    """
    return Operator.apply(Call(ops, name, options), *tensors)
