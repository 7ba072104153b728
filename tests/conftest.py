"""Fixtures shared by every test. `TORCH_DEVICE=cuda` moves the suite to a GPU, `stand-in` to an imitated one."""

import os
from pathlib import Path

import pytest
import torch

from core.device import choose_device
from tests import stand_in

REPOSITORY = Path(__file__).resolve().parent.parent

LONG = ("test_examples.py", "test_installed.py")
"""Files that take long and cannot be parted: they run first, for a processor to have work at the end."""

if os.environ.get("TORCH_DEVICE") == "stand-in":
    stand_in.install()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.name not in LONG)


@pytest.fixture(scope="session")
def device() -> torch.device:
    """The device that `TORCH_DEVICE` names; one that is not there ends the session with the reason."""
    try:
        return choose_device(stand_in.device_name())
    except ValueError as error:
        pytest.exit(f"TORCH_DEVICE: {error}", returncode=2)


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
