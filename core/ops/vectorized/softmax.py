"""Softmax, its logarithm and their gradients, in one pass along the last dimension, else on whole tensors."""

from torch import Tensor

from core.ops.checks import check_dim, check_elementwise, check_tensors
from core.ops.vectorized import pointwise

__all__ = ["log_softmax", "log_softmax_input_grad", "softmax", "softmax_input_grad"]


def softmax(input: Tensor, dim: int) -> Tensor:
    """Return probabilities along one dimension; see `core.ops.naive.softmax`."""
    if (output := pointwise.softmax(input, dim, logarithm=False)) is not None:
        return output
    check_tensors(input=input)
    check_dim(input.shape, dim)
    exponentials = (input - input.amax(dim, keepdim=True)).exp()
    return exponentials / exponentials.sum(dim, keepdim=True)


def softmax_input_grad(input: Tensor, grad_output: Tensor, dim: int) -> Tensor:
    """Return dL/dinput of `softmax`; see `core.ops.naive.softmax_input_grad`."""
    return softmax_grads(softmax(input, dim), grad_output, dim)["input"]


def softmax_grads(output: Tensor, grad_output: Tensor, dim: int) -> dict[str, Tensor]:
    """Return `softmax_input_grad` under the name "input", of the forward pass's output."""
    if (grad_input := pointwise.softmax(output, dim, grad_output, logarithm=False)) is not None:
        return {"input": grad_input}
    check_elementwise(output, grad_output)
    check_dim(output.shape, dim)
    return {"input": output * (grad_output - (output * grad_output).sum(dim, keepdim=True))}


def log_softmax(input: Tensor, dim: int) -> Tensor:
    """Return the logarithm of `softmax`; see `core.ops.naive.log_softmax`."""
    if (output := pointwise.softmax(input, dim, logarithm=True)) is not None:
        return output
    check_tensors(input=input)
    check_dim(input.shape, dim)
    below = input - input.amax(dim, keepdim=True)
    return below - below.exp().sum(dim, keepdim=True).log()


def log_softmax_input_grad(input: Tensor, grad_output: Tensor, dim: int) -> Tensor:
    """Return dL/dinput of `log_softmax`; see `core.ops.naive.log_softmax_input_grad`."""
    return log_softmax_grads(log_softmax(input, dim), grad_output, dim)["input"]


def log_softmax_grads(output: Tensor, grad_output: Tensor, dim: int) -> dict[str, Tensor]:
    """Return `log_softmax_input_grad` under the name "input", of the forward pass's output."""
    if (grad_input := pointwise.softmax(output, dim, grad_output, logarithm=True)) is not None:
        return {"input": grad_input}
    check_elementwise(output, grad_output)
    check_dim(output.shape, dim)
    return {"input": grad_output - output.exp() * grad_output.sum(dim, keepdim=True)}
