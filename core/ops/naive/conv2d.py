"""Two-dimensional convolution and its gradients, one product at a time."""

# mypy: allow-redefinition
from itertools import product

from torch import Tensor

from core.ops.arguments import Ints, Size, check_rank
from core.ops.checks import check_tensors
from core.ops.conv_checks import check_conv, check_conv_grad
from core.ops.geometry import padded_size
from core.ops.naive.numbers import Output, numbers
from core.ops.naive.pad import pad2d, pad2d_input_grad

__all__ = ["conv2d", "conv2d_bias_grad", "conv2d_input_grad", "conv2d_weight_grad"]


def conv2d(
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
    """Return the cross-correlation of a batch of images with a bank of kernels.

    output[n, o, y, x] = bias[o] + Σ_{c,i,j} weight[o, c, i, j] · input[n, first + c, row, col]
    with row = y·sH − pH + i·dH, col = x·sW − pW + j·dW, and first the first input channel of o's group

    Args:
        input: `(N, C, H, W)`.
        weight: `(O, C / groups, kH, kW)`.
        bias: `(O,)`, added to every element of a channel.
        stride: Elements between neighbouring windows, one number or (sH, sW).
        padding: Elements on each side, one number or (pH, pW); "valid" is none, "same" keeps the size (stride 1; an
            odd element goes below or right).
        dilation: Elements between neighbouring taps, one number or (dH, dW).
        groups: Blocks of channels that are convolved apart; C groups are a depthwise convolution.
        padding_mode: What the padding holds: "zeros", "reflect", "replicate" or "circular". Zeros are skipped here,
            where others may multiply them: it matters only to a weight of NaN or infinity that lies over padding.

    Returns:
        `(N, O, outH, outW)`, outH = ⌊(H + 2·pH − dH·(kH − 1) − 1) / sH⌋ + 1.

    Raises:
        TypeError: A tensor is not of a floating-point dtype.
        ValueError: Dtypes, devices, ranks, channels or sizes do not fit together; a setting is out of its range; the
            kernel is larger than the padded input.

    Source: `torch.nn.functional.conv2d`; padding modes as in `torch.nn.Conv2d`.
    """
    windows = check_conv(2, input, weight, bias, stride, padding, dilation, groups, padding_mode)
    if padding_mode != "zeros":
        padded = pad2d(input, windows.around, padding_mode=padding_mode)
        return conv2d(padded, weight, bias, stride, 0, dilation, groups)
    (N, C, H, W), (O, _, kH, kW) = input.shape, weight.shape
    (sH, sW), (pH, pW), (dH, dW), (outH, outW) = windows.stride, windows.before, windows.dilation, windows.output
    output = Output(input, N, O, outH, outW)
    input, weight, bias = numbers(input), numbers(weight), None if bias is None else numbers(bias)
    for n, o, y, x in product(range(N), range(O), range(outH), range(outW)):
        total = 0.0 if bias is None else bias[o]
        first = o // (O // groups) * (C // groups)
        for c, i, j in product(range(C // groups), range(kH), range(kW)):
            row, col = y * sH - pH + i * dH, x * sW - pW + j * dW
            if 0 <= row < H and 0 <= col < W:
                total += weight[o, c, i, j] * input[n, first + c, row, col]
        output[n, o, y, x] = total
    return output.tensor()


def conv2d_input_grad(
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
    """Return dL/dinput of `conv2d`: every product that read the element, with the output's gradient in its place.

    grad_input[n, c, row, col] = Σ_{o,i,j} weight[o, c − first, i, j] · grad_output[n, o, y, x]
    over the o of c's group and the taps with y·sH − pH + i·dH = row, x·sW − pW + j·dW = col

    With stride 1 this is the full convolution of grad_output with the kernel rotated by 180°.

    Args:
        input_size: `(N, C, H, W)`.
        weight: `(O, C / groups, kH, kW)`.
        grad_output: `(N, O, outH, outW)`.
        stride: As given to `conv2d`, and so are the arguments that follow.
        padding: See `conv2d`.
        dilation: See `conv2d`.
        groups: See `conv2d`.
        padding_mode: See `conv2d`.

    Raises:
        TypeError: A tensor is not of a floating-point dtype.
        ValueError: As `conv2d`, or `grad_output` is not of the output's size.

    Source: `torch.nn.grad.conv2d_input`.
    """
    check_tensors(grad_output=grad_output, weight=weight)
    windows = check_conv_grad(2, input_size, weight.shape, grad_output, stride, padding, dilation, groups, padding_mode)
    if padding_mode != "zeros":
        size = padded_size(input_size, windows.around, padding_mode)
        grad_padded = conv2d_input_grad(size, weight, grad_output, stride, 0, dilation, groups)
        return pad2d_input_grad(input_size, grad_padded, windows.around, padding_mode=padding_mode)
    (N, C, H, W), (O, _, kH, kW) = input_size, weight.shape
    (sH, sW), (pH, pW), (dH, dW), (outH, outW) = windows.stride, windows.before, windows.dilation, windows.output
    grad_input = Output(grad_output, N, C, H, W)
    weight, grad_output = numbers(weight), numbers(grad_output)
    for n, c, row, col in product(range(N), range(C), range(H), range(W)):
        total = 0.0
        group, channel = divmod(c, C // groups)
        for o, i, j in product(range(group * (O // groups), (group + 1) * (O // groups)), range(kH), range(kW)):
            y, y_rest = divmod(row + pH - i * dH, sH)
            x, x_rest = divmod(col + pW - j * dW, sW)
            if y_rest == 0 and x_rest == 0 and 0 <= y < outH and 0 <= x < outW:
                total += weight[o, channel, i, j] * grad_output[n, o, y, x]
        grad_input[n, c, row, col] = total
    return grad_input.tensor()


def conv2d_weight_grad(
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
    """Return dL/dweight of `conv2d`: the cross-correlation of the input with the output's gradient.

    grad_weight[o, c, i, j] = Σ_{n,y,x} grad_output[n, o, y, x] · input[n, first + c, row, col]
    with row = y·sH − pH + i·dH, col = x·sW − pW + j·dW

    Args:
        input: `(N, C, H, W)`.
        weight_size: `(O, C / groups, kH, kW)`.
        grad_output: `(N, O, outH, outW)`.
        stride: As given to `conv2d`, and so are the arguments that follow.
        padding: See `conv2d`.
        dilation: See `conv2d`.
        groups: See `conv2d`.
        padding_mode: See `conv2d`.

    Raises:
        TypeError: A tensor is not of a floating-point dtype.
        ValueError: As `conv2d`, or `grad_output` is not of the output's size.

    Source: `torch.nn.grad.conv2d_weight`.
    """
    check_tensors(grad_output=grad_output, input=input)
    windows = check_conv_grad(2, input.shape, weight_size, grad_output, stride, padding, dilation, groups, padding_mode)
    if padding_mode != "zeros":
        padded = pad2d(input, windows.around, padding_mode=padding_mode)
        return conv2d_weight_grad(padded, weight_size, grad_output, stride, 0, dilation, groups)
    (N, C, H, W), (O, _, kH, kW) = input.shape, weight_size
    (sH, sW), (pH, pW), (dH, dW), (outH, outW) = windows.stride, windows.before, windows.dilation, windows.output
    grad_weight = Output(grad_output, O, C // groups, kH, kW)
    input, grad_output = numbers(input), numbers(grad_output)
    for o, c, i, j in product(range(O), range(C // groups), range(kH), range(kW)):
        total = 0.0
        first = o // (O // groups) * (C // groups)
        for n, y, x in product(range(N), range(outH), range(outW)):
            row, col = y * sH - pH + i * dH, x * sW - pW + j * dW
            if 0 <= row < H and 0 <= col < W:
                total += grad_output[n, o, y, x] * input[n, first + c, row, col]
        grad_weight[o, c, i, j] = total
    return grad_weight.tensor()


def conv2d_bias_grad(grad_output: Tensor) -> Tensor:
    """Return dL/dbias of `conv2d`, `(O,)`.

    grad_bias[o] = Σ_{n,y,x} grad_output[n, o, y, x]

    Args:
        grad_output: `(N, O, outH, outW)`.

    Raises:
        TypeError: `grad_output` is not of a floating-point dtype.
        ValueError: The rank is not 4.
    """
    check_tensors(grad_output=grad_output)
    check_rank("grad_output", grad_output.shape, 4)
    N, O, outH, outW = grad_output.shape
    grad_bias = Output(grad_output, O)
    grad_output = numbers(grad_output)
    for o in range(O):
        total = 0.0
        for n, y, x in product(range(N), range(outH), range(outW)):
            total += grad_output[n, o, y, x]
        grad_bias[o,] = total
    return grad_bias.tensor()
