"""The numeric bodies of `conv2d` and of its two gradients, and the rule that chooses between them.

* **direct**, `core.ops.vectorized.direct`: compiled register tiles that read the input where it lies. For float32 on
  the processor, without groups, where there is a C++ compiler.
* **products**, `core.ops.vectorized.conv2d_products`: windows written down as rows or columns, and a matrix product.
  For everything else: other devices and precisions, groups, and of the gradients with respect to the input those that
  strides spread and those of many images with few channels, which would leave most of a vector idle.

Shapes: input `N C H W`, weight `O C/groups kH kW`, output `N O outH outW`, with any strides in memory; results may be
laid out channels-last. Nothing here validates (`core.ops.vectorized.conv2d` does), and autograd records nothing.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from core.ops.vectorized import conv2d_products as products
from core.ops.vectorized import direct

Pair = tuple[int, int]

FEW = 4
"""Channels of an input below which products send the gradient of many images faster."""

PLAIN = (Tensor, torch.nn.Parameter)
"""Tensors whose memory can be read: others may have none, or stand for several."""


def suits_direct(groups: int, *factors: Tensor) -> bool:
    """Return whether sums of products of these tensors are computed directly, from what lies in their memory."""
    if groups > 1:
        return False
    for factor in factors:
        if factor.dtype is not torch.float32 or not factor.is_cpu or type(factor) not in PLAIN or factor.is_neg():
            return False
    return direct.missing() is None  # asked last: the first answer may take a compiler's time


def sends_direct(
    input_size: Sequence[int], kernel: Sequence[int], out: Sequence[int], stride: Pair, padding: Pair, dilation: Pair
) -> bool:
    """Return whether the gradient with respect to such an input is a forward pass, and a faster one than products.

    It is not where strides lie between the outputs `out`, where an output reads padding alone, or where some of the
    input was read by none, as in a transposed convolution with output padding.
    """
    if stride != (1, 1) or (input_size[0] > 1 and input_size[1] < FEW):
        return False
    for size, taps, outputs, around, gap in zip(input_size[2:], kernel, out, padding, dilation, strict=True):
        reach = gap * (taps - 1)
        if around > reach or outputs != size + 2 * around - reach:
            return False
    return True


def forward(input: Tensor, weight: Tensor, stride: Pair, padding: Pair, dilation: Pair, groups: int) -> Tensor:
    """Return `output[n, o, y, x] = Σ_{c,i,j} weight[o, c, i, j] · input[n, c, y·sH − pH + i·dH, x·sW − pW + j·dW]`."""
    if suits_direct(groups, input, weight):
        return direct.forward(input, weight, stride, padding, dilation)
    return products.forward(input, weight, stride, padding, dilation, groups)


def weight_grad(
    input: Tensor,
    weight_size: Sequence[int],
    grad_output: Tensor,
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    groups: int,
) -> Tensor:
    """Return `dL/dweight[o, c, i, j] = Σ_{n,y,x} dL/doutput[n, o, y, x] · input[n, c, y·sH − pH + i·dH, …]`."""
    if suits_direct(groups, input, grad_output):
        return direct.weight_grad(input, weight_size, grad_output, stride, padding, dilation)
    return products.weight_grad(input, weight_size, grad_output, stride, padding, dilation, groups)


def input_grad(
    input_size: Sequence[int],
    weight: Tensor,
    grad_output: Tensor,
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    groups: int,
) -> Tensor:
    """Return `dL/dinput[n, c, row, col]`, the sum of `weight[o, c, i, j] · dL/doutput[n, o, y, x]` where they met."""
    directly = sends_direct(input_size, weight.shape[2:], grad_output.shape[2:], stride, padding, dilation)
    if directly and suits_direct(groups, weight, grad_output):
        return direct.input_grad(weight, grad_output, padding, dilation)
    return products.input_grad(input_size, weight, grad_output, stride, padding, dilation, groups)
