"""Serves one of torchvision's networks with random weights, as a person's script would: `explorer.explore`."""

import argparse

import torch
import torchvision

from explorer import explore


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("name")
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args()
    torch.manual_seed(0)
    model = torchvision.models.get_model(options.name, weights=None).eval()
    classes = [f"class number {k}" for k in range(1000)]
    explore(model, torch.rand(1, 3, 64, 64), classes=classes, port=options.port, open_browser=False)


if __name__ == "__main__":
    main()
