"""Functions of the pages asked as the page asks them, and what asking them did to this process."""

import asyncio
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from explorer.wire.view import answers

__all__ = ["Touched", "answered", "megabytes"]

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

CHANGES = {
    "os.chmod", "os.link", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.symlink", "os.truncate", "os.utime",
    "shutil.copyfile", "shutil.move", "shutil.rmtree",
}  # fmt: skip
LOOKS = {"os.listdir", "os.scandir"}


def answered(function: Callable[..., dict[str, Any]], *context: Any) -> Callable[[Any], dict[str, Any]]:
    """Return a function as the page gets its answers."""
    ask = answers(function, *context)

    async def waited(request: Any) -> dict[str, Any]:
        return await ask(request)

    return lambda request: asyncio.run(waited(request))


class Touched:
    """The files that this process reads and writes while it is watched; an audit hook stays for good."""

    def __init__(self) -> None:
        self.read: set[Path] = set()
        self.written: set[Path] = set()
        self._watching = False
        sys.addaudithook(self._hear)

    @contextmanager
    def watching(self) -> Iterator[None]:
        self._watching = True
        try:
            yield
        finally:
            self._watching = False

    def _hear(self, event: str, args: tuple[Any, ...]) -> None:
        if not self._watching:
            return
        if event == "open":
            path, _, flags = args
            self._note(self.written if (flags or 0) & WRITING else self.read, path)
        elif event in CHANGES and not _within_opened(event, args):
            for path in args:
                self._note(self.written, path)
        elif event in LOOKS:
            self._note(self.read, args[0])

    def _note(self, files: set[Path], path: Any) -> None:
        if isinstance(path, str | bytes | os.PathLike):
            files.add(Path(os.path.abspath(os.fsdecode(path))))


def _within_opened(event: str, args: tuple[Any, ...]) -> bool:
    """Return whether a name is one in a folder that was opened before, by its descriptor: the last argument."""
    return event not in ("os.truncate", "shutil.move") and isinstance(args[-1], int) and args[-1] >= 0


def megabytes() -> float:
    """Return the memory that this process has now, on Linux."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
