"""Photographs of digits on paper, rendered by this program: how often the answer is wrong, and wrong though sure.

Run `python -m benchmarks.photos [--count N] [--json FILE]`. Each set shows digits of `core.data.drawn` (our own
strokes) in one kind of light or on one kind of paper; `pairs` shows two digits side by side, which are to be refused.
Fields of the JSON, by set: `pictures`, and of them the shares `wrong`, `wrong_and_sure` and `refused`.
"""

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch

from core import models
from core.data.drawn import DIGITS, drawing
from core.data.photo import preprocess_scan, scan
from core.data.strokes import rasterise
from core.predict import predict

Field = npt.NDArray[np.float64]
"""`(SIDE, SIDE)`: light, or what a surface reflects of it, in [0, 1]."""
Effect = Callable[[np.random.Generator], tuple[Field, Field]]
"""Returns the light, and what of it paper without ink reflects."""

SIDE = 320
"""Of a rendered photograph, pixels."""

ROWS, COLUMNS = np.mgrid[0:SIDE, 0:SIDE] / (SIDE - 1.0)


def ink(label: int, rng: np.random.Generator, *, left: float = 0.0, width: float = 1.0) -> Field:
    """Returns how much ink lies on each pixel, of a digit between `left` and `left + width` shares of the side."""
    habits = DIGITS[str(label)]
    strokes = drawing(habits[int(rng.integers(len(habits)))], rng, wobble=float(rng.uniform(0.015, 0.04)))
    points = np.concatenate(strokes)
    low, high = points.min(0), points.max(0)
    height = rng.uniform(0.35, 0.7)
    scale = SIDE * min(height / max(high[1] - low[1], 1e-6), 0.8 * width / max(high[0] - low[0], 1e-6))
    free = np.array([width, 1.0]) * SIDE - (high - low) * scale
    corner = np.array([left * SIDE, 0.0]) + free * rng.uniform(0.25, 0.75, 2)
    lines = [(line - low) * scale + corner for line in strokes]
    return rasterise(lines, SIDE, float(rng.uniform(0.05, 0.12) * scale)).astype(np.float64)


def even(rng: np.random.Generator) -> tuple[Field, Field]:
    """Even light on white paper."""
    return np.full((SIDE, SIDE), rng.uniform(0.6, 1.0)), np.full((SIDE, SIDE), rng.uniform(0.85, 0.98))


def falloff(rng: np.random.Generator) -> tuple[Field, Field]:
    """A lens that darkens the corners by 20 to 50 %."""
    light, paper = even(rng)
    centre = rng.uniform(0.4, 0.6, 2)
    squares = (COLUMNS - centre[0]) ** 2 + (ROWS - centre[1]) ** 2
    return light * (1 - rng.uniform(0.2, 0.5) * squares / squares.max()), paper


def lamp(rng: np.random.Generator) -> tuple[Field, Field]:
    """A lamp near the paper: a bright spot beside the middle, down to a third at the far side."""
    light, paper = even(rng)
    at = rng.uniform(-0.2, 1.2, 2)
    far = (COLUMNS - at[0]) ** 2 + (ROWS - at[1]) ** 2
    return light / (1 + rng.uniform(0.7, 2.0) * far / far.max()), paper


def shadow(rng: np.random.Generator) -> tuple[Field, Field]:
    """A hand's or a phone's shadow over a part of the paper, its edge more or less soft."""
    light, paper = falloff(rng)
    angle, soft = rng.uniform(0, 2 * np.pi), rng.uniform(0.005, 0.08)
    along = (COLUMNS - 0.5) * np.cos(angle) + (ROWS - 0.5) * np.sin(angle) - rng.uniform(-0.35, 0.35)
    return light * (1 - rng.uniform(0.3, 0.6) / (1 + np.exp(-along / soft))), paper


