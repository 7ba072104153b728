"""Learning rate and momentum of every step, as functions of the step alone: nothing to save, nothing to restore."""

import math
from collections.abc import Callable, Mapping

__all__ = ["SCHEDULES", "momentum", "rate"]

RISE = 0.25
"""Share of a one-cycle run in which the rate rises."""

START, END = 25.0, 1e4
"""A one-cycle run starts at 1/25 of its rate and ends at 1/250,000. Source: torch.optim.lr_scheduler.OneCycleLR."""

MOMENTUM = (0.95, 0.85)
"""Of a one-cycle run where the rate is least, and where it is greatest."""


def rate(schedule: str, step: int, steps: int) -> float:
    """Return the learning rate of a step as a multiple of the configured one.

    Args:
        schedule: one of `SCHEDULES`.
        step: from 0.
        steps: of the whole run.
    """
    return SCHEDULES[schedule](step, steps)


def momentum(schedule: str, step: int, steps: int) -> float | None:
    """Return the momentum (Adam: β₁) of a step, or None where a schedule leaves it alone."""
    return _one_cycle(step, steps, MOMENTUM[0], MOMENTUM[1], MOMENTUM[0]) if schedule == "one_cycle" else None


def _one_cycle(step: int, steps: int, first: float, middle: float, last: float) -> float:
    peak = RISE * (steps + 1) - 1
    if step <= peak:
        return _cosine(first, middle, step / peak if peak else 1.0)
    return _cosine(middle, last, (step - peak) / (steps - peak))


def _cosine(start: float, end: float, part: float) -> float:
    return end + (start - end) / 2 * (math.cos(math.pi * part) + 1)


def _steps(step: int, steps: int) -> float:
    """A tenth after half of the run, a hundredth after three quarters."""
    return 1.0 if 2 * step < steps else 0.1 if 4 * step < 3 * steps else 0.01


SCHEDULES: Mapping[str, Callable[[int, int], float]] = {
    "constant": lambda _step, _steps: 1.0,
    "one_cycle": lambda step, steps: _one_cycle(step, steps, 1 / START, 1.0, 1 / START / END),
    "cosine": lambda step, steps: _cosine(1.0, 0.0, step / steps),
    "steps": _steps,
}
