"""Convolution compiled for the processor at hand: calls of `direct.cpp`."""

import ctypes
from collections.abc import Sequence
from functools import cache, lru_cache
from math import gcd

import torch
from torch import Tensor

from core.ops.vectorized import compiled

Pair = tuple[int, int]

_Numbers = ctypes.c_int64 * 29
"""The struct `Convolution` of `direct.cpp`."""


def missing() -> str | None:
    """Return why this machine has no direct convolution, or None where it has; the first call may compile it."""
    return compiled.missing("direct-float")


@cache
def _functions(bytes: int = 4) -> ctypes.CDLL:
    functions = compiled.functions("direct-float" if bytes == 4 else "direct-double")
    for function in (functions.forward, functions.weight_grad):
        function.argtypes, function.restype = [_Numbers, *(ctypes.c_void_p,) * 4], None
    for function in (functions.forward_room, functions.weight_grad_room):
        function.argtypes, function.restype = [_Numbers], ctypes.c_int64
    return functions


def forward(input: Tensor, weight: Tensor, stride: Pair, padding: Pair, dilation: Pair, groups: int = 1) -> Tensor:
    """Return the cross-correlation of tensors on the processor, channels-last."""
    input = _last(input)
    (N, C, H, W), (O, _, kH, kW) = input.shape, weight.shape
    (sH, sW), (pH, pW), (dH, dW) = stride, padding, dilation
    outH = (H + 2 * pH - dH * (kH - 1) - 1) // sH + 1
    outW = (W + 2 * pW - dW * (kW - 1) - 1) // sW + 1
    output = input.new_empty(N, outH, outW, O)
    sO, *strides = weight.stride()
    numbers = (
        *(N, C, H, W, O, kH, kW, outH, outW, sH, sW, pH, pW, dH, dW, groups, *input.stride()),
        *(O // groups * sO, sO, *strides, outH * outW * O, outW * O, O),
    )
    _forward(numbers, input, weight.data_ptr(), output, 0)
    return output.permute(0, 3, 1, 2)


def input_grad(
    input_size: Sequence[int],
    weight: Tensor,
    grad_output: Tensor,
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    groups: int = 1,
) -> Tensor:
    """Return dL/dinput, channels-last: for every place between two windows' starts a forward pass.

    The inputs at one place, sH · sW of which lie between the starts of neighbouring windows, are read by the same taps.
    What these send is the forward pass, at stride 1, of the gradient with those taps turned around.
    """
    N, C, H, W = input_size
    grad_output = _last(grad_output)
    everywhere, passes = _passes(
        *((N, C, H, W), weight.shape, weight.stride(), grad_output.shape[2:], grad_output.stride()),
        *(stride, padding, dilation, groups),
    )
    grad = grad_output.new_empty(N, H, W, C) if everywhere else grad_output.new_zeros(N, H, W, C)
    first, size = weight.data_ptr(), weight.element_size()
    for numbers, last_tap, begin in passes:
        _forward(numbers, grad_output, first + size * last_tap, grad, begin)
    return grad.permute(0, 3, 1, 2)


@lru_cache(maxsize=1024)
def _passes(
    input_size: tuple[int, int, int, int],
    weight_size: Sequence[int],
    weight_strides: Sequence[int],
    out: Pair,
    strides: Sequence[int],
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    groups: int,
) -> tuple[bool, list[tuple[tuple[int, ...], int, int]]]:
    """Return whether they write all inputs, and the passes: numbers, where the weight and where the output begins."""
    (N, C, H, W), (O, _, kH, kW), (outH, outW), (sO, sC, sI, sJ) = input_size, weight_size, out, weight_strides
    rows, cols = (
        [_place(k, *axis) for k in range(axis[1])]
        for axis in zip((H, W), stride, padding, dilation, (kH, kW), strict=True)
    )
    passes = [
        (
            (
                *(N, O, outH, outW, C, tapsH, tapsW, countH, countW, 1, 1, padH, padW, gapH, gapW, groups, *strides),
                *(O // groups * sO, sC, sO, -stepI * sI, -stepJ * sJ, H * W * C, stride[0] * W * C, stride[1] * C),
            ),
            lastI * sI + lastJ * sJ,
            (row * W + col) * C,
        )
        for row, (tapsH, lastI, stepI, gapH, padH, countH) in enumerate(rows)
        for col, (tapsW, lastJ, stepJ, gapW, padW, countW) in enumerate(cols)
        if tapsH and tapsW and countH and countW
    ]
    return all(taps for taps, *_ in (*rows, *cols)), passes


def _place(place: int, size: int, stride: int, padding: int, gap: int, kernel: int) -> tuple[int, ...]:
    """Return what convolves the gradient, along one axis, into the inputs at place + m · stride.

    Returns:
        Number of taps that read them; the last of these taps, and taps between neighbours; the dilation and padding of
        the convolution; its outputs.
    """
    taps = [tap for tap in range(kernel) if (place + padding - tap * gap) % stride == 0]
    if not taps:
        return 0, 0, 0, 0, 0, 0
    step = stride // gcd(stride, gap)
    between = gap * step // stride  # rows of the gradient
    start = (place + padding - taps[0] * gap) // stride
    return len(taps), taps[-1], step, between, between * (len(taps) - 1) - start, len(range(place, size, stride))


def weight_grad(
    input: Tensor,
    weight_size: Sequence[int],
    grad_output: Tensor,
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    groups: int = 1,
) -> Tensor:
    """Return dL/dweight of tensors on the processor."""
    input, grad_output = _last(input), _last(grad_output)
    O, C, kH, kW = weight_size
    grad = input.new_empty(kH, kW, C, O)
    numbers = (
        *(*input.shape, O, kH, kW, *grad_output.shape[2:], *stride, *padding, *dilation, groups, *input.stride()),
        *(*grad_output.stride(), 0, 0, 0, 0),
    )
    struct, elements = _room("weight_grad_room", numbers, input.element_size(), torch.get_num_threads())
    room = input.new_empty(elements)
    _functions(input.element_size()).weight_grad(
        struct, input.data_ptr(), grad_output.data_ptr(), grad.data_ptr(), room.data_ptr()
    )
    return grad.permute(3, 2, 0, 1)


def _last(images: Tensor) -> Tensor:
    """Return contiguous images channels-last: copied whole they are read faster than strip by strip."""
    return images.contiguous(memory_format=torch.channels_last) if images.is_contiguous() else images


def _forward(numbers: tuple[int, ...], input: Tensor, weight: int, output: Tensor, begin: int) -> None:
    """Write a forward pass into the output from element `begin` on; the weight's first element is at that address."""
    struct, elements = _room("forward_room", numbers, input.element_size(), torch.get_num_threads())
    room = input.new_empty(elements)
    to = output.data_ptr() + begin * output.element_size()
    _functions(input.element_size()).forward(struct, input.data_ptr(), weight, to, room.data_ptr())


@lru_cache(maxsize=4096)
def _room(
    asked: str, numbers: tuple[int, ...], element: int, threads: int
) -> tuple["ctypes.Array[ctypes.c_int64]", int]:
    """Return the struct of a convolution, and how many elements of room it takes."""
    struct = _Numbers(*numbers, threads)
    elements: int = getattr(_functions(element), asked)(struct)
    return struct, elements
