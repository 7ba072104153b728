"""Activations and their gradients, one element at a time.

Each has the signature `(input) -> output` and, for its gradient, `(input, grad_output) -> grad_input`, for tensors of
any size; `leaky_relu` takes its slope besides, `gelu` how it is approximated. They raise `TypeError` for a tensor that
is not of a floating-point dtype and `ValueError` when dtype, device or size of the two differ. NaN stays NaN.
"""

# mypy: allow-redefinition
import math

from torch import Tensor

from core.ops.checks import Approximation, check_approximate, check_elementwise, check_tensors
from core.ops.naive.numbers import Output, numbers

__all__ = [
    "gelu",
    "gelu_input_grad",
    "hardsigmoid",
    "hardsigmoid_input_grad",
    "hardswish",
    "hardswish_input_grad",
    "leaky_relu",
    "leaky_relu_input_grad",
    "mish",
    "mish_input_grad",
    "relu",
    "relu_input_grad",
    "sigmoid",
    "sigmoid_input_grad",
    "silu",
    "silu_input_grad",
    "tanh",
    "tanh_input_grad",
]


def relu(input: Tensor) -> Tensor:
    """Return max(x, 0) for every element x.

    Source: `torch.nn.functional.relu`.
    """
    check_tensors(input=input)
    size, output = input.shape, Output(input, input.numel())
    input = numbers(input.reshape(-1))
    for k, x in enumerate(input):
        output[k,] = 0.0 if x <= 0 else x
    return output.tensor().reshape(size)


def relu_input_grad(input: Tensor, grad_output: Tensor) -> Tensor:
    """Return dL/dinput of `relu`, a gate: grad_output where x > 0, else 0."""
    check_elementwise(input, grad_output)
    size, grad_input = input.shape, Output(grad_output, input.numel())
    input, grad_output = numbers(input.reshape(-1)), numbers(grad_output.reshape(-1))
    for k, (x, grad) in enumerate(zip(input, grad_output, strict=True)):
        grad_input[k,] = 0.0 if x <= 0 else grad
    return grad_input.tensor().reshape(size)


def leaky_relu(input: Tensor, negative_slope: float = 0.01) -> Tensor:
    """Return x for every element x > 0, negative_slope · x for the others.

    Source: `torch.nn.functional.leaky_relu`; Maas et al. 2013, section 2.
    """
    check_tensors(input=input)
    size, output = input.shape, Output(input, input.numel())
    input = numbers(input.reshape(-1))
    for k, x in enumerate(input):
        output[k,] = x if x > 0 else negative_slope * x
    return output.tensor().reshape(size)


def leaky_relu_input_grad(input: Tensor, grad_output: Tensor, negative_slope: float = 0.01) -> Tensor:
    """Return dL/dinput of `leaky_relu`, a gate that never closes: grad_output, for x ≤ 0 times the slope."""
    check_elementwise(input, grad_output)
    size, grad_input = input.shape, Output(grad_output, input.numel())
    input, grad_output = numbers(input.reshape(-1)), numbers(grad_output.reshape(-1))
    for k, (x, grad) in enumerate(zip(input, grad_output, strict=True)):
        grad_input[k,] = grad if x > 0 else grad * negative_slope
    return grad_input.tensor().reshape(size)


def sigmoid(input: Tensor) -> Tensor:
    """Return σ(x) = 1 / (1 + e^(−x)) for every element x.

    Source: `torch.nn.functional.sigmoid`.
    """
    check_tensors(input=input)
    size, output = input.shape, Output(input, input.numel())
    input = numbers(input.reshape(-1))
    for k, x in enumerate(input):
        output[k,] = _sigmoid(x)
    return output.tensor().reshape(size)


def _sigmoid(x: float) -> float:
    """Return σ(x), for x < 0 as e^x / (1 + e^x), because e^(−x) would overflow."""
    return math.exp(x) / (1 + math.exp(x)) if x < 0 else 1 / (1 + math.exp(-x))


