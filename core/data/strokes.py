"""Pen strokes → a 28×28 picture as MNIST's makers would have made it; the one path of the pad and of evaluation.

Source of the recipe: Y. LeCun, C. Cortes, C. Burges, *The MNIST database of handwritten digits*: each digit is scaled
into a 20×20 box keeping its aspect ratio, then moved inside 28×28 so that its centre of mass lies in the middle.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from core.data.mnist import MEAN, STD

__all__ = ["PEN_WIDTH", "SIDE", "Preprocessed", "centre_of_mass", "mass_centred", "preprocess", "rasterise"]

Points = npt.NDArray[np.float64]
Picture = npt.NDArray[np.float32]
Stroke = Sequence[Sequence[float]] | npt.NDArray[np.floating]

SIDE = 28
"""Side of a picture, pixels."""

BOX = 20
"""Side of the box the ink is scaled into, pixels."""

MARGIN = (SIDE - BOX) // 2
"""Paper on each side of the box in the picture, pixels."""

PEN_WIDTH = 2.5
"""Width of MNIST's pen in its 20×20 box, pixels; `core.data.pen.match_pen` measures it on MNIST's training images."""

MAX_PEN = 4
"""The widest pen, as a multiple of MNIST's: half as wide as the box."""

CENTRE = 14.0
"""Row and column index of MNIST's centres of mass (training images: mean 14.0, 13.5 to 14.5)."""

SMALLEST = 1 / 16
"""Ink smaller than this part of the pad is a dot, and is not blown up to fill the box."""

MAX_POINTS = 20_000
"""Most points a drawing may have: a person draws a few hundred."""

MAX_COORDINATE = 1e9

SPACING = 0.25
"""Points closer than this along the stroke, in pixels of the picture, are left out before drawing."""


@dataclass(frozen=True)
class Preprocessed:
    """Every stage between the pad and the network, with its numbers.

    Attributes:
        centred: whether the ink was scaled and centred; False keeps it where and as large as it was drawn.
        pen_width: width of the redrawn pen, pixels; 0 for ink that was not redrawn.
        box: `(left, top, right, bottom)` of the ink's points, in the strokes' unit; None without ink.
        scale: pixels of the picture for one unit of the strokes; 1 without ink, and for a tap.
        scaled: `(20, 20)` the ink scaled into its box, intensity in [0, 1]; `(28, 28)` when not centred.
        mass: `(column, row)` of the centre of mass in the 28×28 picture before the shift, pixel index.
        shift: `(right, down)` whole pixels that bring it to the middle.
        picture: `(28, 28)` what the network is asked about, intensity in [0, 1].
    """

    centred: bool
    pen_width: float
    box: tuple[float, float, float, float] | None
    scale: float
    scaled: Tensor
    mass: tuple[float, float]
    shift: tuple[int, int]
    picture: Tensor

    @property
    def empty(self) -> bool:
        """Whether there is no ink, so that all pictures are 0."""
        return self.box is None

    @property
    def normalised(self) -> Tensor:
        """The picture in MNIST's standard deviations from MNIST's mean, `(28, 28)`."""
        return (self.picture - MEAN) / STD


def preprocess(
    strokes: Sequence[Stroke], *, pen: float = 1.0, pad: float | None = None, centred: bool = True
) -> Preprocessed:
    """Return the 28×28 picture of pen strokes, and every stage before it.

    ink → bounding box → scaled into 20×20, aspect ratio kept, redrawn with MNIST's pen → centre of mass moved to the
    middle of 28×28 → normalised.

    Args:
        strokes: pen-down strokes, each a list of `(x, y)` points, x to the right, y down, any unit. A stroke of one
            point is a tap; strokes without points are ignored.
        pen: width of the pen as a multiple of MNIST's.
        pad: side of the square pad, in the strokes' unit. Ink below 1/16 of it stays a dot.
        centred: False draws the pad's square straight onto 28×28, neither scaled to its ink nor centred (needs `pad`).

    Raises:
        ValueError: `pen` is not above 0 and at most 4; `pad` is not positive; `centred=False` without `pad`; a stroke
            is no list of finite `(x, y)` points, or there are more than 20,000 points.
    """
    if not 0 < pen <= MAX_PEN:
        raise ValueError(f"pen is {pen}, expected a multiple of MNIST's pen above 0 and at most {MAX_PEN}")
    if pad is not None and not (np.isfinite(pad) and pad > 0):
        raise ValueError(f"pad is {pad}, expected its side as a positive number")
    if not centred and pad is None:
        raise ValueError("centred=False needs pad, the side of the pad in the strokes' unit")
    lines = checked(strokes)
    pen_width = PEN_WIDTH * pen
    if not lines:
        blank = torch.zeros(BOX, BOX) if centred else torch.zeros(SIDE, SIDE)
        return Preprocessed(centred, pen_width, None, 1.0, blank, (CENTRE, CENTRE), (0, 0), torch.zeros(SIDE, SIDE))

    points = np.concatenate(lines)
    low, high = points.min(0), points.max(0)
    box = (float(low[0]), float(low[1]), float(high[0]), float(high[1]))
    if not centred:
        assert pad is not None
        scale = SIDE / pad
        flat = torch.from_numpy(rasterise([line * scale for line in lines], SIDE, pen_width))
        return Preprocessed(False, pen_width, box, scale, flat, centre_of_mass(flat), (0, 0), flat)

    extent = max(float((high - low).max()), 0.0 if pad is None else pad * SMALLEST)
    scale = (BOX - pen_width) / extent if extent > 0 else 1.0
    middle = (low + high) / 2
    scaled = torch.from_numpy(rasterise([(line - middle) * scale + BOX / 2 for line in lines], BOX, pen_width))
    mass, shift, picture = mass_centred(scaled)
    return Preprocessed(True, pen_width, box, scale, scaled, mass, shift, picture)


