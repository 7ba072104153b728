"""What a server holds after people have used it for a while: memory, open files and connections, temporary files.

`python -m benchmarks.soak [MINUTES] [--json FILE]` lets 8 people draw as in `benchmarks.class_room`, in groups that
come and go, each group with one request for Occlusion on resnet18. Summary fields: `strokes`, `errors`, `memory_mb`
(after the first tenth of the time), `grown_mb` (from then to the end), `handles` and `more_handles` (open files and
connections, with nobody there), `temporary` (files and folders in the server's own temporary folder in the end).
"""

import argparse
import asyncio
import os
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.class_room import asked_by_page, drawing
from benchmarks.explorer import served
from core.speed.timing import machine, write_json
from tests.browser import chromium

PEOPLE = 8

GROUP = 10.0
"""Seconds after which everybody leaves and others come."""

QUIET = 2.0
"""Seconds until the connections of those who left are closed."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("minutes", nargs="?", type=float, default=10)
    parser.add_argument("--json", type=Path, help="also write the result there")
    parser.add_argument("--model", default="recommended")
    parser.add_argument("--port", type=int, default=7896)
    options = parser.parse_args()
    if chromium.find() is None:
        sys.exit("no Chromium: run `python -m tests.browser.chromium`")
    with TemporaryDirectory() as folder:
        temporary = Path(folder) / "temporary"
        temporary.mkdir()
        os.environ["TMPDIR"] = str(temporary)
        with served(options.model, options.port, "--runs-dir", str(Path(folder) / "runs")) as server:
            result = soak(server.pid, options.port, 60 * options.minutes)
            result["temporary"] = len(list(temporary.rglob("*")))
    told = {"benchmark": "soak", "machine": machine(), "minutes": options.minutes, **result}
    for name, value in result.items():
        print(f"{name:13} {value:>10,.1f}")
    if options.json:
        write_json(options.json, told)


def soak(pid: int, port: int, seconds: float) -> dict[str, float]:
    """Use a server for so long; return what it held in the beginning and in the end."""
    asked, began = asked_by_page(port), time.monotonic()
    strokes = errors = 0
    first: tuple[float, int] | None = None
    while time.monotonic() - began < seconds:
        seen = asyncio.run(drawing(port, asked, PEOPLE, GROUP, heavy=1))
        strokes, errors = strokes + len(seen.seconds), errors + seen.errors
        time.sleep(QUIET)
        if first is None and time.monotonic() - began >= seconds / 10:
            first = held(pid)
    memory, handles = held(pid)
    assert first is not None, "the time was too short for a group"
    return {
        "strokes": strokes,
        "errors": errors,
        "memory_mb": first[0],
        "grown_mb": memory - first[0],
        "handles": first[1],
        "more_handles": handles - first[1],
    }


def held(pid: int) -> tuple[float, int]:
    """Return the memory of a process in MB and how many files and connections it has open; on Linux."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6, len(list(Path(f"/proc/{pid}/fd").iterdir()))


if __name__ == "__main__":
    main()