def sigmoid_input_grad(input: Tensor, grad_output: Tensor) -> Tensor:
    """Return dL/dinput of `sigmoid`: grad_output · σ(x) · (1 − σ(x))."""
    check_elementwise(input, grad_output)
    size, grad_input = input.shape, Output(grad_output, input.numel())
    input, grad_output = numbers(input.reshape(-1)), numbers(grad_output.reshape(-1))
    for k, (x, grad) in enumerate(zip(input, grad_output, strict=True)):
        grad_input[k,] = grad * _sigmoid(x) * (1 - _sigmoid(x))
    return grad_input.tensor().reshape(size)


def tanh(input: Tensor) -> Tensor:
    """Return the hyperbolic tangent (e^x − e^(−x)) / (e^x + e^(−x)) for every element x.

    Source: `torch.nn.functional.tanh`.
    """
    check_tensors(input=input)
    size, output = input.shape, Output(input, input.numel())
    input = numbers(input.reshape(-1))
    for k, x in enumerate(input):
        output[k,] = math.tanh(x)
    return output.tensor().reshape(size)


def tanh_input_grad(input: Tensor, grad_output: Tensor) -> Tensor:
    """Return dL/dinput of `tanh`: grad_output · (1 − tanh²(x))."""
    check_elementwise(input, grad_output)
    size, grad_input = input.shape, Output(grad_output, input.numel())
    input, grad_output = numbers(input.reshape(-1)), numbers(grad_output.reshape(-1))
    for k, (x, grad) in enumerate(zip(input, grad_output, strict=True)):
        grad_input[k,] = grad * (1 - math.tanh(x) ** 2)
    return grad_input.tensor().reshape(size)


def hardsigmoid(input: Tensor) -> Tensor:
    """Return the piecewise linear sigmoid: 0 for x ≤ −3, 1 for x ≥ 3, x / 6 + 1 / 2 between.

    Source: `torch.nn.functional.hardsigmoid`.
    """
    check_tensors(input=input)
    size, output = input.shape, Output(input, input.numel())
    input = numbers(input.reshape(-1))
    for k, x in enumerate(input):
        output[k,] = 0.0 if x <= -3 else 1.0 if x >= 3 else x / 6 + 0.5
    return output.tensor().reshape(size)


def hardsigmoid_input_grad(input: Tensor, grad_output: Tensor) -> Tensor:
    """Return dL/dinput of `hardsigmoid`: grad_output / 6 for −3 < x < 3, else 0."""
    check_elementwise(input, grad_output)
    size, grad_input = input.shape, Output(grad_output, input.numel())
    input, grad_output = numbers(input.reshape(-1)), numbers(grad_output.reshape(-1))
    for k, (x, grad) in enumerate(zip(input, grad_output, strict=True)):
        grad_input[k,] = grad / 6 if -3 < x < 3 else 0.0
    return grad_input.tensor().reshape(size)


def hardswish(input: Tensor) -> Tensor:
    """Return x · min(max(x + 3, 0), 6) / 6 for every element x: 0 below −3, x above 3.

    Source: `torch.nn.functional.hardswish`; Howard et al. 2019, "Searching for MobileNetV3", section 5.2.
    """
    check_tensors(input=input)
    size, output = input.shape, Output(input, input.numel())
    input = numbers(input.reshape(-1))
    for k, x in enumerate(input):
        output[k,] = x * min(max(x + 3, 0), 6) / 6
    return output.tensor().reshape(size)


def hardswish_input_grad(input: Tensor, grad_output: Tensor) -> Tensor:
    """Return dL/dinput of `hardswish`: grad_output times 0 for x ≤ −3, 1 for x ≥ 3, x / 3 + 1 / 2 between."""
    check_elementwise(input, grad_output)
    size, grad_input = input.shape, Output(grad_output, input.numel())
    input, grad_output = numbers(input.reshape(-1)), numbers(grad_output.reshape(-1))
    for k, (x, grad) in enumerate(zip(input, grad_output, strict=True)):
        grad_input[k,] = 0.0 if x <= -3 else grad if x >= 3 else grad * (x / 3 + 0.5)
    return grad_input.tensor().reshape(size)


def silu(input: Tensor) -> Tensor:
    """Return x · σ(x) for every element x, also called swish.

    Source: `torch.nn.functional.silu`; Ramachandran et al. 2017, "Searching for Activation Functions".
    """
    check_tensors(input=input)
    size, output = input.shape, Output(input, input.numel())
    input = numbers(input.reshape(-1))
    for k, x in enumerate(input):
        output[k,] = x * _sigmoid(x)
    return output.tensor().reshape(size)


