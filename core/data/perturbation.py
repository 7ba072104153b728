"""One picture changed on purpose, by known amounts: moved, turned, resized, thickened, inverted, made noisy."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["LIMITS", "NONE", "Perturbation", "perturb"]

LIMITS = {
    "right": (-14.0, 14.0),
    "down": (-14.0, 14.0),
    "rotation": (-180.0, 180.0),
    "scale": (0.25, 2.0),
    "thickness": (-4.0, 6.0),
    "noise": (0.0, 1.0),
}
"""Smallest and largest amount of each, in the unit of the attribute."""

LARGEST_SEED = 2**31 - 1


@dataclass(frozen=True)
class Perturbation:
    """How far a picture is changed; the steps are applied in the order of the attributes, those at rest not at all.

    Attributes:
        thickness: how much wider strokes get, both sides together, pixels; below 0 thinner.
        scale: size as a multiple, about the middle of the picture.
        rotation: angle about the middle of the picture, degrees clockwise.
        right, down: displacement, pixels.
        invert: whether ink and paper change places.
        noise: standard deviation of the normal noise added to each pixel, intensity.
        seed: of the noise.

    Raises:
        ValueError: an amount is no finite number or outside `LIMITS`; the seed is no whole number from 0 to 2³¹ − 1.
    """

    thickness: float = 0.0
    scale: float = 1.0
    rotation: float = 0.0
    right: float = 0.0
    down: float = 0.0
    invert: bool = False
    noise: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        for name, (low, high) in LIMITS.items():
            amount = getattr(self, name)
            if isinstance(amount, bool) or not isinstance(amount, int | float) or not low <= amount <= high:
                raise ValueError(f"{name} is {amount!r}, expected a number from {low:g} to {high:g}")
        if not isinstance(self.invert, bool):
            raise ValueError(f"invert is {self.invert!r}, expected true or false")
        if type(self.seed) is not int or not 0 <= self.seed <= LARGEST_SEED:
            raise ValueError(f"the seed is {self.seed!r}, expected a whole number from 0 to {LARGEST_SEED}")

    @classmethod
    def of(cls, amounts: Mapping[str, Any]) -> "Perturbation":
        """Return the perturbation of amounts by name, those that are left out at rest.

        Raises:
            ValueError: a name is unknown, or an amount not allowed.
        """
        unknown = set(amounts) - {field.name for field in fields(cls)}
        if unknown:
            known = ", ".join(field.name for field in fields(cls))
            raise ValueError(f"there is no perturbation {', '.join(sorted(unknown))}; there are {known}")
        return cls(**amounts)

    @property
    def off(self) -> bool:
        """Whether it leaves every picture as it is; a seed alone does nothing."""
        return self == Perturbation(seed=self.seed)

    @property
    def moves(self) -> bool:
        """Whether ink comes to lie elsewhere."""
        return (self.scale, self.rotation, self.right, self.down) != (1, 0, 0, 0)

    def warp(self, height: int, width: int) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
        """Return the matrix that takes `(column, row, 1)` of a place in the changed picture back to the unchanged one.

        Places are in pixels from the top left corner, so that the middle is `(width / 2, height / 2)`.
        """
        cos, sin = (f(math.radians(self.rotation)) / self.scale for f in (math.cos, math.sin))
        x, y = width / 2, height / 2
        to_x, to_y = x + self.right, y + self.down  # where the middle lies after the change
        return (cos, sin, x - cos * to_x - sin * to_y), (-sin, cos, y + sin * to_x - cos * to_y)


NONE = Perturbation()


def perturb(picture: Tensor, amount: Perturbation) -> Tensor:
    """Return the changed picture, in the type and on the device of the given one; itself where `amount` is off.

    Args:
        picture: `(H, W)` or `(C, H, W)` floats, intensity in [0, 1], 0 paper; paper is what comes in from outside.
        amount: how far; equal amounts give equal pictures, bit for bit.
    """
    if amount.thickness:
        picture = _widened(picture, amount.thickness)
    if amount.moves:
        picture = _warped(picture, amount)
    if amount.invert:
        picture = 1 - picture
    if amount.noise:
        noise = torch.randn(picture.shape, generator=torch.Generator().manual_seed(amount.seed))
        picture = (picture + amount.noise * noise.to(picture)).clamp(0, 1)
    return picture


def _widened(picture: Tensor, thickness: float) -> Tensor:
    """Return the picture with 3×3 dilations (erosions below 0), each 2 pixels wider; the last one by its share."""
    sign, left = math.copysign(1, thickness), abs(thickness) / 2
    while left > 0:
        wider = sign * F.max_pool2d(sign * picture.reshape(1, -1, *picture.shape[-2:]), 3, stride=1, padding=1)
        wider = wider.reshape(picture.shape)
        picture = torch.lerp(picture, wider, min(left, 1.0))
        left -= 1
    return picture


def _warped(picture: Tensor, amount: Perturbation) -> Tensor:
    """Return the picture resampled bilinearly; in float64, so that whole pixels move as they are, to float32."""
    H, W = picture.shape[-2:]
    rows, columns = torch.meshgrid(
        *(torch.arange(n, dtype=torch.float64, device=picture.device) + 0.5 for n in (H, W)), indexing="ij"
    )
    (a, b, c), (d, e, f) = amount.warp(H, W)
    x, y = a * columns + b * rows + c, d * columns + e * rows + f
    grid = torch.stack([2 * x / W - 1, 2 * y / H - 1], -1)[None]  # −1 and 1 are the picture's borders
    found = F.grid_sample(picture.double().reshape(1, -1, H, W), grid, padding_mode="zeros", align_corners=False)
    return found.reshape(picture.shape).clamp(0, 1).to(picture.dtype)
