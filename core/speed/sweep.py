"""A sweep of one convolution over image sizes, in several ways: every result proven, then timed, then weighed."""

import math
import os
import statistics
import time
import tracemalloc
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from core.device import exact_products
from core.speed.timing import OnCard, interleave, machine, peak_bytes, summary
from core.speed.ways import WAYS, Call, Way
from core.told import keyed, told

__all__ = ["Sweep", "measure"]

Event = dict[str, Any]

LARGEST_ERROR = 1e-4
"""Largest difference from the float64 result, as a part of its largest element, that float32 arithmetic explains."""

LARGEST_SCRATCH = 1 << 30
"""Bytes of temporaries beyond which a way is left out at a size."""

LARGEST_WORK = 4e10
"""Multiplications of one convolution beyond which a size is refused: some seconds on a laptop."""

LARGEST_TENSOR = 1 << 28
"""Elements of a size's input or output beyond which it is refused: 1 GiB in float32."""

SECONDS = 0.4
"""Seconds a way is timed for at each size, about."""

GROWTH_POINTS = 3
"""Sizes, the largest ones, that tell how the time grows: at small sizes the calls themselves take the time."""

LOOP_SECONDS = 1.0
"""Seconds that literal loops may take at one size; a part of the output is timed and scaled up beyond."""


@dataclass(frozen=True)
class Sweep:
    """What is measured: `N` images of `C` channels, `O` kernels of `kernel`×`kernel`, over image sizes.

    Raises:
        ValueError: A number is not positive, there are fewer cores than threads, a way is unknown, a kernel is larger
            than an image, or a size is too much.
    """

    sizes: Sequence[int] = (8, 16, 32, 64, 128)
    images: int = 1
    channels: int = 8
    outputs: int = 16
    kernel: int = 3
    ways: Sequence[str] = field(default_factory=lambda: list(WAYS))
    threads: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("images", "channels", "outputs", "kernel", *(() if self.threads is None else ("threads",))):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}, expected at least 1")
        if self.threads and self.threads > (cores := os.cpu_count() or 1):
            raise ValueError(f"threads is {self.threads}, expected at most {cores}: the processor has so many cores")
        if not self.sizes or not self.ways:
            raise keyed(ValueError("expected at least one image size and one way to compute"), "told.lab.nothing")
        unknown = [name for name in self.ways if name not in WAYS]
        if unknown:
            raise ValueError(f"unknown way {', '.join(unknown)}; expected some of {', '.join(WAYS)}")
        for size in self.sizes:
            if size < self.kernel:
                raise keyed(
                    ValueError(f"an image of {size}×{size} is smaller than the kernel, {self.kernel}×{self.kernel}"),
                    "told.lab.kernel",
                    size=size,
                    kernel=self.kernel,
                )
            if self.products(size) > LARGEST_WORK:
                raise keyed(
                    ValueError(
                        f"images of {size}×{size} need {self.products(size):.2g} multiplications, "
                        f"expected at most {LARGEST_WORK:.0e}: take smaller images or fewer channels"
                    ),
                    "told.lab.work",
                    size=size,
                    count=f"{self.products(size):.2g}",
                    most=f"{LARGEST_WORK:.0e}",
                )
            elements = self.images * max(self.channels * size**2, self.outputs * (size - self.kernel + 1) ** 2)
            if elements > LARGEST_TENSOR:
                raise keyed(
                    ValueError(
                        f"images of {size}×{size} make a tensor of {elements:.2g} numbers, "
                        f"expected at most {LARGEST_TENSOR:.1e}: take smaller images or fewer of them"
                    ),
                    "told.lab.tensor",
                    size=size,
                    count=f"{elements:.2g}",
                    most=f"{LARGEST_TENSOR:.1e}",
                )

    def products(self, size: int) -> float:
        """Return how many multiplications the definition takes at an image size."""
        out = size - self.kernel + 1
        return float(self.images * self.outputs * out**2 * self.channels * self.kernel**2)


def measure(sweep: Sweep) -> Iterator[Event]:
    """Yield what is found, as it is found; each event is an object of plain values with a `kind`.

    `start`: `machine`, `points` (how many are to come), `reference` (what equality is proven against).
    `point`: `way`, `size`, `products`, `error` (largest difference from float64, relative), `median`, `lower`, `upper`
        (seconds: median and quartiles), `gflops` (10⁹ operations of the definition a second), `peak` (bytes held
        at once beyond the arguments; None where it is not seen), `prepared` (seconds), `estimated` (bool).
    `left_out`: `way`, `size` and the reason in `message`, with the `key` and `values` of its words where it has them.
    `growth`: `way`, `exponent` of the time over the multiplications, `points` it was fitted to, the largest sizes.
    """
    if sweep.threads:
        torch.set_num_threads(sweep.threads)
    generator = torch.Generator().manual_seed(sweep.seed)
    chosen = [WAYS[name] for name in WAYS if name in sweep.ways]
    yield {
        "kind": "start",
        "machine": machine(),
        "points": len(chosen) * len(sweep.sizes),
        "reference": "F.conv2d in float64",
    }
    times: dict[str, list[tuple[float, float]]] = {way.name: [] for way in chosen}
    for size in sorted(set(sweep.sizes)):
        input = torch.randn(sweep.images, sweep.channels, size, size, generator=generator)
        weight = torch.randn(sweep.outputs, sweep.channels, sweep.kernel, sweep.kernel, generator=generator)
        with exact_products():  # the same arithmetic as everywhere else
            for event in _size(sweep, size, chosen, input, weight):
                yield event
                if event["kind"] == "point":
                    times[event["way"]].append((event["products"], event["median"]))
    for name, points in times.items():
        if len(points) > 1:
            yield {"kind": "growth", "way": name, **_growth(points[-GROWTH_POINTS:])}


