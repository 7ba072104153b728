"""How the compiled convolution is cut into strips, parts, blocks and rounds: the numbers that `direct.cpp` runs by.

    strip   some output lines of one image, whose input the second-level cache holds; threads share out the strips, and,
            where these are fewer than threads, the parts of each
    part    the output channels of one tile: some vectors of a group
    block   input channels whose weight, for one part, the cache holds while a sum runs over them
    round   a pass over input channels whose weight is laid out at a time, all of them unless memory forbids

Sizes count elements, of float32 or float64.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from struct import pack

__all__ = ["Machine", "Moves", "along", "forward", "weight_grad"]

Pair = tuple[int, int]
Moves = tuple[Pair, Pair, Pair, int]
"""Stride, padding, dilation and groups."""

Round = tuple[bytes, int, int]
"""The struct `Convolution` of `direct.cpp`, and at which element input and weight begin."""

STRIP = 1 << 18
"""Bytes of a strip's input."""

NEAR = 1 << 16
"""Bytes of weight that one sum runs over: half of it makes the first layer of ResNet 15–35 % slower."""

LONGEST = 512
"""Products that one sum adds up: rounding grows with their number."""

WORTH_A_THREAD = 1 << 16
"""Products a thread: with fewer, starting it costs more than it gives."""

LINE = 16
"""Elements of a line of the cache, at most: what begins with one of its own is not shared with another thread."""


