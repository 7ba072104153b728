"""The elements that one tap of a pooling's window reads, for all windows at once: a strided view."""

from torch import Tensor

from core.ops.geometry import Windows


def pad_to_reach(input: Tensor, windows: Windows, value: float) -> Tensor:
    """Return the input with `value` around it as far as the windows reach; the input itself if they stay inside.

    Args:
        input: `(N, C, H, W)`.
        windows: Where the windows lie; with `ceil_mode` they may reach beyond the padding.
        value: What the padding holds.
    """
    (H, W), (top, left), (reachH, reachW) = input.shape[2:], windows.before, windows.reach
    if top == left == 0 and reachH <= H and reachW <= W:
        return input
    padded = input.new_full((*input.shape[:2], max(reachH, top + H), max(reachW, left + W)), value)
    padded[:, :, top : top + H, left : left + W] = input
    return padded


def tap(padded: Tensor, windows: Windows, axis: int, number: int) -> Tensor:
    """Return the view of what tap `number` along a spatial axis reads, one element per window.

    Args:
        padded: `(N, C, H, W)`, padding included.
        windows: Where the windows lie.
        axis: 0 for rows, 1 for columns.
        number: Which of the window's taps.
    """
    start, step = number * windows.dilation[axis], windows.stride[axis]
    reading = slice(start, start + (windows.output[axis] - 1) * step + 1, step)
    return padded[:, :, reading] if axis == 0 else padded[:, :, :, reading]
