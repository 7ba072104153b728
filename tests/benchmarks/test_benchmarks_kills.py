"""Kill −9 loses nothing; with more moments it is `benchmarks.kills`."""

import socket
from pathlib import Path

import pytest

from benchmarks import kills
from benchmarks.kills import kill


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="finds the runs' processes in /proc")
def test_a_server_and_its_runs_that_are_killed_lose_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kills, "LONGEST", 20.0)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    lost = kill(rounds=1, runs=1, port=port, seed=1, folder=tmp_path)
    assert 1 <= lost.moments <= 2
    assert (lost.lost_events, lost.lost_runs, lost.other_weights) == (0, 0, 0)
