"""The numeric bodies of `conv2d` and of its two gradients, and the rule that chooses between them.

* **direct**, `core.ops.vectorized.direct`: compiled register tiles that read the input where it lies. In float32 and
  float64 on the processor, where there is a C++ compiler.
* **products**, `core.ops.vectorized.conv2d_products`: windows written down as rows or columns, and a matrix product.
  For everything else: other devices and precisions, 1 × 1 kernels without groups, whose windows are the input itself,
  and gradients with respect to inputs of few channels, which would leave most of a vector idle.

Shapes: input `N C H W`, weight `O C/groups kH kW`, output `N O outH outW`, with any strides in memory; results may be
laid out channels-last. Nothing here validates (`core.ops.vectorized.conv2d` does), and autograd records nothing.
"""

from collections.abc import Sequence
from math import prod

import torch
from torch import Tensor

from core.ops.checks import PLAIN
from core.ops.vectorized import conv2d_products as products
from core.ops.vectorized import direct

Pair = tuple[int, int]

FEW = 4
"""Channels of an input below which products send the gradient faster."""

MANY = 1 << 11
"""Pixels of all images from which that is so; with fewer, calls take the time, of which products make more."""

HEAVY = 1 << 19
"""Elements of a weight from which products give its gradient faster, and of few positions the input's."""

SINGLE = 64
"""Positions of all outputs up to which products read a weight where it lies, instead of laying it out for them."""

COMPUTED = (torch.float32, torch.float64)


def suits_direct(kernel: Sequence[int], groups: int, *factors: Tensor) -> bool:
    """Return whether sums of products of these tensors are computed directly, from what lies in their memory."""
    if groups == 1 and kernel[0] == kernel[1] == 1:
        return False
    for factor in factors:
        if factor.dtype not in COMPUTED or not factor.is_cpu or type(factor) not in PLAIN or factor.is_neg():
            return False
    return direct.missing() is None  # asked last: the first answer may take a compiler's time


def sends_direct(input_size: Sequence[int], groups: int) -> bool:
    """Return whether the gradient with respect to such an input is sent faster directly than by products."""
    N, C, H, W = input_size
    return C >= FEW or groups > 1 or N * H * W < MANY


def reads_weight_once(input_size: Sequence[int], weight: Tensor, stride: Pair, groups: int) -> bool:
    """Return whether a weight has so few positions to be multiplied by that products compute the output."""
    N, _, H, W = input_size
    few = 0 < N * H * W <= SINGLE * stride[0] * stride[1]
    return few and groups == 1 and weight.numel() >= HEAVY and weight.is_contiguous()


def forward(
    input: Tensor,
    weight: Tensor,
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    groups: int,
    *,
    contiguous: bool = False,
) -> Tensor:
    """Return `output[n, o, y, x] = Σ_{c,i,j} weight[o, c, i, j] · input[n, c, y·sH − pH + i·dH, x·sW − pW + j·dW]`.

    Where it is computed directly and is asked for `contiguous`, it is written so.
    """
    if suits_direct(weight.shape[2:], groups, input, weight):
        if reads_weight_once(input.shape, weight, stride, groups):
            return products.forward_by_channels(input, weight, stride, padding, dilation, input.numel() // 2)
        return direct.forward(input, weight, stride, padding, dilation, groups, contiguous=contiguous)
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
    if prod(weight_size) < HEAVY and suits_direct(weight_size[2:], groups, input, grad_output):
        return direct.weight_grad(input, weight_size, grad_output, stride, padding, dilation, groups)
    return products.weight_grad(input, weight_size, grad_output, stride, padding, dilation, groups)


def input_grad(
    input_size: Sequence[int],
    weight: Tensor,
    grad_output: Tensor,
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    groups: int,
    *,
    contiguous: bool = False,
) -> Tensor:
    """Return `dL/dinput[n, c, row, col]`, the sum of `weight[o, c, i, j] · dL/doutput[n, o, y, x]` where they met."""
    few = len(grad_output) * prod(grad_output.shape[2:]) <= SINGLE
    direct_is_faster = sends_direct(input_size, groups) and not (few and weight.numel() >= HEAVY)
    if direct_is_faster and suits_direct(weight.shape[2:], groups, weight, grad_output):
        moves = stride, padding, dilation, groups
        return direct.input_grad(input_size, weight, grad_output, *moves, contiguous=contiguous)
    return products.input_grad(input_size, weight, grad_output, stride, padding, dilation, groups)
