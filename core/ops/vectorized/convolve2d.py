"""Convolution as mathematics defines it: `conv2d` with every kernel rotated by 180°."""

from torch import Tensor

from core.ops.arguments import Ints, Size, check_rank
from core.ops.checks import check_tensors
from core.ops.conv_checks import check_conv
from core.ops.vectorized.conv2d import conv2d, conv2d_bias_grad, conv2d_input_grad, conv2d_weight_grad

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
    """Return the true convolution; see `core.ops.naive.convolve2d`."""
    check_conv(2, input, weight, bias, stride, padding, dilation, groups, padding_mode)
    return conv2d(input, weight.flip(2, 3), bias, stride, padding, dilation, groups, padding_mode=padding_mode)


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
    """Return dL/dinput of `convolve2d`; see `core.ops.naive.convolve2d_input_grad`."""
    check_tensors(grad_output=grad_output, weight=weight)
    check_rank("weight", weight.shape, 4)
    rotated = weight.flip(2, 3)
    return conv2d_input_grad(
        input_size, rotated, grad_output, stride, padding, dilation, groups, padding_mode=padding_mode
    )


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
    """Return dL/dweight of `convolve2d`; see `core.ops.naive.convolve2d_weight_grad`."""
    rotated = conv2d_weight_grad(
        input, weight_size, grad_output, stride, padding, dilation, groups, padding_mode=padding_mode
    )
    return rotated.flip(2, 3)


def convolve2d_bias_grad(grad_output: Tensor) -> Tensor:
    """Return dL/dbias of `convolve2d`, the one of `conv2d`."""
    return conv2d_bias_grad(grad_output)
