"""Our vectorised operators against the framework's own, on what real networks compute.

`python -m benchmarks.operators [--json FILE] [--everything] [--quick]` times, on the CPU in float32,

* every distinct convolution of `benchmarks.traces.NETWORKS`, forward and both gradients: ours
  (`core.ops.vectorized.conv2d_kernels`) on the layout that suits it, `F.conv2d` and `aten.convolution_backward` on NCHW
  tensors (`nchw`, the reference) and on channels-last ones (`nhwc`);
* every other operator of `core.ops.vectorized` and its gradients, on sizes that the same networks meet, contiguous;
* a training step of A1, A2, A3 and the recommended model under `use_backend("vectorized")` and without it.

Every convolution is timed at one of the batches 1, 8 and 64, by turns, and at a smaller one where a pass would exceed
`LARGEST_WORK`; of the sizes of every other operator `SIZES` are taken. `--everything` times all sizes at all batches
whose tensors `LARGEST_BYTES` hold, which takes hours. What is at an even position of its list may be tuned on, what is
at an odd one may not: the summary has both halves beside the whole.
"""

import argparse
import math
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks.peers import CASES, Case
from benchmarks.traces import ARTICLES, Convolution, convolutions, inputs
from core.models import build, card
from core.nn import use_backend
from core.ops.vectorized import conv2d_kernels, direct
from core.speed.timing import (
    Samples,
    geomean,
    interleave,
    machine,
    matmul_gflops,
    peak_bytes,
    ratio,
    summary,
    write_json,
)
from core.training.memory import keep_freed_memory

Calls = dict[str, Callable[[], Any]]
Row = dict[str, Any]
Budget = dict[str, Any]

THREADS = 2
BATCHES = (64, 8, 1)
LARGEST_WORK = 5 * 10**8
"""Multiplications of one pass that are timed without `--everything`: about 10 ms."""

LARGEST_BYTES = 1 << 31
"""Bytes of a convolution's input and output that are timed at all."""

LARGEST_OTHER = 1 << 26
"""The same of any other operator without `--everything`."""

SIZES = 6
"""Sizes of every other operator that are timed without `--everything`."""

CHECKED_WORK = 2 * 10**7
"""Multiplications up to which results are compared with the float64 one; beyond, with the framework's."""

TOLERANCE = 1e-5
"""Largest error of ours allowed before anything is timed, as a part of the largest element of the float64 result."""

PASSES = ("forward", "input_grad", "weight_grad")
PARTS = ("conv", "other", "step")

BUDGET: Budget = {"rounds": 7, "settle": 0.02, "seconds": 0.2, "sample": 5e-4}
"""Of every comparison, as for `interleave`: seven rounds, and 0.02 to 0.2 seconds a candidate."""

QUICK: Budget = {"rounds": 2, "settle": 0.0, "seconds": 0.1, "sample": 0.0}
QUICK_SIZES = 2, 1 << 20


def framework(tensors: tuple[Tensor, ...], conv: Convolution) -> Calls:
    """Return PyTorch's own passes over input, weight and gradient with respect to the output."""
    input, weight, grad = tensors
    moves = conv.stride, conv.padding, conv.dilation

    def backward(wanted: list[bool]) -> Tensor:
        found = torch.ops.aten.convolution_backward(
            grad, input, weight, None, *moves, False, (0, 0), conv.groups, wanted
        )
        chosen: Tensor = found[wanted.index(True)]
        return chosen

    return {
        "forward": partial(F.conv2d, input, weight, None, *moves, conv.groups),
        "input_grad": partial(backward, [True, False, False]),
        "weight_grad": partial(backward, [False, True, False]),
    }


def ours(tensors: tuple[Tensor, ...], conv: Convolution) -> Calls:
    """Return our passes over the same tensors."""
    input, weight, grad = tensors
    moves = conv.stride, conv.padding, conv.dilation, conv.groups
    return {
        "forward": partial(conv2d_kernels.forward, input, weight, *moves),
        "input_grad": partial(conv2d_kernels.input_grad, input.shape, weight, grad, *moves),
        "weight_grad": partial(conv2d_kernels.weight_grad, input, tuple(weight.shape), grad, *moves),
    }


