"""Serves a model that ConvScope has never seen: a branch, functional operations, and an output of three classes."""

import argparse

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.models import Card
from explorer.app import build, launch
from explorer.models.library import Library


class Branched(nn.Module):
    """Two convolutions of the same picture, joined by a sum and a concatenation."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, 4, 3, padding=1)
        self.side = nn.Conv2d(1, 4, 1)
        self.head = nn.Linear(8 * 7 * 7, 3)

    def forward(self, x: Tensor) -> Tensor:
        trunk = F.relu(self.stem(x))
        joined = torch.cat([trunk + self.side(x), torch.tanh(trunk)], dim=1)
        if x.max() > 1:  # an empty picture takes another path than a drawn one
            joined = joined * 2
        return self.head(F.adaptive_avg_pool2d(joined, 7).flatten(1))


def card() -> Card:
    return Card("branched", "Branched", "A test's model.", classes=("cat", "dog", "fish"), unsure_below=0.0)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    torch.manual_seed(7)
    library = Library()
    library.add(card(), Branched().eval())
    launch(build(library, model="branched"), host="127.0.0.1", port=parser.parse_args().port, open_browser=False).wait()


if __name__ == "__main__":
    main()
