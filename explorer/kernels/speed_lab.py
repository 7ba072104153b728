"""The speed lab: `python -m core.speed` as a worker process, one at a time, because two would distort each other."""

import atexit
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any

from core.files import speaking_utf8
from core.ops.vectorized.compiled import lacks_compiler
from core.speed import WAYS, Sweep
from core.told import keyed

__all__ = ["SpeedLab"]

Event = dict[str, Any]

ROOT = str(Path(__file__).resolve().parents[__name__.count(".")])

WORKER = Sweep.__module__.removesuffix(".sweep")
"""`core.speed`, by the name it has in a checkout or in the installed package."""

OFF_AT_FIRST = ("compiled",)
"""Ways that a person switches on: `torch.compile` takes 10 to 60 seconds for each size."""


@dataclass
class _Run:
    """One measurement: what was asked for, its worker, and what that has said."""

    number: int
    settings: dict[str, Any]
    worker: "subprocess.Popen[str]"
    began: float = field(default_factory=time.time)
    ended: float | None = None
    events: list[Event] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    cancelled: bool = False


class SpeedLab:
    """Measurements of one server; the last one can be read until the next one starts.

    Args:
        command: of the worker, which gets the settings as options and prints one event as JSON a line.
    """

    def __init__(self, command: Sequence[str] = (sys.executable, "-m", WORKER)) -> None:
        self._command = tuple(command)
        self._lock = threading.Lock()
        self._run: _Run | None = None
        atexit.register(self.close)

    def offer(self) -> dict[str, Any]:
        """Return the ways with what is missing for them here, the processor's cores, and the last measurement.

        `install` names the system whose sentence says how to install the compiler that a way lacks.
        """
        system = lacks_compiler()
        ways = [
            {
                "name": way.name,
                "missing": way.missing(),
                "install": system if way.compiler else None,
                "on": way.name not in OFF_AT_FIRST,
            }
            for way in WAYS.values()
        ]
        return {"ways": ways, "cores": os.cpu_count() or 1, "run": self._run.number if self._run else None}

    def start(self, settings: dict[str, Any]) -> dict[str, Any]:
        """Start a measurement and return its number as `run`.

        Args:
            settings: fields of `core.speed.Sweep`.

        Raises:
            ValueError: the settings cannot be measured, or a measurement is running.
        """
        sweep = Sweep(**settings)
        with self._lock:
            before = self._run
            if before and not before.over.is_set():
                since = time.strftime("%H:%M:%S", time.localtime(before.began))
                seconds = f"{time.time() - before.began:.0f}"
                raise keyed(
                    ValueError(
                        f"a measurement is running since {since}, for {seconds} s; "
                        "two at once would distort each other: wait for it, or cancel it"
                    ),
                    "told.lab.running",
                    since=since,
                    seconds=seconds,
                )
            complaints = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115  (closed by _follow)
            worker = subprocess.Popen(
                [*self._command, *_options(sweep)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=complaints,
                encoding="utf-8",
                env=speaking_utf8(os.environ)
                | {"PYTHONPATH": os.pathsep.join(filter(None, [ROOT, os.environ.get("PYTHONPATH")]))},
                start_new_session=True,
            )
            run = self._run = _Run((before.number if before else 0) + 1, asdict(sweep), worker)
        threading.Thread(target=_follow, args=(run, complaints), daemon=True).start()
        return {"run": run.number}

    def read(self, number: int, since: int) -> dict[str, Any]:
        """Return the events of a measurement from the one numbered `since` on.

        To the events of `core.speed` comes one at the end: `done`, `cancelled`, or `failed` with a `message`.

        Raises:
            ValueError: there is no such measurement, or no longer.
        """
        run = self._found(number)
        running = not run.over.is_set()  # read before the events: the last one is there when it is not running
        events = run.events[max(0, since) :]
        seconds = (run.ended or time.time()) - run.began
        return {
            "events": events,
            "next": max(0, since) + len(events),
            "running": running,
            "seconds": seconds,
            "settings": run.settings,
        }

    def cancel(self, number: int) -> dict[str, Any]:
        """Kill the worker of a measurement, if it still runs, and return once it is gone.

        Raises:
            ValueError: there is no such measurement, or no longer.
        """
        run = self._found(number)
        if not run.over.is_set():
            run.cancelled = True
            _kill(run.worker)
            run.over.wait(10)
        return {}

    def close(self) -> None:
        """Kill the worker that still runs."""
        if self._run and not self._run.over.is_set():
            self.cancel(self._run.number)

    def _found(self, number: int) -> _Run:
        run = self._run
        if run is None or run.number != number:
            last = "none was started" if run is None else f"the last one is {run.number}"
            raise keyed(ValueError(f"there is no measurement {number}: {last}"), "told.lab.gone")
        return run


def _options(sweep: Sweep) -> list[str]:
    listed = {"sizes": ",".join(map(str, sweep.sizes)), "ways": ",".join(sweep.ways)}
    options = {name: str(value) for name, value in asdict(sweep).items() if value is not None} | listed
    return [word for name, value in options.items() for word in (f"--{name}", value)]


def _follow(run: _Run, complaints: IO[str]) -> None:
    """Collect what the worker prints, and say how it ended."""
    assert run.worker.stdout is not None
    with run.worker.stdout as lines, complaints:
        run.events.extend(json.loads(line) for line in lines if line.startswith("{") and line.endswith("}\n"))
        status = run.worker.wait()
        if status == 0:
            run.events.append({"kind": "done"})
        elif run.cancelled:
            run.events.append({"kind": "cancelled"})
        else:
            run.events.append({"kind": "failed", "message": _reason(status, complaints)})
    run.ended = time.time()
    run.over.set()


def _reason(status: int, complaints: IO[str]) -> str:
    complaints.seek(0)
    said = [line.strip() for line in complaints if line.strip()]
    return f"the measurement ended early with status {status}: {said[-1] if said else 'it did not say why'}"


def _kill(worker: "subprocess.Popen[str]") -> None:
    """Kill a worker with its children, the compiler's processes."""
    if sys.platform == "win32":  # no groups of processes: the tree is told by its root
        subprocess.run(["taskkill", "/F", "/T", "/PID", str(worker.pid)], capture_output=True, check=False)
        return
    with suppress(ProcessLookupError):  # it ended by itself meanwhile
        os.killpg(worker.pid, signal.SIGKILL)
