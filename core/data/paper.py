"""Paper and ink in a photograph: the light on the paper at each place, and what belongs to the digit."""

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["contrast_to_paper", "is_dark", "otsu", "side_by_side", "written"]

REDUCED = 160
"""Longest side of the picture on which the paper's light is estimated, pixels."""

WIDEST = 0.3
"""Part of the longer side that is wider than any stroke: what is narrower does not count as paper."""

NEAR = 0.06
"""Standard deviation of the average over the paper around a place, in longer sides."""

COARSE = 112
"""Longest side of the picture whose connected parts are looked for, pixels."""

SPECK = 0.03
"""A part with less than this share of the ink is none of the digit's."""

BINS = 256
"""Levels of grey among which the one between paper and ink is looked for."""

GAP = 0.06
"""Bare columns between two digits, in heights of the ink."""

HIGH = 0.5
"""How high a digit is beside another one, in heights of the ink."""


def is_dark(grey: Tensor) -> bool:
    """Return whether ink is darker than its paper: strokes are narrow, so what differs from around them is skew."""
    small = _reduced(grey, REDUCED)
    width = _odd(WIDEST * max(small.shape))
    around = F.avg_pool2d(small[None, None], width, 1, width // 2, count_include_pad=False)[0, 0]
    return float((small - around).pow(3).sum()) < 0


def contrast_to_paper(grey: Tensor, *, shares: bool) -> Tensor:
    """Return how much darker each pixel is than the paper there, `(H, W)`, at least 0.

    The paper is the smaller of two estimates: the grey closed over what is narrower than `WIDEST`, which follows the
    edge of a shadow, and the average over paper nearby, which follows the light up to the border.

    Args:
        grey: `(H, W)`, intensity in [0, 1], ink dark.
        shares: as a share of the paper's light, which does not depend on the light; otherwise a difference.
    """
    small = _reduced(grey, REDUCED)
    width = _odd(WIDEST * max(small.shape))
    closed = _eroded(_dilated(small, width), width)
    bare = _relative(closed, small, shares=shares)
    paper = bare <= otsu(bare) / 2
    average = _blurred(small * paper, NEAR) / _blurred(paper.to(small.dtype), NEAR).clamp(min=1e-3)
    known = _blurred(paper.to(small.dtype), NEAR) > 1e-2
    light = torch.minimum(closed, torch.where(known, average, closed))
    whole = F.interpolate(light[None, None], grey.shape, mode="bilinear", align_corners=False)[0, 0]
    return _relative(whole, grey, shares=shares).clamp(min=0)


def otsu(contrast: Tensor) -> float:
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


def written(contrast: Tensor, threshold: float) -> Tensor:
    """Return which pixels belong to the digit or to bare paper, `(H, W)`: no specks, nothing that reaches in."""
    mask = _coarse(contrast > threshold)
    labels = _parts(mask)
    names, sizes = labels[mask].unique(return_counts=True)  # type: ignore[no-untyped-call]
    edge = torch.cat([labels[0], labels[-1], labels[:, 0], labels[:, -1]]).unique()  # type: ignore[no-untyped-call]
    inner = ~torch.isin(names, edge)
    wanted = (sizes >= SPECK * sizes.sum()) | (sizes == sizes.max())
    if bool((inner & wanted).any()):
        wanted &= inner
    foreign = torch.isin(labels, names[~wanted])
    around = F.max_pool2d(foreign[None, None].float(), 3, 1, 1)[0, 0]
    own = F.max_pool2d(torch.isin(labels, names[wanted])[None, None].float(), 3, 1, 1)[0, 0]
    kept = F.interpolate(((around > 0) & (own == 0))[None, None].float(), contrast.shape)[0, 0]
    return kept == 0


def side_by_side(mask: Tensor) -> bool:
    """Return whether digits stand beside each other: ink in two columns, both high, with bare paper between."""
    rows = mask.any(1).nonzero()[:, 0]
    if len(rows) == 0:
        return False
    high = int(rows[-1] - rows[0]) + 1
    columns = mask.any(0)
    starts = torch.nonzero(columns & ~torch.cat([columns.new_zeros(1), columns[:-1]]))[:, 0].tolist()
    ends = torch.nonzero(columns & ~torch.cat([columns[1:], columns.new_zeros(1)]))[:, 0].tolist()
    groups: list[tuple[int, int]] = []
    for start, end in zip(starts, ends, strict=True):
        if groups and start - groups[-1][1] <= GAP * high:
            groups[-1] = (groups[-1][0], end)
        else:
            groups.append((start, end))
    return sum(_height(mask[:, start : end + 1]) >= HIGH * high for start, end in groups) > 1


def _height(mask: Tensor) -> int:
    rows = mask.any(1).nonzero()[:, 0]
    return int(rows[-1] - rows[0]) + 1


def _relative(paper: Tensor, grey: Tensor, *, shares: bool) -> Tensor:
    return (paper - grey) / paper.clamp(min=0.02) if shares else paper - grey


def _reduced(grey: Tensor, side: int) -> Tensor:
    """Return the picture no larger than `side` each way, averaged."""
    scale = side / max(grey.shape)
    if scale >= 1:
        return grey
    size = [max(1, round(n * scale)) for n in grey.shape]
    return F.interpolate(grey[None, None], size, mode="bilinear", antialias=True)[0, 0]


def _coarse(mask: Tensor) -> Tensor:
    """Return the mask no larger than `COARSE` each way; a square of which any pixel is set is set."""
    size = [min(n, max(1, round(n * COARSE / max(*mask.shape, COARSE)))) for n in mask.shape]
    return F.adaptive_max_pool2d(mask[None, None].float(), size)[0, 0] > 0


def _parts(mask: Tensor) -> Tensor:
    """Return for each pixel of the mask the number of its connected part, above 0; 0 elsewhere."""
    labels = torch.arange(1, mask.numel() + 1, dtype=torch.float64).reshape(mask.shape) * mask
    while True:
        spread = F.max_pool2d(labels[None, None], 3, 1, 1)[0, 0] * mask
        if torch.equal(spread, labels):
            return labels
        labels = spread


def _odd(width: float) -> int:
    return max(3, round(width) // 2 * 2 + 1)


def _dilated(grey: Tensor, width: int) -> Tensor:
    """Return the largest value within a square around each pixel."""
    rows = F.max_pool2d(grey[None, None], (width, 1), 1, (width // 2, 0))
    return F.max_pool2d(rows, (1, width), 1, (0, width // 2))[0, 0]


def _eroded(grey: Tensor, width: int) -> Tensor:
    return -_dilated(-grey, width)


def _blurred(grey: Tensor, deviation: float) -> Tensor:
    """Return the sum around each pixel, weighted by a normal distribution of `deviation` longer sides; 0 outside."""
    sigma = deviation * max(grey.shape)
    reach = max(1, round(3 * sigma))
    weights = torch.exp(-0.5 * (torch.arange(-reach, reach + 1, dtype=grey.dtype, device=grey.device) / sigma) ** 2)
    weights = weights / weights.sum()
    rows = F.conv2d(grey[None, None], weights[None, None, :, None], padding=(reach, 0))
    return F.conv2d(rows, weights[None, None, None, :], padding=(0, reach))[0, 0]
