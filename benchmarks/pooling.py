"""Our vectorised 2×2 max pooling and its gradient against the framework's own.

`python -m benchmarks.pooling [--json FILE] [--quick]` times `core.ops.vectorized.max_pool2d` and `F.max_pool2d`, and
their gradients, on contiguous float32 tensors. Freed memory is kept by the process, for both alike.
"""

import argparse
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F

from core.ops import vectorized
from core.speed.timing import ROUNDS, geomean, interleave, machine, ratio, summary, write_json
from core.training.memory import keep_freed_memory

THREADS = 2

SIZES = ((64, 32, 26, 26), (64, 64, 24, 24), (256, 10, 24, 24), (8, 64, 112, 112))
QUICK = ((2, 4, 8, 8),)


def measure(size: tuple[int, ...], *, rounds: int = ROUNDS, settle: float = 0.3) -> dict[str, Any]:
    """Return one row: times and ratios of both pools and of their gradients for one input size.

    Raises:
        AssertionError: the two differ; neither pooling nor its gradient rounds.
    """
    input = torch.randn(size)
    output, indices = F.max_pool2d(input, 2, return_indices=True)
    grad = torch.randn_like(output)
    framework_grad = torch.ops.aten.max_pool2d_with_indices_backward
    candidates = {
        "forward": {
            "ours": partial(vectorized.max_pool2d, input, 2),
            "torch": partial(F.max_pool2d, input, 2),
        },
        "input_grad": {
            "ours": partial(vectorized.max_pool2d_input_grad, input, grad, 2),
            "torch": partial(framework_grad, grad, input, (2, 2), (2, 2), (0, 0), (1, 1), False, indices),
        },
    }
    row: dict[str, Any] = {"size": list(size)}
    for name, calls in candidates.items():
        torch.testing.assert_close(calls["ours"](), calls["torch"](), rtol=0, atol=0)
        samples = interleave(calls, rounds=rounds, settle=settle)
        seconds = {candidate: summary(figures) for candidate, figures in samples.items()}
        row[name] = {"seconds": seconds, "ratio": ratio(samples, "ours", "torch"), "rounds": len(samples["ours"])}
    return row


def main(arguments: list[str] | None = None) -> None:
    """Measure every size, print a table and write the JSON object."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pooling", description=__doc__.splitlines()[0])
    parser.add_argument("--json", metavar="FILE", help="write the figures to this file")
    parser.add_argument("--quick", action="store_true", help="one small size, three rounds: a smoke test")
    parser.add_argument(
        "--threads", type=int, default=THREADS, help="threads of both candidates (default: %(default)s)"
    )
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    result: dict[str, Any] = {"benchmark": "pooling", "keeps_freed_memory": keep_freed_memory(), "machine": machine()}
    print("ours in ms, then our time divided by that of F.max_pool2d; forward, then input gradient")
    rows = []
    for size in QUICK if options.quick else SIZES:
        row = measure(size, rounds=3, settle=0.0) if options.quick else measure(size)
        parts = (row["forward"], row["input_grad"])
        print(f"{size!s:20}", *(f"{p['seconds']['ours']['median'] * 1e3:9.3f} ms{p['ratio']:6.2f}" for p in parts))
        rows.append(row)
    for name in ("forward", "input_grad"):
        result[f"{name}_geomean"] = geomean(row[name]["ratio"] for row in rows)
        print(f"{name}_geomean {result[f'{name}_geomean']:.2f}")
    result["rows"] = rows
    if options.json:
        write_json(options.json, result)


if __name__ == "__main__":
    main()
