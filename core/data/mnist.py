"""MNIST as resident `uint8` tensors, downloaded by torchvision on first use or read from a folder."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from core.told import keyed

__all__ = ["LABELS_HEADER", "MEAN", "STD", "Pictures", "cache_dir", "load", "missing", "split"]

MEAN = 0.1307
STD = 0.3081
"""Mean and standard deviation of MNIST's training pixels, intensity in [0, 1]. Source: PyTorch's MNIST example."""

SHA256 = {
    "train": "edc0d1098aa497be14ace79ddd5171e5a3dcf9c4d196c015389203eb3ba1f59b",
    "test": "c3f9adf9c66efb572b1f9326c3a511b45910c7173b97be66ceceeeeaef6b802b",
}
"""Checksum of the pictures followed by the labels, one byte each."""

FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


IMAGES_HEADER, LABELS_HEADER = 16, 8
"""Bytes before the pixels and before the labels, one byte each. Source: the MNIST database."""

SIDE = 28
"""Side of a picture, pixels."""


@dataclass(frozen=True)
class Pictures:
    """Labelled grey pictures that stay in memory.

    Attributes:
        pictures: `(N, 1, H, W)` uint8, 0 paper, 255 ink.
        labels: `(N,)` int64.
    """

    pictures: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: Tensor | slice) -> "Pictures":
        return Pictures(self.pictures[index], self.labels[index])

    def to(self, device: torch.device | str) -> "Pictures":
        """Return the same pictures on a device."""
        return Pictures(self.pictures.to(device), self.labels.to(device))

    def sha256(self) -> str:
        """Return the checksum of the pictures followed by the labels, one byte each."""
        digest = hashlib.sha256(self.pictures.cpu().contiguous().numpy().data)
        digest.update(self.labels.to("cpu", torch.uint8).numpy().data)
        return digest.hexdigest()


def cache_dir() -> Path:
    """Return the user's folder for downloads: `CONVSCOPE_CACHE`, or `~/.cache/convscope`."""
    return Path(os.environ.get("CONVSCOPE_CACHE", Path.home() / ".cache" / "convscope"))


def load(part: Literal["train", "test"], data_dir: str | Path | None = None, *, download: bool = True) -> Pictures:
    """Return MNIST's 60,000 training or 10,000 test digits.

    Args:
        part: "train" or "test".
        data_dir: folder in torchvision's layout, holding `MNIST/raw/*-ubyte`; the user's cache folder by default.
        download: fetch into that folder what is missing, with progress and torchvision's checksums.

    Raises:
        ValueError: `part` is another word; the files are damaged or are not MNIST.
        FileNotFoundError: MNIST is not in the folder and could not be fetched; the message names the options.
    """
    if part not in SHA256:
        raise ValueError(f"part is {part!r}, expected 'train' or 'test'")
    folder = cache_dir() if data_dir is None else Path(data_dir).expanduser()
    if not all((folder / "MNIST" / "raw" / name).exists() for name in FILES):
        _fetch(folder, download=download)
    try:
        pictures = _read(folder / "MNIST" / "raw", part)
    except (OSError, ValueError) as error:
        raise keyed(
            ValueError(f"the MNIST files in {folder} are damaged ({error}): delete them, or fetch them anew"),
            "told.mnist.damaged",
        ) from error
    if pictures.sha256() != SHA256[part]:
        raise keyed(
            ValueError(
                f"the {part} files in {folder} are not MNIST: SHA-256 {pictures.sha256()[:12]}…, expected "
                f"{SHA256[part][:12]}…: delete them, or fetch them anew"
            ),
            "told.mnist.damaged",
        )
    return pictures


def _fetch(folder: Path, *, download: bool) -> None:
    from torchvision.datasets import MNIST  # here, for importing torchvision takes seconds that nobody need wait for

    try:
        MNIST(folder, download=download)
    except (RuntimeError, OSError, AssertionError, ValueError, TypeError) as error:
        raise missing(folder, " ".join(str(error).split())) from error


def _read(folder: Path, part: Literal["train", "test"]) -> Pictures:
    """Return a part as it lies in its two files, in the format IDX that the MNIST database describes."""
    images, answers = FILES[:2] if part == "train" else FILES[2:]
    pixels = np.fromfile(folder / images, np.uint8, offset=IMAGES_HEADER).reshape(-1, 1, SIDE, SIDE)
    labels = np.fromfile(folder / answers, np.uint8, offset=LABELS_HEADER)
    if len(labels) != len(pixels):
        raise ValueError(f"{len(pixels)} pictures, {len(labels)} labels")
    return Pictures(torch.from_numpy(pixels), torch.from_numpy(labels).long())


def missing(folder: Path, reason: str) -> FileNotFoundError:
    """Return the error that says that MNIST is not in a folder, with the options."""
    return keyed(
        FileNotFoundError(
            f"MNIST is not in {folder} ({reason}). Either connect to the internet once, so that torchvision can fetch "
            f"it (12 MB), or pass --data-dir a folder that holds MNIST/raw/{FILES[0]} and the three other files, as "
            f"torchvision lays them out."
        ),
        "told.mnist.gone",
        folder=str(folder),
    )


def split(pictures: Pictures, held_out: int, *, seed: int) -> tuple[Pictures, Pictures]:
    """Return `(training, validation)`: `held_out` pictures drawn at random by the seed, and the others.

    Raises:
        ValueError: fewer than one picture would be left on either side.
    """
    if not 0 < held_out < len(pictures):
        raise ValueError(f"held_out is {held_out}, expected 1 to {len(pictures) - 1} of {len(pictures)} pictures")
    order = torch.randperm(len(pictures), generator=torch.Generator().manual_seed(seed))
    return pictures[order[held_out:]], pictures[order[:held_out]]