def silu_input_grad(input: Tensor, grad_output: Tensor) -> Tensor:
    """Return dL/dinput of `silu`: grad_output · σ(x) · (1 + x · (1 − σ(x)))."""
    check_elementwise(input, grad_output)
    size, grad_input = input.shape, Output(grad_output, input.numel())
    input, grad_output = numbers(input.reshape(-1)), numbers(grad_output.reshape(-1))
    for k, (x, grad) in enumerate(zip(input, grad_output, strict=True)):
        grad_input[k,] = grad * _sigmoid(x) * (1 + x * (1 - _sigmoid(x)))
    return grad_input.tensor().reshape(size)


def mish(input: Tensor) -> Tensor:
    """Return x · tanh(ln(1 + e^x)) for every element x.

    Source: `torch.nn.functional.mish`; Misra 2019, "Mish: A Self Regularized Non-Monotonic Activation Function".
    """
    check_tensors(input=input)
    size, output = input.shape, Output(input, input.numel())
    input = numbers(input.reshape(-1))
    for k, x in enumerate(input):
        output[k,] = x * _opening(x)
    return output.tensor().reshape(size)


def mish_input_grad(input: Tensor, grad_output: Tensor) -> Tensor:
    """Return dL/dinput of `mish`: grad_output · (t + x · (1 − t²) · σ(x)), t = tanh(ln(1 + e^x))."""
    check_elementwise(input, grad_output)
    size, grad_input = input.shape, Output(grad_output, input.numel())
    input, grad_output = numbers(input.reshape(-1)), numbers(grad_output.reshape(-1))
    for k, (x, grad) in enumerate(zip(input, grad_output, strict=True)):
        grad_input[k,] = grad * (_opening(x) + x * (1 - _opening(x) ** 2) * _sigmoid(x))
    return grad_input.tensor().reshape(size)


def _opening(x: float) -> float:
    """Return tanh(ln(1 + e^x)); ln(1 + e^x) = max(x, 0) + ln(1 + e^(−|x|)) does not overflow."""
    return math.tanh(max(x, 0.0) + math.log1p(math.exp(-abs(x)))) if x == x else x


def gelu(input: Tensor, approximate: Approximation = "none") -> Tensor:
    """Return x · Φ(x) for every element x, Φ(x) the share of a standard normal distribution below x.

    Φ(x) = (1 + erf(x / √2)) / 2, or, `approximate` being "tanh", (1 + tanh(√(2 / π) · (x + 0.044715 · x³))) / 2

    Source: `torch.nn.functional.gelu`; Hendrycks & Gimpel 2016, section 2.
    """
    check_tensors(input=input)
    check_approximate(approximate)
    size, output = input.shape, Output(input, input.numel())
    input = numbers(input.reshape(-1))
    for k, x in enumerate(input):
        output[k,] = x * _below(x, approximate)
    return output.tensor().reshape(size)


def gelu_input_grad(input: Tensor, grad_output: Tensor, approximate: Approximation = "none") -> Tensor:
    """Return dL/dinput of `gelu`: grad_output · (Φ(x) + x · Φ′(x))."""
    check_elementwise(input, grad_output)
    check_approximate(approximate)
    size, grad_input = input.shape, Output(grad_output, input.numel())
    input, grad_output = numbers(input.reshape(-1)), numbers(grad_output.reshape(-1))
    for k, (x, grad) in enumerate(zip(input, grad_output, strict=True)):
        grad_input[k,] = grad * (_below(x, approximate) + x * _density(x, approximate))
    return grad_input.tensor().reshape(size)


def _below(x: float, approximate: Approximation) -> float:
    """Return Φ(x) as `gelu` writes it."""
    if approximate == "none":
        return (1 + math.erf(x / math.sqrt(2))) / 2
    return (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x))) / 2


def _density(x: float, approximate: Approximation) -> float:
    """Return Φ′(x): e^(−x² / 2) / √(2π), or the derivative of the approximation."""
    if approximate == "none":
        return math.exp(-x * x / 2) / math.sqrt(2 * math.pi)
    slope = math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * x * x)
    return (1 - math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x)) ** 2) * slope / 2
