"""The fully connected layer and its gradients, one product at a time."""

# mypy: allow-redefinition
from itertools import product

from torch import Tensor

from core.ops.arguments import Size
from core.ops.checks import check_linear, check_linear_grad, check_optional, check_tensors, last_size
from core.ops.naive.numbers import Output, numbers

__all__ = ["linear", "linear_bias_grad", "linear_input_grad", "linear_weight_grad"]


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Return every weighted sum of the features.

    output[n, o] = bias[o] + Σ_f weight[o, f] · input[n, f]

    Args:
        input: `(*, F)`, any number of leading dimensions, which n counts through.
        weight: `(O, F)`.
        bias: `(O,)`.

    Returns:
        `(*, O)`.

    Raises:
        TypeError: A tensor is not of a floating-point dtype.
        ValueError: Dtypes, devices, ranks or sizes do not fit together.

    Source: `torch.nn.functional.linear`.
    """
    check_tensors(input=input, weight=weight, bias=bias)
    N, O, F = check_linear(input.shape, weight.shape)
    check_optional("bias", bias, (O,))
    leading = input.shape[:-1]
    output = Output(input, N, O)
    input, weight, bias = numbers(input.reshape(N, F)), numbers(weight), None if bias is None else numbers(bias)
    for n, o in product(range(N), range(O)):
        total = 0.0 if bias is None else bias[o]
        for f in range(F):
            total += weight[o, f] * input[n, f]
        output[n, o] = total
    return output.tensor().reshape(*leading, O)


def linear_input_grad(input_size: Size, weight: Tensor, grad_output: Tensor) -> Tensor:
    """Return dL/dinput of `linear`.

    grad_input[n, f] = Σ_o weight[o, f] · grad_output[n, o]

    Args:
        input_size: `(*, F)`.
        weight: `(O, F)`.
        grad_output: `(*, O)`.

    Raises:
        TypeError: A tensor is not of a floating-point dtype.
        ValueError: As `linear`, or `grad_output` is not of the output's size.
    """
    check_tensors(grad_output=grad_output, weight=weight)
    N, O, F = check_linear_grad(input_size, weight.shape, grad_output)
    grad_input = Output(grad_output, N, F)
    weight, grad_output = numbers(weight), numbers(grad_output.reshape(N, O))
    for n, f in product(range(N), range(F)):
        total = 0.0
        for o in range(O):
            total += weight[o, f] * grad_output[n, o]
        grad_input[n, f] = total
    return grad_input.tensor().reshape(*input_size)


def linear_weight_grad(input: Tensor, weight_size: Size, grad_output: Tensor) -> Tensor:
    """Return dL/dweight of `linear`.

    grad_weight[o, f] = Σ_n grad_output[n, o] · input[n, f]

    Args:
        input: `(*, F)`.
        weight_size: `(O, F)`.
        grad_output: `(*, O)`.

    Raises:
        TypeError: A tensor is not of a floating-point dtype.
        ValueError: As `linear`, or `grad_output` is not of the output's size.
    """
    check_tensors(grad_output=grad_output, input=input)
    N, O, F = check_linear_grad(input.shape, weight_size, grad_output)
    grad_weight = Output(grad_output, O, F)
    input, grad_output = numbers(input.reshape(N, F)), numbers(grad_output.reshape(N, O))
    for o, f in product(range(O), range(F)):
        total = 0.0
        for n in range(N):
            total += grad_output[n, o] * input[n, f]
        grad_weight[o, f] = total
    return grad_weight.tensor()


def linear_bias_grad(grad_output: Tensor) -> Tensor:
    """Return dL/dbias of `linear`, `(O,)`.

    grad_bias[o] = Σ_n grad_output[n, o]

    Args:
        grad_output: `(*, O)`.

    Raises:
        TypeError: `grad_output` is not of a floating-point dtype.
        ValueError: `grad_output` has no dimension.
    """
    check_tensors(grad_output=grad_output)
    O = last_size("grad_output", grad_output.shape)
    N = grad_output.numel() // O
    grad_bias = Output(grad_output, O)
    grad_output = numbers(grad_output.reshape(N, O))
    for o in range(O):
        total = 0.0
        for n in range(N):
            total += grad_output[n, o]
        grad_bias[o,] = total
    return grad_bias.tensor()
