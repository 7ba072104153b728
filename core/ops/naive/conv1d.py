"""One-dimensional convolution and its gradients, one product at a time."""

# mypy: allow-redefinition
from itertools import product

from torch import Tensor

from core.ops.arguments import Ints, Size, check_rank
from core.ops.checks import check_tensors
from core.ops.conv_checks import check_conv, check_conv_grad
from core.ops.geometry import padded_size
from core.ops.naive.numbers import Output, numbers
from core.ops.naive.pad import pad2d, pad2d_input_grad

__all__ = ["conv1d", "conv1d_bias_grad", "conv1d_input_grad", "conv1d_weight_grad"]


def conv1d(
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
    """Return the cross-correlation of a batch of signals with a bank of kernels.

    output[n, o, x] = bias[o] + Σ_{c,j} weight[o, c, j] · input[n, first + c, x·sW − pW + j·dW]
    with first the first input channel of o's group

    Args:
        input: `(N, C, W)`.
        weight: `(O, C / groups, kW)`.
        bias: `(O,)`.
        stride: Elements between neighbouring windows.
        padding: Elements on each side, "valid" or "same".
        dilation: Elements between neighbouring taps.
        groups: Blocks of channels that are convolved apart.
        padding_mode: What the padding holds: "zeros", "reflect", "replicate" or "circular".

    Returns:
        `(N, O, outW)`.

    Raises:
        TypeError: A tensor is not of a floating-point dtype.
        ValueError: Dtypes, devices, ranks, channels or sizes do not fit together; a setting is out of its range; the
            kernel is larger than the padded input.

    Source: `torch.nn.functional.conv1d`; padding modes as in `torch.nn.Conv1d`.
    """
    windows = check_conv(1, input, weight, bias, stride, padding, dilation, groups, padding_mode)
    if padding_mode != "zeros":
        padded = pad2d(input.unsqueeze(2), windows.around, padding_mode=padding_mode).squeeze(2)
        return conv1d(padded, weight, bias, stride, 0, dilation, groups)
    (N, C, W), (O, _, kW) = input.shape, weight.shape
    (sW,), (pW,), (dW,), (outW,) = windows.stride, windows.before, windows.dilation, windows.output
    output = Output(input, N, O, outW)
    input, weight, bias = numbers(input), numbers(weight), None if bias is None else numbers(bias)
    for n, o, x in product(range(N), range(O), range(outW)):
        total = 0.0 if bias is None else bias[o]
        first = o // (O // groups) * (C // groups)
        for c, j in product(range(C // groups), range(kW)):
            col = x * sW - pW + j * dW
            if 0 <= col < W:
                total += weight[o, c, j] * input[n, first + c, col]
        output[n, o, x] = total
    return output.tensor()


def conv1d_input_grad(
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
    """Return dL/dinput of `conv1d`.

    grad_input[n, c, col] = Σ_{o,j} weight[o, c − first, j] · grad_output[n, o, x] over the taps with
    x·sW − pW + j·dW = col

    Args:
        input_size: `(N, C, W)`.
        weight: `(O, C / groups, kW)`.
        grad_output: `(N, O, outW)`.
        stride: As given to `conv1d`, and so are the arguments that follow.
        padding: See `conv1d`.
        dilation: See `conv1d`.
        groups: See `conv1d`.
        padding_mode: See `conv1d`.

    Raises:
        TypeError: A tensor is not of a floating-point dtype.
        ValueError: As `conv1d`, or `grad_output` is not of the output's size.

    Source: `torch.nn.grad.conv1d_input`.
    """
    check_tensors(grad_output=grad_output, weight=weight)
    windows = check_conv_grad(1, input_size, weight.shape, grad_output, stride, padding, dilation, groups, padding_mode)
    if padding_mode != "zeros":
        (N, C, W), around = input_size, windows.around
        size = padded_size((N, C, 1, W), around, padding_mode)
        grad_padded = conv1d_input_grad((N, C, size[3]), weight, grad_output, stride, 0, dilation, groups)
        return pad2d_input_grad((N, C, 1, W), grad_padded.unsqueeze(2), around, padding_mode=padding_mode).squeeze(2)
    (N, C, W), (O, _, kW) = input_size, weight.shape
    (sW,), (pW,), (dW,), (outW,) = windows.stride, windows.before, windows.dilation, windows.output
    grad_input = Output(grad_output, N, C, W)
    weight, grad_output = numbers(weight), numbers(grad_output)
    for n, c, col in product(range(N), range(C), range(W)):
        total = 0.0
        group, channel = divmod(c, C // groups)
        for o, j in product(range(group * (O // groups), (group + 1) * (O // groups)), range(kW)):
            x, x_rest = divmod(col + pW - j * dW, sW)
            if x_rest == 0 and 0 <= x < outW:
                total += weight[o, channel, j] * grad_output[n, o, x]
        grad_input[n, c, col] = total
    return grad_input.tensor()


def conv1d_weight_grad(
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
    """Return dL/dweight of `conv1d`.

    grad_weight[o, c, j] = Σ_{n,x} grad_output[n, o, x] · input[n, first + c, x·sW − pW + j·dW]

    Args:
        input: `(N, C, W)`.
        weight_size: `(O, C / groups, kW)`.
        grad_output: `(N, O, outW)`.
        stride: As given to `conv1d`, and so are the arguments that follow.
        padding: See `conv1d`.
        dilation: See `conv1d`.
        groups: See `conv1d`.
        padding_mode: See `conv1d`.

    Raises:
        TypeError: A tensor is not of a floating-point dtype.
        ValueError: As `conv1d`, or `grad_output` is not of the output's size.

    Source: `torch.nn.grad.conv1d_weight`.
    """
    check_tensors(grad_output=grad_output, input=input)
    windows = check_conv_grad(1, input.shape, weight_size, grad_output, stride, padding, dilation, groups, padding_mode)
    if padding_mode != "zeros":
        padded = pad2d(input.unsqueeze(2), windows.around, padding_mode=padding_mode).squeeze(2)
        return conv1d_weight_grad(padded, weight_size, grad_output, stride, 0, dilation, groups)
    (N, C, W), (O, _, kW) = input.shape, weight_size
    (sW,), (pW,), (dW,), (outW,) = windows.stride, windows.before, windows.dilation, windows.output
    grad_weight = Output(grad_output, O, C // groups, kW)
    input, grad_output = numbers(input), numbers(grad_output)
    for o, c, j in product(range(O), range(C // groups), range(kW)):
        total = 0.0
        first = o // (O // groups) * (C // groups)
        for n, x in product(range(N), range(outW)):
            col = x * sW - pW + j * dW
            if 0 <= col < W:
                total += grad_output[n, o, x] * input[n, first + c, col]
        grad_weight[o, c, j] = total
    return grad_weight.tensor()


def conv1d_bias_grad(grad_output: Tensor) -> Tensor:
    """Return dL/dbias of `conv1d`, `(O,)`.

    grad_bias[o] = Σ_{n,x} grad_output[n, o, x]

    Args:
        grad_output: `(N, O, outW)`.

    Raises:
        TypeError: `grad_output` is not of a floating-point dtype.
        ValueError: The rank is not 3.
    """
    check_tensors(grad_output=grad_output)
    check_rank("grad_output", grad_output.shape, 3)
    N, O, outW = grad_output.shape
    grad_bias = Output(grad_output, O)
    grad_output = numbers(grad_output)
    for o in range(O):
        total = 0.0
        for n, x in product(range(N), range(outW)):
            total += grad_output[n, o, x]
        grad_bias[o,] = total
    return grad_bias.tensor()
