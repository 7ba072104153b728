"""Activations and their gradients, in one pass where `core.ops.vectorized.pointwise` has it, else on whole tensors.

See `core.ops.naive.activation`.
"""

import math

import torch
from torch import Tensor

from core.ops.checks import Approximation, check_approximate, check_elementwise, check_tensors
from core.ops.vectorized import pointwise

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
    """Return max(x, 0) for every element x."""
    check_tensors(input=input)
    return input.clamp_min(0)


def relu_input_grad(input: Tensor, grad_output: Tensor) -> Tensor:
    """Return dL/dinput of `relu`: grad_output where x > 0, else 0."""
    if (grad_input := pointwise.activation("relu", input, grad_output)) is not None:
        return grad_input
    check_elementwise(input, grad_output)
    return torch.where(input <= 0, 0.0, grad_output)


def leaky_relu(input: Tensor, negative_slope: float = 0.01) -> Tensor:
    """Return x for every element x > 0, negative_slope · x for the others."""
    if (output := pointwise.activation("leaky_relu", input, slope=negative_slope)) is not None:
        return output
    check_tensors(input=input)
    return torch.where(input > 0, input, negative_slope * input)


def leaky_relu_input_grad(input: Tensor, grad_output: Tensor, negative_slope: float = 0.01) -> Tensor:
    """Return dL/dinput of `leaky_relu`: grad_output where x > 0, else negative_slope · grad_output."""
    if (grad_input := pointwise.activation("leaky_relu", input, grad_output, slope=negative_slope)) is not None:
        return grad_input
    check_elementwise(input, grad_output)
    return torch.where(input > 0, grad_output, grad_output * negative_slope)


def sigmoid(input: Tensor) -> Tensor:
    """Return 1 / (1 + e^(−x)) for every element x; where e^(−x) overflows to infinity, 0."""
    if (output := pointwise.activation("sigmoid", input)) is not None:
        return output
    check_tensors(input=input)
    return 1 / (1 + (-input).exp())


def sigmoid_input_grad(input: Tensor, grad_output: Tensor) -> Tensor:
    """Return dL/dinput of `sigmoid`: grad_output · σ(x) · (1 − σ(x))."""
    return sigmoid_grads(sigmoid(input), grad_output)["input"]


def sigmoid_grads(output: Tensor, grad_output: Tensor) -> dict[str, Tensor]:
    """Return `sigmoid_input_grad` under the name "input", of the forward pass's output: grad_output · y · (1 − y)."""
    if (grad_input := pointwise.activation("sigmoid", output, grad_output)) is not None:
        return {"input": grad_input}
    check_elementwise(output, grad_output)
    return {"input": grad_output * output * (1 - output)}


def tanh(input: Tensor) -> Tensor:
    """Return the hyperbolic tangent of every element."""
    check_tensors(input=input)
    return input.tanh()


def tanh_input_grad(input: Tensor, grad_output: Tensor) -> Tensor:
    """Return dL/dinput of `tanh`: grad_output · (1 − tanh²(x))."""
    return tanh_grads(tanh(input), grad_output)["input"]


def tanh_grads(output: Tensor, grad_output: Tensor) -> dict[str, Tensor]:
    """Return `tanh_input_grad` under the name "input", of the forward pass's output: grad_output · (1 − y²)."""
    if (grad_input := pointwise.activation("tanh", output, grad_output)) is not None:
        return {"input": grad_input}
    check_elementwise(output, grad_output)
    return {"input": grad_output * (1 - output.square())}


def hardsigmoid(input: Tensor) -> Tensor:
    """Return 0 for x ≤ −3, 1 for x ≥ 3, x / 6 + 1 / 2 between."""
    if (output := pointwise.activation("hardsigmoid", input)) is not None:
        return output
    check_tensors(input=input)
    return (input / 6 + 0.5).clamp(0, 1)


def hardsigmoid_input_grad(input: Tensor, grad_output: Tensor) -> Tensor:
    """Return dL/dinput of `hardsigmoid`: grad_output / 6 for −3 < x < 3, else 0."""
    if (grad_input := pointwise.activation("hardsigmoid", input, grad_output)) is not None:
        return grad_input
    check_elementwise(input, grad_output)
    return torch.where((input > -3) & (input < 3), grad_output / 6, 0.0)


