"""How wide MNIST's pen is, measured on its training pictures: where `core.data.strokes.PEN_WIDTH` comes from.

`python -m core.data.pen --data-dir DIR` prints it.
"""

import argparse
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from core.data import mnist
from core.data.drawn import DIGITS, drawing
from core.data.strokes import PEN_WIDTH, preprocess

__all__ = ["ink_width", "match_pen"]


def ink_width(pictures: Tensor) -> Tensor:
    """Return the mean width of the ink in each picture, pixels: twice its area over the length of its outline.

    The outline of a grey picture is its total variation ∫|∇I|, so a line of length L and width w has the area L·w and
    the outline 2·(L + w).

    Args:
        pictures: `(N, 1, H, W)` floats, intensity in [0, 1].

    Source: the coarea formula, W. Fleming, R. Rishel (1960).
    """
    padded = torch.nn.functional.pad(pictures, (1, 1, 1, 1))
    down = (padded[:, :, 1:, :] - padded[:, :, :-1, :])[..., :-1]
    right = (padded[:, :, :, 1:] - padded[:, :, :, :-1])[:, :, :-1]
    return 2 * pictures.sum((1, 2, 3)) / torch.hypot(down, right).sum((1, 2, 3)).clamp(min=1e-6)


def match_pen(pictures: Tensor, *, drawings: int = 500, seed: int = 0) -> float:
    """Return the pen width, in pixels, at which digits drawn by `core.data.drawn` have the ink width of pictures.

    Found by bisection: the same drawings are redrawn with each width, and the mean of `ink_width` is compared.

    Args:
        pictures: `(N, 1, 28, 28)` floats, intensity in [0, 1]: MNIST's training pictures.
        drawings: how many digits to draw.
        seed: of the drawings.
    """
    rng = np.random.default_rng(seed)
    strokes = [drawing(forms[i % len(forms)], rng) for i in range(drawings // 10) for forms in DIGITS.values()]
    wanted = float(ink_width(pictures).mean())
    low, high = 1.0, 5.0
    for _ in range(12):
        width = (low + high) / 2
        drawn = torch.stack([preprocess(s, pen=width / PEN_WIDTH).picture for s in strokes]).unsqueeze(1)
        low, high = (width, high) if float(ink_width(drawn).mean()) < wanted else (low, width)
    return (low + high) / 2


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the measured width."""
    parser = argparse.ArgumentParser(prog="python -m core.data.pen", description=main.__doc__)
    parser.add_argument("--data-dir", help="folder with MNIST in torchvision's layout")
    options = parser.parse_args(arguments)
    pictures = mnist.load("train", options.data_dir).pictures.float() / 255
    print(f"MNIST's pen is {match_pen(pictures):.2f} pixels wide in its 20×20 box; PEN_WIDTH is {PEN_WIDTH}")


if __name__ == "__main__":
    main()
