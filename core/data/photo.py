"""A grey picture of a digit → ink → 28×28, by the recipe that `core.data.strokes` follows for pen strokes."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from core.data.strokes import BOX, SIDE, Preprocessed, centre_of_mass, mass_centred
from core.told import keyed

__all__ = ["Scan", "preprocess_scan", "preprocessed_already", "scan"]

PLAIN = 0.04
"""A picture whose greys lie closer together than this, intensity, is of one colour."""

OUTLIERS = 0.1
"""A border pixel further than this from the paper, intensity, belongs to something on it."""

BINS = 256
"""Levels of grey among which the one between paper and ink is looked for."""

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

    The paper is the plane a + b·column + c·row through the grey of the border, so that uneven light does not turn into
    ink. What differs from it towards the ink's side is ink where it exceeds half of Otsu's threshold, and has
    intensity 1 at the mean of what exceeds the whole.

    Args:
        grey: `(H, W)` floats, intensity in [0, 1], 0 black.

    Raises:
        ValueError: the picture is not `(H, W)` with at least 4 pixels a side, or of one colour.

    Source: N. Otsu, "A threshold selection method from gray-level histograms" (1979).
    """
    if grey.ndim != 2 or min(grey.shape) < 4:
        raise ValueError(f"the picture has shape {tuple(grey.shape)}, expected (H, W) of at least 4 pixels each")
    if float(grey.max() - grey.min()) < PLAIN:
        raise keyed(ValueError("the picture is of one colour: there is no ink on it to be read"), "told.picture.plain")
    lighter = grey - _paper(grey)
    dark = float(lighter.clamp(max=0).square().sum()) > float(lighter.clamp(min=0).square().sum())
    contrast = (-lighter if dark else lighter).clamp(min=0)
    threshold = _otsu(contrast)
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


def _paper(grey: Tensor) -> Tensor:
    """Return the grey of the paper at each pixel, from the border; its outliers do not count."""
    H, W = grey.shape
    rows, columns = torch.meshgrid(*(torch.linspace(-1, 1, n, device=grey.device) for n in (H, W)), indexing="ij")
    axes = torch.stack([torch.ones_like(grey), columns, rows], -1)
    border = torch.ones_like(grey, dtype=torch.bool)
    border[1:-1, 1:-1] = False
    near = border & ((grey - grey[border].median()).abs() <= OUTLIERS)
    plane = torch.linalg.lstsq(axes[near].double(), grey[near].double()[:, None]).solution
    paper: Tensor = (axes.double() @ plane)[..., 0].to(grey.dtype)
    return paper


def _otsu(contrast: Tensor) -> float:
    """Return the level that parts the values into two classes with the greatest variance between them."""
    top = float(contrast.max())
    counts = torch.histc(contrast, BINS, 0, top).double()
    levels = (torch.arange(BINS, dtype=torch.float64) + 0.5) * top / BINS
    below = counts.cumsum(0)
    above = below[-1] - below
    sums = (counts * levels).cumsum(0)
    means = sums / below.clamp(min=1), (sums[-1] - sums) / above.clamp(min=1)
    between = below * above * (means[1] - means[0]).square()
    return float(between[:-1].argmax() + 1) * top / BINS


def _box(ink: Tensor) -> tuple[float, float, float, float]:
    """Return `(left, top, right, bottom)` of the visible ink as shares of the square's side."""
    S = len(ink)
    seen = ink > VISIBLE * ink.max()
    rows, columns = (seen.any(axis).nonzero()[:, 0] for axis in (1, 0))
    return int(columns[0]) / S, int(rows[0]) / S, (int(columns[-1]) + 1) / S, (int(rows[-1]) + 1) / S


def _resized(square: Tensor, side: int) -> Tensor:
    return F.interpolate(square[None, None], (side, side), mode="bilinear", antialias=True)[0, 0].clamp(0, 1)
