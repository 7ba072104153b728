"""One-dimensional convolution: `conv2d` on images of a single row, and few signals by vectors of positions."""

from torch import Tensor

from core.ops.arguments import Ints, Pair, Size, check_rank, entries
from core.ops.checks import check_tensors
from core.ops.conv_checks import check_conv, check_conv_grad
from core.ops.geometry import Windows
from core.ops.vectorized import conv2d_kernels, direct
from core.ops.vectorized.conv2d import conv2d, conv2d_input_grad, conv2d_weight_grad
from core.ops.vectorized.conv2d_products import signals_weight_grad

FEW = 1 << 9
"""Positions of all signals up to which a weight is read where it lies, which as many images would have laid out."""

HEAVY = 1 << 13
"""Elements of a weight from which products give its gradient of few signals faster."""

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
    """Return the cross-correlation of signals with kernels; see `core.ops.naive.conv1d`."""
    windows = check_conv(1, input, weight, bias, stride, padding, dilation, groups, padding_mode)
    if _are_few(input, weight, windows, groups, padding_mode):
        output = direct.signals_forward(input, weight, windows.before[0], windows.dilation[0])
        return output if bias is None else output.add_(bias[:, None])
    row, kernel = input.unsqueeze(2), weight.unsqueeze(2)
    if padding_mode == "zeros" and windows.before == windows.after:
        output = conv2d_kernels.forward(row, kernel, *_moves(windows), groups, contiguous=True).squeeze(2)
        return output if bias is None else output.add_(bias[:, None])
    settings = _two_axes(stride, padding, dilation)
    return conv2d(row, kernel, bias, *settings, groups, padding_mode=padding_mode).squeeze(2)


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
    """Return dL/dinput of `conv1d`; see `core.ops.naive.conv1d_input_grad`."""
    check_tensors(grad_output=grad_output, weight=weight)
    args = stride, padding, dilation, groups, padding_mode
    windows = check_conv_grad(1, input_size, weight.shape, grad_output, *args)
    N, C, W = input_size
    if _are_few(grad_output, weight, windows, groups, padding_mode):
        return direct.signals_input_grad(W, weight, grad_output, windows.before[0], windows.dilation[0])
    kernel, grad_row = weight.unsqueeze(2), grad_output.unsqueeze(2)
    if padding_mode == "zeros" and windows.before == windows.after:
        moves = _moves(windows)
        return conv2d_kernels.input_grad((N, C, 1, W), kernel, grad_row, *moves, groups, contiguous=True).squeeze(2)
    settings = _two_axes(stride, padding, dilation)
    return conv2d_input_grad((N, C, 1, W), kernel, grad_row, *settings, groups, padding_mode=padding_mode).squeeze(2)


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
    """Return dL/dweight of `conv1d`; see `core.ops.naive.conv1d_weight_grad`."""
    check_tensors(grad_output=grad_output, input=input)
    args = stride, padding, dilation, groups, padding_mode
    windows = check_conv_grad(1, input.shape, weight_size, grad_output, *args)
    O, C, kW = weight_size
    if O * C * kW >= HEAVY and _are_few(input, grad_output, windows, groups, padding_mode):
        return signals_weight_grad(input, grad_output, windows)
    row, grad_row = input.unsqueeze(2), grad_output.unsqueeze(2)
    if padding_mode == "zeros" and windows.before == windows.after:
        return conv2d_kernels.weight_grad(row, (O, C, 1, kW), grad_row, *_moves(windows), groups).squeeze(2)
    settings = _two_axes(stride, padding, dilation)
    return conv2d_weight_grad(row, (O, C, 1, kW), grad_row, *settings, groups, padding_mode=padding_mode).squeeze(2)


def conv1d_bias_grad(grad_output: Tensor) -> Tensor:
    """Return dL/dbias of `conv1d`; see `core.ops.naive.conv1d_bias_grad`."""
    check_tensors(grad_output=grad_output)
    check_rank("grad_output", grad_output.shape, 3)
    return grad_output.sum((0, 2))


def _are_few(signals: Tensor, weight: Tensor, windows: Windows, groups: int, padding_mode: str) -> bool:
    """Return whether the compiled pass along few signals computes it."""
    N, _, W = signals.shape
    plain = windows.stride == (1,) and groups == 1 and padding_mode == "zeros" and windows.before == windows.after
    return plain and 0 < N * W <= FEW and conv2d_kernels.suits_direct((1, *windows.kernel), groups, signals, weight)


def _moves(windows: Windows) -> tuple[Pair, Pair, Pair]:
    """Return stride, padding and dilation of both axes, the first of them without effect."""
    return (1, windows.stride[0]), (0, windows.before[0]), (1, windows.dilation[0])


def _two_axes(stride: Ints, padding: Ints | str, dilation: Ints) -> tuple[Ints, Ints | str, Ints]:
    """Return the settings of a single axis for two, the first of them without effect."""
    both = padding if isinstance(padding, str) else (0, *entries(padding, "padding", 1))
    return (1, *entries(stride, "stride", 1)), both, (1, *entries(dilation, "dilation", 1))
