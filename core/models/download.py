"""A file fetched from the network: checked, with progress, with an end to the patience, and given up on request."""

import hashlib
import os
import sys
from pathlib import Path
from urllib.request import Request, urlopen

__all__ = ["Download"]

SECONDS = 20
"""Without a byte, after which a server is given up."""

CHUNK = 1 << 16


class Download:
    """One download, which other threads may watch and cancel.

    Attributes:
        done: bytes that have come.
        size: of the file, in bytes; None where the server does not say.
        under_way: whether it has begun and not ended.
    """

    def __init__(self) -> None:
        self.done, self.under_way = 0, False
        self.size: int | None = None
        self._cancelled = False

    def cancel(self) -> None:
        """Give up at the next bytes, or when the server has been silent too long."""
        self._cancelled = True

    def fetch(self, url: str, file: Path, *, sha256: str) -> None:
        """Write what is at `url` to `file`, whole or not at all.

        Args:
            url: where it is.
            file: where it goes; its folder is made.
            sha256: the first digits of its checksum.

        Raises:
            OSError: it could not be fetched or written, the server was silent for `SECONDS`, it was cancelled, or
                what came has another checksum.
        """
        file.parent.mkdir(parents=True, exist_ok=True)
        partial = file.with_name(f"{file.name}.{os.getpid()}.partial")
        digest = hashlib.sha256()
        self.under_way = True
        print(f"fetching {url}", file=sys.stderr, flush=True)
        try:
            with urlopen(Request(url), timeout=SECONDS) as answer, partial.open("wb") as target:
                length = answer.headers.get("content-length")
                self.size = int(length) if length else None
                while chunk := answer.read(CHUNK):
                    if self._cancelled:
                        raise OSError("it was cancelled")
                    target.write(chunk)
                    digest.update(chunk)
                    self.done += len(chunk)
            if not digest.hexdigest().startswith(sha256):
                raise OSError(f"what came has SHA-256 {digest.hexdigest()[: len(sha256)]}…, expected {sha256}…")
            os.replace(partial, file)
        finally:
            self.under_way = False
            partial.unlink(missing_ok=True)
