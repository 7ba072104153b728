"""Locks between processes: a file that is locked by one process at a time, and free as soon as that process is gone."""

import sys
import time
from pathlib import Path
from types import TracebackType
from typing import IO

__all__ = ["FileLock", "held"]

if sys.platform == "win32":
    import msvcrt

    def _lock(file: IO[bytes]) -> bool:
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True
else:
    import fcntl

    def _lock(file: IO[bytes]) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


class FileLock:
    """A lock on a file, which is created; the system lifts it when the process ends, however it ends."""

    def __init__(self, path: Path):
        self.path = path
        self._file: IO[bytes] | None = None

    def acquire(self, *, seconds: float = 0.0) -> bool:
        """Try for so many seconds; return whether this object holds the lock now.

        Raises:
            OSError: the file cannot be written.
        """
        file = self.path.open("ab")
        until = time.monotonic() + seconds
        while not _lock(file):
            if time.monotonic() >= until:
                file.close()
                return False
            time.sleep(0.02)
        self._file = file
        return True

    def release(self) -> None:
        """Lift the lock, if it is held."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def __enter__(self) -> "FileLock":
        if not self.acquire(seconds=10):
            raise TimeoutError(f"{self.path} is locked by another process for more than 10 s")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.release()


def held(path: Path) -> bool:
    """Return whether some process holds the lock on a file."""
    if not path.exists():
        return False
    probe = FileLock(path)
    try:
        free = probe.acquire()
    except OSError:  # a folder in its place: nobody can hold it
        return False
    probe.release()
    return not free
