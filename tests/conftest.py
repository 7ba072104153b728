"""Fixtures shared by every test. `TORCH_DEVICE=cuda` moves the whole suite to a GPU."""

import os
from pathlib import Path

import pytest
import torch
from hypothesis import settings

from core.device import choose_device

# `make test` tries the same examples everywhere and always; `make random` draws new ones.
settings.register_profile("repeated", derandomize=True, deadline=None)
settings.register_profile("random", deadline=None, print_blob=True)
settings.load_profile("repeated")

REPOSITORY = Path(__file__).resolve().parent.parent


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name the tests that were run again; on a quiet machine there are none."""
    again = [report.nodeid for report in terminalreporter.stats.get("rerun", [])]
    terminalreporter.write_sep("=", f"tests run again: {len(again)}")
    for name in again:
        terminalreporter.write_line(name)


@pytest.fixture(scope="session")
def device() -> torch.device:
    """The device that `TORCH_DEVICE` names; one that is not there ends the session with the reason."""
    try:
        return choose_device(os.environ.get("TORCH_DEVICE", "cpu"))
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
