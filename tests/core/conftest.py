"""The device under test, and a tiny MNIST: drawn digits in torchvision's file layout, so that nothing is downloaded."""

import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from core.data import drawn, mnist
from core.data.mnist import Pictures


def write_mnist(folder: Path, training: Pictures, test: Pictures) -> None:
    raw = folder / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for part, digits in (("train", training), ("t10k", test)):
        header = struct.pack(">IIII", 0x803, len(digits), 28, 28)
        (raw / f"{part}-images-idx3-ubyte").write_bytes(header + digits.pictures.numpy().tobytes())
        labels = digits.labels.numpy().astype("uint8").tobytes()
        (raw / f"{part}-labels-idx1-ubyte").write_bytes(struct.pack(">II", 0x801, len(digits)) + labels)


@pytest.fixture
def made_on_device(device: torch.device) -> Iterator[None]:
    """Tensors and modules whose maker names no device are made on the one under test."""
    with device:
        yield


@pytest.fixture
def tiny_mnist(tmp_path: Path) -> Path:
    """A folder with 400 training and 100 test digits, whose checksums are not MNIST's."""
    write_mnist(tmp_path / "tiny", drawn.digits(400, seed=1), drawn.digits(100, seed=2))
    return tmp_path / "tiny"


@pytest.fixture
def trusted_mnist(tiny_mnist: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same folder, with its checksums passing for MNIST's."""
    sha256 = {"train": drawn.digits(400, seed=1).sha256(), "test": drawn.digits(100, seed=2).sha256()}
    monkeypatch.setattr(mnist, "SHA256", sha256)
    return tiny_mnist
