"""Digits and letters drawn by this program as pen strokes, each time a little differently.

The tables hold our own skeletons, in percent of a unit box: `x,y` points joined by a smooth curve, a repeated point
making a corner, `|` lifting the pen, `~` between the two forms of one habit that hands lie between. They carry habits
of pens that are rare in MNIST: slashed and open zeros, ones with an upstroke as long as the stem, with or without a
foot, sevens with a bar, with a tick or without a corner, fives without a neck, eights that do not close.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import torch

from core.data.mnist import Pictures
from core.data.strokes import SIDE, Points, preprocess

__all__ = ["DIGITS", "LETTERS", "digits", "drawing", "skeleton"]

DIGITS: Mapping[str, Sequence[str]] = {
    "0": (
        "50,0 15,15 2,50 15,85 50,100 85,85 98,50 85,15 50,0 40,2 ~ "
        "62,2 15,15 2,50 15,85 50,100 85,85 98,50 92,18 70,-4 30,5",
        "60,4 25,10 5,50 25,95 60,95 90,60 85,20 55,2 35,12",
        "50,0 15,15 2,50 15,85 50,100 85,85 98,50 85,15 50,0|90,3 10,98",
        "50,0 15,15 2,50 15,85 50,100 85,85 98,50 85,15 50,0|78,22 24,80",
        "55,0 15,20 5,60 30,98 70,95 95,55 80,10 62,4 ~ 25,5 5,30 2,65 25,97 65,97 95,65 92,28 70,5",
        "40,10 60,0 90,25 85,80 45,100 8,75 12,25 45,5 75,15 95,5",
        "75,8 40,0 10,22 3,60 30,98 70,96 96,62 92,32 80,18 ~ 88,12 50,0 14,16 2,55 25,96 62,100 88,80 95,52 92,40",
        "52,2 15,15 2,50 15,86 50,100 86,84 97,48 80,12 52,8 45,25 ~ "
        "40,8 8,30 2,62 25,96 50,100 75,94 96,62 90,20 60,2 48,20",
        "48,6 12,22 2,60 28,98 70,98 97,58 80,12 50,2 46,16 68,20 98,4",
    ),
    "1": (
        "50,0 50,100",
        "62,0 38,100",
        "15,28 52,0 52,0 50,100 ~ 0,85 60,0 60,0 58,100",
        "15,28 52,0 52,0 52,100|20,100 85,100 ~ 0,70 60,0 60,0 58,100|15,100 100,98",
        "5,45 60,0 60,0 58,100 ~ -15,60 68,0 68,0 64,100",
        "5,40 50,0 50,0 50,100|10,100 90,100 ~ 20,22 55,0 55,0 48,100|22,98 78,98",
        "60,0 48,50 45,100 ~ 50,0 48,80 64,99",
        "8,50 36,32 60,0 60,0 58,100 ~ -8,95 36,62 72,0 72,0 66,100",
        "0,75 46,22 64,2 64,25 58,100 ~ 12,45 44,12 58,2 60,22 56,100",
        "18,30 55,0 55,0 52,98 52,98 22,98 22,98 86,98 ~ 0,62 58,0 58,0 56,98 56,98 14,98 14,98 98,96",
    ),
    "2": (
        "8,25 25,3 60,0 88,18 80,45 40,75 5,98 5,98 95,98",
        "10,22 40,0 80,8 82,35 45,72 10,95 8,85 30,82 60,95 98,90",
        "5,8 50,0 90,15 70,45 5,100 5,100 95,96 ~ 12,10 55,0 90,18 74,48 20,96 20,96 66,99",
        "5,30 25,5 65,2 85,25 60,65 15,95 5,80 25,70 55,90 95,95",
        "20,35 10,15 45,0 80,12 75,45 5,95 5,95 50,88 95,100",
        "5,6 84,4 84,4 8,96 8,96 94,96 ~ 4,16 55,2 92,10 30,80 6,98 92,97",
        "10,20 45,0 82,12 72,45 35,85 12,98 6,90 22,86 62,97 98,99 ~ "
        "5,18 48,0 92,20 70,55 32,90 8,94 12,72 36,76 62,100 92,116",
        "4,14 40,0 78,8 86,30 60,64 18,92 30,98 60,96 92,92",
    ),
    "3": (
        "8,12 40,0 80,10 82,32 45,46 45,46 85,60 90,82 50,100 5,88",
        "8,2 85,2 85,2 40,40 40,40 85,55 88,82 45,100 5,88",
        "10,10 50,0 85,20 60,45 35,46 60,48 92,70 60,98 8,90",
        "10,5 85,8 85,8 45,42 45,42 90,60 70,95 5,95",
        "10,10 60,0 80,22 45,48 38,42 50,44 90,70 55,100 5,88 ~ 4,10 60,0 84,20 40,52 30,42 48,38 96,66 62,100 0,96",
        "6,18 30,2 70,2 86,20 55,42 55,42 84,56 88,84 48,100 10,92 ~ "
        "12,4 45,0 72,8 76,24 38,38 38,38 90,50 98,80 60,100 0,84",
    ),
    "4": (
        "25,0 8,55 8,55 90,58|70,15 62,100",
        "20,2 15,45 45,52 85,45|82,0 78,100",
        "65,0 5,65 5,65 95,65|66,0 66,100",
        "70,100 70,0 70,0 5,68 5,68 95,68 ~ 80,100 86,4 86,4 5,48 12,58 92,46",
        "45,0 5,60 5,60 95,55|65,30 60,100",
        "10,5 12,50 50,55 90,45|88,5 85,100",
        "15,0 8,48 8,48 92,48|85,0 80,100 ~ 68,0 5,62 5,62 96,58|74,0 68,100",
        "12,0 5,50 5,50 84,50 84,50 86,4 86,4 82,100 ~ 30,0 4,52 22,62 74,56 74,56 88,2 88,2 74,100",
    ),
    "5": (
        "18,5 12,45 12,45 50,38 88,55 85,85 45,100 5,88|18,5 85,3",
        "88,2 20,2 20,2 14,45 14,45 55,36 90,62 75,92 40,100 5,88",
        "85,5 40,5 18,15 15,42 50,42 85,60 75,92 35,100 5,90",
        "85,0 15,0 15,0 15,45 15,45 85,45 85,45 85,95 85,95 10,98",
        "95,0 40,5 40,5 25,42 70,42 80,70 50,98 5,92",
        "20,5 15,35 15,35 52,30 90,55 82,88 45,100 5,90|20,5 90,3 ~ "
        "24,5 24,11 24,11 58,20 92,54 78,90 42,100 5,93|22,5 98,2",
        "90,2 24,3 24,3 20,34 20,34 58,30 92,60 76,92 40,100 5,90 ~ "
        "94,0 32,3 32,3 31,12 31,12 62,24 93,58 78,92 40,100 5,94",
        "92,5 55,0 22,12 25,35 62,48 88,70 65,98 5,92 ~ 98,0 60,4 34,12 30,24 66,40 92,66 66,98 0,94",
        "16,18 12,48 12,48 50,40 88,58 84,88 45,100 5,90|28,2 95,0 ~ "
        "12,12 22,42 30,44 62,42 86,62 76,92 44,100 8,86|36,10 100,-4",
    ),
    "6": (
        "75,0 30,25 8,65 30,98 70,98 92,75 70,52 35,55 12,75",
        "60,0 20,45 10,78 40,100 80,88 85,62 55,52 20,68",
        "85,10 55,0 20,25 8,65 30,98 70,96 88,75 65,55 25,62",
        "70,0 25,30 10,75 45,100 85,80 70,58 35,65 30,85 ~ 60,0 20,25 2,70 35,100 85,90 92,66 66,52 40,62",
        "55,0 15,50 15,95 75,98 85,65 25,60",
        "40,0 14,40 10,78 36,100 70,94 74,72 48,64 16,78 ~ 20,0 10,45 12,82 40,100 84,92 88,66 52,58 14,76",
        "90,4 40,16 8,55 22,96 62,100 88,74 62,44 14,56 ~ 96,14 60,0 14,30 8,88 50,102 76,84 62,68 22,74",
    ),
    "7": (
        "5,3 92,3 92,3 40,100",
        "8,18 8,3 8,3 92,3 92,3 42,100",
        "5,3 90,3 90,3 38,100|22,50 82,46",
        "5,8 50,2 92,5 92,5 60,45 45,100 ~ 2,14 40,0 90,8 90,8 66,50 60,100",
        "8,20 8,4 8,4 92,3 92,3 42,100|25,52 80,48",
        "8,10 90,0 90,0 20,100",
        "5,15 30,2 60,10 92,3 92,3 40,100|25,55 75,48",
        "4,16 30,3 68,2 90,14 78,42 48,100 ~ 2,24 26,4 62,0 88,22 82,55 62,100",
        "4,14 36,2 90,6 86,20 58,60 46,100|28,56 88,50 ~ 2,8 40,4 88,0 94,8 70,50 50,100|44,54 92,44",
    ),
    "8": (
        "82,15 50,0 18,15 30,40 70,58 90,82 50,100 10,82 30,58 70,40 82,15 75,5",
        "50,0 20,12 22,38 50,46 78,36 80,12 50,0|50,46 15,58 10,85 50,100 90,85 85,58 50,46",
        "50,46 85,28 75,4 35,2 18,25 50,47 88,70 78,97 30,99 10,75 50,46",
        "80,20 40,0 15,25 75,65 60,100 20,90 30,60 75,30 80,10",
        "85,5 30,5 20,35 80,65 70,98 20,95 15,70 85,5",
        "86,14 52,0 18,16 34,40 72,60 88,82 50,100 12,82 32,56 60,38 78,24 ~ "
        "94,10 48,0 16,20 36,44 76,62 86,86 50,100 14,86 33,58 56,42 73,30",
        "70,6 34,2 16,20 40,42 74,58 84,84 46,100 14,84 34,58 66,40 86,12 ~ "
        "56,4 22,6 10,24 34,46 70,64 74,88 44,102 20,88 36,60 72,34 96,2",
        "60,44 30,34 24,12 52,0 80,12 72,34 40,48 12,70 26,96 66,100 88,78 72,54 ~ "
        "40,42 14,28 30,2 70,2 84,24 56,44 22,60 10,84 40,100 80,94 86,68 58,50",
    ),
    "9": (
        "85,20 50,0 12,18 15,45 50,55 85,35 88,10 88,10 85,55 78,100",
        "88,25 60,0 15,15 15,45 55,55 88,28 86,55 70,90 20,98",
        "85,12 45,2 12,22 25,50 65,48 88,15 88,15 86,100",
        "85,15 45,0 10,25 40,50 85,20 88,75 60,100 15,92",
        "75,10 35,0 10,30 45,52 78,15|80,5 82,100",
        "72,6 36,2 10,26 30,50 66,42 86,8 86,8 84,50 74,100 ~ 56,12 26,8 8,32 30,54 64,44 88,0 88,0 82,50 64,100",
        "80,12 52,0 26,14 34,34 64,30 82,8 82,8 80,52 72,100 ~ 82,10 58,0 16,20 26,44 66,36 86,10 86,10 72,56 42,100",
        "84,16 48,0 12,20 26,48 70,42 86,14 82,70 46,100 8,84 ~ 92,10 50,0 8,14 14,52 72,52 94,12 84,62 58,96 16,98",
    ),
}

LETTERS: Mapping[str, Sequence[str]] = {
    "A": ("5,100 50,0 50,0 95,100|22,62 78,62",),
    "E": ("90,0 10,0 10,0 10,100 10,100 90,100|10,48 75,48",),
    "F": ("10,100 10,0 10,0 90,0|10,48 75,48",),
    "H": ("8,0 8,100|92,0 92,100|8,50 92,50",),
    "K": ("10,0 10,100|90,0 10,55 10,55 92,100",),
    "M": ("5,100 15,0 15,0 50,65 50,65 85,0 85,0 95,100",),
    "N": ("8,100 8,0 8,0 92,100 92,100 92,0",),
    "P": ("12,100 12,0 12,0 70,3 90,25 70,50 12,52",),
    "R": ("12,100 12,0 12,0 70,3 88,25 65,48 12,50 12,50 92,100",),
    "U": ("8,0 8,65 30,98 70,98 92,65 92,0",),
    "W": ("2,0 25,100 25,100 50,30 50,30 75,100 75,100 98,0",),
    "X": ("8,0 92,100|92,0 8,100",),
    "a": ("85,25 50,5 12,30 12,75 45,98 85,60 85,5 85,5 85,80 98,98",),
    "d": ("80,50 45,38 12,65 30,98 65,95 82,60|84,0 84,100",),
    "e": ("10,52 90,48 80,12 45,0 10,35 15,80 55,100 92,82",),
    "h": ("12,0 12,100 12,60 45,38 80,50 84,100",),
    "k": ("12,0 12,100|75,38 14,70 14,70 82,100",),
    "m": ("5,0 5,100 5,30 28,2 48,25 50,100 52,30 75,2 94,25 96,100",),
    "n": ("12,0 12,100 14,30 50,2 84,28 86,100",),
    "w": ("2,0 18,85 32,95 50,30 50,30 65,95 82,88 98,0",),
}


def skeleton(text: str, share: float = 0.0) -> list[Points]:
    """Return the strokes of one entry of the tables, `(points, 2)` each, in a unit box.

    Args:
        text: the entry.
        share: how far the way from its first to its last form goes, from 0 to 1.

    Source: E. Catmull, R. Rom (1974), *A class of local interpolating splines*, tension 1/2.
    """
    return [_smooth(points) for points in _points(text, share)]


def drawing(text: str, rng: np.random.Generator, *, wobble: float = 0.035) -> list[Points]:
    """Return one hand's version of an entry of the tables.

    It lies somewhere between the entry's two forms. Its points are moved, in a hasty hand corners become round; the
    whole is bent, slanted, squeezed and rotated. A stroke may end early, or begin with the hook of a pen set down.

    Args:
        text: the entry.
        rng: source of the differences.
        wobble: standard deviation of a point's displacement, in boxes.
    """
    slant, turn = rng.normal(0, 0.18), rng.normal(0, 0.10)
    narrow = np.exp(rng.normal(-0.25, 0.25))
    cos, sin = np.cos(turn), np.sin(turn)
    shape = np.array([[cos, -sin], [sin, cos]]) @ np.array([[narrow, -slant], [0.0, 1.0]])
    bend = rng.normal(0, 0.18, (2, 2))
    hasty = rng.random() < 0.15
    strokes = []
    for points in _points(text, float(rng.random())):
        corner = np.concatenate([[False], (points[1:] == points[:-1]).all(1)])
        moved = points + rng.normal(0, wobble, points.shape)
        moved[corner] = moved[np.flatnonzero(corner) - 1]
        moved += rng.normal(0, wobble / 2, 2)
        line = _smooth(moved[~corner] if hasty else moved)
        line = (line + line * (1 - line) @ bend) @ shape.T
        if rng.random() < 0.2:
            line = line[: -max(1, len(line) // 20)]
        if rng.random() < 0.15:
            line = np.concatenate([line[:1] + rng.normal(0, 0.04, 2), line])
        strokes.append(line + rng.normal(0, rng.choice([0.0, 0.004, 0.01]), line.shape))
    if rng.random() < 0.3:
        steps = rng.uniform(25, 60)  # a coarse digitiser: a digit is that many of its points high
        strokes = [(line * steps).round() / steps for line in strokes]
    return strokes


def digits(count: int, *, seed: int) -> Pictures:
    """Return drawn digits, as many of each class and each habit, with pens from half to one and a half of MNIST's."""
    rng = np.random.default_rng(seed)
    pictures = torch.empty(count, 1, SIDE, SIDE, dtype=torch.uint8)  # floats would take four times as much
    for index in range(count):
        label = index % 10
        habits = DIGITS[str(label)]
        strokes = drawing(habits[index // 10 % len(habits)], rng, wobble=float(rng.uniform(0.02, 0.06)))
        if label == 0 and len(strokes) == 1 and rng.random() < 0.5:
            strokes.append(_slash(strokes[0], rng))
        pictures[index, 0] = preprocess(strokes, pen=float(rng.uniform(0.6, 1.5))).picture.mul(255).round()
    return Pictures(pictures, torch.arange(count) % 10)


def _slash(zero: Points, rng: np.random.Generator) -> Points:
    """Return a slash through a zero: short or long, steep or flat, drawn from its upper right to its lower left."""
    low, high = zero.min(0), zero.max(0)
    middle = (low + high) / 2 + rng.normal(0, 0.06, 2) * (high - low)
    angle, half = rng.uniform(0.4, 1.35), rng.uniform(0.3, 0.9)
    reach = half * np.array([np.cos(angle), -np.sin(angle)]) * (high - low).max()
    slash: Points = np.stack([middle + reach, middle - reach])
    return slash


def _points(text: str, share: float) -> list[Points]:
    """Return the points of each stroke of an entry, between its first and its last form."""
    first, last = (
        [np.array([point.split(",") for point in stroke.split()], dtype=float) / 100 for stroke in form.split("|")]
        for form in (text.split("~")[0], text.split("~")[-1])
    )
    return [start + share * (end - start) for start, end in zip(first, last, strict=True)]


def _smooth(points: Points, per_span: int = 8) -> Points:
    """Return the Catmull-Rom curve through the points, `per_span` new points for each given one."""
    padded = np.concatenate([points[:1], points, points[-1:]])
    p0, p1, p2, p3 = (padded[i : len(padded) - 3 + i, None, :] for i in range(4))
    t = np.linspace(0, 1, per_span, endpoint=False)[None, :, None]
    cubic = 2 * p1 + (p2 - p0) * t + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t**2 + (3 * p1 - p0 - 3 * p2 + p3) * t**3
    curve: Points = np.concatenate([(cubic / 2).reshape(-1, 2), points[-1:]])
    return curve
