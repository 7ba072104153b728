"""What PyTorch says of drawings, for the published page to compare itself with on the machine that shows it."""

import math
from typing import Any

import numpy as np
import torch

from core.data.drawn import DIGITS, drawing
from core.data.strokes import preprocess
from explorer.models.library import Explored

__all__ = ["DRAWINGS", "drawings", "truth"]

DRAWINGS = 200

CELLS = 3
"""Numbers of every step that are compared for each drawing, besides all scores."""

DIGITS_TOLD = 4
"""Decimals of a point on the pad, whose side is 1: a twentieth of a pixel of the picture would be 0.002."""


def drawings(count: int = DRAWINGS, *, seed: int = 0) -> list[list[list[list[float]]]]:
    """Return the strokes of digits that our own generator draws, in pad sides, each digit as often as the others."""
    rng = np.random.default_rng(seed)
    forms = list(DIGITS.values())
    return [_on_pad(drawing(rng.choice(np.array(forms[k % 10], object)), rng), rng) for k in range(count)]


def _on_pad(strokes: Any, rng: np.random.Generator) -> list[list[list[float]]]:
    lines = [np.asarray(stroke, dtype=float) for stroke in strokes]
    points = np.concatenate(lines)
    low, high = points.min(0), points.max(0)
    scale = rng.uniform(0.4, 0.8) / max(float((high - low).max()), 1e-6)
    corner = rng.uniform(0.05, 0.2, 2)
    return [((line - low) * scale + corner).round(DIGITS_TOLD).tolist() for line in lines]


def truth(explored: Explored, drawn: list[list[list[list[float]]]], *, seed: int = 0) -> dict[str, Any]:
    """Return PyTorch's numbers: of each drawing random cells of every step, by row-major place, and its scores.

    `largest` is the largest |value| of each step over all drawings: what differences are told relative to.
    """
    rng = np.random.default_rng(seed)
    largest: list[float] = []
    told = []
    for strokes in drawn:
        trace, _ = explored.trace(preprocess(strokes, pad=1.0).picture)
        peaks = [step.output.abs().max().item() for step in trace.steps]
        largest = [max(pair) for pair in zip(largest or peaks, peaks, strict=True)]
        cells = []
        for step in trace.steps:
            places = rng.integers(0, math.prod(step.output.shape), CELLS).tolist()
            cells.append([[place, step.output.reshape(-1)[place].item()] for place in places])
        told.append({"cells": cells, "scores": trace.output.reshape(-1).tolist()})
    return {"torch": torch.__version__, "largest": largest, "drawings": told}