def time_convolution(conv: Convolution, budget: Budget) -> Row:
    """Return one row: seconds and ratios of each pass, and the share that our forward pass takes of its memory."""
    (kH, kW), channels = conv.kernel, conv.channels // conv.groups
    input = torch.randn(conv.images, conv.channels, conv.height, conv.width)
    weight = torch.randn(conv.outputs, channels, kH, kW) / math.sqrt(channels * kH * kW)
    contiguous = input, weight, torch.randn(conv.images, conv.outputs, *conv.out)
    last = tuple(tensor.contiguous(memory_format=torch.channels_last) for tensor in contiguous)
    mine, nchw, nhwc = ours((last[0], weight, last[2]), conv), framework(contiguous, conv), framework(last, conv)
    exact = framework(tuple(t.double() for t in contiguous), conv) if conv.products <= CHECKED_WORK else nchw
    row: Row = {**asdict(conv), "depthwise": conv.depthwise, "products": conv.products}
    for name in PASSES:
        error = check(mine[name](), exact[name](), f"{name} of {conv}")
        samples = interleave({"ours": mine[name], "nchw": nchw[name], "nhwc": nhwc[name]}, **budget)
        row[name] = {
            "seconds": _medians(samples),
            "ratio": {peer: ratio(samples, "ours", peer) for peer in ("nchw", "nhwc")},
            "error": error,
        }
    row["peak"] = peak_bytes(mine["forward"]) / (input.nbytes + 1.5 * contiguous[2].nbytes)
    return row


def check(result: Tensor, exact: Tensor, what: str) -> float:
    """Return the largest error, as a part of the largest element of the exact result.

    Raises:
        AssertionError: It is above `TOLERANCE`, ten times that where the framework's float32 result is all there is.
    """
    allowed = TOLERANCE * (1 if exact.dtype is torch.float64 else 10)
    error = float((result - exact).abs().max() / exact.abs().max().clamp(min=1e-30))
    if not error <= allowed:
        raise AssertionError(f"{what} is off by {error:.1e} of the largest element, allowed is {allowed:.0e}")
    return error


def time_case(case: Case, budget: Budget) -> Row:
    """Return one row of another operator: seconds and ratios of its forward pass and of all its gradients."""
    row: Row = {"operator": case.name, "size": list(case.size)}
    for name, (mine, peer) in {"forward": case.forward, "gradients": case.gradients}.items():
        found, expected = mine(), peer()
        kept = isinstance(found, tuple) and isinstance(expected, Tensor)  # of which the first is the output
        for one, other in zip(_tensors(found[0] if kept else found), _tensors(expected), strict=True):
            check(one, other, f"{name} of {case.name} {case.size}")
        samples = interleave({"ours": mine, "torch": peer}, **budget)
        seconds = _medians(samples)
        row[name] = {"seconds": seconds, "ratio": ratio(samples, "ours", "torch")}
    return row


def _tensors(result: Any) -> list[Tensor]:
    """Return the tensors of a call that returns one, several, or several by name."""
    if isinstance(result, Tensor):
        return [result]
    return list(result.values() if isinstance(result, dict) else result)


def _medians(samples: Samples) -> dict[str, dict[str, float]]:
    return {candidate: {"median": statistics.median(figures)} for candidate, figures in samples.items()}


def time_step(name: str, budget: Budget, images: int = 64) -> Row:
    """Return one row: seconds and ratio of a training step, both sides on models and inputs that are laid out alike."""
    input, target = torch.randn(images, *card(name).input_shape), torch.randint(10, (images,))
    row: Row = {"model": name, "images": images}
    for layout in (torch.contiguous_format, torch.channels_last):
        calls = {
            backend: _step(
                build(name).to(memory_format=layout).train(), input.to(memory_format=layout), target, backend
            )
            for backend in ("vectorized", "torch")
        }
        samples = interleave(calls, **budget)
        row[str(layout).removeprefix("torch.")] = {
            "seconds": {candidate: summary(figures) for candidate, figures in samples.items()},
            "ratio": ratio(samples, "vectorized", "torch"),
        }
    return row


