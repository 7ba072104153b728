"""Labelled pictures of a folder: many as one grey picture, beside it how they stand there; some of MNIST's test set."""

import json
from collections.abc import Sequence
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from core.data import mnist
from core.data.mnist import Pictures

__all__ = ["examples", "write_pictures"]

COLUMNS = 100
"""Pictures side by side in the one that holds them."""

SEED = 0
"""Of the order in which MNIST's test pictures are chosen."""


def examples(data_dir: Path | None, count: int) -> tuple[Pictures, list[int]]:
    """Return pictures of MNIST's test set, and their places in it, ascending.

    They are drawn by a seed, of each class as many as of the others while the class has them; more of them are the same
    ones and further ones.

    Raises:
        FileNotFoundError: MNIST is not in the folder (nothing is fetched); the message names it.
        ValueError: the files are damaged, or there are not so many pictures.
    """
    try:
        found = mnist.load("test", data_dir, download=False)
    except FileNotFoundError:
        folder = mnist.cache_dir() if data_dir is None else data_dir
        raise FileNotFoundError(
            f"MNIST is not in {folder}, where --examples looks for it: name a folder that holds MNIST/raw, as "
            f"torchvision lays it out, with --data-dir"
        ) from None
    if not 0 < count <= len(found):
        raise ValueError(f"--examples is {count}, expected 1 to {len(found)}, the pictures of MNIST's test set")
    order = torch.randperm(len(found), generator=torch.Generator().manual_seed(SEED))
    labels = torch.nn.functional.one_hot(found.labels[order])
    turns = (labels.cumsum(0) * labels).sum(1)  # of each picture, which one of its class it is, from 1
    chosen = order[turns.argsort(stable=True)[:count]].sort().values
    return found[chosen], chosen.tolist()


def write_pictures(folder: Path, name: str, found: Pictures, indices: Sequence[int] | None = None) -> None:
    """Write pictures as one grey picture, `NAME.png`, and how they stand in it with their labels, `NAME.json`.

    Args:
        folder: where.
        name: of both files.
        found: the pictures, `(N, 1, H, H)`.
        indices: what each is called, its place in the set that it was chosen from; by default its place here.
    """
    Image.fromarray(_sheet(found.pictures).numpy()).save(folder / f"{name}.png", optimize=True)
    told = {"side": found.pictures.shape[-1], "columns": COLUMNS, "labels": found.labels.tolist()}
    more = {} if indices is None else {"indices": list(indices)}
    (folder / f"{name}.json").write_text(json.dumps(told | more, separators=(",", ":")), encoding="utf-8")


def _sheet(shown: Tensor) -> Tensor:
    """Return pictures `(N, 1, H, W)` in rows of `COLUMNS`, blank where the last one ends early."""
    count, _, height, width = shown.shape
    rows = -(-count // COLUMNS)
    filled = torch.cat([shown[:, 0], shown.new_zeros(rows * COLUMNS - count, height, width)])
    return filled.reshape(rows, COLUMNS, height, width).transpose(1, 2).reshape(rows * height, COLUMNS * width)
