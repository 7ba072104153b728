"""Max pooling and its gradient, one comparison at a time."""

# mypy: allow-redefinition
from itertools import product
from math import inf, isnan
from typing import Literal, overload

import torch
from torch import Tensor

from core.ops.arguments import Ints
from core.ops.checks import check_tensors
from core.ops.conv_checks import check_pool_grad
from core.ops.geometry import pool_windows
from core.ops.naive.numbers import Output, integers, numbers

__all__ = ["max_pool2d", "max_pool2d_input_grad"]


@overload
def max_pool2d(
    input: Tensor,
    kernel_size: Ints,
    stride: Ints | None = ...,
    padding: Ints = ...,
    dilation: Ints = ...,
    ceil_mode: bool = ...,
    return_indices: Literal[False] = ...,
) -> Tensor: ...


@overload
def max_pool2d(
    input: Tensor,
    kernel_size: Ints,
    stride: Ints | None = ...,
    padding: Ints = ...,
    dilation: Ints = ...,
    ceil_mode: bool = ...,
    *,
    return_indices: Literal[True],
) -> tuple[Tensor, Tensor]: ...


def max_pool2d(
    input: Tensor,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    dilation: Ints = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Tensor | tuple[Tensor, Tensor]:
    """Return the largest element of every window.

    output[n, c, y, x] = max_{i,j} input[n, c, y·sH − pH + i·dH, x·sW − pW + j·dW], padding left out

    Of equal elements the first one, row by row, is the arg-max; NaN is larger than any number, and of several the
    last one is the arg-max.

    Args:
        input: `(N, C, H, W)`.
        kernel_size: Taps of a window, one number or (kH, kW).
        stride: Elements between neighbouring windows; the kernel's size unless given.
        padding: Elements on each side that never win, at most half of a window.
        dilation: Elements between neighbouring taps.
        ceil_mode: Keep windows that start inside the input and end outside.
        return_indices: Return also where each output came from.

    Returns:
        `(N, C, outH, outW)`; with `return_indices` also the int64 indices `row·W + col`, of the same size.

    Raises:
        TypeError: `input` is not of a floating-point dtype.
        ValueError: The rank is not 4, a setting is out of its range, or a window is larger than the padded input.

    Source: `torch.nn.functional.max_pool2d`.
    """
    check_tensors(input=input)
    windows = pool_windows(input.shape, kernel_size, stride, padding, dilation, ceil_mode)
    (N, C, H, W), (kH, kW), (outH, outW) = input.shape, windows.kernel, windows.output
    (sH, sW), (pH, pW), (dH, dW) = windows.stride, windows.before, windows.dilation
    output, indices = Output(input, N, C, outH, outW), Output(input, N, C, outH, outW, dtype=torch.int64)
    input = numbers(input)
    for n, c, y, x in product(range(N), range(C), range(outH), range(outW)):
        best, index = -inf, -1
        for i, j in product(range(kH), range(kW)):
            row, col = y * sH - pH + i * dH, x * sW - pW + j * dW
            if 0 <= row < H and 0 <= col < W:
                value = input[n, c, row, col]
                if index < 0 or value > best or isnan(value):
                    best, index = value, row * W + col
        output[n, c, y, x], indices[n, c, y, x] = best, index
    return (output.tensor(), indices.tensor()) if return_indices else output.tensor()


def max_pool2d_input_grad(
    input: Tensor,
    grad_output: Tensor,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    dilation: Ints = 1,
    ceil_mode: bool = False,
) -> Tensor:
    """Return dL/dinput of `max_pool2d`: every output's gradient goes to its arg-max.

    grad_input[n, c, row, col] = Σ_{y,x: argmax(n, c, y, x) = (row, col)} grad_output[n, c, y, x]

    Args:
        input: `(N, C, H, W)`.
        grad_output: `(N, C, outH, outW)`.
        kernel_size: As given to `max_pool2d`, and so are the arguments that follow.
        stride: See `max_pool2d`.
        padding: See `max_pool2d`.
        dilation: See `max_pool2d`.
        ceil_mode: See `max_pool2d`.

    Raises:
        TypeError: A tensor is not of a floating-point dtype.
        ValueError: As `max_pool2d`, or `grad_output` is not of the output's size.
    """
    check_tensors(grad_output=grad_output, input=input)
    windows = pool_windows(input.shape, kernel_size, stride, padding, dilation, ceil_mode)
    check_pool_grad(input.shape, grad_output, windows)
    _, indices = max_pool2d(input, kernel_size, stride, padding, dilation, ceil_mode, return_indices=True)
    (N, C, H, W), (outH, outW) = input.shape, windows.output
    grad_input = Output(grad_output, N, C, H, W)
    indices, grad_output = integers(indices), numbers(grad_output)
    for n, c, y, x in product(range(N), range(C), range(outH), range(outW)):
        row, col = divmod(indices[n, c, y, x], W)
        grad_input[n, c, row, col] += grad_output[n, c, y, x]
    return grad_input.tensor()
