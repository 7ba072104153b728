"""Convolution compiled for the processor at hand: calls of `direct.cpp`."""

import ctypes
from collections.abc import Sequence
from functools import cache, lru_cache
from itertools import count, takewhile
from math import gcd

import torch
import torch.nn.functional as F
from torch import Tensor

from core.ops.vectorized import compiled, tiling
from core.ops.vectorized.tiling import WORTH_A_THREAD, Machine, Moves, Round

Pair = tuple[int, int]


def missing() -> str | None:
    """Return why this machine has no direct convolution, or None where it has; the first call may compile it."""
    return compiled.missing("direct-float")


@cache
def _functions(bytes: int = 4) -> ctypes.CDLL:
    functions = compiled.functions("direct-float" if bytes == 4 else "direct-double")
    for function in (functions.forward, functions.weight_grad):
        function.argtypes, function.restype = [ctypes.c_char_p, *(ctypes.c_void_p,) * 4], None
    functions.along.argtypes, functions.along.restype = [ctypes.c_char_p, *(ctypes.c_void_p,) * 3], None
    functions.lay_last.argtypes, functions.lay_last.restype = [*(ctypes.c_int64,) * 4, *(ctypes.c_void_p,) * 2], None
    functions.lanes.argtypes, functions.lanes.restype = [], ctypes.c_int64
    functions.others.argtypes, functions.others.restype = [ctypes.c_int64], ctypes.c_int64
    return functions


@cache
def _machine(element: int, threads: int) -> Machine:
    functions = _functions(element)
    return Machine(element, functions.lanes(), tuple(takewhile(bool, map(functions.others, count(1)))), threads)


def forward(
    input: Tensor,
    weight: Tensor,
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    groups: int = 1,
    *,
    contiguous: bool = False,
) -> Tensor:
    """Return the cross-correlation of tensors on the processor, channels-last unless `contiguous`."""
    input, moves = channels_last(input), (stride, padding, dilation, groups)
    size, rounds, elements = _forward_plan(
        *(input.shape, weight.shape, weight.stride(), moves, contiguous),
        *(input.element_size(), torch.get_num_threads()),
    )
    output, room = _empty(input, size, contiguous), input.new_empty(elements)
    run = _functions(input.element_size()).forward
    from_, first, to, within = input.data_ptr(), weight.data_ptr(), output.data_ptr(), room.data_ptr()
    for settings, channels, weights in rounds:
        run(settings, from_ + channels, first + weights, to, within)
    return output


