"""Sizes: where windows lie, how large the output is, and the checks that say why a setting is impossible.

Every operator of `core.ops` asks here, so naive and vectorised implementations accept and refuse the same things.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, wraps
from typing import Any, TypeVar, cast

from core.ops.arguments import Ints, Pair, Size, check_not_empty, check_rank, non_negative, positive

PADDING_MODES = ("zeros", "reflect", "replicate", "circular")
AXES = {1: ("columns",), 2: ("rows", "columns")}


@dataclass(frozen=True)
class Windows:
    """Where the windows of a convolution or a pooling lie, one entry per spatial axis.

    Attributes:
        kernel: Taps of the window.
        stride: Elements between neighbouring windows.
        dilation: Elements between neighbouring taps.
        before: Padding above and left of the input, in elements.
        after: Padding below and right of the input, in elements; windows of `ceil_mode` may reach further.
        output: Number of windows.
    """

    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    before: tuple[int, ...]
    after: tuple[int, ...]
    output: tuple[int, ...]

    @property
    def reach(self) -> tuple[int, ...]:
        """Elements from the first window's first tap to the last window's last tap, both included."""
        axes = zip(self.output, self.stride, self.kernel, self.dilation, strict=True)
        return tuple((out - 1) * stride + (kernel - 1) * gap + 1 for out, stride, kernel, gap in axes)

    @property
    def around(self) -> tuple[int, int, int, int]:
        """The padding as `pad2d` takes it: left, right, top, bottom; no rows for one spatial axis."""
        top, left = (0, *self.before)[-2:]
        bottom, right = (0, *self.after)[-2:]
        return left, right, top, bottom


Lays = TypeVar("Lays", bound=Callable[..., Any])


def _remembered(function: Lays) -> Lays:
    """Let a function remember sizes and where windows lie: every step of a training asks for the same anew.

    Arguments are told apart by their types and those of their entries too, since 1 equals True and 1.0.
    """

    @lru_cache(maxsize=4096, typed=True)
    def remember(types: object, *args: Any) -> Any:
        return function(*args)

    @wraps(function)
    def ask(*args: Any, **options: Any) -> Any:
        if options:
            return function(*args, **options)
        try:
            return remember(tuple([tuple(map(type, arg)) for arg in args if type(arg) is tuple]), *args)
        except TypeError:  # lists, or what the function refuses
            return function(*args)

    return cast(Lays, ask)


def conv_output_size(size: int, kernel: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> int:
    """Return the number of windows along one axis.

    output = ⌊(size + 2·padding − dilation·(kernel − 1) − 1) / stride⌋ + 1

    Source: `torch.nn.Conv2d`, section Shape.
    """
    return (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1


def pool_output_size(
    size: int, kernel: int, stride: int, padding: int = 0, dilation: int = 1, ceil_mode: bool = False
) -> int:
    """Return the number of windows along one axis; `ceil_mode` adds one that is only partly inside.

    The added window must start inside the input or its left padding.

    Source: `torch.nn.MaxPool2d`, section Shape, and `pooling_output_shape` in ATen/native/Pool.h.
    """
    reach = stride - 1 if ceil_mode else 0
    output = (size + 2 * padding - dilation * (kernel - 1) - 1 + reach) // stride + 1
    return output - 1 if ceil_mode and (output - 1) * stride >= size + padding else output


def conv_transpose_output_size(
    size: int, kernel: int, stride: int = 1, padding: int = 0, output_padding: int = 0, dilation: int = 1
) -> int:
    """Return the size along one axis of which a convolution makes `size` windows.

    output = (size − 1)·stride − 2·padding + dilation·(kernel − 1) + output_padding + 1

    Source: `torch.nn.ConvTranspose2d`, section Shape.
    """
    return (size - 1) * stride - 2 * padding + dilation * (kernel - 1) + output_padding + 1


def _padding(
    padding: Ints | str, kernel: tuple[int, ...], stride: tuple[int, ...], dilation: tuple[int, ...]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the padding before and after; an odd "same" puts the extra element after, as torch does."""
    if padding == "valid":
        return (0,) * len(kernel), (0,) * len(kernel)
    if padding == "same":
        if max(stride) > 1:
            raise ValueError(f'padding "same" needs stride 1, not {max(stride)}')
        total = tuple(step * (taps - 1) for step, taps in zip(dilation, kernel, strict=True))
        return tuple(t // 2 for t in total), tuple(t - t // 2 for t in total)
    if isinstance(padding, str):
        raise ValueError(f'padding must be "same", "valid" or integers, not "{padding}"')
    both = non_negative(padding, "padding", len(kernel))
    return both, both


def check_padding_mode(padding_mode: str, size: Size, before: Size, after: Size) -> None:
    """Refuse an unknown padding mode, and one that asks for more elements than the input has.

    Args:
        padding_mode: One of `PADDING_MODES`.
        size: Spatial size of the input.
        before: Padding above and left.
        after: Padding below and right.

    Raises:
        ValueError: The mode is unknown; reflect padding reaches the input's size; circular padding exceeds it.
    """
    if padding_mode not in PADDING_MODES:
        raise ValueError(f'padding_mode must be one of {", ".join(PADDING_MODES)}, not "{padding_mode}"')
    if padding_mode in ("zeros", "replicate"):
        return
    for axis, extent, padding in zip(AXES[len(size)], size, map(max, before, after), strict=True):
        if padding_mode == "reflect" and padding >= extent:
            raise ValueError(f"reflect padding {padding} needs more than {padding} {axis}, input has {extent}")
        if padding_mode == "circular" and padding > extent:
            raise ValueError(f"circular padding {padding} needs at least {padding} {axis}, input has {extent}")


@_remembered
def conv_windows(
    input_size: Size,
    weight_size: Size,
    stride: Ints = 1,
    padding: Ints | str = 0,
    dilation: Ints = 1,
    groups: int = 1,
    padding_mode: str = "zeros",
) -> Windows:
    """Return where the kernels of a 1-D or 2-D convolution lie.

    Args:
        input_size: `(N, C, *spatial)`.
        weight_size: `(O, C / groups, *kernel)`.
        stride: Elements between neighbouring windows.
        padding: Elements on both sides of each axis, "valid" (none) or "same" (output as large as input).
        dilation: Elements between neighbouring taps.
        groups: Number of blocks into which input and output channels are split.
        padding_mode: What the padding holds, one of `PADDING_MODES`.

    Raises:
        ValueError: In this order: ranks, empty axes, groups, channels, stride, dilation, padding, padding mode, a
            kernel larger than the padded input.
    """
    dims = len(weight_size) - 2
    check_rank("input", input_size, dims + 2)
    check_not_empty("input", input_size)
    check_not_empty("weight", weight_size, 0)
    (C, *size), (O, channels, *kernel) = input_size[1:], weight_size
    if groups < 1:
        raise ValueError(f"groups must be at least 1, not {groups}")
    if C % groups or O % groups:
        raise ValueError(f"groups {groups} must divide the {C} input channels and the {O} output channels")
    if channels * groups != C:
        blocks = f" in {groups} groups" if groups > 1 else ""
        raise ValueError(f"input has {C} channels, weight expects {channels * groups}{blocks}")
    steps, gaps = positive(stride, "stride", dims), positive(dilation, "dilation", dims)
    before, after = _padding(padding, tuple(kernel), steps, gaps)
    check_padding_mode(padding_mode, size, before, after)
    output = []
    for axis, extent in enumerate(size):
        span, padded = gaps[axis] * (kernel[axis] - 1) + 1, extent + before[axis] + after[axis]
        if span > padded:
            raise ValueError(f"kernel spans {span} {AXES[dims][axis]}, the padded input has {padded}")
        output.append((padded - span) // steps[axis] + 1)
    return Windows(tuple(kernel), steps, gaps, before, after, tuple(output))


def conv_transpose_windows(
    input_size: Size,
    weight_size: Size,
    stride: Ints = 1,
    padding: Ints = 0,
    output_padding: Ints = 0,
    groups: int = 1,
    dilation: Ints = 1,
) -> Windows:
    """Return where the kernels of a transposed 2-D convolution lie, each placed by one *input* element.

    `output` is the size of the operator's output.

    Raises:
        ValueError: In this order: ranks, empty axes, groups, channels, stride, dilation, padding, output padding, an
            output without elements.
    """
    check_rank("input", input_size, 4)
    check_rank("weight", weight_size, 4)
    check_not_empty("input", input_size)
    check_not_empty("weight", weight_size, 0)
    C = input_size[1]
    if groups < 1:
        raise ValueError(f"groups must be at least 1, not {groups}")
    if C % groups:
        raise ValueError(f"groups {groups} must divide the {C} input channels")
    if weight_size[0] != C:
        raise ValueError(f"input has {C} channels, weight expects {weight_size[0]}")
    kernel, steps, gaps = tuple(weight_size[2:]), positive(stride, "stride"), positive(dilation, "dilation")
    both, extra = non_negative(padding, "padding"), non_negative(output_padding, "output_padding")
    for more, step, gap in zip(extra, steps, gaps, strict=True):
        if more >= max(step, gap):
            raise ValueError(f"output_padding {more} must be smaller than stride {step} or dilation {gap}")
    output = tuple(map(conv_transpose_output_size, input_size[2:], kernel, steps, both, extra, gaps))
    if min(output) < 1:
        raise ValueError(f"output would have {output[0]} rows and {output[1]} columns; padding is too large")
    return Windows(kernel, steps, gaps, both, both, output)


@_remembered
def pool_windows(
    input_size: Size,
    kernel_size: Ints,
    stride: Ints | None = None,
    padding: Ints = 0,
    dilation: Ints = 1,
    ceil_mode: bool = False,
) -> Windows:
    """Return where the windows of a 2-D pooling lie; the stride is the kernel's size unless given.

    Every window holds at least one element of the input. (Torch accepts a dilation that steps over a small input
    from padding to padding; its gradient is then written outside the input.)

    Raises:
        ValueError: In this order: rank, empty axes, kernel size, stride, dilation, padding, a window larger than the
            padded input, a window without an element of the input.
    """
    check_rank("input", input_size, 4)
    check_not_empty("input", input_size)
    kernel = positive(kernel_size, "kernel_size")
    steps = kernel if stride is None else positive(stride, "stride")
    gaps, both = positive(dilation, "dilation"), non_negative(padding, "padding")
    output = []
    for axis, extent in enumerate(input_size[2:]):
        span = gaps[axis] * (kernel[axis] - 1) + 1
        if 2 * both[axis] > kernel[axis]:
            raise ValueError(
                f"padding {both[axis]} must be at most half of the window's {kernel[axis]} {AXES[2][axis]}"
            )
        windows = pool_output_size(extent, kernel[axis], steps[axis], both[axis], gaps[axis], ceil_mode)
        if windows < 1:
            raise ValueError(f"window spans {span} {AXES[2][axis]}, the padded input has {extent + 2 * both[axis]}")
        for start in range(-both[axis], min(0, windows * steps[axis] - both[axis]), steps[axis]):
            if start % gaps[axis] >= extent:
                raise ValueError(f"dilation {gaps[axis]} steps over all {extent} {AXES[2][axis]} of the input")
        output.append(windows)
    return Windows(kernel, steps, gaps, both, both, tuple(output))


def pool_divisors(size: int, kernel: int, stride: int, padding: int, output: int, count_include_pad: bool) -> list[int]:
    """Return for each window along one axis how many elements it counts: of the padded input, or only of the input."""
    limits = (-padding, size + padding) if count_include_pad else (0, size)
    starts = [y * stride - padding for y in range(output)]
    return [min(start + kernel, limits[1]) - max(start, limits[0]) for start in starts]


def adaptive_bounds(size: int, output: int) -> list[Pair]:
    """Return for each of `output` windows along one axis its first element and the one after its last.

    start = ⌊y·size / output⌋, end = ⌈(y + 1)·size / output⌉; neighbours overlap when `output` does not divide `size`.

    Source: `torch.nn.AdaptiveAvgPool2d`, `start_index` and `end_index` in ATen/native/AdaptivePooling.h.
    """
    return [(y * size // output, -(-(y + 1) * size // output)) for y in range(output)]


@_remembered
def adaptive_output_size(input_size: Size, output_size: int | Sequence[int | None]) -> Pair:
    """Return the rows and columns of an adaptive pooling; None keeps the input's.

    Raises:
        ValueError: In this order: rank, empty axes, output size.
    """
    check_rank("input", input_size, 4)
    check_not_empty("input", input_size)
    wanted = (output_size,) * 2 if isinstance(output_size, int) else tuple(output_size)
    if len(wanted) != 2:
        raise ValueError(f"output_size must be an integer or 2 integers, not {len(wanted)}")
    outH, outW = positive([s if w is None else w for s, w in zip(input_size[2:], wanted, strict=True)], "output_size")
    return outH, outW


@_remembered
def padded_size(input_size: Size, padding: Size, padding_mode: str = "zeros") -> tuple[int, int, int, int]:
    """Return the size `(N, C, top + H + bottom, left + W + right)` of a padded input.

    Args:
        input_size: `(N, C, H, W)`.
        padding: Elements at the left, right, top and bottom.
        padding_mode: One of `PADDING_MODES`.

    Raises:
        ValueError: In this order: rank, empty axes, padding, padding mode.
    """
    check_rank("input", input_size, 4)
    check_not_empty("input", input_size)
    left, right, top, bottom = non_negative(padding, "padding", 4)
    check_padding_mode(padding_mode, input_size[2:], (top, left), (bottom, right))
    N, C, H, W = input_size
    return N, C, top + H + bottom, left + W + right
