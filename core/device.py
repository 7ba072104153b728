"""Where a model runs: the processor or a CUDA graphics card, and what has to be said to a card."""

import os
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch

__all__ = ["Stopwatch", "choose_device", "current", "deterministic", "exact_products", "finish", "has_bfloat16"]


def choose_device(name: str = "auto") -> torch.device:
    """Return the device of a name: "auto" (CUDA where present), "cpu", "cuda" or "cuda:INDEX".

    Raises:
        ValueError: another name, or CUDA was asked for and is not there.
    """
    present = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if name == "auto":
        return torch.device("cuda" if present else "cpu")
    kind, _, index = name.partition(":")
    if kind not in ("cpu", "cuda") or (":" in name and not (kind == "cuda" and index.isdecimal())):
        raise ValueError(f"device is {name!r}, expected auto, cpu, cuda or cuda:INDEX")
    if kind == "cuda" and int(index or 0) >= present:
        raise ValueError(f"device is {name!r}, but this machine has {present} CUDA devices: use auto or cpu")
    return torch.device(name)


def has_bfloat16(device: torch.device) -> bool:
    """Return whether a device multiplies bfloat16 numbers itself; elsewhere they are emulated, slower than float32."""
    if device.type == "cuda":
        with current(device):
            return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    able = torch.cpu.get_capabilities()
    return any(able.get(name, False) for name in ("avx512_bf16", "amx_bf16", "bf16", "sve_bf16"))


def current(device: torch.device) -> AbstractContextManager[object]:
    """Make a card the current one for a while: kernels, generators and queues that name none are then its own."""
    return torch.cuda.device(device) if device.type == "cuda" else nullcontext()


def finish(device: torch.device) -> None:
    """Wait until a device has done all that it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


class Stopwatch:
    """Measures what a device does, from an empty queue to an empty queue."""

    def __init__(self, device: torch.device):
        self.device = device
        finish(device)
        self._start = time.perf_counter()

    def seconds(self) -> float:
        """Return the seconds since it was made, once the device is done."""
        finish(self.device)
        return time.perf_counter() - self._start


@contextmanager
def deterministic(device: torch.device) -> Iterator[None]:
    """Let a card compute the same bits for the same calls, as far as it can; the processor does so anyway.

    An operation without such an algorithm (the backward pass of overlapping max pooling, for one) warns and runs.
    """
    if device.type != "cuda":
        yield
        return
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    enabled = torch.are_deterministic_algorithms_enabled()
    warns = torch.is_deterministic_algorithms_warn_only_enabled()
    torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(enabled, warn_only=warns)


@contextmanager
def exact_products() -> Iterator[None]:
    """Let cards multiply whole float32 numbers; by default convolutions round the factors to 10 bits (TF32)."""
    switches = (torch.backends.cudnn.conv, torch.backends.cuda.matmul)  # type: ignore[attr-defined]
    before = [switch.fp32_precision for switch in switches]
    try:
        for switch in switches:
            switch.fp32_precision = "ieee"
        yield
    finally:
        for switch, precision in zip(switches, before, strict=True):
            switch.fp32_precision = precision
