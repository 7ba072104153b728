"""Data sets in MNIST's format besides MNIST, as torchvision knows them: from a folder, or downloaded on first use."""

from pathlib import Path
from typing import Literal

from core.data import mnist
from core.data.mnist import Pictures, cache_dir
from core.told import keyed

__all__ = ["CLASSES", "load", "present"]

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
    place, prefix = FILES[name]
    raw = _folder(data_dir) / place / "raw"
    training, test = ("train", "test") if prefix else ("train", "t10k")
    parts = [f"{prefix}{part}-{kind}" for part in (training, test) for kind in ("images-idx3", "labels-idx1")]
    return all((raw / f"{part}-ubyte").is_file() for part in parts)


def load(
    name: str, part: Literal["train", "test"], data_dir: str | Path | None = None, *, download: bool = True
) -> Pictures:
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
        reason = " ".join(str(error).split())
        raise keyed(
            FileNotFoundError(
                f"{name} is not in {folder} ({reason}). Either connect to the internet once, so that torchvision can "
                f"fetch it, or choose a folder that holds it as torchvision lays it out."
            ),
            "told.set.gone",
            name=name,
        ) from error
    pictures, labels = found.data, found.targets.long()
    if name == "emnist_letters":  # stored sideways, and counted from 1
        pictures, labels = pictures.transpose(1, 2).contiguous(), labels - 1
    return Pictures(pictures.unsqueeze(1), labels)


def _folder(data_dir: str | Path | None) -> Path:
    return cache_dir() if data_dir is None else Path(data_dir).expanduser()
