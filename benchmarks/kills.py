"""What kill −9 of the server and of its runs loses: nothing that was told, and no weight in the end.

`python -m benchmarks.kills [--rounds N] [--runs N] [--json FILE]` starts ConvScope and several runs of one recipe on
it, kills the server and the process of each run at random moments, starts the server again, looks at what is left, and
lets the runs go on; so often as `--rounds` says. In the end each run must have the weights of one that nobody killed,
to the bit. Summary fields: `moments` (processes killed), `lost_events` (lines of a run's record that were there before
a kill and not after it), `lost_runs` (not listed, or damaged), `begun_anew` (runs killed before they had kept
anything), `other_weights` (runs that ended elsewhere than the undisturbed one).
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.explorer import listens
from core.speed.timing import machine, write_json
from core.training.folder import RunFolder

CONFIG: dict[str, Any] = {
    "model": "a2",
    "data": {"source": "drawn", "count": 160, "validation": 0.25},
    "training": {"epochs": 8, "batch_size": 8, "learning_rate": 0.005, "dropout": 0.2},
    "checkpoints": 30,
    "device": "cpu",
    "threads": 1,
}
"""Kept often, so that much can be lost; a kill comes while a file is written as likely as between two."""

STEPS = 8 * 15
"""Of a run: eight epochs of as many batches, each told in a line."""

LONGEST = 60.0
"""Seconds after which a round's processes are killed at the latest."""


@dataclass
class Lost:
    """What the kills have cost."""

    moments: int = 0
    lost_events: int = 0
    lost_runs: int = 0
    begun_anew: int = 0
    other_weights: int = 0


class Server:
    """A ConvScope that can be asked, and killed."""

    def __init__(self, process: "subprocess.Popen[bytes]", port: int) -> None:
        self.process, self.address = process, f"http://127.0.0.1:{port}"
        config = json.loads(self._read(urllib.request.Request(f"{self.address}/config")))
        (self._view,) = (
            each["id"] for each in config["components"] if "webview-train" in (each["props"].get("elem_classes") or [])
        )

    def ask(self, function: str, **request: Any) -> dict[str, Any]:
        """Return the answer to a call of the Train page."""
        body = {"data": request, "component_id": self._view, "fn_name": function, "session_hash": "killer"}
        answer: dict[str, Any] = json.loads(
            self._read(
                urllib.request.Request(
                    f"{self.address}/gradio_api/component_server",
                    json.dumps(body).encode(),
                    {"content-type": "application/json"},
                )
            )
        )
        return answer

    def _read(self, request: urllib.request.Request) -> bytes:
        with urllib.request.urlopen(request, timeout=120) as answer:
            read: bytes = answer.read()
            return read


