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
    if (grad_input := pointwise.softmax(input, dim, grad_output, logarithm=False)) is not None:
        return grad_input
    check_elementwise(input, grad_output)
    check_dim(input.shape, dim)
    p = softmax(input, dim)
    return p * (grad_output - (p * grad_output).sum(dim, keepdim=True))


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
    if (grad_input := pointwise.softmax(input, dim, grad_output, logarithm=True)) is not None:
        return grad_input
    check_elementwise(input, grad_output)
    check_dim(input.shape, dim)
    return grad_output - softmax(input, dim) * grad_output.sum(dim, keepdim=True)
