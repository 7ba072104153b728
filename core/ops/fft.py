"""Convolution as a product of spectra: the convolution theorem."""

import torch
from torch import Tensor

from core.ops.arguments import Ints
from core.ops.conv_checks import check_conv
from core.ops.vectorized.pad import pad2d


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
    """Return the cross-correlation of `core.ops.naive.conv2d`, computed by fast Fourier transforms.

    F(output)[n, o] = Σ_c F(input)[n, c] · conj(F(weight)[o, c])

    The conjugate makes it the cross-correlation; without it the product is the true convolution. Both are transformed
    at the size of the padded input, so that no window wraps around. All windows at stride 1 are computed; a stride
    keeps some of them. A NaN or an infinity spreads to the whole image, and rounding errors are relative to the largest
    output, not to each.
    """
    windows = check_conv(2, input, weight, bias, stride, padding, dilation, groups, padding_mode)
    (O, channels, kH, kW), (sH, sW), (dH, dW) = weight.shape, windows.stride, windows.dilation
    padded = pad2d(input, windows.around, padding_mode=padding_mode)
    N, C, H, W = padded.shape
    kernel = weight.new_zeros(O, channels, dH * (kH - 1) + 1, dW * (kW - 1) + 1)
    kernel[:, :, ::dH, ::dW] = weight
    spectrum = torch.fft.rfft2(padded).reshape(N, groups, 1, C // groups, H, W // 2 + 1)
    response = torch.fft.rfft2(kernel, s=(H, W)).conj().reshape(groups, O // groups, channels, H, W // 2 + 1)
    correlated = torch.fft.irfft2((spectrum * response).sum(3), s=(H, W)).reshape(N, O, H, W)
    reach = (H - kernel.shape[2] + 1, W - kernel.shape[3] + 1)
    output: Tensor = correlated[:, :, : reach[0] : sH, : reach[1] : sW].contiguous()
    return output if bias is None else output + bias[:, None, None]


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
    """Return the true convolution of `core.ops.naive.convolve2d`: a real kernel rotated is its spectrum conjugated."""
    check_conv(2, input, weight, bias, stride, padding, dilation, groups, padding_mode)
    return conv2d(input, weight.flip(2, 3), bias, stride, padding, dilation, groups, padding_mode=padding_mode)
