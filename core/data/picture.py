"""One picture, read the same way everywhere: upright, on paper, in eight bits; and fitted to a model."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image, ImageOps
from torch import Tensor

__all__ = ["LONGEST", "MOST_PIXELS", "fitted", "middle", "open_picture", "pixels"]

LONGEST = 1024
"""Larger pictures are scaled down to this longest side, pixels, as the page does it in the browser."""

MOST_PIXELS = 100_000_000
"""A file of more pixels is refused: what is small on the disk may not fit into memory."""

FAINT = 10
"""Greys of a picture on paper that lie closer together than this, of 255, show nothing."""


def open_picture(file: str | Path, *, channels: int) -> Image.Image:
    """Return a picture upright as its EXIF says, at most `LONGEST` a side, grey (1 channel) or in colours.

    Sixteen bits become eight; fractions from 0 to 1 count from black to white; other numbers from their lowest to their
    highest. Transparent pixels lie on white, or on black where nothing would be seen on white.

    Raises:
        OSError: there is no such file, or it is no picture.
        ValueError: it has too many pixels, or numbers that are NaN or infinite.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our own limit is below
        try:
            with Image.open(file) as image:
                return _read(image, channels)
        except Image.DecompressionBombError:
            raise ValueError(f"the picture has more than {MOST_PIXELS:,} pixels") from None


def _read(image: Image.Image, channels: int) -> Image.Image:
    if image.width * image.height > MOST_PIXELS:
        raise ValueError(f"the picture has more than {MOST_PIXELS:,} pixels: {image.width:,} × {image.height:,}")
    upright = _eight_bits(ImageOps.exif_transpose(image))
    upright.thumbnail((LONGEST, LONGEST))
    return (_on_paper(upright) if upright.mode == "RGBA" else upright).convert("L" if channels == 1 else "RGB")


def _eight_bits(image: Image.Image) -> Image.Image:
    """Return a picture in grey, in colours, or in colours with transparency, eight bits each."""
    if image.mode == "F" or image.mode.startswith("I"):
        return Image.fromarray(_greys(np.asarray(image), sixteen=image.mode.startswith("I;16")))
    if image.has_transparency_data:
        return image.convert("RGBA")
    return image.convert("L" if image.mode in ("1", "L") else "RGB")


def _greys(values: npt.NDArray[Any], *, sixteen: bool) -> npt.NDArray[np.uint8]:
    """Return the greys of a picture whose pixels are larger numbers or fractions."""
    low, high = float(values.min()), float(values.max())
    if not np.isfinite(high - low):
        raise ValueError("the picture holds NaN or infinite numbers, expected intensities")
    whole = np.issubdtype(values.dtype, np.integer)
    if sixteen or (whole and low >= 0 and 255 < high <= 65535):
        low, high = 0.0, 65535.0
    elif low >= 0 and high <= (255 if whole else 1):
        low, high = 0.0, 255.0 if whole else 1.0
    scaled = (values.astype(np.float32) - low) * (255 / max(high - low, 1e-12))
    return (scaled + 0.5).astype(np.uint8)


def _on_paper(picture: Image.Image) -> Image.Image:
    """Return a picture with transparency on white, or on black where nothing can be seen on white."""
    white, black = (
        Image.alpha_composite(Image.new("RGBA", picture.size, paper), picture).convert("RGB")
        for paper in ("white", "black")
    )
    return black if _spread(white) < FAINT <= _spread(black) else white


def _spread(picture: Image.Image) -> int:
    """Return how far the lightest and the darkest grey of a picture lie apart."""
    greys = np.asarray(picture.convert("L"))
    return int(greys.max()) - int(greys.min())


def middle(width: int, height: int, aspect: float) -> tuple[float, float, float, float]:
    """Return `(left, top, right, bottom)`, in shares of a picture, of its largest middle part of an aspect.

    Args:
        width: of the picture.
        height: of the picture.
        aspect: width over height of the part.
    """
    across, down = min(1.0, aspect * height / width), min(1.0, width / (aspect * height))
    return (1 - across) / 2, (1 - down) / 2, (1 + across) / 2, (1 + down) / 2


def fitted(picture: Image.Image, height: int, width: int) -> Tensor:
    """Return the middle of a picture, its longer side cut, as `(C, height, width)` uint8."""
    return pixels(ImageOps.fit(picture, (width, height), Image.Resampling.BILINEAR))


def pixels(picture: Image.Image) -> Tensor:
    """Return a picture as `(C, H, W)` uint8."""
    found = np.array(picture, dtype=np.uint8)
    return torch.from_numpy(found.reshape(*found.shape[:2], -1)).movedim(2, 0)
