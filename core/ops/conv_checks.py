"""The edge of the convolutions and poolings: tensors that fit their windows.

The sizes themselves are worked out, and refused, in `core.ops.geometry`.
"""

from torch import Tensor

from core.ops.arguments import Ints, Size, check_rank, check_size
from core.ops.checks import check_optional, check_tensors
from core.ops.geometry import Windows, conv_transpose_windows, conv_windows


def check_conv(
    dims: int,
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Ints,
    padding: Ints | str,
    dilation: Ints,
    groups: int,
    padding_mode: str = "zeros",
) -> Windows:
    """Return where the kernels of a convolution over `dims` spatial axes lie.

    Raises:
        TypeError: As `check_tensors`.
        ValueError: As `check_tensors` and `conv_windows`, or the bias is not of size `(O,)`.
    """
    check_tensors(input=input, weight=weight, bias=bias)
    check_rank("weight", weight.shape, dims + 2)
    windows = conv_windows(input.shape, weight.shape, stride, padding, dilation, groups, padding_mode)
    check_optional("bias", bias, weight.shape[:1])
    return windows


def check_conv_grad(
    dims: int,
    input_size: Size,
    weight_size: Size,
    grad_output: Tensor,
    stride: Ints,
    padding: Ints | str,
    dilation: Ints,
    groups: int,
    padding_mode: str = "zeros",
) -> Windows:
    """Return where the kernels of the convolution lay whose output has the gradient `grad_output`.

    Raises:
        ValueError: As `conv_windows`, or `grad_output` is not of the output's size.
    """
    check_rank("weight", weight_size, dims + 2)
    windows = conv_windows(input_size, weight_size, stride, padding, dilation, groups, padding_mode)
    check_size("grad_output", grad_output.shape, (input_size[0], weight_size[0], *windows.output))
    return windows


def check_conv_transpose_grad(
    input_size: Size,
    weight_size: Size,
    grad_output: Tensor,
    stride: Ints,
    padding: Ints,
    output_padding: Ints,
    groups: int,
    dilation: Ints,
) -> Windows:
    """Return where the kernels of the transposed convolution lay whose output has the gradient `grad_output`.

    Raises:
        ValueError: As `conv_transpose_windows`, or `grad_output` is not of the output's size.
    """
    windows = conv_transpose_windows(input_size, weight_size, stride, padding, output_padding, groups, dilation)
    check_size("grad_output", grad_output.shape, (input_size[0], weight_size[1] * groups, *windows.output))
    return windows


def check_pool_grad(input_size: Size, grad_output: Tensor, windows: Windows) -> None:
    """Refuse a gradient that is not of the size of the pooling's output.

    Raises:
        ValueError: The sizes differ.
    """
    check_size("grad_output", grad_output.shape, (*input_size[:2], *windows.output))
