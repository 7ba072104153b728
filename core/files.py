"""Files that others read meanwhile: on Windows the system refuses to replace, rename or open what somebody has open."""

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

__all__ = ["patiently", "replace_file", "speaking_utf8"]

Result = TypeVar("Result")

PATIENCE = 2.0
"""Seconds after which somebody who has a file open is no passing reader."""

PAUSE = 0.02
"""Seconds between two tries."""


def patiently(act: Callable[[], Result]) -> Result:
    """Return what an action on files returns; while the system refuses permission it is tried again for a while.

    Raises:
        PermissionError: it was still refused after `PATIENCE` seconds.
    """
    until = time.monotonic() + PATIENCE
    while True:
        try:
            return act()
        except PermissionError:
            if time.monotonic() >= until:
                raise
        time.sleep(PAUSE)


def replace_file(source: Path, target: Path) -> None:
    """Put a file or folder in the place of another, whole: `os.replace` that outlasts passing readers.

    Raises:
        OSError: it cannot be done.
    """
    patiently(lambda: os.replace(source, target))


def speaking_utf8(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a child in Python that reads and writes UTF-8, whatever the system's code page."""
    return {**environment, "PYTHONUTF8": "1", "PYTHONIOENCODING": "utf-8"}
