"""Serves one of some small models of one's own, as a person's script would: `explorer.explore`."""

import argparse

import torch
from torch import Tensor, nn

from explorer import explore


class Pair(nn.Module):
    """A picture, five numbers, and an answer of several tensors."""

    def __init__(self) -> None:
        super().__init__()
        self.image, self.numbers, self.head = nn.Conv2d(3, 6, 3), nn.Linear(5, 6), nn.Linear(6, 3)

    def forward(self, image: Tensor, numbers: Tensor) -> dict[str, Tensor]:
        features = torch.relu(self.image(image)).mean((2, 3)) + self.numbers(numbers)
        return {"features": features, "logits": self.head(features)}


class Tokens(nn.Module):
    """Sixty words of twelve numbers each."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.head = nn.Embedding(50, 12), nn.Linear(12, 4)

    def forward(self, ids: Tensor) -> Tensor:
        return self.head(torch.relu(self.embed(ids)).mean(1))


def colours(height: int, width: int) -> Tensor:
    """A picture whose red grows to the right and whose green grows down."""
    y, x = torch.meshgrid(torch.linspace(0, 1, height), torch.linspace(0, 1, width), indexing="ij")
    return torch.stack([x, y, 1 - x])[None]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("name")
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args()
    torch.manual_seed(0)
    given = {"port": options.port, "open_browser": False}
    match options.name:
        case "pictures":
            layers = nn.Conv2d(3, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(4), nn.Flatten(), nn.Linear(128, 3)
            explore(nn.Sequential(*layers).eval(), colours(48, 48), classes=["cat", "dog", "fox"], **given)
        case "digits":
            layers = nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 26 * 26, 10)
            explore(nn.Sequential(*layers).eval(), torch.rand(1, 1, 28, 28), **given)
        case "pair":
            explore(Pair().eval(), colours(24, 24), torch.randn(1, 5), classes=["cat", "dog", "fox"], **given)
        case "segmenter":
            layers = nn.Conv2d(3, 6, 3, padding=1), nn.ReLU(), nn.Conv2d(6, 4, 3, padding=1)
            explore(nn.Sequential(*layers).eval(), colours(32, 48), classes=["ground", "car", "tree", "sky"], **given)
        case "tokens":
            explore(Tokens().eval(), torch.randint(0, 50, (1, 60)), **given)
        case "fails":
            layers = nn.Conv2d(3, 8, 3), nn.Flatten(), nn.Linear(10, 3)
            explore(nn.Sequential(*layers).eval(), colours(24, 24), **given)


if __name__ == "__main__":
    main()