@contextmanager
def serving(runs: Path, port: int) -> Iterator[Server]:
    """Run the app on a folder of runs; it may be killed meanwhile."""
    command = [sys.executable, "-m", "explorer", "--no-open", "--port", str(port), "--runs-dir", str(runs)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            until(lambda: listens(port) or process.poll() is not None)
            yield Server(process, port)
        finally:
            process.terminate()
            process.wait(20)


def kill(rounds: int, runs: int, port: int, seed: int, folder: Path) -> Lost:
    """Kill and go on, as often as `rounds` says; return what that cost."""
    chance, lost = random.Random(seed), Lost()
    names = [f"run{k}" for k in range(runs)]
    with serving(folder, port) as server:
        for name in ["undisturbed", *names]:
            assert server.ask("start_run", config=CONFIG, name=name, drawings=None).get("name") == name
        _kill_all(server, names, folder, chance, lost)
    for left in reversed(range(rounds)):
        with serving(folder, port) as server:
            _look(server, names, lost)
            for name in names:
                _go_on(server, name, lost)
            if left:
                _kill_all(server, names, folder, chance, lost)
            else:
                until(partial(_ended, server, ["undisturbed", *names]), seconds=600)
    whole = last_weights(folder / "undisturbed")
    lost.other_weights = sum(last_weights(folder / name) != whole for name in names)
    return lost


def _kill_all(server: Server, names: list[str], folder: Path, chance: random.Random, lost: Lost) -> None:
    """Kill each run's process once it has told so much more, and the server meanwhile; count what is gone of it."""
    runs = [RunFolder(folder / name) for name in names]
    waiting = {run: chance.randint(len(_lines(run)), STEPS) for run in runs if run.told().state != "done"}
    until_server = chance.randint(0, len(waiting))
    end = time.monotonic() + LONGEST
    while waiting or until_server >= 0:
        if until_server >= len(waiting):
            server.process.send_signal(signal.SIGKILL)
            until_server, lost.moments = -1, lost.moments + 1
        for run, lines in list(waiting.items()):
            if run.told().state == "done":
                del waiting[run]
            elif len(_lines(run)) >= lines or time.monotonic() > end:
                lost.moments += _killed(run, lost)
                del waiting[run]
        time.sleep(0.02)


def _killed(run: RunFolder, lost: Lost) -> bool:
    """Kill a run's process, and return whether there was one."""
    pid = worker_of(run.path)
    if pid is None:
        return False
    before = _lines(run)
    os.kill(pid, signal.SIGKILL)
    until(partial(_is_dead, run))
    lost.lost_events += len(before - _lines(run))
    return True


def _look(server: Server, names: list[str], lost: Lost) -> None:
    listed = {run["name"]: run for run in server.ask("list_runs")["runs"]}
    lost.lost_runs += sum(name not in listed or bool(listed[name].get("damaged")) for name in names)


def _go_on(server: Server, name: str, lost: Lost) -> None:
    state = server.ask("read_run", name=name, since=0)["run"]["status"]["state"]
    if state in ("done", "running", "queued"):
        return
    if "error" in server.ask("control_run", name=name, command="resume", value=None):
        lost.begun_anew += 1
        server.ask("delete_run", name=name)
        server.ask("start_run", config=CONFIG, name=name, drawings=None)


def _ended(server: Server, names: list[str]) -> bool:
    states = {run["name"]: run["status"]["state"] for run in server.ask("list_runs")["runs"]}
    failed = [name for name in names if states[name] in ("failed", "stopped")]
    assert not failed, failed
    return all(states[name] == "done" for name in names)


def _is_dead(run: RunFolder) -> bool:
    return not run.alive


def _lines(run: RunFolder) -> set[str]:
    """Return what a run has told whole."""
    text = run.metrics.read_text(encoding="utf-8") if run.metrics.exists() else ""
    return set(text[: text.rfind("\n") + 1].splitlines())


def last_weights(folder: Path) -> bytes:
    """Return the bytes of a run's last weights."""
    return (folder / f"{CONFIG['model']}.safetensors").read_bytes()


def worker_of(folder: Path) -> int | None:
    """Return the process that trains a run, on Linux; None if there is none."""
    for told in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if str(folder).encode() in told.read_bytes():
                return int(told.parent.name)
        except OSError:
            continue
    return None


def until(claim: Callable[[], bool], seconds: float = 120) -> None:
    """Wait until something is true.

    Raises:
        TimeoutError: it does not become true.
    """
    end = time.monotonic() + seconds
    while not claim():
        if time.monotonic() > end:
            raise TimeoutError(f"waited {seconds:g} s in vain")
        time.sleep(0.05)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="also write the result there")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--runs", type=int, default=4)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--port", type=int, default=7897)
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        lost = kill(options.rounds, options.runs, options.port, options.seed, Path(folder).resolve())
    result = {"benchmark": "kills", "machine": machine(), **vars(lost)}
    for name, value in vars(lost).items():
        print(f"{name:15} {value:>6}")
    if options.json:
        write_json(options.json, result)
    sys.exit(bool(lost.lost_events or lost.lost_runs or lost.other_weights))


if __name__ == "__main__":
    main()