@lru_cache(maxsize=4096)
def _forward_plan(
    input_size: Sequence[int],
    weight_size: Sequence[int],
    weight_strides: Sequence[int],
    moves: Moves,
    contiguous: bool,
    element: int,
    threads: int,
) -> tuple[tuple[int, ...], list[Round], int]:
    """Return the output's size, the rounds, in bytes instead of elements, and how many elements of room they take."""
    (N, _, H, W), (O, _, kH, kW), (sO, *strides) = input_size, weight_size, weight_strides
    (sH, sW), (pH, pW), (dH, dW), groups = moves
    outH = (H + 2 * pH - dH * (kH - 1) - 1) // sH + 1
    outW = (W + 2 * pW - dW * (kW - 1) - 1) // sW + 1
    of, to = (O // groups * sO, sO, *strides), _steps(O, outH, outW, contiguous)
    at = _machine(element, threads)
    rounds, room = tiling.forward(input_size, O, (kH, kW), (outH, outW), moves, (*of, *to), at)
    return (N, O, outH, outW), [(settings, element * c, element * w) for settings, c, w in rounds], room


def input_grad(
    input_size: Sequence[int],
    weight: Tensor,
    grad_output: Tensor,
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    groups: int = 1,
    *,
    contiguous: bool = False,
) -> Tensor:
    """Return dL/dinput, channels-last unless `contiguous`: for every place between two windows' starts a forward pass.

    The inputs at one place, sH · sW of which lie between the starts of neighbouring windows, are read by the same taps.
    What these send is the forward pass, at stride 1, of the gradient with those taps turned around.
    """
    grad_output, moves = channels_last(grad_output), (stride, padding, dilation, groups)
    everywhere, elements, passes = _passes(
        *(tuple(input_size), weight.shape, weight.stride(), grad_output.shape[2:], moves, contiguous),
        *(grad_output.element_size(), torch.get_num_threads()),
    )
    grad, room = _empty(grad_output, input_size, contiguous), grad_output.new_empty(elements)
    if not everywhere:
        grad.zero_()
    run = _functions(grad_output.element_size()).forward
    from_, first, to, within = grad_output.data_ptr(), weight.data_ptr(), grad.data_ptr(), room.data_ptr()
    for settings, channels, weights, begin in passes:
        run(settings, from_ + channels, first + weights, to + begin, within)
    return grad


@lru_cache(maxsize=1024)
def _passes(
    input_size: Sequence[int],
    weight_size: Sequence[int],
    weight_strides: Sequence[int],
    out: Pair,
    moves: Moves,
    contiguous: bool,
    element: int,
    threads: int,
) -> tuple[bool, int, list[tuple[bytes, int, int, int]]]:
    """Return whether they write all inputs, their room in elements, and the passes.

    A pass is its struct `Convolution`, and where, in bytes, the gradient, the weight and the output begin.
    """
    (N, C, H, W), (O, _, kH, kW), (outH, outW), (sO, sC, sI, sJ) = input_size, weight_size, out, weight_strides
    stride, padding, dilation, groups = moves
    rows, cols = (
        [_place(k, *axis) for k in range(axis[1])]
        for axis in zip((H, W), stride, padding, dilation, (kH, kW), strict=True)
    )
    image, row_step, col_step, channel = _steps(C, H, W, contiguous)
    passes, elements = [], 0
    for row, (tapsH, lastI, stepI, gapH, padH, countH) in enumerate(rows):
        for col, (tapsW, lastJ, stepJ, gapW, padW, countW) in enumerate(cols):
            if tapsH and tapsW and countH and countW:
                rounds, room = tiling.forward(
                    *((N, O, outH, outW), C, (tapsH, tapsW), (countH, countW)),
                    ((1, 1), (padH, padW), (gapH, gapW), groups),
                    (
                        *(O // groups * sO, sC, sO, -stepI * sI, -stepJ * sJ),
                        *(image, stride[0] * row_step, stride[1] * col_step, channel),
                    ),
                    _machine(element, threads),
                )
                elements, begin, last = max(elements, room), row * row_step + col * col_step, lastI * sI + lastJ * sJ
                passes += [(settings, element * c, element * (last + w), element * begin) for settings, c, w in rounds]
    return all(taps for taps, *_ in (*rows, *cols)), elements, passes


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


def signals_forward(input: Tensor, weight: Tensor, padding: int, dilation: int) -> Tensor:
    """Return the cross-correlation of signals at stride 1, without groups, by vectors of positions.

    The weight is read where it lies: laid out it would take longer than few signals do.

    Args:
        input: `(N, C, W)`.
        weight: `(O, C, kW)`.
        padding: Zeros on both sides.
        dilation: Between taps.
    """
    (O, _, kW), strides = weight.shape, weight.stride()
    outW = input.shape[2] + 2 * padding - dilation * (kW - 1)
    return _along(input, O, outW, weight.data_ptr(), strides, (kW, dilation, padding))


def signals_input_grad(W: int, weight: Tensor, grad_output: Tensor, padding: int, dilation: int) -> Tensor:
    """Return dL/dinput of W positions: the same of the output's gradient, with the taps turned around."""
    (_, C, kW), (sO, sC, sJ) = weight.shape, weight.stride()
    last = weight.data_ptr() + (kW - 1) * sJ * weight.element_size()
    return _along(grad_output, C, W, last, (sC, sO, -sJ), (kW, dilation, dilation * (kW - 1) - padding))


def _along(
    input: Tensor, O: int, outW: int, first: int, strides: tuple[int, ...], moves: tuple[int, int, int]
) -> Tensor:
    """Return `(N, O, outW)`; `first` is where the weight begins, in the computer's memory, and `moves` begins left."""
    settings, right = _along_plan(input.shape, O, outW, strides, moves, input.element_size(), torch.get_num_threads())
    padded, output = F.pad(input, (moves[2], right)).contiguous(), input.new_empty(len(input), O, outW)
    _functions(input.element_size()).along(settings, padded.data_ptr(), first, output.data_ptr())
    return output


@lru_cache(maxsize=4096)
def _along_plan(
    input_size: Sequence[int],
    O: int,
    outW: int,
    strides: tuple[int, ...],
    moves: tuple[int, int, int],
    element: int,
    threads: int,
) -> tuple[bytes, int]:
    """Return the struct `Signals` of `direct.cpp`, and the padding on the right, to whole vectors."""
    return tiling.along(input_size, O, outW, strides, moves, _machine(element, threads))


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
    input, grad_output = channels_last(input), channels_last(grad_output)
    O, C, kH, kW = weight_size
    settings, elements = _weight_grad_plan(
        *(input.shape, O, (kH, kW), grad_output.shape[2:], (stride, padding, dilation, groups)),
        *(input.element_size(), torch.get_num_threads()),
    )
    grad, room = input.new_empty(O, C, kH, kW), input.new_empty(elements)
    _functions(input.element_size()).weight_grad(
        settings, input.data_ptr(), grad_output.data_ptr(), grad.data_ptr(), room.data_ptr()
    )
    return grad


@lru_cache(maxsize=4096)
def _weight_grad_plan(
    input_size: Sequence[int], O: int, kernel: Pair, out: Pair, moves: Moves, element: int, threads: int
) -> tuple[bytes, int]:
    """Return the struct `Convolution` of `direct.cpp`, and how many elements of room it takes."""
    return tiling.weight_grad(input_size, O, kernel, out, moves, _machine(element, threads))


def _steps(C: int, H: int, W: int, contiguous: bool) -> tuple[int, int, int, int]:
    """Return the elements from an image, a row, a column and a channel to the next."""
    return (C * H * W, W, 1, H * W) if contiguous else (C * H * W, W * C, C, 1)


def _empty(like: Tensor, size: Sequence[int], contiguous: bool) -> Tensor:
    """Return images of that size, to be written."""
    N, C, H, W = size
    return like.new_empty(N, C, H, W) if contiguous else like.new_empty(N, H, W, C).permute(0, 3, 1, 2)


def channels_last(images: Tensor) -> Tensor:
    """Return images channels-last: copied whole they are read faster than strip by strip."""
    if images.is_contiguous(memory_format=torch.channels_last) or not images.is_contiguous():
        return images.contiguous(memory_format=torch.channels_last)
    N, C, H, W = images.shape
    laid = _empty(images, images.shape, contiguous=False)
    threads = max(1, min(images.numel() // WORTH_A_THREAD, torch.get_num_threads()))
    _functions(images.element_size()).lay_last(N, C, H * W, threads, images.data_ptr(), laid.data_ptr())
    return laid