@dataclass(frozen=True)
class Machine:
    """What a plan depends on besides the convolution.

    Attributes:
        element: Bytes of an element.
        lanes: Elements of a vector.
        others: Other factors of a tile of 1, 2, … vectors, as many as the registers have room for.
        threads: At most so many compute.
    """

    element: int
    lanes: int
    others: tuple[int, ...]
    threads: int

    def tile(self, O: int, outW: int | None, alone: bool) -> int:
        """Return the vectors of a tile: those whose lines of `outW` outputs cost the fewest products and loads.

        Args:
            O: Output channels of a group.
            outW: Outputs a line; None is to take as many vectors as there are.
            alone: Whether channels are convolved alone, by tiles of at most two vectors.
        """
        vectors = max(1, O // self.lanes) if alone and outW is not None else _parts(O, self.lanes)

        def cost(V: int) -> int:
            return 0 if outW is None else _parts(vectors, V) * (V * outW + V * _parts(outW, self.others[V - 1]) + outW)

        most = min(2 if alone else len(self.others), max(1, vectors))
        return min(range(most, 0, -1), key=cost)


@dataclass(frozen=True)
class Images:
    """Images read as lines of `cols` pixels, the struct `Images` of `direct.cpp`.

    They begin `top` rows above and `left` columns beside the first pixel (below and right of it where negative), with
    zeros where no image is; if `clipped`, lines beside an image are never read. Laid out, a pixel has `width` elements.
    """

    C: int
    H: int
    W: int
    top: int
    left: int
    rows: int
    cols: int
    width: int
    clipped: bool

    @property
    def in_place(self) -> bool:
        """Whether they need not be laid out."""
        inside = self.clipped or (self.top <= 0 and self.rows - self.top <= self.H)
        return inside and self.left <= 0 and self.cols - self.left <= self.W and self.width <= self.C

    @property
    def pixel(self) -> int:
        """Elements from a pixel to the next."""
        return self.C if self.in_place else self.width

    @property
    def line(self) -> int:
        """Elements from a line to the next."""
        return self.W * self.C if self.in_place else self.cols * self.width

    def room(self, lines: int, lanes: int) -> int:
        """Return the elements that so many lines take, laid out, with a vector that is read beyond them."""
        return 0 if self.in_place else _whole(self.line * (min(lines, self.H) if self.clipped else lines) + lanes)

    def numbers(self) -> tuple[int, ...]:
        """Return the struct's."""
        place = self.top, self.left, self.cols, self.width, self.clipped, self.in_place
        return self.C, self.H, self.W, *place, self.pixel, self.line


@dataclass(frozen=True)
class Pass:
    """What both passes share: sizes as the struct `Convolution` has them; channels are those of one group.

    Where every channel is convolved alone (depthwise), all of them are one group of vectors.
    """

    N: int
    all_outputs: int
    out: Pair
    kernel: Pair
    moves: Moves
    alone: bool
    groups: int
    C: int
    O: int
    vectors: int

    @property
    def span(self) -> int:
        """Lines from a window's first to its last."""
        return self.moves[2][0] * (self.kernel[0] - 1) + 1

    @property
    def taps(self) -> int:
        """Of a kernel."""
        return self.kernel[0] * self.kernel[1]

    @property
    def weights(self) -> int:
        """Elements of the weight."""
        return self.all_outputs * self.C * self.taps

    def threads(self, most: int, rounds: int = 1) -> int:
        """Return how many are worth it, where the products are done in so many rounds."""
        return max(1, min(self.N * self.out[0] * self.out[1] * self.weights // rounds // WORTH_A_THREAD, most))

    def images(self, input_size: Sequence[int], clipped: bool, width: int) -> Images:
        """Return how the input is read."""
        (_, C, H, W), (outH, outW), ((sH, sW), (pH, pW), (_, dW), _) = input_size, self.out, self.moves
        rows, cols = (outH - 1) * sH + self.span, (outW - 1) * sW + dW * (self.kernel[1] - 1) + 1
        return Images(C, H, W, pH, pW, rows, cols, width, clipped)

    def strips(self, elements_a_line: int, threads: int, element: int) -> Pair:
        """Return the strips of an image, and their output lines."""
        most, step, outH = STRIP // element // max(1, elements_a_line), self.moves[0][0], self.out[0]
        each = _parts(outH, min(outH, (most - self.span) // step + 1) if most > self.span else 1)
        while self.N * each % threads and each < outH:  # or one would wait for another's last strip
            each += 1
        lines = _parts(outH, each)
        return _parts(outH, lines), lines

    def reach(self, images: Images, by_lines: bool) -> list[int]:
        """Return where each tap, or line of taps, reads from a window's first element on."""
        dH, dW = self.moves[2]
        cols = range(1 if by_lines else self.kernel[1])
        return [i * dH * images.line + j * dW * images.pixel for i in range(self.kernel[0]) for j in cols]

    def settings(
        self, images: Images, grads: Images, reach: Sequence[int], strides: Sequence[int], *more: int
    ) -> bytes:
        """Return the struct `Convolution` of `direct.cpp`."""
        (sH, sW), _, (dH, dW), _ = self.moves
        sizes = self.N, self.all_outputs, *self.out, *self.kernel, sH, sW, dH, dW, *strides
        channels = self.alone, self.groups, self.C, self.O, self.vectors, self.taps, self.span
        numbers = *sizes, *channels, *more, *images.numbers(), *grads.numbers(), *reach
        return pack(f"{len(numbers)}q", *numbers)


def _pass(input_size: Sequence[int], O: int, kernel: Pair, out: Pair, moves: Moves, lanes: int) -> Pass:
    N, C = input_size[:2]
    groups = moves[3]
    alone = groups > 1 and groups == C == O
    of_group = O if alone else O // groups
    sizes = N, O, out, kernel, moves, alone, 1 if alone else groups, C // groups, of_group
    return Pass(*sizes, _parts(of_group, lanes))


def forward(
    input_size: Sequence[int],
    O: int,
    kernel: Pair,
    out: Pair,
    moves: Moves,
    strides: Sequence[int],
    at: Machine,
) -> tuple[list[Round], int]:
    """Return the rounds of a forward pass, and the elements of their room: the weight laid out, and a strip a thread.

    They keep this room within the input and half of the output.

    Args:
        input_size: `(N, C, H, W)`.
        O: Output channels.
        kernel: kH, kW.
        out: outH, outW.
        moves: Of the windows.
        strides: Five of the weight (group, output channel, input channel, row, column), four of the output (image, row,
            column, channel).
        at: The machine.
    """
    (N, C, H, W), (outH, outW), lanes = input_size, out, at.lanes
    this = _pass(input_size, O, kernel, out, moves, lanes)
    V = at.tile(this.O, outW, this.alone)
    across, images = _parts(this.vectors, V), this.images(input_size, True, V * lanes if this.alone else C)
    kernels = this.groups * across * V * lanes * this.taps
    threads, worth = 0, this.threads(at.threads)
    while threads != worth:  # fewer where there are rounds, and fewer rounds with less room for strips
        threads, some = worth, this.C
        each, lines = this.strips(images.cols * images.width, threads, at.element)
        rows = (lines - 1) * moves[0][0] + this.span
        if moves[3] == 1:
            allowed = N * (C * H * W + O * outH * outW // 2) - 3 * threads * lanes
            some = max(1, min(allowed // (kernels + threads * _parts(images.room(rows, lanes), C)), C))
            some = _parts(C, _parts(C, some))
            worth = this.threads(threads, _parts(C, some))
    most = min(LONGEST, NEAR // at.element // (V * lanes))
    blocks = _parts(some, max(1, most // this.taps)) if this.taps * some > most else 1
    split = min(this.groups * across, _parts(threads, max(1, N * each)))
    if some < this.C:
        images = this.images(input_size, True, some)
    laid, strip, rounds = _whole(kernels * some), images.room(rows, lanes), []
    for begin in range(0, this.C, some):
        now = replace(this, C=min(some, this.C - begin))
        images = images if some == now.C else this.images(input_size, True, now.C)
        runs = _has_runs(now, images) and blocks == 1
        reach = this.reach(images, runs)
        cut = V, across, threads, each, lines, 1, split, begin > 0, runs, len(reach), blocks
        room = 0, 0, laid, strip, 0, 0
        rounds.append((now.settings(images, images, reach, strides, *cut, *room), begin, begin * strides[2]))
    return rounds, laid + threads * strip


def weight_grad(
    input_size: Sequence[int], O: int, kernel: Pair, out: Pair, moves: Moves, at: Machine
) -> tuple[bytes, int]:
    """Return the struct of a weight gradient, and the elements of its room.

    A thread has room for a gradient of its own and for its strips of both factors. Arguments as for `forward`.
    """
    kW, (outH, outW), lanes = kernel[1], out, at.lanes
    this = _pass(input_size, O, kernel, out, moves, lanes)
    V, threads = at.tile(this.O, None, this.alone), this.threads(at.threads)
    across = _parts(this.vectors, V)
    padded = (this.groups - 1) * this.O + this.vectors * lanes
    images = this.images(input_size, False, padded if this.alone else input_size[1])
    grads = Images(O, outH, outW, 0, 0, outH, outW, padded, False)
    each, lines = this.strips(images.cols * images.width + outW * padded, threads, at.element)
    runs = _has_runs(this, images)
    reach, run = this.reach(images, runs or this.alone), kW if this.alone else kW * this.C if runs else this.C
    strip = images.room((lines - 1) * moves[0][0] + this.span, lanes)
    together = 1  # images, where one is a single strip and a sum over its lines is short
    if each == 1 and this.N > 0:
        most = max(1, min(LONGEST // (outW * lines), STRIP // at.element // max(1, strip)))
        together = _parts(this.N, threads * _parts(this.N, threads * most))  # so that threads have as much to do
    at_once = max(1, min(LONGEST // outW, lines * together))  # lines that one sum runs over
    following = images.H * images.line if images.in_place else strip  # elements from an image to the next
    starts = [k * following + y * moves[0][0] * images.line for k in range(together) for y in range(lines)]
    own, strip, beside = _whole(this.weights), strip * together, _whole(grads.room(lines, lanes) * together)
    split = min(this.groups * across, _parts(threads, max(1, _parts(this.N, together) * each)))
    cut = V, across, threads, each, lines, together, split, False, runs, len(reach), 1, run, at_once
    settings = this.settings(images, grads, (*reach, *starts, following), (0,) * 9, *cut, 0, strip, own, beside)
    return settings, threads * (own + strip + beside)


def along(
    input_size: Sequence[int], O: int, outW: int, strides: Sequence[int], moves: tuple[int, int, int], at: Machine
) -> tuple[bytes, int]:
    """Return the struct `Signals` of `direct.cpp`, and how far signals are padded on the right.

    Args:
        input_size: `(N, C, W)`.
        O: Output channels.
        outW: Outputs a signal.
        strides: Three of the weight: output channel, input channel, tap.
        moves: Taps, their dilation, and the padding on the left.
        at: The machine.
    """
    (N, C, W), (step, channel, tap), (kW, dW, left) = input_size, strides, moves
    line = at.lanes * _parts(outW, at.lanes) + dW * (kW - 1)
    threads, some = max(1, min(N * O * C * kW * outW // WORTH_A_THREAD, at.threads)), max(1, LONGEST // kW)
    sizes = N, C, line, O, outW, kW, dW, at.tile(outW, O, False), some, threads, step, tap
    return pack(f"{len(sizes) + C}q", *sizes, *range(0, C * channel, channel)), line - W - left


def _has_runs(this: Pass, images: Images) -> bool:
    """Return whether a line of the kernel is one run of inputs."""
    return this.moves[2][1] == 1 and images.pixel == this.C and not this.alone


def _parts(whole: int, part: int) -> int:
    return -(-whole // part)


def _whole(elements: int) -> int:
    """Return elements in whole lines of the cache, so that what lies behind begins with one."""
    return LINE * _parts(elements, LINE)
