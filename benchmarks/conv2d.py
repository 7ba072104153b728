"""Our vectorised `conv2d` and its two gradients against the framework's own, in time and memory.

`python -m benchmarks.conv2d [--json FILE] [--quick]` times, on the CPU in float32,

* `ours`: `core.ops.vectorized.conv2d_kernels`, each argument in the layout that suits it;
* `products`: what it falls back on where there is no compiler, `core.ops.vectorized.conv2d_products`, likewise;
* `nchw`: `F.conv2d` and `aten.convolution_backward` on contiguous tensors, the reference of every ratio;
* `nhwc`: the same on channels-last tensors;
* `unfold`: `F.unfold` and one product, the vectorised convolution of tutorials (forward only).

Layouts are prepared before timing. Freed memory is kept by the process, for all candidates alike.
"""

import argparse
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from types import ModuleType
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from core.ops.vectorized import conv2d_kernels, conv2d_products, direct
from core.ops.vectorized.conv2d_kernels import Pair, sends_direct, suits_direct
from core.ops.vectorized.conv2d_products import SHORT_RUN, SHORT_SUM, Formulation, formulation
from core.speed.timing import (
    ROUNDS,
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

THREADS = 2
TOLERANCE = 1e-5
"""Largest error of ours allowed before anything is timed, as a part of the largest element of the float64 result."""


Tensors = tuple[Tensor, ...]
"""Input, weight and gradient with respect to the output."""

Passes = dict[str, Callable[[], Tensor]]
"""`forward`, `input_grad` and `weight_grad` of one candidate; or one pass of every candidate."""


@dataclass(frozen=True)
class Workload:
    """One convolution: `images` of `channels × size × size` to `outputs` channels, with a square kernel."""

    images: int
    channels: int
    size: int
    outputs: int
    kernel: int
    stride: int = 1
    padding: int = 0

    def tensors(self) -> Tensors:
        """Return an input, a weight and a gradient with respect to the output, contiguous and random."""
        input = torch.randn(self.images, self.channels, self.size, self.size)
        weight = torch.randn(self.outputs, self.channels, self.kernel, self.kernel) / self.kernel / self.channels**0.5
        return input, weight, torch.randn_like(F.conv2d(input, weight, None, self.stride, self.padding))


WORKLOADS = (
    *(Workload(images, 1, 28, 32, 3) for images in (1, 64, 256)),
    *(Workload(images, 32, 26, 64, 3) for images in (1, 64, 256)),
    *(Workload(images, 1, 28, 10, 5) for images in (1, 64, 256)),
    *(Workload(images, 10, 12, 20, 5) for images in (1, 64, 256)),
    *(Workload(images, 64, 56, 64, 3, 1, 1) for images in (1, 8)),
    *(Workload(images, 3, 224, 64, 7, 2, 3) for images in (1, 8)),
)
"""The articles' convolutions, a middle layer of ResNet18 and its stem."""

NAMES = ("forward", "input_grad", "weight_grad")
PEERS = ("nchw", "nhwc")
QUICK = (Workload(2, 1, 28, 32, 3), Workload(2, 10, 12, 20, 5), Workload(2, 3, 32, 16, 7, 2, 3))


def framework(tensors: Tensors, stride: Pair, padding: Pair) -> Passes:
    """Return PyTorch's own passes over these tensors."""
    input, weight, grad = tensors
    settings = stride, padding, (1, 1)

    def backward(*wanted: bool) -> Tensor:
        gradients = torch.ops.aten.convolution_backward(grad, input, weight, None, *settings, False, (0, 0), 1, wanted)
        chosen: Tensor = gradients[wanted.index(True)]
        return chosen

    return {
        "forward": partial(F.conv2d, input, weight, None, *settings),
        "input_grad": partial(backward, True, False, False),
        "weight_grad": partial(backward, False, True, False),
    }


def suited(contiguous: Tensors, last: Tensors) -> dict[str, Tensors]:
    """Return the layouts that suit matrix products: columns read contiguous tensors, rows channels-last ones.

    A weight gradient multiplies what lies side by side in the windows with the gradient transposed, and so reads the
    latter in the other layout.
    """

    def columns(short: int) -> bool:
        return formulation(contiguous[1].shape, 1, short) is Formulation.COLUMNS

    read = contiguous if columns(SHORT_RUN) else last
    summed, other = (contiguous, last) if columns(SHORT_SUM) else (last, contiguous)
    return {"forward": read, "input_grad": read, "weight_grad": (summed[0], summed[1], other[2])}


def ours(contiguous: Tensors, last: Tensors, stride: Pair, padding: Pair) -> Passes:
    """Return our passes over the same tensors: what is computed directly reads channels-last ones."""
    direct = suits_direct(contiguous[1].shape[2:], 1, *contiguous)
    layouts = suited(contiguous, last)
    if direct:
        layouts |= {"forward": last, "weight_grad": last}
        if sends_direct(contiguous[0].shape, 1):
            layouts["input_grad"] = last
    return passes(conv2d_kernels, layouts, stride, padding)


def products(contiguous: Tensors, last: Tensors, stride: Pair, padding: Pair) -> Passes:
    """Return the passes by matrix products alone."""
    return passes(conv2d_products, suited(contiguous, last), stride, padding)


def passes(bodies: ModuleType, layouts: dict[str, Tensors], stride: Pair, padding: Pair) -> Passes:
    """Return the passes of `conv2d_kernels` or `conv2d_products`, each over the tensors laid out for it."""
    settings = stride, padding, (1, 1), 1
    input, weight, _ = layouts["forward"]
    _, sending, grad = layouts["input_grad"]
    summed, _, sent = layouts["weight_grad"]
    return {
        "forward": partial(bodies.forward, input, weight, *settings),
        "input_grad": partial(bodies.input_grad, input.shape, sending, grad, *settings),
        "weight_grad": partial(bodies.weight_grad, summed, weight.shape, sent, *settings),
    }


def unfold(tensors: Tensors, stride: Pair, padding: Pair) -> Passes:
    """Return the forward pass of the tutorials."""
    input, weight, grad = tensors
    kernel, size = weight.shape[2:], grad.shape[2:]

    def forward() -> Tensor:
        columns = F.unfold(input, kernel, stride=stride, padding=padding)
        return (weight.flatten(1) @ columns).view(len(input), len(weight), *size)

    return {"forward": forward}


def check(candidates: Passes, exact: Tensor) -> dict[str, float]:
    """Return each candidate's largest error, as a part of the largest element of the float64 result.

    Raises:
        AssertionError: an error above `TOLERANCE`, of ours, or ten times that, of a peer's: the framework's own float32
            weight gradient over 256 images is 1.2e-5 off.
    """
    errors = {name: float((call() - exact).abs().max() / exact.abs().max()) for name, call in candidates.items()}
    for name, error in errors.items():
        if not error <= TOLERANCE * (1 if name in ("ours", "products") else 10):
            raise AssertionError(f"{name} is off the float64 result by {error:.1e} of its largest element")
    return errors


def measure(workload: Workload, *, rounds: int = ROUNDS, settle: float = 0.3) -> dict[str, Any]:
    """Return one row: times, ratios and memory of every candidate in every pass of a workload.

    Args:
        workload: the convolution.
        rounds: as for `interleave`.
        settle: as for `interleave`.
    """
    stride, padding = (workload.stride,) * 2, (workload.padding,) * 2
    contiguous = workload.tensors()
    last = tuple(tensor.contiguous(memory_format=torch.channels_last) for tensor in contiguous)
    exact = framework(tuple(tensor.double() for tensor in contiguous), stride, padding)
    calls = {
        "ours": ours(contiguous, last, stride, padding),
        "products": products(contiguous, last, stride, padding),
        "nchw": framework(contiguous, stride, padding),
        "nhwc": framework(last, stride, padding),
        "unfold": unfold(contiguous, stride, padding),
    }
    row: dict[str, Any] = asdict(workload)
    row["formulation"] = (
        "direct" if suits_direct(contiguous[1].shape[2:], 1, *contiguous) else formulation(contiguous[1].shape, 1).value
    )
    for name in NAMES:
        candidates = {candidate: passes[name] for candidate, passes in calls.items() if name in passes}
        errors = check(candidates, exact[name]())
        samples = interleave(candidates, rounds=rounds, settle=settle)
        row[name] = {
            "seconds": {candidate: summary(figures) for candidate, figures in samples.items()},
            "ratio": {peer: ratio(samples, "ours", peer) for peer in candidates if peer != "ours"},
            "products_ratio": ratio(samples, "products", "nchw"),
            "error": errors,
            "rounds": len(samples["ours"]),
        }
    row["peak_bytes"] = {candidate: peak_bytes(passes["forward"]) for candidate, passes in calls.items()}
    row["peak_limit_bytes"] = contiguous[0].nbytes + 3 * contiguous[2].nbytes // 2
    return row


def summarise(rows: list[dict[str, Any]]) -> dict[str, float]:
    """Return the figures with targets: means of time ratios, the worst ratio of a batch, the worst share of memory.

    `products_…_geomean` is that of the products alone to the framework, all others are ours.
    """
    fields = {}
    for name in NAMES:
        ratios = [row[name]["ratio"] for row in rows]
        fields[f"{name}_geomean"] = geomean(peers["nchw"] for peers in ratios)
        fields[f"{name}_vs_best_geomean"] = geomean(max(peers[peer] for peer in PEERS) for peers in ratios)
        fields[f"products_{name}_geomean"] = geomean(row[name]["products_ratio"] for row in rows)
    forwards = [row["forward"]["ratio"] for row in rows]
    fields["forward_vs_unfold_geomean"] = geomean(peers["unfold"] for peers in forwards)
    fields["worst"] = max(peers["nchw"] for peers, row in zip(forwards, rows, strict=True) if row["images"] > 1)
    fields["worst_peak"] = max(share_of_limit(row) for row in rows if row["images"] > 1)
    return fields


def share_of_limit(row: dict[str, Any]) -> float:
    """Return the peak memory of our forward pass divided by 1.5 outputs + input."""
    return float(row["peak_bytes"]["ours"] / row["peak_limit_bytes"])


def line(row: dict[str, Any]) -> str:
    """Return a row of the printed table."""
    name = "{images:>4} × {channels:>2}×{size:<3} → {outputs:<2} k{kernel}/{stride}".format(**row)
    cells = [f"{name:<24}{row['formulation']:<8}"]
    for part in NAMES:
        times, ratios = row[part]["seconds"], row[part]["ratio"]
        cells.append(f"{times['ours']['median'] * 1e3:9.3f} ms" + "".join(f"{ratio:6.2f}" for ratio in ratios.values()))
    cells.append(f"{share_of_limit(row):6.2f}")
    return " │".join(cells)


def main(arguments: list[str] | None = None) -> None:
    """Measure every workload, print a table and write the JSON object."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.conv2d", description=__doc__.splitlines()[0])
    parser.add_argument("--json", metavar="FILE", help="write the figures to this file")
    parser.add_argument("--quick", action="store_true", help="three small workloads, three rounds: a smoke test")
    parser.add_argument(
        "--threads", type=int, default=THREADS, help="threads of every candidate (default: %(default)s)"
    )
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    kept = keep_freed_memory()
    result: dict[str, Any] = {"benchmark": "conv2d", "machine": machine(), "keeps_freed_memory": kept}
    result["matmul_gflops"], result["no_direct"] = matmul_gflops(), direct.missing()
    print(
        "ours in ms, then our time divided by that of "
        + ", ".join(("products", *PEERS, "unfold"))
        + "; peak over its limit"
    )
    rows = []
    for workload in QUICK if options.quick else WORKLOADS:
        rows.append(measure(workload, rounds=3, settle=0.0) if options.quick else measure(workload))
        print(line(rows[-1]), flush=True)
    result |= {"rows": rows} | summarise(rows)
    for name, figure in summarise(rows).items():
        print(f"{name:28}{figure:6.2f}")
    print(f"{'matmul_gflops':28}{result['matmul_gflops']:6.0f}")
    if options.json:
        write_json(options.json, result)


if __name__ == "__main__":
    main()
