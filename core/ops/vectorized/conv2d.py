"""Two-dimensional convolution and its gradients by strided copies and matrix products."""

from collections.abc import Collection
from typing import cast

from torch import Tensor

from core.ops.arguments import Ints, Pair, Size, check_rank
from core.ops.checks import check_tensors
from core.ops.conv_checks import check_conv, check_conv_grad
from core.ops.geometry import Windows, padded_size
from core.ops.layout import lies_contiguous
from core.ops.vectorized import conv2d_kernels, direct
from core.ops.vectorized.pad import pad2d, pad2d_input_grad

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
    """Return the cross-correlation of images with kernels; see `core.ops.naive.conv2d`."""
    windows = check_conv(2, input, weight, bias, stride, padding, dilation, groups, padding_mode)
    steps, gaps, around, both = _settings(windows, padding_mode)
    padded = pad2d(input, around, padding_mode=padding_mode) if any(around) else input
    contiguous = lies_contiguous(input, weight)
    output = conv2d_kernels.forward(padded, weight, steps, both, gaps, groups, contiguous=contiguous)
    return output if bias is None else output.add_(bias[:, None, None])


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
    """Return dL/dinput of `conv2d`; see `core.ops.naive.conv2d_input_grad`."""
    check_tensors(grad_output=grad_output, weight=weight)
    windows = check_conv_grad(2, input_size, weight.shape, grad_output, stride, padding, dilation, groups, padding_mode)
    return _input_grad(input_size, weight, grad_output, windows, groups, padding_mode, lies_contiguous(grad_output))


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
    """Return dL/dweight of `conv2d`; see `core.ops.naive.conv2d_weight_grad`."""
    check_tensors(grad_output=grad_output, input=input)
    windows = check_conv_grad(2, input.shape, weight_size, grad_output, stride, padding, dilation, groups, padding_mode)
    return _weight_grad(input, weight_size, grad_output, windows, groups, padding_mode)


def conv2d_grads(
    input: Tensor,
    weight: Tensor,
    grad_output: Tensor,
    stride: Ints = 1,
    padding: Ints | str = 0,
    dilation: Ints = 1,
    groups: int = 1,
    *,
    padding_mode: str = "zeros",
    wanted: Collection[str] = ("input", "weight", "bias"),
) -> dict[str, Tensor]:
    """Return the `wanted` gradients of `conv2d` by name, as the three functions do; the output's is laid out once."""
    check_tensors(grad_output=grad_output, input=input, weight=weight)
    args = stride, padding, dilation, groups, padding_mode
    windows = check_conv_grad(2, input.shape, weight.shape, grad_output, *args)
    grads = {"bias": conv2d_bias_grad(grad_output)} if "bias" in wanted else {}
    contiguous = lies_contiguous(grad_output)
    if conv2d_kernels.suits_direct(weight.shape[2:], groups, input, weight, grad_output):
        grad_output = direct.channels_last(grad_output)
    if "input" in wanted:
        grads["input"] = _input_grad(input.shape, weight, grad_output, windows, groups, padding_mode, contiguous)
    if "weight" in wanted:
        grads["weight"] = _weight_grad(input, weight.shape, grad_output, windows, groups, padding_mode)
    return grads


def conv2d_bias_grad(grad_output: Tensor) -> Tensor:
    """Return dL/dbias of `conv2d`; see `core.ops.naive.conv2d_bias_grad`."""
    check_tensors(grad_output=grad_output)
    check_rank("grad_output", grad_output.shape, 4)
    return grad_output.sum((0, 2, 3))


def _input_grad(
    input_size: Size,
    weight: Tensor,
    grad_output: Tensor,
    windows: Windows,
    groups: int,
    padding_mode: str,
    contiguous: bool,
) -> Tensor:
    steps, gaps, around, both = _settings(windows, padding_mode)
    size = padded_size(input_size, around, padding_mode) if any(around) else input_size
    grad = conv2d_kernels.input_grad(size, weight, grad_output, steps, both, gaps, groups, contiguous=contiguous)
    return pad2d_input_grad(input_size, grad, around, padding_mode=padding_mode) if any(around) else grad


def _weight_grad(
    input: Tensor, weight_size: Size, grad_output: Tensor, windows: Windows, groups: int, padding_mode: str
) -> Tensor:
    steps, gaps, around, both = _settings(windows, padding_mode)
    padded = pad2d(input, around, padding_mode=padding_mode) if any(around) else input
    return conv2d_kernels.weight_grad(padded, tuple(weight_size), grad_output, steps, both, gaps, groups)


def _settings(windows: Windows, padding_mode: str) -> tuple[Pair, Pair, tuple[int, int, int, int], Pair]:
    """Return stride, dilation, the padding to be laid around the input first, and the rest, which the kernels skip.

    The kernels know only zeros, as many before as after: other modes, and what "same" has more after, come first.
    """
    steps, gaps = cast(Pair, windows.stride), cast(Pair, windows.dilation)
    if padding_mode != "zeros":
        return steps, gaps, windows.around, (0, 0)
    left, right, top, bottom = windows.around
    return steps, gaps, (0, right - left, 0, bottom - top), (top, left)