def mass_centred(scaled: Tensor) -> tuple[tuple[float, float], tuple[int, int], Tensor]:
    """Return `mass`, `shift` and `picture` of `Preprocessed` for ink scaled into its `(20, 20)` box."""
    column, row = centre_of_mass(scaled)
    mass = (column + MARGIN, row + MARGIN)
    right, down = (round(min(max(CENTRE - m, -MARGIN), MARGIN)) for m in mass)  # further, ink would be cut off
    picture = torch.zeros(SIDE, SIDE)
    picture[MARGIN + down : MARGIN + down + BOX, MARGIN + right : MARGIN + right + BOX] = scaled
    return mass, (right, down), picture


def checked(strokes: Sequence[Stroke]) -> list[Points]:
    """Return strokes that have points as `(points, 2)` float64 arrays.

    Raises:
        ValueError: a stroke is no list of finite `(x, y)` points, or there are more than 20,000 points in all.
    """
    lines = []
    if not hasattr(strokes, "__iter__"):
        raise ValueError(f"strokes is {type(strokes).__name__}, expected a list of strokes")
    for index, stroke in enumerate(strokes):
        try:
            line = np.asarray(stroke, dtype=np.float64)
        except (TypeError, ValueError, OverflowError):
            raise ValueError(f"stroke {index} is no list of (x, y) points: {str(stroke)[:60]}") from None
        if line.size == 0:
            continue
        if line.ndim != 2 or line.shape[1] != 2:
            raise ValueError(f"stroke {index} has shape {line.shape}, expected (points, 2): a list of (x, y)")
        wrong = np.flatnonzero(~(np.abs(line) <= MAX_COORDINATE).all(1))
        if wrong.size:
            x, y = line[wrong[0]]
            raise ValueError(
                f"stroke {index}, point {wrong[0]} is ({x:g}, {y:g}): coordinates must be finite and within ±1e9"
            )
        lines.append(line)
    total = sum(len(line) for line in lines)
    if total > MAX_POINTS:
        raise ValueError(f"the drawing has {total} points, at most {MAX_POINTS} are accepted")
    return lines


def rasterise(lines: Sequence[Points], side: int, width: float) -> Picture:
    """Return polylines drawn with a round pen on a square picture, `(side, side)`, intensity in [0, 1].

    picture[y, x] = clamp(width / 2 − distance(pixel centre, nearest segment) + 1/2, 0, 1)

    Args:
        lines: `(points, 2)` each, in pixels, the picture's top left corner being (0, 0).
        side: pixels.
        width: of the pen, pixels.
    """
    kept = [_thinned(line) for line in lines]
    start = np.concatenate([line[:-1] if len(line) > 1 else line for line in kept]).astype(np.float32)
    stop = np.concatenate([line[1:] if len(line) > 1 else line for line in kept]).astype(np.float32)
    span = stop - start  # (segments, 2)
    length = np.einsum("sd,sd->s", span, span)
    unit = span / np.maximum(length, 1e-12)[:, None]
    centre = np.arange(side, dtype=np.float32) + np.float32(0.5)
    # the position along the segment and the two offsets from its start are each an x part plus a y part
    dx, dy = centre - start[:, :1], centre - start[:, 1:]  # (segments, side)
    along = (dy * unit[:, 1:])[:, :, None] + (dx * unit[:, :1])[:, None, :]  # (segments, row, column)
    np.clip(along, 0, 1, out=along)
    across = dx[:, None, :] - along * span[:, 0, None, None]
    down = dy[:, :, None] - along * span[:, 1, None, None]
    np.multiply(across, across, out=across)
    np.multiply(down, down, out=down)
    across += down
    distance = np.sqrt(across.min(0))
    picture: Picture = np.clip(np.float32(width / 2 + 0.5) - distance, 0, 1)
    return picture


def _thinned(line: Points) -> Points:
    """Return the line without points that lie closer than `SPACING` pixels, along it, to a kept one."""
    if len(line) < 3:
        return line
    travelled = np.concatenate([[0.0], np.hypot(*np.diff(line, axis=0).T).cumsum()])
    step = np.floor(travelled / SPACING)
    keep = np.concatenate([[True], step[1:] != step[:-1]])
    keep[-1] = True
    thinned: Points = line[keep]
    return thinned


def centre_of_mass(picture: Tensor) -> tuple[float, float]:
    """Return the mean `(column, row)` of the ink, pixel index; the middle where there is none."""
    ink = picture.numpy(force=True)
    columns, rows = (ink.sum(axis, dtype=np.float64) for axis in (0, 1))
    total = float(columns.sum())
    if total == 0:
        return CENTRE, CENTRE
    index = np.arange(len(ink))
    return float(columns @ index) / total, float(rows @ index) / total
