"""The networks of `benchmarks.training`: digits set upright by fixed weights, then a small trained part."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["Maps", "Rows", "Upright", "principal"]

SIDE = 28
"""Of MNIST's pictures."""

SLANTS = torch.linspace(-1, 1, 33)
"""Pixels to the right per pixel down that a picture is sheared by."""

BLOCK = 256
"""Pictures of one slant that are mapped together: with one shape of product, oneDNN prepares itself once."""


class Upright(nn.Module):
    """Set digits upright, uint8 `(N, 1, 28, 28)` → `(N, features)`, by the linear map that belongs to each one's slant.

    A picture is sheared until its second moment Σ ink · x · y about its centre vanishes. Shearing by one of `SLANTS`,
    with linear interpolation, and all that follows it up to the first trained layer is one matrix for each slant;
    nothing of it is trained by gradients. Source: the deslanted MNIST of LeCun, Bottou, Bengio & Haffner 1998.

    Args:
        rows: `(28, H)`, what is made of the upright picture's rows, and of its columns alike.
        squares: side of the squares of pixels that become channels; the features are `(H, W, C)` in this order.
        dtype: of the products and the features.
    """

    def __init__(self, rows: Tensor, squares: int = 1, dtype: torch.dtype = torch.float32):
        super().__init__()
        at = torch.arange(SIDE) - (SIDE - 1) / 2
        from_column = at + SLANTS[:, None, None] * at[:, None]  # (slants, y, u): where an upright column u is read
        read = (1 - (at[:, None] - from_column[:, :, None]).abs()).clamp(min=0) / 255  # (slants, y, x, u)
        H = rows.shape[1] // squares
        maps = torch.einsum("syxu,uw,yh->syxhw", read, rows, rows)
        maps = maps.reshape(len(SLANTS), SIDE**2, H, squares, H, squares).transpose(3, 4)
        self.maps = nn.Parameter(maps.reshape(len(SLANTS), SIDE**2, -1).to(dtype), requires_grad=False)
        y, x = torch.meshgrid(at, at, indexing="ij")
        moments = torch.stack([torch.ones(SIDE, SIDE), x, y, x * y, y * y], -1).reshape(SIDE**2, -1)
        self.moments = nn.Parameter(moments.to(dtype), requires_grad=False)

    def forward(self, pictures: Tensor) -> Tensor:
        """Return the features, in the maps' precision."""
        x = pictures.flatten(1).to(self.maps.dtype)
        slants = _slants(x @ self.moments)
        found = x.new_empty(len(x), self.maps.shape[2])
        by_slant = torch.split(slants.argsort(), slants.bincount(minlength=len(SLANTS)).tolist())
        for map_, of_one_slant in zip(self.maps, by_slant, strict=True):
            for part in torch.split(of_one_slant, BLOCK):
                block = x.index_select(0, F.pad(part, (0, BLOCK - len(part))))
                found.index_copy_(0, part, (block @ map_)[: len(part)])
        return found

    def followed_by(self, weight: Tensor) -> None:
        """Let another fixed layer, `(features, others)`, follow within the same maps."""
        self.maps = nn.Parameter(self.maps @ weight.to(self.maps.dtype), requires_grad=False)


class Maps(nn.Module):
    """View rows `(N, H · W · C)` as square maps `(N, C, H, W)` that lie channels-last."""

    def __init__(self, channels: int):
        super().__init__()
        self.channels = channels

    def forward(self, x: Tensor) -> Tensor:
        """Return the maps."""
        side = round((x.shape[1] / self.channels) ** 0.5)
        return x.view(-1, side, side, self.channels).permute(0, 3, 1, 2)


class Rows(nn.Module):
    """View maps `(N, C, H, W)` that lie channels-last as rows `(N, H · W · C)`, without the copy of `nn.Flatten`."""

    def forward(self, x: Tensor) -> Tensor:
        """Return the rows."""
        return x.permute(0, 2, 3, 1).flatten(1)


def principal(x: Tensor, count: int, damping: float) -> Tensor:
    """Return the weight `(D, count)` of the principal components of `x`, `(N, D)`, scaled to about the same variance.

    Args:
        x: the sample.
        count: of components.
        damping: added to each variance; the greater, the less the small components are enlarged.
    """
    variances, components = torch.linalg.eigh(torch.cov(x.float().T))
    weight: Tensor = components[:, -count:] / (variances[-count:] + damping).sqrt()
    return weight


def _slants(moments: Tensor) -> Tensor:
    """Return the index in `SLANTS` of each picture's slant; `moments` are Σ ink · (1, x, y, xy, yy)."""
    ink, x, y, xy, yy = moments.float().unbind(1)
    ink = ink.clamp(min=1)
    slant = (xy - x * y / ink) / (yy - y * y / ink).clamp(min=1)
    return ((slant - SLANTS[0]) / (SLANTS[1] - SLANTS[0])).round().long().clamp(0, len(SLANTS) - 1)
