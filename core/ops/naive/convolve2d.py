"""Convolution as mathematics defines it, the kernel flipped, one product at a time."""

# mypy: allow-redefinition
from itertools import product

from torch import Tensor

from core.ops.arguments import Ints, Size
from core.ops.checks import check_tensors
from core.ops.conv_checks import check_conv, check_conv_grad
from core.ops.geometry import padded_size
from core.ops.naive.conv2d import conv2d_bias_grad
from core.ops.naive.numbers import Output, numbers
from core.ops.naive.pad import pad2d, pad2d_input_grad

__all__ = ["convolve2d", "convolve2d_bias_grad", "convolve2d_input_grad", "convolve2d_weight_grad"]


def convolve2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Ints = 1,
    padding: Ints | str = 0,
    dilation: Ints = 1,
    groups: int = 1,
    *,
    padding_mode: str = "zeros",
) -> Tensor:
    """Return the true convolution: `conv2d` with every kernel rotated by 180°.

    output[n, o, y, x] = bias[o] + Σ_{c,i,j} weight[o, c, i, j] · input[n, first + c, row, col]
    with row = y·sH − pH + (kH − 1 − i)·dH, col = x·sW − pW + (kW − 1 − j)·dW

    Unlike cross-correlation it is commutative and associative. Arguments, result and errors are those of
    `core.ops.naive.conv2d`.
    """
    windows = check_conv(2, input, weight, bias, stride, padding, dilation, groups, padding_mode)
    if padding_mode != "zeros":
        padded = pad2d(input, windows.around, padding_mode=padding_mode)
        return convolve2d(padded, weight, bias, stride, 0, dilation, groups)
    (N, C, H, W), (O, _, kH, kW) = input.shape, weight.shape
    (sH, sW), (pH, pW), (dH, dW), (outH, outW) = windows.stride, windows.before, windows.dilation, windows.output
    output = Output(input, N, O, outH, outW)
    input, weight, bias = numbers(input), numbers(weight), None if bias is None else numbers(bias)
    for n, o, y, x in product(range(N), range(O), range(outH), range(outW)):
        total = 0.0 if bias is None else bias[o]
        first = o // (O // groups) * (C // groups)
        for c, i, j in product(range(C // groups), range(kH), range(kW)):
            row, col = y * sH - pH + (kH - 1 - i) * dH, x * sW - pW + (kW - 1 - j) * dW
            if 0 <= row < H and 0 <= col < W:
                total += weight[o, c, i, j] * input[n, first + c, row, col]
        output[n, o, y, x] = total
    return output.tensor()


def convolve2d_input_grad(
    input_size: Size,
    weight: Tensor,
    grad_output: Tensor,
    stride: Ints = 1,
    padding: Ints | str = 0,
    dilation: Ints = 1,
    groups: int = 1,
    *,
    padding_mode: str = "zeros",
) -> Tensor:
    """Return dL/dinput of `convolve2d`, with the arguments of `conv2d_input_grad`.

    grad_input[n, c, row, col] = Σ_{o,i,j} weight[o, c − first, i, j] · grad_output[n, o, y, x]
    over the taps with y·sH − pH + (kH − 1 − i)·dH = row, x·sW − pW + (kW − 1 − j)·dW = col
    """
    check_tensors(grad_output=grad_output, weight=weight)
    windows = check_conv_grad(2, input_size, weight.shape, grad_output, stride, padding, dilation, groups, padding_mode)
    if padding_mode != "zeros":
        size = padded_size(input_size, windows.around, padding_mode)
        grad_padded = convolve2d_input_grad(size, weight, grad_output, stride, 0, dilation, groups)
        return pad2d_input_grad(input_size, grad_padded, windows.around, padding_mode=padding_mode)
    (N, C, H, W), (O, _, kH, kW) = input_size, weight.shape
    (sH, sW), (pH, pW), (dH, dW), (outH, outW) = windows.stride, windows.before, windows.dilation, windows.output
    grad_input = Output(grad_output, N, C, H, W)
    weight, grad_output = numbers(weight), numbers(grad_output)
    for n, c, row, col in product(range(N), range(C), range(H), range(W)):
        total = 0.0
        group, channel = divmod(c, C // groups)
        for o, i, j in product(range(group * (O // groups), (group + 1) * (O // groups)), range(kH), range(kW)):
            y, y_rest = divmod(row + pH - (kH - 1 - i) * dH, sH)
            x, x_rest = divmod(col + pW - (kW - 1 - j) * dW, sW)
            if y_rest == 0 and x_rest == 0 and 0 <= y < outH and 0 <= x < outW:
                total += weight[o, channel, i, j] * grad_output[n, o, y, x]
        grad_input[n, c, row, col] = total
    return grad_input.tensor()


def convolve2d_weight_grad(
    input: Tensor,
    weight_size: Size,
    grad_output: Tensor,
    stride: Ints = 1,
    padding: Ints | str = 0,
    dilation: Ints = 1,
    groups: int = 1,
    *,
    padding_mode: str = "zeros",
) -> Tensor:
    """Return dL/dweight of `convolve2d`, with the arguments of `conv2d_weight_grad`.

    grad_weight[o, c, i, j] = Σ_{n,y,x} grad_output[n, o, y, x] · input[n, first + c, row, col]
    with row = y·sH − pH + (kH − 1 − i)·dH, col = x·sW − pW + (kW − 1 − j)·dW
    """
    check_tensors(grad_output=grad_output, input=input)
    windows = check_conv_grad(2, input.shape, weight_size, grad_output, stride, padding, dilation, groups, padding_mode)
    if padding_mode != "zeros":
        padded = pad2d(input, windows.around, padding_mode=padding_mode)
        return convolve2d_weight_grad(padded, weight_size, grad_output, stride, 0, dilation, groups)
    (N, C, H, W), (O, _, kH, kW) = input.shape, weight_size
    (sH, sW), (pH, pW), (dH, dW), (outH, outW) = windows.stride, windows.before, windows.dilation, windows.output
    grad_weight = Output(grad_output, O, C // groups, kH, kW)
    input, grad_output = numbers(input), numbers(grad_output)
    for o, c, i, j in product(range(O), range(C // groups), range(kH), range(kW)):
        total = 0.0
        first = o // (O // groups) * (C // groups)
        for n, y, x in product(range(N), range(outH), range(outW)):
            row, col = y * sH - pH + (kH - 1 - i) * dH, x * sW - pW + (kW - 1 - j) * dW
            if 0 <= row < H and 0 <= col < W:
                total += grad_output[n, o, y, x] * input[n, first + c, row, col]
        grad_weight[o, c, i, j] = total
    return grad_weight.tensor()


def convolve2d_bias_grad(grad_output: Tensor) -> Tensor:
    """Return dL/dbias of `convolve2d`, the one of `conv2d`: flipping moves no bias."""
    return conv2d_bias_grad(grad_output)
