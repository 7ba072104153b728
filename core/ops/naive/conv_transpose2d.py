"""Transposed convolution and its gradients, one product at a time."""

# mypy: allow-redefinition
from itertools import product

from torch import Tensor

from core.ops.arguments import Ints, Size
from core.ops.checks import check_optional, check_tensors
from core.ops.conv_checks import check_conv_transpose_grad
from core.ops.geometry import conv_transpose_windows
from core.ops.naive.conv2d import conv2d_bias_grad
from core.ops.naive.numbers import Output, numbers

__all__ = [
    "conv_transpose2d",
    "conv_transpose2d_bias_grad",
    "conv_transpose2d_input_grad",
    "conv_transpose2d_weight_grad",
]


def conv_transpose2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Ints = 1,
    padding: Ints = 0,
    output_padding: Ints = 0,
    groups: int = 1,
    dilation: Ints = 1,
) -> Tensor:
    """Return the transposed convolution: every input element lays its multiple of the kernel into the output.

    output[n, o, y, x] = bias[o] + Σ_{c,i,j} weight[c, o − first, i, j] · input[n, c, row, col]
    over the c of o's group and the taps with row·sH − pH + i·dH = y, col·sW − pW + j·dW = x

    It is the gradient of a `conv2d` with the same weight with respect to that convolution's input.

    Args:
        input: `(N, C, H, W)`.
        weight: `(C, O / groups, kH, kW)`.
        bias: `(O,)`.
        stride: Elements of the output between the kernels of neighbouring input elements.
        padding: Elements cut off each side of the output.
        output_padding: Rows and columns kept beyond the bottom and the right; smaller than stride or dilation.
        groups: Blocks of channels that are convolved apart.
        dilation: Elements between neighbouring taps.

    Returns:
        `(N, O, outH, outW)`, outH = (H − 1)·sH − 2·pH + dH·(kH − 1) + output_padding + 1.

    Raises:
        TypeError: A tensor is not of a floating-point dtype.
        ValueError: Dtypes, devices, ranks, channels or sizes do not fit together; a setting is out of its range; the
            output would be empty.

    Source: `torch.nn.functional.conv_transpose2d`.
    """
    check_tensors(input=input, weight=weight, bias=bias)
    windows = conv_transpose_windows(input.shape, weight.shape, stride, padding, output_padding, groups, dilation)
    (N, C, H, W), (_, channels, kH, kW) = input.shape, weight.shape
    check_optional("bias", bias, (channels * groups,))
    (sH, sW), (pH, pW), (dH, dW), (outH, outW) = windows.stride, windows.before, windows.dilation, windows.output
    output = Output(input, N, channels * groups, outH, outW)
    input, weight, bias = numbers(input), numbers(weight), None if bias is None else numbers(bias)
    for n, o, y, x in product(range(N), range(channels * groups), range(outH), range(outW)):
        total = 0.0 if bias is None else bias[o]
        group, channel = divmod(o, channels)
        for c, i, j in product(range(group * (C // groups), (group + 1) * (C // groups)), range(kH), range(kW)):
            row, row_rest = divmod(y + pH - i * dH, sH)
            col, col_rest = divmod(x + pW - j * dW, sW)
            if row_rest == 0 and col_rest == 0 and 0 <= row < H and 0 <= col < W:
                total += weight[c, channel, i, j] * input[n, c, row, col]
        output[n, o, y, x] = total
    return output.tensor()


def conv_transpose2d_input_grad(
    input_size: Size,
    weight: Tensor,
    grad_output: Tensor,
    stride: Ints = 1,
    padding: Ints = 0,
    output_padding: Ints = 0,
    groups: int = 1,
    dilation: Ints = 1,
) -> Tensor:
    """Return dL/dinput of `conv_transpose2d`: a convolution of the output's gradient.

    grad_input[n, c, row, col] = Σ_{o,i,j} weight[c, o, i, j] · grad_output[n, first + o, y, x]
    with y = row·sH − pH + i·dH, x = col·sW − pW + j·dW

    Args:
        input_size: `(N, C, H, W)`.
        weight: `(C, O / groups, kH, kW)`.
        grad_output: `(N, O, outH, outW)`.
        stride: As given to `conv_transpose2d`, and so are the arguments that follow.
        padding: See `conv_transpose2d`.
        output_padding: See `conv_transpose2d`.
        groups: See `conv_transpose2d`.
        dilation: See `conv_transpose2d`.

    Raises:
        TypeError: A tensor is not of a floating-point dtype.
        ValueError: As `conv_transpose2d`, or `grad_output` is not of the output's size.
    """
    check_tensors(grad_output=grad_output, weight=weight)
    windows = check_conv_transpose_grad(
        input_size, weight.shape, grad_output, stride, padding, output_padding, groups, dilation
    )
    (N, C, H, W), (_, channels, kH, kW) = input_size, weight.shape
    (sH, sW), (pH, pW), (dH, dW), (outH, outW) = windows.stride, windows.before, windows.dilation, windows.output
    grad_input = Output(grad_output, N, C, H, W)
    weight, grad_output = numbers(weight), numbers(grad_output)
    for n, c, row, col in product(range(N), range(C), range(H), range(W)):
        total = 0.0
        first = c // (C // groups) * channels
        for o, i, j in product(range(channels), range(kH), range(kW)):
            y, x = row * sH - pH + i * dH, col * sW - pW + j * dW
            if 0 <= y < outH and 0 <= x < outW:
                total += weight[c, o, i, j] * grad_output[n, first + o, y, x]
        grad_input[n, c, row, col] = total
    return grad_input.tensor()


def conv_transpose2d_weight_grad(
    input: Tensor,
    weight_size: Size,
    grad_output: Tensor,
    stride: Ints = 1,
    padding: Ints = 0,
    output_padding: Ints = 0,
    groups: int = 1,
    dilation: Ints = 1,
) -> Tensor:
    """Return dL/dweight of `conv_transpose2d`: the output's gradient correlated with the input.

    grad_weight[c, o, i, j] = Σ_{n,row,col} input[n, c, row, col] · grad_output[n, first + o, y, x]
    with y = row·sH − pH + i·dH, x = col·sW − pW + j·dW

    Args:
        input: `(N, C, H, W)`.
        weight_size: `(C, O / groups, kH, kW)`.
        grad_output: `(N, O, outH, outW)`.
        stride: As given to `conv_transpose2d`, and so are the arguments that follow.
        padding: See `conv_transpose2d`.
        output_padding: See `conv_transpose2d`.
        groups: See `conv_transpose2d`.
        dilation: See `conv_transpose2d`.

    Raises:
        TypeError: A tensor is not of a floating-point dtype.
        ValueError: As `conv_transpose2d`, or `grad_output` is not of the output's size.
    """
    check_tensors(grad_output=grad_output, input=input)
    windows = check_conv_transpose_grad(
        input.shape, weight_size, grad_output, stride, padding, output_padding, groups, dilation
    )
    (N, C, H, W), (_, channels, kH, kW) = input.shape, weight_size
    (sH, sW), (pH, pW), (dH, dW), (outH, outW) = windows.stride, windows.before, windows.dilation, windows.output
    grad_weight = Output(grad_output, C, channels, kH, kW)
    input, grad_output = numbers(input), numbers(grad_output)
    for c, o, i, j in product(range(C), range(channels), range(kH), range(kW)):
        total = 0.0
        first = c // (C // groups) * channels
        for n, row, col in product(range(N), range(H), range(W)):
            y, x = row * sH - pH + i * dH, col * sW - pW + j * dW
            if 0 <= y < outH and 0 <= x < outW:
                total += input[n, c, row, col] * grad_output[n, first + o, y, x]
        grad_weight[c, o, i, j] = total
    return grad_weight.tensor()


def conv_transpose2d_bias_grad(grad_output: Tensor) -> Tensor:
    """Return dL/dbias of `conv_transpose2d`, the one of `conv2d`: a sum over batch, rows and columns."""
    return conv2d_bias_grad(grad_output)