def _size(sweep: Sweep, size: int, ways: list[Way], input: Tensor, weight: Tensor) -> Iterator[Event]:
    reference = F.conv2d(input.double(), weight.double())
    calls: dict[str, Call] = {}
    facts: dict[str, Event] = {}
    for way in ways:
        missing = way.missing()
        reason = ValueError(missing) if missing else _too_large(way, input, weight)
        if reason:
            yield _left_out(way, size, reason)
            continue
        if way.slow:
            yield from _slow(sweep, size, way, input, weight, reference)
            continue
        start = time.perf_counter()
        try:
            call = way.prepare(input, weight)
            result = call().cpu()
        except Exception as failure:  # a compiler or a driver may refuse in its own ways; the others are measured
            yield _left_out(way, size, failure)
            continue
        prepared = time.perf_counter() - start
        error = _error(result, reference)
        if not error <= LARGEST_ERROR:
            yield _left_out(way, size, _wrong(error))
            continue
        calls[way.name], facts[way.name] = call, {"error": error, "prepared": prepared, "peak": _peak(call)}
    if not calls:
        return
    samples = interleave(calls, rounds=7, settle=0.1, seconds=SECONDS, sample=1e-3)
    for name, seconds in samples.items():
        yield _point(sweep, size, name, summary(seconds), facts[name], estimated=False)


def _slow(sweep: Sweep, size: int, way: Way, input: Tensor, weight: Tensor, reference: Tensor) -> Iterator[Event]:
    """Time literal loops, or as many lines of the output's first channel as the time allows, scaled to all of it."""
    kernel, lines = weight.shape[2], reference.shape[2]
    first = _timed(way.prepare(input[:1, :, :kernel], weight[:1]))
    whole = first * lines * len(weight) * len(input)
    if whole <= LOOP_SECONDS:
        part, kernels, images, scale = lines, weight, input, 1.0
    else:
        part = max(1, min(lines, int(LOOP_SECONDS / 3 / first)))
        kernels, images, scale = weight[:1], input[:1], lines / part * len(weight) * len(input)
    call = way.prepare(images[:, :, : part + kernel - 1], kernels)
    error = _error(call(), reference[: len(images), : len(kernels), :part])
    if not error <= LARGEST_ERROR:
        yield _left_out(way, size, _wrong(error))
        return
    runs = [_timed(call) * scale for _ in range(3)]
    facts = {"error": error, "prepared": 0.0, "peak": _peak(call) if scale == 1.0 else None}
    yield _point(sweep, size, way.name, summary(runs), facts, estimated=scale != 1.0)


def _point(sweep: Sweep, size: int, way: str, seconds: dict[str, float], facts: Event, *, estimated: bool) -> Event:
    products = sweep.products(size)
    return {
        "kind": "point",
        "way": way,
        "size": size,
        "products": products,
        "median": seconds["median"],
        "lower": seconds["lower_quartile"],
        "upper": seconds["upper_quartile"],
        "gflops": 2 * products / seconds["median"] / 1e9,
        "estimated": estimated,
        **facts,
    }


def _error(result: Tensor, reference: Tensor) -> float:
    return float((result.double() - reference).abs().max() / reference.abs().max())


def _left_out(way: Way, size: int, reason: Exception) -> Event:
    """Return the event of a way that is not measured at a size; a compiler's reason is its first line."""
    message = str(reason).strip().splitlines() or [type(reason).__name__]
    found = told(reason)
    words = {} if found is None else {"key": found.key, "values": dict(found.values)}
    return {"kind": "left_out", "way": way.name, "size": size, "message": message[0], **words}


def _wrong(error: float) -> ValueError:
    gap, most = f"{error:.1e}", f"{LARGEST_ERROR:.0e}"
    words = f"its result differs from float64 by {gap} of the largest element, expected at most {most}"
    return keyed(ValueError(words), "told.lab.differs", gap=gap, most=most)


def _too_large(way: Way, input: Tensor, weight: Tensor) -> ValueError | None:
    needed = way.scratch(input.shape, weight.shape)
    if needed <= LARGEST_SCRATCH:
        return None
    size, most = f"{needed / 2**30:.1f}", f"{LARGEST_SCRATCH / 2**30:.0f}"
    words = f"it would write {size} GiB of temporaries, at most {most} GiB are allowed"
    return keyed(ValueError(words), "told.lab.scratch", size=size, most=most)


def _peak(call: Call) -> int:
    """Return the bytes held at once: PyTorch's, or what Python and NumPy allocate where that is more."""
    if isinstance(call, OnCard):
        return peak_bytes(call)
    tracemalloc.start()
    call()
    python = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return max(peak_bytes(call), python)


def _timed(call: Call) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def _growth(points: list[tuple[float, float]]) -> Event:
    """Return the slope of the times over the work, both as logarithms, by least squares: 1 where time grows as work."""
    work, seconds = ([math.log(value) for value in column] for column in zip(*points, strict=True))
    return {"exponent": statistics.linear_regression(work, seconds).slope, "points": len(points)}
