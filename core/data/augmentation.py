"""Random distortions of whole batches on their own device: affine, elastic, and the width of the pen."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["Augmentation", "augment"]

PIVOT = 0.3
"""The intensity that a change of contrast leaves alone: low, so that thin strokes do not fade."""


@dataclass(frozen=True)
class Augmentation:
    """How far a batch is distorted; everything is drawn anew for each picture.

    Attributes:
        rotation: greatest angle, degrees.
        scale: greatest relative change of the width and, apart from it, of the height.
        shear: greatest slant, pixels sideways per pixel down.
        shift: greatest displacement along each axis, pixels.
        elastic: standard deviation of the displacement of single places, pixels; 0 leaves the step out.
        coarseness: side of the grid of elastic displacements, which are smooth between its points.
        thicker: greatest share of the way to the dilated picture (3×3).
        thinner: greatest share of the way to the eroded picture (3×3).
        contrast: greatest extra gain around the intensity `PIVOT`, which undoes the blur of the distortions.
    """

    rotation: float = 0.0
    scale: float = 0.0
    shear: float = 0.0
    shift: float = 0.0
    elastic: float = 0.0
    coarseness: int = 6
    thicker: float = 0.0
    thinner: float = 0.0
    contrast: float = 0.0


def augment(pictures: Tensor, amount: Augmentation, generator: torch.Generator) -> Tensor:
    """Return a distorted batch, `(N, 1, H, W)` floats like the input, paper (0) outside.

    Args:
        pictures: `(N, 1, H, W)`, intensity in [0, 1].
        amount: how far.
        generator: of the pictures' device.
    """
    warped = F.grid_sample(pictures, _grid(pictures, amount, generator), padding_mode="zeros", align_corners=False)
    if amount.thicker or amount.thinner:
        warped = _width(warped, amount, generator)
    if amount.contrast:
        gain = 1 + torch.rand(len(warped), 1, 1, 1, device=warped.device, generator=generator) * amount.contrast
        warped = ((warped - PIVOT) * gain + PIVOT).clamp(0, 1)
    return warped


def _grid(pictures: Tensor, amount: Augmentation, generator: torch.Generator) -> Tensor:
    """Return where each output pixel is read, `(N, H, W, 2)` in `grid_sample`'s coordinates from −1 to 1."""
    N, _, H, W = pictures.shape

    def within(limit: float) -> Tensor:
        return (torch.rand(N, device=pictures.device, generator=generator) * 2 - 1) * limit

    angle = torch.deg2rad(within(amount.rotation))
    wide, high, slant = 1 + within(amount.scale), 1 + within(amount.scale), within(amount.shear)
    right, down = within(2 * amount.shift / W), within(2 * amount.shift / H)
    cos, sin = angle.cos(), angle.sin()
    rows = [cos * wide, cos * slant - sin * high, right, sin * wide, sin * slant + cos * high, down]
    grid = F.affine_grid(torch.stack(rows, 1).view(N, 2, 3), [N, 1, H, W], align_corners=False)
    if amount.elastic:
        k = amount.coarseness
        noise = torch.randn(N, 2, k, k, device=pictures.device, generator=generator)
        field = F.interpolate(noise, (H, W), mode="bicubic", align_corners=True)
        grid = grid + field.permute(0, 2, 3, 1) * (2 * amount.elastic / torch.tensor([W, H], device=pictures.device))
    return grid


def _width(pictures: Tensor, amount: Augmentation, generator: torch.Generator) -> Tensor:
    """Return the batch with the pen widened or narrowed, each picture by its own share."""
    draw = torch.rand(len(pictures), 1, 1, 1, device=pictures.device, generator=generator)
    share = draw * (amount.thicker + amount.thinner) - amount.thinner  # below 0: thinner
    dilated = F.max_pool2d(pictures, 3, stride=1, padding=1)
    eroded = -F.max_pool2d(-pictures, 3, stride=1, padding=1)
    return pictures + share.clamp(min=0) * (dilated - pictures) - (-share).clamp(min=0) * (pictures - eroded)
