"""How every benchmark measures: interleaved rounds, medians and quartiles, peak memory, the machine it ran on."""

import json
import os
import platform
import random
import statistics
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from typing import Any

import torch
from torch import Tensor
from torch.profiler import ProfilerActivity, profile

os.environ.setdefault("KINETO_LOG_LEVEL", "99")  # or the profiler reports each start and end on the terminal

from core.device import current, finish

Call = Callable[[], object]
Samples = dict[str, list[float]]


@dataclass(frozen=True)
class OnCard:
    """A call whose work a CUDA card does: timed by events in the card's own queue, from an empty queue on."""

    call: Callable[[], Tensor]
    device: torch.device

    def __call__(self) -> Tensor:
        """Return what the call returns, once the card is done."""
        output = self.call()
        finish(self.device)
        return output

    def seconds(self, repeats: int) -> float:
        """Return the card's seconds per call, of so many in a row."""
        with current(self.device):
            begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))  # type: ignore[no-untyped-call]
            finish(self.device)
            begin.record()
            for _ in range(repeats):
                self.call()
            end.record()
            finish(self.device)
        return float(begin.elapsed_time(end)) / 1e3 / repeats


ROUNDS = 15
"""Rounds that suffice for a median and quartiles."""


def interleave(
    candidates: Mapping[str, Call],
    *,
    rounds: int = ROUNDS,
    settle: float = 0.3,
    seconds: float = 2.0,
    sample: float = 2e-3,
) -> Samples:
    """Return the seconds per call of each candidate, one figure a round, timed in turn, in a new order each round.

    Whatever else the machine does meets all candidates alike, so that the figures of one round can be divided; and each
    follows each of the others as often, so that none always finds the caches as the same other left them. The run ends
    after `rounds` rounds that took `settle` seconds a candidate, or after `seconds` seconds a candidate.

    Args:
        candidates: name → the call to time. Each is called a few times first, to warm up.
        rounds: at least so many rounds, unless `seconds` ends them.
        settle: seconds a candidate; more rounds than asked for are run until they have passed.
        seconds: seconds a candidate after which no round begins.
        sample: the shortest time read off the clock, in seconds; faster calls are repeated to reach it.
    """
    repeats = {name: max(1, round(sample / _warm_up(call))) for name, call in candidates.items()}
    samples: Samples = {name: [] for name in candidates}
    order, names = random.Random(0), list(candidates)
    start, turns, passed = time.perf_counter(), 0, 0.0
    while passed < seconds * len(candidates) and (turns < rounds or passed < settle * len(candidates)):
        order.shuffle(names)
        for name in names:
            samples[name].append(_seconds(candidates[name], repeats[name]))
        turns, passed = turns + 1, time.perf_counter() - start
    return samples


def summary(samples: list[float]) -> dict[str, float]:
    """Return the median, the quartiles and the least of the seconds per call."""
    lower, median, upper = statistics.quantiles(samples, n=4, method="inclusive") if len(samples) > 1 else samples * 3
    return {"median": median, "lower_quartile": lower, "upper_quartile": upper, "least": min(samples)}


def ratio(samples: Samples, name: str, reference: str) -> float:
    """Return the median over the rounds of `name`'s time divided by `reference`'s time in the same round."""
    return statistics.median(a / b for a, b in zip(samples[name], samples[reference], strict=True))


def geomean(ratios: Iterable[float]) -> float:
    """Return the geometric mean, under which a ratio and its inverse cancel."""
    return statistics.geometric_mean(ratios)


def peak_bytes(call: Call) -> int:
    """Return the most bytes that one call holds at once: its result and its temporaries, not its arguments.

    Every allocation PyTorch makes is seen, those inside an operator included (cuDNN's work space among them); what a
    library takes straight from the system (oneDNN's scratchpads) is not.
    """
    if isinstance(call, OnCard):
        return _peak_on_card(call)
    call()
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as recorded:
        result = call()
    del result
    held = peak = 0
    events = recorded.profiler.kineto_results.events()
    for event in sorted((e for e in events if e.name() == "[memory]"), key=lambda e: e.start_ns()):
        held += event.nbytes()
        peak = max(peak, held)
    return peak


def _peak_on_card(call: OnCard) -> int:
    call()
    torch.cuda.reset_peak_memory_stats(call.device)
    before = torch.cuda.memory_allocated(call.device)
    call()
    return torch.cuda.max_memory_allocated(call.device) - before


def matmul_gflops(size: int = 1024) -> float:
    """Return the machine's matrix-product rate: `torch.mm` in float32, in 10⁹ operations a second."""
    left, right = torch.randn(size, size), torch.randn(size, size)
    seconds = statistics.median(interleave({"mm": lambda: torch.mm(left, right)})["mm"])
    return 2 * size**3 / seconds / 1e9


def machine() -> dict[str, Any]:
    """Return what a figure depends on: processor, load, the versions of Python and PyTorch, threads, cards."""
    return {
        "cpu": _processor(),
        "cores": os.cpu_count(),
        "load_average": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "system": platform.platform(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "cards": _cards(),
    }


def write_json(path: str | Path, result: Mapping[str, Any]) -> None:
    """Write one JSON object."""
    Path(path).write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _cards() -> list[dict[str, Any]]:
    """Return the CUDA cards: name, bytes, and the versions of what drives them."""
    if not torch.cuda.is_available():
        return []
    versions = {"driver": _driver(), "cuda": torch.version.cuda, "cudnn": torch.backends.cudnn.version()}  # type: ignore[no-untyped-call]
    cards = map(torch.cuda.get_device_properties, range(torch.cuda.device_count()))
    return [
        {"name": card.name, "memory": card.total_memory, "capability": f"{card.major}.{card.minor}", **versions}
        for card in cards
    ]


def _driver() -> str | None:
    told = Path("/proc/driver/nvidia/version")
    if told.exists():
        words = told.read_text(encoding="utf-8").splitlines()[0].split()
        return next((word for word in words if word[:1].isdigit() and "." in word), None)
    smi = which("nvidia-smi")
    if smi is None:
        return None
    query = [smi, "--query-gpu=driver_version", "--format=csv,noheader"]
    found = subprocess.run(query, capture_output=True, text=True, check=False).stdout.split()
    return found[0] if found else None


def _seconds(call: Call, repeats: int) -> float:
    if isinstance(call, OnCard):
        return call.seconds(repeats)
    start = time.perf_counter()
    for _ in range(repeats):
        call()
    return (time.perf_counter() - start) / repeats


def _warm_up(call: Call) -> float:
    call()  # the first call for a shape builds oneDNN's primitive
    return min(_seconds(call, 1) for _ in range(3))


def _processor() -> str:
    models = Path("/proc/cpuinfo")
    lines = models.read_text(encoding="utf-8").splitlines() if models.exists() else []
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.processor())
