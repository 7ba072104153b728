"""Transposed convolution: the gradient of `conv2d`, used forwards."""

from typing import cast

from torch import Tensor

from core.ops.arguments import Ints, Pair, Size
from core.ops.checks import check_optional, check_tensors
from core.ops.conv_checks import check_conv_transpose_grad
from core.ops.geometry import Windows, conv_transpose_windows
from core.ops.layout import lies_contiguous
from core.ops.vectorized import conv2d_kernels
from core.ops.vectorized.conv2d import conv2d_bias_grad

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
    """Return the transposed convolution; see `core.ops.naive.conv_transpose2d`."""
    check_tensors(input=input, weight=weight, bias=bias)
    windows = conv_transpose_windows(input.shape, weight.shape, stride, padding, output_padding, groups, dilation)
    O = weight.shape[1] * groups
    check_optional("bias", bias, (O,))
    size = (len(input), O, *windows.output)
    contiguous = lies_contiguous(input, weight)
    output = conv2d_kernels.input_grad(size, weight, input, *_settings(windows), groups, contiguous=contiguous)
    return output if bias is None else output.add_(bias[:, None, None])


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
    """Return dL/dinput of `conv_transpose2d`; see `core.ops.naive.conv_transpose2d_input_grad`."""
    check_tensors(grad_output=grad_output, weight=weight)
    windows = check_conv_transpose_grad(
        input_size, weight.shape, grad_output, stride, padding, output_padding, groups, dilation
    )
    H, W = input_size[2:]
    contiguous = lies_contiguous(grad_output)
    grad = conv2d_kernels.forward(grad_output, weight, *_settings(windows), groups, contiguous=contiguous)
    return grad[:, :, :H, :W]


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
    """Return dL/dweight of `conv_transpose2d`; see `core.ops.naive.conv_transpose2d_weight_grad`."""
    check_tensors(grad_output=grad_output, input=input)
    windows = check_conv_transpose_grad(
        input.shape, weight_size, grad_output, stride, padding, output_padding, groups, dilation
    )
    return conv2d_kernels.weight_grad(grad_output, tuple(weight_size), input, *_settings(windows), groups)


def conv_transpose2d_bias_grad(grad_output: Tensor) -> Tensor:
    """Return dL/dbias of `conv_transpose2d`, the one of `conv2d`."""
    return conv2d_bias_grad(grad_output)


def _settings(windows: Windows) -> tuple[Pair, Pair, Pair]:
    return cast(Pair, windows.stride), cast(Pair, windows.before), cast(Pair, windows.dilation)
