"""A grey picture of a digit → ink → 28×28, by the recipe that `core.data.strokes` follows for pen strokes."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from core.data.paper import contrast_to_paper, is_dark, otsu, side_by_side, written
from core.data.strokes import BOX, SIDE, Preprocessed, centre_of_mass, mass_centred
from core.told import keyed

__all__ = ["Scan", "preprocess_scan", "preprocessed_already", "scan"]

PLAIN = 0.04
"""A picture whose greys lie closer together than this, intensity, is of one colour."""

VISIBLE = 0.1
"""Ink paler than this share of the darkest is not counted into the bounding box."""


@dataclass(frozen=True)
class Scan:
    """A picture told apart into paper and ink.

    Attributes:
        ink: `(S, S)`, intensity in [0, 1], 0 paper; the picture in the middle of a square.
        dark: whether the ink was darker than its paper, as a pencil's; MNIST's is lighter.
        size: `(height, width)` of the picture before it was fitted into the square, pixels.
    """

    ink: Tensor
    dark: bool
    size: tuple[int, int]


def scan(grey: Tensor) -> Scan:
    """Return the ink of a grey picture, light or dark on its paper.

    The paper is estimated at each place (`core.data.paper`), so that a lamp, a shadow or a fold does not turn into ink.
    What differs from it towards the ink's side, of dark ink as a share of the paper's light, is ink where it exceeds
    half of Otsu's threshold, and has intensity 1 at the mean of what exceeds the whole. What reaches in from the
    border (a table, another line) is left out where there is ink inside, and so are specks.

    Args:
        grey: `(H, W)` floats, intensity in [0, 1], 0 black.

    Raises:
        ValueError: the picture is not `(H, W)` with at least 4 pixels a side, is of one colour, or shows several
            digits.

    Source: N. Otsu, "A threshold selection method from gray-level histograms" (1979).
    """
    if grey.ndim != 2 or min(grey.shape) < 4:
        raise ValueError(f"the picture has shape {tuple(grey.shape)}, expected (H, W) of at least 4 pixels each")
    if float(grey.max() - grey.min()) < PLAIN:
        raise keyed(ValueError("the picture is of one colour: there is no ink on it to be read"), "told.picture.plain")
    dark = is_dark(grey)
    contrast = contrast_to_paper(grey if dark else 1 - grey, shares=dark)
    threshold = otsu(contrast)
    belongs = written(contrast, threshold)
    threshold = otsu(contrast[belongs])
    if side_by_side(torch.where(belongs, contrast, 0.0) > threshold):
        raise keyed(ValueError("the picture shows several digits: one at a time can be read"), "told.picture.several")
    contrast = torch.where(belongs, contrast, 0.0)
    full = contrast[contrast > threshold].mean()
    ink = ((contrast - threshold / 2) / (full - threshold / 2)).clamp(0, 1)
    H, W = grey.shape
    side = max(H, W)
    square = grey.new_zeros(side, side)
    top, left = (side - H) // 2, (side - W) // 2
    square[top : top + H, left : left + W] = ink
    return Scan(square, dark, (H, W))


def preprocess_scan(found: Scan, *, centred: bool = True) -> Preprocessed:
    """Return the 28×28 picture of scanned ink, and every stage before it, as `core.data.strokes.preprocess` does.

    The strokes' unit is the side of the square. The pen stays as wide as it was written: `pen_width` is 0.
    """
    ink = found.ink
    S = len(ink)
    if not centred:
        flat = _resized(ink, SIDE)
        return Preprocessed(False, 0.0, _box(ink), float(SIDE), flat, centre_of_mass(flat), (0, 0), flat)
    left, top, right, bottom = (round(u * S) for u in _box(ink))
    extent = max(right - left, bottom - top)
    x, y = left - (extent - (right - left)) // 2, top - (extent - (bottom - top)) // 2
    framed = F.pad(ink, (extent,) * 4)  # the square around the box may reach over the border
    scaled = _resized(framed[y + extent : y + 2 * extent, x + extent : x + 2 * extent], BOX)
    scaled = scaled / scaled.max()
    box = (x / S, y / S, (x + extent) / S, (y + extent) / S)
    return Preprocessed(True, 0.0, box, BOX * S / extent, scaled, *mass_centred(scaled))


def preprocessed_already(picture: Tensor) -> Preprocessed:
    """Return the stages that leave a `(28, 28)` picture alone: others prepared it, such as MNIST's makers."""
    box, mass = _box(picture), centre_of_mass(picture)
    return Preprocessed(False, 0.0, box, float(SIDE), picture, mass, (0, 0), picture)


def _box(ink: Tensor) -> tuple[float, float, float, float]:
    """Return `(left, top, right, bottom)` of the visible ink as shares of the square's side."""
    S = len(ink)
    seen = ink > VISIBLE * ink.max()
    rows, columns = (seen.any(axis).nonzero()[:, 0] for axis in (1, 0))
    return int(columns[0]) / S, int(rows[0]) / S, (int(columns[-1]) + 1) / S, (int(rows[-1]) + 1) / S


def _resized(square: Tensor, side: int) -> Tensor:
    return F.interpolate(square[None, None], (side, side), mode="bilinear", antialias=True)[0, 0].clamp(0, 1)
