"""Digits and letters drawn by this program as pen strokes, each time a little differently.

The tables hold our own skeletons, in percent of a unit box: `x,y` points joined by a smooth curve, a repeated point
making a corner, `|` lifting the pen. They carry habits of pens that are rare in MNIST: slashed zeros, ones with a
flag and a foot, sevens with a tick.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import torch

from core.data.mnist import Pictures
from core.data.strokes import SIDE, Points, preprocess

__all__ = ["DIGITS", "LETTERS", "digits", "drawing", "skeleton"]

DIGITS: Mapping[str, Sequence[str]] = {
    "0": (
        "50,0 15,15 2,50 15,85 50,100 85,85 98,50 85,15 50,0 40,2",
        "60,4 25,10 5,50 25,95 60,95 90,60 85,20 55,2 35,12",
        "50,0 15,15 2,50 15,85 50,100 85,85 98,50 85,15 50,0|90,3 10,98",
        "50,0 15,15 2,50 15,85 50,100 85,85 98,50 85,15 50,0|78,22 24,80",
        "55,0 15,20 5,60 30,98 70,95 95,55 80,10 62,4",
        "40,10 60,0 90,25 85,80 45,100 8,75 12,25 45,5 75,15 95,5",
    ),
    "1": (
        "50,0 50,100",
        "62,0 38,100",
        "15,28 52,0 52,0 50,100",
        "15,28 52,0 52,0 52,100|20,100 85,100",
        "5,45 60,0 60,0 58,100",
        "5,40 50,0 50,0 50,100|10,100 90,100",
        "60,0 48,50 45,100",
    ),
    "2": (
        "8,25 25,3 60,0 88,18 80,45 40,75 5,98 5,98 95,98",
        "10,22 40,0 80,8 82,35 45,72 10,95 8,85 30,82 60,95 98,90",
        "5,8 50,0 90,15 70,45 5,100 5,100 95,96",
        "5,30 25,5 65,2 85,25 60,65 15,95 5,80 25,70 55,90 95,95",
        "20,35 10,15 45,0 80,12 75,45 5,95 5,95 50,88 95,100",
    ),
    "3": (
        "8,12 40,0 80,10 82,32 45,46 45,46 85,60 90,82 50,100 5,88",
        "8,2 85,2 85,2 40,40 40,40 85,55 88,82 45,100 5,88",
        "10,10 50,0 85,20 60,45 35,46 60,48 92,70 60,98 8,90",
        "10,5 85,8 85,8 45,42 45,42 90,60 70,95 5,95",
        "10,10 60,0 80,22 45,48 38,42 50,44 90,70 55,100 5,88",
    ),
    "4": (
        "25,0 8,55 8,55 90,58|70,15 62,100",
        "20,2 15,45 45,52 85,45|82,0 78,100",
        "65,0 5,65 5,65 95,65|66,0 66,100",
        "70,100 70,0 70,0 5,68 5,68 95,68",
        "45,0 5,60 5,60 95,55|65,30 60,100",
        "10,5 12,50 50,55 90,45|88,5 85,100",
    ),
    "5": (
        "18,5 12,45 12,45 50,38 88,55 85,85 45,100 5,88|18,5 85,3",
        "88,2 20,2 20,2 14,45 14,45 55,36 90,62 75,92 40,100 5,88",
        "85,5 40,5 18,15 15,42 50,42 85,60 75,92 35,100 5,90",
        "85,0 15,0 15,0 15,45 15,45 85,45 85,45 85,95 85,95 10,98",
        "95,0 40,5 40,5 25,42 70,42 80,70 50,98 5,92",
    ),
    "6": (
        "75,0 30,25 8,65 30,98 70,98 92,75 70,52 35,55 12,75",
        "60,0 20,45 10,78 40,100 80,88 85,62 55,52 20,68",
        "85,10 55,0 20,25 8,65 30,98 70,96 88,75 65,55 25,62",
        "70,0 25,30 10,75 45,100 85,80 70,58 35,65 30,85",
        "55,0 15,50 15,95 75,98 85,65 25,60",
    ),
    "7": (
        "5,3 92,3 92,3 40,100",
        "8,18 8,3 8,3 92,3 92,3 42,100",
        "5,3 90,3 90,3 38,100|22,50 82,46",
        "5,8 50,2 92,5 92,5 60,45 45,100",
        "8,20 8,4 8,4 92,3 92,3 42,100|25,52 80,48",
        "8,10 90,0 90,0 20,100",
        "5,15 30,2 60,10 92,3 92,3 40,100|25,55 75,48",
    ),
    "8": (
        "82,15 50,0 18,15 30,40 70,58 90,82 50,100 10,82 30,58 70,40 82,15 75,5",
        "50,0 20,12 22,38 50,46 78,36 80,12 50,0|50,46 15,58 10,85 50,100 90,85 85,58 50,46",
        "50,46 85,28 75,4 35,2 18,25 50,47 88,70 78,97 30,99 10,75 50,46",
        "80,20 40,0 15,25 75,65 60,100 20,90 30,60 75,30 80,10",
        "85,5 30,5 20,35 80,65 70,98 20,95 15,70 85,5",
    ),
    "9": (
        "85,20 50,0 12,18 15,45 50,55 85,35 88,10 88,10 85,55 78,100",
        "88,25 60,0 15,15 15,45 55,55 88,28 86,55 70,90 20,98",
        "85,12 45,2 12,22 25,50 65,48 88,15 88,15 86,100",
        "85,15 45,0 10,25 40,50 85,20 88,75 60,100 15,92",
        "75,10 35,0 10,30 45,52 78,15|80,5 82,100",
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


def skeleton(text: str, points_per_span: int = 8) -> list[Points]:
    """Return the strokes of one entry of the tables, `(points, 2)` each, in a unit box.

    Source: E. Catmull, R. Rom (1974), *A class of local interpolating splines*, tension 1/2.
    """
    return [_smooth(_points(stroke), points_per_span) for stroke in text.split("|")]


def drawing(text: str, rng: np.random.Generator, *, wobble: float = 0.035) -> list[Points]:
    """Return one hand's version of an entry of the tables: points moved, then slanted, squeezed and rotated.

    Args:
        text: the entry.
        rng: source of the differences.
        wobble: standard deviation of a point's displacement, in boxes.
    """
    slant, turn = rng.normal(0, 0.18), rng.normal(0, 0.10)
    narrow = np.exp(rng.normal(-0.25, 0.25))
    cos, sin = np.cos(turn), np.sin(turn)
    shape = np.array([[cos, -sin], [sin, cos]]) @ np.array([[narrow, -slant], [0.0, 1.0]])
    strokes = []
    for stroke in text.split("|"):
        points = _points(stroke)
        corner = np.concatenate([[False], (points[1:] == points[:-1]).all(1)])
        moved = points + rng.normal(0, wobble, points.shape)
        moved[corner] = moved[np.flatnonzero(corner) - 1]
        moved += rng.normal(0, wobble / 2, 2)
        line = _smooth(moved, 8) @ shape.T
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


def _points(stroke: str) -> Points:
    return np.array([[float(value) / 100 for value in point.split(",")] for point in stroke.split()])


def _smooth(points: Points, per_span: int) -> Points:
    """Return the Catmull-Rom curve through the points, `per_span` new points for each given one."""
    padded = np.concatenate([points[:1], points, points[-1:]])
    p0, p1, p2, p3 = (padded[i : len(padded) - 3 + i, None, :] for i in range(4))
    t = np.linspace(0, 1, per_span, endpoint=False)[None, :, None]
    cubic = 2 * p1 + (p2 - p0) * t + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t**2 + (3 * p1 - p0 - 3 * p2 + p3) * t**3
    curve: Points = np.concatenate([(cubic / 2).reshape(-1, 2), points[-1:]])
    return curve
