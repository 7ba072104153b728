"""Data sets in MNIST's format besides MNIST, as torchvision knows them: from a folder, or downloaded on first use."""

from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from core.data import mnist
from core.data.mnist import Pictures, cache_dir
from core.told import keyed

__all__ = ["CLASSES", "labels", "load", "present"]

Part = Literal["train", "test"]

CLASSES: dict[str, tuple[str, ...]] = {
    "mnist": tuple("0123456789"),
    "fashion_mnist": (
        "T-shirt/top", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot",
    ),
    "kmnist": tuple("おきすつなはまやれを"),
    "emnist_letters": tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
}  # fmt: skip
"""The words for the labels 0, 1, …"""

FILES = {
    "mnist": ("MNIST", ""),
    "fashion_mnist": ("FashionMNIST", ""),
    "kmnist": ("KMNIST", ""),
    "emnist_letters": ("EMNIST", "emnist-letters-"),
}
"""The folder of each data set in torchvision's layout, and how its files' names begin."""


def present(name: str, data_dir: str | Path | None = None) -> bool:
    """Return whether a data set's four files are in a folder, the user's cache folder by default."""
    parts: tuple[Part, ...] = ("train", "test")
    kinds = ("images-idx3", "labels-idx1")
    return all(_file(name, part, kind, data_dir).is_file() for part in parts for kind in kinds)


def labels(name: str, part: Part, data_dir: str | Path | None = None) -> Tensor:
    """Return the labels of a data set's part, from 0, without reading a picture: `(N,)` int64.

    Raises:
        FileNotFoundError: the data set is not in the folder; the message names the options.
    """
    if not present(name, data_dir):
        raise _missing(name, _folder(data_dir), "a file is missing")
    found = np.fromfile(_file(name, part, "labels-idx1", data_dir), np.uint8, offset=mnist.LABELS_HEADER)
    return torch.from_numpy(found).long() - (1 if name == "emnist_letters" else 0)


def load(name: str, part: Part, data_dir: str | Path | None = None, *, download: bool = True) -> Pictures:
    """Return a data set's pictures, 28×28 and grey, with labels from 0.

    Args:
        name: one of `CLASSES`.
        part: "train" or "test".
        data_dir: folder in torchvision's layout; the user's cache folder by default.
        download: fetch into that folder what is missing.

    Raises:
        ValueError: there is no data set of that name; its files are damaged.
        FileNotFoundError: it is not in the folder and could not be fetched; the message names the options.
    """
    if name not in CLASSES:
        raise ValueError(f"there is no data set {name!r}; the data sets are {', '.join(CLASSES)}")
    if name == "mnist":
        return mnist.load(part, data_dir, download=download)
    from torchvision import datasets  # here, for importing torchvision takes seconds that the page need not wait

    folder = _folder(data_dir)
    train = part == "train"
    try:
        if name == "emnist_letters":
            found = datasets.EMNIST(folder, split="letters", train=train, download=download)
        else:
            kind = {"fashion_mnist": datasets.FashionMNIST, "kmnist": datasets.KMNIST}[name]
            found = kind(folder, train=train, download=download)
    except (RuntimeError, OSError, ValueError) as error:
        raise _missing(name, folder, " ".join(str(error).split())) from error
    pictures, answers = found.data, found.targets.long()
    if name == "emnist_letters":  # stored sideways, and counted from 1
        pictures, answers = pictures.transpose(1, 2).contiguous(), answers - 1
    return Pictures(pictures.unsqueeze(1), answers)


def _file(name: str, part: Part, kind: str, data_dir: str | Path | None) -> Path:
    """Return where torchvision puts a file of a data set."""
    place, prefix = FILES[name]
    called = part if prefix or part == "train" else "t10k"
    return _folder(data_dir) / place / "raw" / f"{prefix}{called}-{kind}-ubyte"


def _missing(name: str, folder: Path, reason: str) -> FileNotFoundError:
    if name == "mnist":
        return mnist.missing(folder, reason)
    return keyed(
        FileNotFoundError(
            f"{name} is not in {folder} ({reason}). Either connect to the internet once, so that torchvision can fetch "
            f"it, or choose a folder that holds it as torchvision lays it out."
        ),
        "told.set.gone",
        name=name,
    )


def _folder(data_dir: str | Path | None) -> Path:
    return cache_dir() if data_dir is None else Path(data_dir).expanduser()
