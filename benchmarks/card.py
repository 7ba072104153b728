"""What only a CUDA card can show: `python -m benchmarks.card [--json FILE] [--mnist DIR] [--parts NAMES]`.

Each part measures, and holds what it finds against what is expected of any card; a part that fails says why, and the
others go on. With `benchmarks/card.sh`, which also runs the tests on the card, it takes at most ten minutes.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks.conv2d import WORKLOADS
from benchmarks.training import LARGER_BATCH, accuracy, normalised
from core import models
from core.data import drawn, mnist
from core.data.mnist import Pictures
from core.device import Stopwatch, deterministic, exact_products
from core.explain import record, terms
from core.explain.gradients import grad_terms
from core.explain.terms import Terms, Unexplained
from core.explain.trace import Trace
from core.speed import Sweep
from core.speed import measure as sweep
from core.speed.timing import OnCard, geomean, interleave, machine, ratio, summary, write_json
from core.training.config import Config
from core.training.loop import Training

CARD = torch.device("cuda", 0)
ROOT = Path(__file__).resolve().parents[1]

CELLS = 8
"""Cells of a step whose sums are checked."""

PRECISIONS = ("ieee", "tf32")


@dataclass(frozen=True)
class Check:
    """Something found, what was expected, and whether that holds; None where nothing is expected."""

    part: str
    name: str
    found: Any
    expected: str = ""
    holds: bool | None = None


def checked_terms(_options: argparse.Namespace) -> Iterator[Check]:
    """Whether the terms give the elements that the card computed, forward and backward, in both precisions."""
    names = ("a1", "a2", "a3", "recommended", "resnet18", "mobilenet_v3_small")
    for precision in PRECISIONS:
        _switch(precision)
        for name in names:
            torch.manual_seed(0)
            shipped = name in models.names() and not name.startswith(("resnet", "mobilenet"))
            model = (models.load(name) if shipped else models.build(name)).to(CARD).eval()
            picture = drawn.digits(1, seed=3).pictures[0, 0].float() / 255
            trace = record(model, models.card(name).prepare(picture).to(CARD), grad=True)
            yield _agreement(f"{name} in {precision}", _sums(trace))


def _sums(trace: Trace) -> Iterator[Terms]:
    generator = np.random.default_rng(0)
    output = trace.output
    gradients = trace.gradients(output.square().sum())
    for step in trace.steps:
        for _ in range(CELLS):
            try:
                yield terms(step, _cell(step.output, generator))
                if step.index in gradients:
                    wrt = next(iter(step.parents))
                    index = _cell(step.tensor(wrt), generator)
                    yield grad_terms(step, index, wrt, gradients[step.index])
            except (Unexplained, StopIteration):
                break


def _cell(tensor: Tensor, generator: np.random.Generator) -> tuple[int, ...]:
    return tuple(int(generator.integers(size)) for size in tensor.shape)


def _agreement(name: str, sums: Iterator[Terms], part: str = "terms") -> Check:
    found, apart, worst = 0, [], dict[str, float]()
    for one in sums:
        found += 1
        if not one.agrees:
            apart.append(f"{one.op}{list(one.index)}: {one.shown!r} for {one.value!r} ± {one.tolerance:.1e}")
        elif one.tolerance:
            worst[one.op] = max(worst.get(one.op, 0.0), abs(one.difference) / one.tolerance)
    most = {op: round(share, 3) for op, share in sorted(worst.items(), key=lambda pair: -pair[1])[:4]}
    told = {"sums": found, "apart": len(apart), "share_of_tolerance": most, "examples": apart[:5]}
    return Check(part, name, told, "0 apart", not apart and found > 0)


def convolutions(_options: argparse.Namespace) -> Iterator[Check]:
    """Whether the tolerance of a convolution covers what the card's algorithms round, on pictures with bright spots."""
    torch.manual_seed(0)
    for precision in PRECISIONS:
        _switch(precision)
        for kernel in (1, 3, 5, 7, 11):
            yield _agreement(f"kernels of {kernel}×{kernel} in {precision}", _worst_cells(kernel), "convolutions")


