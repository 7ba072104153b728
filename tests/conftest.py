"""Fixtures shared by every test. `TORCH_DEVICE=cuda` moves the whole suite to a GPU."""

import os
from pathlib import Path

import pytest
import torch

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def device() -> torch.device:
    return torch.device(os.environ.get("TORCH_DEVICE", "cpu"))


@pytest.fixture(scope="session")
def mnist_dir() -> Path:
    """The offline MNIST folder, in torchvision's layout: `CONVSCOPE_MNIST`, or the one beside the checkout."""
    folder = Path(os.environ.get("CONVSCOPE_MNIST", REPOSITORY.parent / "shared" / "mnist"))
    if not folder.exists():
        pytest.skip(f"MNIST is not at {folder}; set CONVSCOPE_MNIST to a folder in torchvision's layout")
    return folder


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)