def fold(rng: np.random.Generator) -> tuple[Field, Field]:
    """Paper that was folded: each half reflects the light differently, with a dark or bright line between."""
    light, paper = falloff(rng)
    angle = rng.choice([0.0, np.pi / 2]) + rng.normal(0, 0.08)
    along = (COLUMNS - 0.5) * np.cos(angle) + (ROWS - 0.5) * np.sin(angle) - rng.uniform(-0.3, 0.3)
    light = light * np.where(along > 0, rng.uniform(0.75, 0.95), 1.0)
    return light * (1 + rng.uniform(-0.15, 0.05) * np.exp(-((along / 0.006) ** 2))), paper


def squares(rng: np.random.Generator) -> tuple[Field, Field]:
    """Squared or ruled paper under a lamp."""
    light, paper = lamp(rng)
    pitch, thick, pale = rng.uniform(0.05, 0.1), rng.uniform(0.004, 0.008), rng.uniform(0.08, 0.25)
    turn = rng.normal(0, 0.04)
    across, down = COLUMNS + turn * ROWS + rng.uniform(), ROWS - turn * COLUMNS + rng.uniform()
    lined = (down % pitch) < thick
    if rng.random() < 0.6:
        lined = lined | ((across % pitch) < thick)
    return light, paper * np.where(lined, 1 - pale, 1.0)


def table(rng: np.random.Generator) -> tuple[Field, Field]:
    """The edge of the paper, and the table under it, at one or two sides."""
    light, paper = falloff(rng)
    wood = rng.uniform(0.15, 0.6) * (1 + 0.06 * np.sin(ROWS * rng.uniform(30, 80) + 3 * COLUMNS))
    for angle in rng.choice(4, size=int(rng.integers(1, 3)), replace=False) * np.pi / 2 + rng.normal(0, 0.06):
        along = (COLUMNS - 0.5) * np.cos(angle) + (ROWS - 0.5) * np.sin(angle)
        paper = np.where(along > rng.uniform(0.41, 0.48), wood, paper)
    return light, paper


SETS: dict[str, Effect] = {
    "even": even,
    "falloff": falloff,
    "lamp": lamp,
    "shadow": shadow,
    "fold": fold,
    "squares": squares,
    "table": table,
}


def photograph(written: Field, effect: Effect, rng: np.random.Generator) -> torch.Tensor:
    """Returns the grey picture `(SIDE, SIDE)` that a camera takes of ink on paper, intensity in [0, 1] in 8 bits."""
    light, paper = effect(rng)
    seen = light * paper * (1 - rng.uniform(0.55, 0.85) * written) + rng.normal(
        0, rng.uniform(0.004, 0.02), light.shape
    )
    return torch.tensor(np.round(np.clip(seen, 0, 1) * 255) / 255, dtype=torch.float32)


def examined(effect: Effect, count: int, seed: int, *, pairs: bool = False) -> dict[str, float]:
    """Returns the shares of wrong, wrong and sure, and refused pictures of one set."""
    rng = np.random.default_rng(seed)
    model, card = models.load("recommended").eval(), models.card("recommended")
    wrong = sure = refused = 0
    for k in range(count):
        if pairs:
            first, second = rng.integers(0, 10, 2).tolist()
            written = ink(first, rng, width=0.5) + ink(second, rng, left=0.5, width=0.5)
        else:
            written = ink(k % 10, rng)
        picture = photograph(np.clip(written, 0, 1), effect, rng)
        try:
            found = predict(model, card, preprocess_scan(scan(picture)).picture[None, None])
        except ValueError:
            refused += 1
            continue
        missed = pairs or found.answer != str(k % 10)
        wrong += missed
        sure += missed and not found.unsure
    return {"pictures": count, "wrong": wrong / count, "wrong_and_sure": sure / count, "refused": refused / count}


def main() -> None:
    """Runs the benchmark and prints what it finds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=300, help="pictures of each set")
    parser.add_argument("--json", type=Path, help="file for the figures")
    options = parser.parse_args()
    found = {name: examined(effect, options.count, seed) for seed, (name, effect) in enumerate(SETS.items())}
    found["pairs"] = examined(lamp, options.count, 99, pairs=True)
    for name, shares in found.items():
        print(f"{name:8}", *(f"{key} {value:.1%}" for key, value in shares.items() if key != "pictures"))
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