def _worst_cells(kernel: int) -> Iterator[Terms]:
    """Yield the sums of those elements that are furthest from float64, measured by their own products."""
    for channels, outputs in ((1, 32), (16, 16), (64, 64), (128, 64)):
        for side in (12, 28, 56):
            for images in (1, 16):
                x = torch.randn(images, channels, side, side, device=CARD).mul(2).exp()
                model = nn.Conv2d(channels, outputs, kernel, padding=kernel // 2).to(CARD)
                trace = record(model, x)
                exact = F.conv2d(x.double(), model.weight.double(), model.bias.double(), padding=kernel // 2)  # type: ignore[union-attr]
                sizes = F.conv2d(x.double(), model.weight.double().abs(), None, padding=kernel // 2)
                far = ((trace.output - exact).abs() / sizes).flatten().topk(3).indices
                for at in far.tolist():
                    yield terms(trace.steps[0], tuple(int(i) for i in np.unravel_index(at, exact.shape)))


def same_weights(_options: argparse.Namespace) -> Iterator[Check]:
    """Whether training twice gives the same weights, and which operations say that they may not."""
    _switch("tf32")
    pictures = drawn.digits(512, seed=0)
    for name, expected in (("a2", True), ("recommended", True), ("mobilenet_v3_small", None), ("resnet18", None)):
        with warnings.catch_warnings(record=True) as said, deterministic(CARD):
            warnings.simplefilter("always")
            one, other = (_trained(name, pictures) for _ in range(2))
        apart = max(float((one[key].double() - other[key].double()).abs().max()) for key in one)
        told = sorted({str(warning.message).split(" ")[0] for warning in said if "determinis" in str(warning.message)})
        found = {"largest_difference": apart, "warned": told}
        yield Check("same_weights", name, found, "0" if expected else "", apart == 0 if expected else None)


def _trained(name: str, pictures: Pictures) -> dict[str, Tensor]:
    torch.manual_seed(0)
    model = models.build(name).to(CARD)
    prepare = models.card(name).prepare
    for _ in Training(model, pictures, Config(epochs=2, batch_size=64), prepare=prepare).events():
        pass
    return {key: value.clone() for key, value in model.state_dict().items()}


TILES = ((64, 32, 16, 4), (64, 32, 32, 8), (32, 32, 16, 4), (64, 64, 16, 4), (128, 32, 16, 4), (128, 64, 16, 8))
"""Positions, outputs, taps and warps that are tried."""


def triton_kernel(_options: argparse.Namespace) -> Iterator[Check]:
    """How fast our Triton kernel is against cuDNN, how far from float64, and whether another tile were faster."""
    from core.ops import triton as ours

    def shaped(tile: tuple[int, ...], call: Callable[[], Tensor]) -> Tensor:
        ours.POSITIONS, ours.OUTPUTS, ours.TAPS, ours.WARPS = tile
        return call()

    usual = (ours.POSITIONS, ours.OUTPUTS, ours.TAPS, ours.WARPS)
    times: dict[str, list[float]] = {}
    for dtype in (torch.float32, torch.float16, torch.bfloat16):
        for work in WORKLOADS:
            x, w, _ = (tensor.to(CARD, dtype) for tensor in work.tensors())
            moves = (None, work.stride, work.padding)
            exact = F.conv2d(x.double(), w.double(), *moves)
            calls: dict[str, OnCard] = {"cudnn": OnCard(partial(F.conv2d, x, w, *moves), CARD)}
            own = partial(ours.conv2d, x, w, *moves)
            for tile in TILES if dtype == torch.float32 and work.images in (1, 8, 64) else (usual,):
                calls[" ".join(map(str, tile))] = OnCard(partial(shaped, tile, own), CARD)
            with exact_products():
                errors = {
                    name: float((call().double() - exact).abs().max() / exact.abs().max())
                    for name, call in calls.items()
                }
                samples = interleave(calls, rounds=7, settle=0.02, seconds=0.1, sample=1e-3)
            shaped(usual, own)
            ratios = {name: ratio(samples, name, "cudnn") for name in calls if name != "cudnn"}
            for name, found in ratios.items():
                times.setdefault(f"{str(dtype)[6:]} {name}", []).append(found)
            most = max(errors.values())
            allowed = {torch.float32: 1e-5, torch.float16: 2e-3, torch.bfloat16: 2e-2}[dtype]
            told = {
                **{f"{name}_us": round(summary(found)["median"] * 1e6, 2) for name, found in samples.items()},
                "largest_error": most,
            }
            name = f"{work.images} × {work.channels}→{work.outputs} {work.kernel}×{work.kernel} {str(dtype)[6:]}"
            yield Check("triton", name, told, f"error ≤ {allowed:g}", most <= allowed)
    yield Check("triton", "time_over_cudnn_geomean", {name: round(geomean(found), 3) for name, found in times.items()})


def step_times(_options: argparse.Namespace) -> Iterator[Check]:
    """What a recorded pass takes on the card and on the processor, and whether its steps' times add up."""
    torch.set_num_threads(1)
    for name in ("recommended", "resnet18"):
        for device in (CARD, torch.device("cpu")):
            model = models.build(name).to(device).eval()
            x = models.card(name).prepare(torch.rand(28, 28)).to(device)
            passes = []
            for _ in range(12):
                watch = Stopwatch(device)
                trace = record(model, x)
                passes.append((watch.seconds(), sum(step.seconds for step in trace.steps)))
            seconds, steps = (float(np.median(column)) for column in zip(*passes[2:], strict=True))
            told = {"pass_ms": round(seconds * 1e3, 2), "steps_ms": round(steps * 1e3, 2)}
            yield Check("step_times", f"{name} on {device.type}", told, "steps within the pass", 0 < steps <= seconds)


def speed_lab(_options: argparse.Namespace) -> Iterator[Check]:
    """The speed lab's ways on the card, beside the framework's on the processor."""
    torch.set_num_threads(os.cpu_count() or 1)
    ways = ["direct", "framework", "channels_last", "cuda", "triton"]
    switch = torch.backends.cudnn.conv.fp32_precision  # type: ignore[attr-defined]
    for event in sweep(Sweep(sizes=[32, 128, 512], images=8, channels=16, outputs=32, ways=ways)):
        if event["kind"] == "point":
            told = {key: event[key] for key in ("median", "gflops", "error", "peak")}
            holds = event["error"] < 1e-4 and (event["peak"] > 0)
            yield Check("speed_lab", f"{event['way']} at {event['size']}", told, "error < 1e-4, memory seen", holds)
        elif event["kind"] == "left_out":
            yield Check("speed_lab", f"{event['way']} at {event['size']}", event["message"], "measured", False)
    put_back = torch.backends.cudnn.conv.fp32_precision == switch  # type: ignore[attr-defined]
    yield Check("speed_lab", "switch put back", put_back, "True", put_back)


def team(_options: argparse.Namespace) -> Iterator[Check]:
    """Whether a team of one on nccl trains and ends, and a team larger than the machine says so."""
    for processes, state, words in ((1, "done", ""), (torch.cuda.device_count() + 1, "failed", "has no card")):
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
            command += ["-m", "core.train", "a2", "--run-dir", f"{folder}/run", "--device", "cuda"]
            for setting in ("data.source=drawn", "data.count=80", "training.epochs=1"):
                command += ["--set", setting]
            run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=90, check=False)
            status = Path(folder, "run", "status.json")
            found = (
                json.loads(status.read_text(encoding="utf-8")) if status.exists() else {"message": run.stderr[-900:]}
            )
        told = {"state": found.get("state"), "message": found["message"], "status": run.returncode}
        holds = found.get("state") == state and words in str(found["message"])
        yield Check("team", f"{processes} processes", told, f"{state} {words}".strip(), holds)


def training_speed(options: argparse.Namespace) -> Iterator[Check]:
    """How long an epoch of A1 takes by our loop on the card, in each precision, and what it then reaches."""
    whole = options.mnist is not None
    digits = mnist.load("train", options.mnist, download=False) if whole else drawn.digits(6000, seed=0)
    test = mnist.load("test", options.mnist, download=False) if whole else drawn.digits(1000, seed=1)
    base = Config(1, LARGER_BATCH, "adam", schedule="constant", learning_rate=1e-3)
    cases = {
        "float32": ("ieee", base),
        "TF32": ("tf32", base),
        "bfloat16": ("tf32", replace(base, precision="bfloat16")),
        "bfloat16, 1,024 a batch": ("tf32", replace(base, precision="bfloat16", batch_size=1024)),
    }
    for name, (precision, config) in cases.items():
        _switch(precision)
        torch.manual_seed(0)
        with deterministic(CARD):  # as runs train
            training = Training(models.build("a1").to(CARD), digits, config, prepare=normalised)
            events = training.events()
            next(events)  # cuDNN makes itself ready
            watch = Stopwatch(CARD)
            for _ in events:
                pass
            seconds = watch.seconds()
        share = accuracy(training.model, test.pictures, normalised, test.labels.to(CARD))
        told = {"epoch_s": round(seconds, 3), "pictures_per_s": round(len(digits) / seconds), "accuracy": share}
        yield Check("training", f"A1 in {name}", told, "accuracy > 0.9", share > 0.9)


def _switch(precision: str) -> None:
    torch.backends.cudnn.conv.fp32_precision = precision  # type: ignore[attr-defined]
    torch.backends.cuda.matmul.fp32_precision = precision


PARTS: dict[str, Callable[[argparse.Namespace], Iterator[Check]]] = {
    "terms": checked_terms,
    "convolutions": convolutions,
    "same_weights": same_weights,
    "step_times": step_times,
    "team": team,
    "training": training_speed,
    "speed_lab": speed_lab,
    "triton": triton_kernel,
}


def main(arguments: list[str] | None = None) -> int:
    """Measure every part, print each check, write the JSON object; return 1 where something expected does not hold."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.card", description=__doc__.splitlines()[0])
    parser.add_argument("--json", metavar="FILE", help="write what is found to this file")
    parser.add_argument("--mnist", metavar="DIR", help="folder with MNIST in torchvision's layout; else drawn digits")
    parser.add_argument("--parts", default=",".join(PARTS), help="some of %(default)s")
    parser.add_argument("--seconds", type=float, default=300.0, help="no part begins later (default: %(default)s)")
    options = parser.parse_args(arguments)
    if not torch.cuda.is_available():
        parser.error("this machine has no CUDA device")
    found: list[Check] = []
    seconds: dict[str, float] = {}
    result: dict[str, Any] = {"benchmark": "card", "machine": machine()}
    print(json.dumps(result["machine"], ensure_ascii=False), flush=True)
    start = time.perf_counter()
    for name in options.parts.split(","):
        if time.perf_counter() - start > options.seconds:
            found.append(Check(name, "left out", "no time was left", "measured", False))
            continue
        began = time.perf_counter()
        for check in _told(name, options):
            found.append(check)
            word = {True: "ok", False: "NOT AS EXPECTED", None: ""}[check.holds]
            print(f"{check.part}: {check.name}: {check.found} ({check.expected}) {word}", flush=True)
        seconds[name] = round(time.perf_counter() - began, 1)
        if options.json:
            write_json(options.json, result | {"seconds": seconds, "checks": [asdict(check) for check in found]})
    failed = [f"{check.part}: {check.name}" for check in found if check.holds is False]
    print(
        f"{len(found)} checks in {sum(seconds.values()):.0f} s {seconds}; not as expected: {len(failed)}",
        *failed,
        sep="\n",
    )
    return 1 if failed else 0


def _told(name: str, options: argparse.Namespace) -> Iterator[Check]:
    try:
        yield from PARTS[name](options)
    except Exception as error:  # one part's fault is told, and the others are measured
        traceback.print_exc()
        yield Check(name, "ended early", f"{type(error).__name__}: {error}"[:2000], "no fault", False)


if __name__ == "__main__":
    sys.exit(main())
