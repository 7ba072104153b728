"""The device under test is where a library's models run, unless a test names another."""

from collections.abc import Iterator

import pytest
import torch

from explorer.models.library import Library
from tests.core.conftest import tiny_mnist, trusted_mnist

__all__ = ["tiny_mnist", "trusted_mnist"]


@pytest.fixture(scope="session", autouse=True)
def _libraries_on_device(device: torch.device) -> Iterator[None]:
    defaults = Library.__init__.__kwdefaults__
    before = defaults["device"]
    defaults["device"] = device
    yield
    defaults["device"] = before


@pytest.fixture
def no_bugs(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """An exception that is no refusal reaches the page in words, and the log: here it fails the test."""
    yield
    assert not [record.exc_text or record.message for record in caplog.records if record.name == "explorer.wire.view"]