def hardswish(input: Tensor) -> Tensor:
    """Return x · min(max(x + 3, 0), 6) / 6 for every element x."""
    if (output := pointwise.activation("hardswish", input)) is not None:
        return output
    check_tensors(input=input)
    return input * (input + 3).clamp(0, 6) / 6


def hardswish_input_grad(input: Tensor, grad_output: Tensor) -> Tensor:
    """Return dL/dinput of `hardswish`: grad_output times 0 for x ≤ −3, 1 for x ≥ 3, x / 3 + 1 / 2 between."""
    if (grad_input := pointwise.activation("hardswish", input, grad_output)) is not None:
        return grad_input
    check_elementwise(input, grad_output)
    between = torch.where(input >= 3, grad_output, grad_output * (input / 3 + 0.5))
    return torch.where(input <= -3, 0.0, between)


def silu(input: Tensor) -> Tensor:
    """Return x · σ(x) for every element x."""
    if (output := pointwise.activation("silu", input)) is not None:
        return output
    check_tensors(input=input)
    return input * sigmoid(input)


def silu_input_grad(input: Tensor, grad_output: Tensor) -> Tensor:
    """Return dL/dinput of `silu`: grad_output · σ(x) · (1 + x · (1 − σ(x)))."""
    if (grad_input := pointwise.activation("silu", input, grad_output)) is not None:
        return grad_input
    check_elementwise(input, grad_output)
    output = sigmoid(input)
    return grad_output * output * (1 + input * (1 - output))


def mish(input: Tensor) -> Tensor:
    """Return x · tanh(ln(1 + e^x)) for every element x."""
    if (output := pointwise.activation("mish", input)) is not None:
        return output
    check_tensors(input=input)
    return input * _opening(input)


def mish_input_grad(input: Tensor, grad_output: Tensor) -> Tensor:
    """Return dL/dinput of `mish`: grad_output · (t + x · (1 − t²) · σ(x)), t = tanh(ln(1 + e^x))."""
    if (grad_input := pointwise.activation("mish", input, grad_output)) is not None:
        return grad_input
    check_elementwise(input, grad_output)
    opening = _opening(input)
    return grad_output * (opening + input * (1 - opening.square()) * sigmoid(input))


def _opening(input: Tensor) -> Tensor:
    """Return tanh(ln(1 + e^x)), without overflow."""
    return (input.clamp(min=0) + (-input.abs()).exp().log1p()).tanh()


def gelu(input: Tensor, approximate: Approximation = "none") -> Tensor:
    """Return x · Φ(x) for every element x; see `core.ops.naive.gelu`."""
    check_approximate(approximate)
    if (output := pointwise.activation(f"gelu {approximate}", input)) is not None:
        return output
    check_tensors(input=input)
    return input * _below(input, approximate)


def gelu_input_grad(input: Tensor, grad_output: Tensor, approximate: Approximation = "none") -> Tensor:
    """Return dL/dinput of `gelu`: grad_output · (Φ(x) + x · Φ′(x))."""
    check_approximate(approximate)
    if (grad_input := pointwise.activation(f"gelu {approximate}", input, grad_output)) is not None:
        return grad_input
    check_elementwise(input, grad_output)
    below = _below(input, approximate)
    if approximate == "none":
        density = (-input.square() / 2).exp() / math.sqrt(2 * math.pi)
    else:  # (1 − tanh²) / 2 = 2 · Φ · (1 − Φ)
        density = 2 * below * (1 - below) * math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * input.square())
    return grad_output * (below + input * density)


def _below(input: Tensor, approximate: Approximation) -> Tensor:
    """Return Φ(x) as `core.ops.naive.gelu` writes it."""
    if approximate == "none":
        return (1 + (input / math.sqrt(2)).erf()) / 2
    return (1 + (math.sqrt(2 / math.pi) * (input + 0.044715 * input**3)).tanh()) / 2
