"""Pictures that are no digits, in MNIST's look, so that a model can learn to be unsure and be checked for it.

Source of the idea: D. Hendrycks, M. Mazeika, T. Dietterich (2019), *Deep anomaly detection with outlier exposure*.
"""

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import matplotlib
import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from core.data.drawn import LETTERS, drawing
from core.data.strokes import BOX, CENTRE, SIDE, Points, preprocess

__all__ = ["HELD_OUT", "KINDS", "NO_DIGIT", "negatives"]

NO_DIGIT = -1
"""The label of a picture that is no digit."""

GLYPHS = "ACEFGHKLMNPRTUVWXadefhkmnprtuvwx?&@#%$*+=<>"
"""Printed signs that nobody takes for a digit: without O Q D I J Z S B o l i j z s b g q y c."""

FONTS = (
    "DejaVuSans.ttf",
    "DejaVuSans-Oblique.ttf",
    "DejaVuSerif.ttf",
    "DejaVuSerif-Italic.ttf",
    "DejaVuSansMono.ttf",
    "STIXGeneral.ttf",
    "STIXGeneralItalic.ttf",
)
"""Fonts that come with Matplotlib."""

Picture = Tensor
Kind = Callable[[np.random.Generator], Picture]


def negatives(count: int, kinds: Sequence[str], *, seed: int) -> Tensor:
    """Return pictures that are no digits, the kinds in turn: `(count, 1, 28, 28)` uint8.

    Args:
        count: pictures.
        kinds: from `KINDS` or `HELD_OUT`.
        seed: of all that is random in them.

    Raises:
        ValueError: a kind is neither in `KINDS` nor in `HELD_OUT`.
    """
    known = KINDS | HELD_OUT
    for kind in kinds:
        if kind not in known:
            raise ValueError(f"there is no kind {kind!r} of negatives; the kinds are {', '.join(known)}")
    rng = np.random.default_rng(seed)
    pictures = torch.empty(count, 1, SIDE, SIDE, dtype=torch.uint8)
    for index in range(count):
        pictures[index, 0] = known[kinds[index % len(kinds)]](rng).mul(255).round()
    return pictures


def _drawn(strokes: Sequence[Points], rng: np.random.Generator) -> Picture:
    return preprocess(strokes, pen=float(rng.uniform(0.6, 1.5))).picture


def _scribble(rng: np.random.Generator) -> Picture:
    """One to three curves that wander without purpose."""
    strokes = []
    for _ in range(rng.integers(1, 4)):
        text = " ".join(f"{x},{y}" for x, y in rng.uniform(0, 100, (rng.integers(4, 10), 2)))
        strokes += drawing(text, rng)
    return _drawn(strokes, rng)


def _polyline(rng: np.random.Generator) -> Picture:
    """Straight lines from nowhere to nowhere, some joined."""
    strokes = [rng.uniform(0, 1, (rng.integers(2, 5), 2)) for _ in range(rng.integers(3, 7))]
    return _drawn(strokes, rng)


def _hatching(rng: np.random.Generator) -> Picture:
    """A zigzag, or parallel lines, with an optional second layer across."""
    lines = rng.integers(3, 8)
    x = np.linspace(0, 1, lines)
    zigzag = np.stack([x, np.arange(lines) % 2 * rng.uniform(0.4, 1.4)], 1)
    strokes = [zigzag] if rng.random() < 0.5 else [np.array([[v, 0.0], [v, 1.0]]) for v in x]
    strokes = [stroke + rng.normal(0, 0.03, stroke.shape) for stroke in strokes]
    if rng.random() < 0.4:
        strokes += [stroke[:, ::-1] for stroke in strokes]
    turn = rng.uniform(0, np.pi)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return _drawn([stroke @ rotation for stroke in strokes], rng)


def _dots(rng: np.random.Generator) -> Picture:
    """Nothing, one dot, or several."""
    taps = [point[None] for point in rng.uniform(0, 1, (rng.integers(0, 7), 2))]
    return _drawn(taps, rng)


def _glyph(rng: np.random.Generator) -> Picture:
    """A printed sign."""
    glyph = _printed(str(rng.choice(list(GLYPHS))), str(rng.choice(FONTS)))
    return glyph


def _letter(rng: np.random.Generator) -> Picture:
    """A letter drawn with strokes."""
    forms = LETTERS[str(rng.choice(list(LETTERS)))]
    return _drawn(drawing(str(rng.choice(forms)), rng), rng)


def _spiral(rng: np.random.Generator) -> Picture:
    """A spiral of two to four turns."""
    turn = np.linspace(0, 2 * np.pi * rng.uniform(2, 4), 120)
    radius = turn * rng.choice([-1, 1])
    points = np.stack([turn * np.cos(radius), turn * np.sin(radius)], 1) * [1, rng.uniform(0.6, 1.2)]
    return _drawn([points + rng.normal(0, 0.1, points.shape)], rng)


def _star(rng: np.random.Generator) -> Picture:
    """A star of five to seven points, in one stroke."""
    points = int(rng.choice([5, 7]))
    angle = rng.uniform(0, 2 * np.pi) + 2 * np.pi * (points // 2) / points * np.arange(points + 1)
    return _drawn([np.stack([np.cos(angle), np.sin(angle)], 1) + rng.normal(0, 0.06, (points + 1, 2))], rng)


KINDS: dict[str, Kind] = {
    "scribble": _scribble,
    "polyline": _polyline,
    "hatching": _hatching,
    "dots": _dots,
    "glyph": _glyph,
}
"""What models are trained to be unsure about."""

HELD_OUT: dict[str, Kind] = {"letter": _letter, "spiral": _spiral, "star": _star}
"""What they are checked with, and never trained on."""


@cache
def _printed(sign: str, font: str) -> Picture:
    """Return a printed sign scaled into 20×20 and centred by its mass, `(28, 28)`, intensity in [0, 1]."""
    face = ImageFont.truetype(str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / font), 96)
    sheet = Image.new("L", (256, 256))
    ImageDraw.Draw(sheet).text((64, 64), sign, fill=255, font=face)
    ink = sheet.crop(sheet.getbbox())
    scale = BOX / max(ink.size)
    small = ink.resize([max(1, round(side * scale)) for side in ink.size], Image.Resampling.BOX)
    pixels = np.asarray(small, dtype=np.float32) / 255
    rows, columns = pixels.shape
    top = round(CENTRE - float(pixels.sum(1) @ np.arange(rows)) / float(pixels.sum()))
    left = round(CENTRE - float(pixels.sum(0) @ np.arange(columns)) / float(pixels.sum()))
    top, left = np.clip(top, 0, SIDE - rows), np.clip(left, 0, SIDE - columns)
    picture = torch.zeros(SIDE, SIDE)
    picture[top : top + rows, left : left + columns] = torch.from_numpy(pixels)
    return picture