def _step(model: nn.Module, input: Tensor, target: Tensor, backend: str) -> Callable[[], None]:
    optimiser = torch.optim.SGD(model.parameters(), 1e-3)

    def step() -> None:
        optimiser.zero_grad()
        with use_backend(backend):
            loss = F.cross_entropy(model(input), target)
        torch.autograd.backward(loss)
        optimiser.step()

    return step


def chosen(everything: bool) -> list[tuple[int, Convolution]]:
    """Return the convolutions to time, each with its position among the distinct ones."""
    found: list[tuple[int, Convolution]] = []
    for position, conv in enumerate(convolutions()):
        every = [conv.of(images) for images in BATCHES if conv.of(images).bytes <= LARGEST_BYTES]
        if not everything:
            first = position // 2 % len(BATCHES)  # both halves have every batch as often
            bounded = [one for one in every[first:] if one.products <= LARGEST_WORK]
            every = (bounded or every[-1:])[:1]
        found += [(position, one) for one in every]
    return found


def cases(everything: bool, sizes: int = SIZES, most: int = LARGEST_OTHER) -> Iterator[tuple[int, Case]]:
    """Yield the calls of other operators to time, each with its position among the sizes that the operator meets."""
    met = inputs()
    for name, (make, operation) in CASES.items():
        found, most = met[operation], LARGEST_BYTES if everything else most
        steps = range(len(found)) if everything else {k * (len(found) - 1) // (sizes - 1) for k in range(sizes)}
        for turn, position in enumerate(sorted(steps)):
            fits = [images for images in BATCHES if 8 * images * math.prod(found[position]) <= most] or BATCHES[-1:]
            for images in fits if everything else [fits[turn % len(fits)]]:
                yield position, make(name, (images, *found[position]))


def summarise(conv: Sequence[Row], other: Sequence[Row], step: Sequence[Row]) -> dict[str, float]:
    """Return the figures with targets; `…_tuned` and `…_untuned` are those of the two halves."""
    fields: dict[str, float] = {}
    for half, parities in (("", (0, 1)), ("_tuned", (0,)), ("_untuned", (1,))):
        for figures, rows in ((_conv_fields, conv), (_other_fields, other)):
            of_half = [row for row in rows if row["position"] % 2 in parities]
            fields |= {f"{name}{half}": figure for name, figure in (figures(of_half) if of_half else {}).items()}
    for row in step:
        fields[f"step_{row['model']}"] = row["contiguous_format"]["ratio"]
        fields[f"step_{row['model']}_channels_last"] = row["channels_last"]["ratio"]
    return fields


def _conv_fields(rows: Sequence[Row]) -> dict[str, float]:
    fields = {f"conv_{name}_geomean": geomean(row[name]["ratio"]["nchw"] for row in rows) for name in PASSES}
    ratios = [row[name]["ratio"] for row in rows for name in PASSES]
    fields["conv_vs_best_geomean"] = geomean(max(peers.values()) for peers in ratios)
    deep = [row[name]["ratio"]["nchw"] for row in rows if row["depthwise"] for name in PASSES]
    if deep:
        fields["depthwise_geomean"] = geomean(deep)
    fields["conv_worst"], fields["conv_max"] = _high([peers["nchw"] for peers in ratios])
    fields["conv_peak"] = max(row["peak"] for row in rows)
    return fields


def _other_fields(rows: Sequence[Row]) -> dict[str, float]:
    ratios = [row[name]["ratio"] for row in rows for name in ("forward", "gradients")]
    worst, most = _high(ratios)
    return {"other_geomean": geomean(ratios), "other_worst": worst, "other_max": most}


def _high(ratios: list[float]) -> tuple[float, float]:
    """Return the 95th percentile and the largest."""
    return statistics.quantiles(ratios, n=20, method="inclusive")[-1], max(ratios)


def conv_line(row: Row) -> str:
    """Return a convolution's row of the printed table."""
    (kH, kW), (sH, _), groups = row["kernel"], row["stride"], row["groups"]
    size = f"{row['images']:>2}×{row['channels']}→{row['outputs']}@{row['height']} k{kH}×{kW}/{sH}"
    cells = [f"{size + (f' g{groups}' if groups > 1 else ''):<34}"]
    for name in PASSES:
        ours = row[name]["seconds"]["ours"]["median"] * 1e3
        cells.append(f"{ours:9.3f} ms" + "".join(f"{figure:6.2f}" for figure in row[name]["ratio"].values()))
    return " │".join((*cells, f"{row['peak']:5.2f}"))


def other_line(row: Row) -> str:
    """Return another operator's row of the printed table."""
    cells = [f"{row['operator']:<28}{'×'.join(map(str, row['size'])):<18}"]
    for name in ("forward", "gradients"):
        cells.append(f"{row[name]['seconds']['ours']['median'] * 1e3:9.3f} ms{row[name]['ratio']:6.2f}")
    return " │".join(cells)


def step_line(row: Row) -> str:
    """Return a training step's row of the printed table."""
    cells = [f"{row['model']:<14}"]
    for name in ("contiguous_format", "channels_last"):
        cells.append(f"{row[name]['seconds']['vectorized']['median'] * 1e3:9.3f} ms{row[name]['ratio']:6.2f}")
    return " │".join(cells)


HEADS = {
    "conv": "convolutions: ours in ms, then our time divided by that of NCHW and of channels-last; peak over its limit",
    "other": "other operators, forward and all gradients: ours in ms, then our time divided by the framework's",
    "step": "training steps of 64 pictures, contiguous and channels-last: ours in ms, then divided by the framework's",
}
LINES = {"conv": conv_line, "other": other_line, "step": step_line}


def measure(options: argparse.Namespace) -> Iterator[tuple[str, Row]]:
    """Yield each row with the part that it belongs to ("conv", "other", "step"), as it is measured."""
    budget = QUICK if options.quick else BUDGET
    parts = (options.only,) if options.only else PARTS
    if "conv" in parts:
        found = chosen(options.everything)
        for position, conv in [pair for pair in found if pair[1].products < 10**6][::9] if options.quick else found:
            yield "conv", {"position": position, **time_convolution(conv, budget)}
    if "other" in parts:
        for position, case in cases(options.everything, *(QUICK_SIZES if options.quick else ())):
            yield "other", {"position": position, **time_case(case, budget)}
    if "step" in parts:
        for name in ARTICLES:
            yield "step", time_step(name, budget | ({} if options.quick else {"settle": 0.7, "seconds": 2.0}))


def main(arguments: list[str] | None = None) -> None:
    """Measure, print tables and write the JSON object."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.operators", description=__doc__.splitlines()[0])
    parser.add_argument("--json", metavar="FILE", help="write the figures to this file")
    parser.add_argument("--everything", action="store_true", help="every size at every batch: hours")
    parser.add_argument("--quick", action="store_true", help="few sizes, few rounds: a smoke test")
    parser.add_argument("--only", choices=PARTS, help="one of the three parts")
    parser.add_argument(
        "--threads", type=int, default=THREADS, help="threads of every candidate (default: %(default)s)"
    )
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    kept, start = keep_freed_memory(), time.perf_counter()
    result: Row = {"benchmark": "operators", "machine": machine(), "keeps_freed_memory": kept}
    result |= {"matmul_gflops": matmul_gflops(), "no_direct": direct.missing(), "everything": options.everything}
    rows: dict[str, list[Row]] = {part: [] for part in PARTS}
    for part, row in measure(options):
        if not rows[part]:
            print(HEADS[part])
        rows[part].append(row)
        print(LINES[part](row), flush=True)
    figures = summarise(**rows)
    result |= {"seconds": time.perf_counter() - start, "rows": rows} | figures
    for name, figure in figures.items():
        print(f"{name:36}{figure:6.2f}")
    print(f"{'matmul_gflops':36}{result['matmul_gflops']:6.0f}\n{'seconds':36}{result['seconds']:6.0f}")
    if options.json:
        write_json(options.json, result)


if __name__ == "__main__":
    main()
