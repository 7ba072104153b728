"""The fully connected layer and its gradients as matrix products."""

from torch import Tensor

from core.ops.arguments import Size
from core.ops.checks import check_linear, check_linear_grad, check_optional, check_tensors, last_size

__all__ = ["linear", "linear_bias_grad", "linear_input_grad", "linear_weight_grad"]


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Return every weighted sum of the features; see `core.ops.naive.linear`."""
    check_tensors(input=input, weight=weight, bias=bias)
    N, O, F = check_linear(input.shape, weight.shape)
    check_optional("bias", bias, (O,))
    rows = input.reshape(N, F)
    output = rows @ weight.mT if bias is None else bias.addmm(rows, weight.mT)
    return output.reshape(*input.shape[:-1], O)


def linear_input_grad(input_size: Size, weight: Tensor, grad_output: Tensor) -> Tensor:
    """Return dL/dinput of `linear`; see `core.ops.naive.linear_input_grad`."""
    check_tensors(grad_output=grad_output, weight=weight)
    N, O, _ = check_linear_grad(input_size, weight.shape, grad_output)
    return (grad_output.reshape(N, O) @ weight).reshape(*input_size)


def linear_weight_grad(input: Tensor, weight_size: Size, grad_output: Tensor) -> Tensor:
    """Return dL/dweight of `linear`; see `core.ops.naive.linear_weight_grad`."""
    check_tensors(grad_output=grad_output, input=input)
    N, O, F = check_linear_grad(input.shape, weight_size, grad_output)
    return grad_output.reshape(N, O).mT @ input.reshape(N, F)


def linear_bias_grad(grad_output: Tensor) -> Tensor:
    """Return dL/dbias of `linear`; see `core.ops.naive.linear_bias_grad`."""
    check_tensors(grad_output=grad_output)
    O = last_size("grad_output", grad_output.shape)
    return grad_output.reshape(grad_output.numel() // O, O).sum(0)
