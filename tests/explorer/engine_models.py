"""Small networks of every kind of step that the browser's engine computes and no shipped network has."""

from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from explorer.models.library import Library
from explorer.models.own import add

__all__ = ["BUILT", "library"]


class Branches(nn.Module):
    """Drawings: branches side by side, one of them a mean; a residual sum; a softmax within."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, 5, 3, stride=2, padding=1)
        self.wide = nn.Conv2d(5, 4, (1, 5), padding=(0, 2), bias=False)
        self.tall = nn.Conv2d(5, 3, (3, 1), padding=(1, 0), dilation=1)
        self.norm = nn.BatchNorm2d(12)
        self.again = nn.Conv2d(12, 12, 3, padding=2, dilation=2)
        self.drop = nn.Dropout(0.3)
        self.head = nn.Linear(12 * 9, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = F.gelu(self.stem(x))
        mean = F.avg_pool2d(x, 3, stride=1, padding=1, count_include_pad=False)
        x = self.norm(torch.cat([self.wide(x), self.tall(x), mean], 1))
        x = torch.add(x, F.relu(self.again(x)), alpha=0.5)
        x = F.adaptive_avg_pool2d(F.avg_pool2d(x, 2), (3, 3))
        x = x.view(1, 12, 9)
        x = self.drop(x + x.softmax(-1))
        return cast(Tensor, F.log_softmax(self.head(x.reshape(1, -1)), dim=1))


class Coloured(nn.Module):
    """Pictures in colours, larger than what is drawn cell by cell: windows that overlap, and bins of several sizes."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 6, 5, stride=3)
        self.side = nn.Conv2d(6, 6, 1)
        self.head = nn.Linear(6 * 20 + 6, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.first(x))
        x = x + F.silu(self.side(x))
        pooled = F.avg_pool2d(x, (2, 3), stride=(2, 3), ceil_mode=False, divisor_override=4)
        features = [F.adaptive_avg_pool2d(pooled, (5, 4)).flatten(1), F.adaptive_avg_pool2d(F.relu(x), 1).flatten(1)]
        return cast(Tensor, self.head(torch.cat(features, dim=-1)))


BUILT = ("branches", "coloured")
"""The names of the networks below."""


def library() -> Library:
    """Return the shipped models and these, with random weights that are always the same."""
    found = Library(device="cpu")
    generator = torch.Generator().manual_seed(17)
    examples = {
        Branches: torch.rand(1, 1, 28, 28, generator=generator),
        Coloured: torch.rand(1, 3, 71, 64, generator=generator),
    }
    for made, example in examples.items():
        with torch.random.fork_rng():
            torch.manual_seed(3)
            model = made().eval()
        for module in model.modules():
            if isinstance(module, nn.BatchNorm2d):
                assert module.running_mean is not None
                module.running_mean.uniform_(-0.2, 0.2, generator=generator)
        add(found, model, example, title=made.__name__)
    return found
