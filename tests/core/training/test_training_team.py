"""Two processes that share each batch, started by `torchrun`: gloo on one machine."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
from run_cases import made, named, tiny, trained, weights

from core.training import team
from core.training.folder import RunFolder
from core.training.team import ALONE, Team
from core.training.worker import work

REPOSITORY = Path(__file__).resolve().parents[3]

TOLERANCE = 1e-5
"""Largest difference of a weight, by which sums of other orders differ after twelve steps."""


def torchrun(*arguments: str, extra: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", *arguments]
    environment = os.environ | {"OMP_NUM_THREADS": "1"} | (extra or {})
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=180, env=environment)


DIES = """
import os, sys
from core.training.loop import Training
step = Training._step
def dying(self, chosen):
    if self.step == 6 and os.environ["RANK"] == "1":
        os._exit(9)
    return step(self, chosen)
Training._step = dying
from core.train import main
sys.exit(main(["--run", sys.argv[1]]))
"""


def test_two_processes_reach_what_one_reaches_and_a_death_leaves_a_run_to_resume(tmp_path):
    # One card is not for two processes, and dropout draws other numbers for other shares of a batch.
    config = tiny(device="cpu", training={"dropout": None})
    alone = trained(tmp_path / "alone", config)
    both = made(tmp_path / "both", config)
    script = tmp_path / "dies.py"
    script.write_text(DIES)
    died = torchrun(str(script), str(both.path), extra={"PYTHONPATH": str(REPOSITORY)})
    assert died.returncode != 0
    status = both.status()
    assert status.state == "failed", died.stderr
    assert "its weights after step 5 are kept" in status.message
    assert [event["state"] for event in named(both, "ended")] == ["failed"]  # by the first process alone
    assert not both.alive

    result = torchrun("-m", "core.train", "--run-dir", str(both.path), "--resume")
    assert result.returncode == 0, result.stderr
    assert both.status().state == "done"
    assert named(both, "started")[0]["processes"] == 2
    one, other = weights(alone), weights(both)
    assert max(float((one[name] - other[name]).abs().max()) for name in one) < TOLERANCE
    first, second = (json.loads((run.path / "a2.json").read_text())["figures"] for run in (alone, both))
    assert first["validation_accuracy"] == second["validation_accuracy"]


def test_a_batch_is_shared_without_a_rest():
    batch = torch.arange(7)
    shares = [Team(rank, 3).share(batch).tolist() for rank in range(3)]
    assert shares == [[0, 3, 6], [1, 4], [2, 5]]
    assert ALONE.share(batch) is not None
    assert ALONE.leads
    assert not Team(1, 2).leads
    assert torch.equal(ALONE.sum(batch), ALONE.told(batch))


def test_a_process_of_its_own_is_alone(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    assert team.join(torch.device("cpu")) == (ALONE, torch.device("cpu"))
    assert RunFolder(Path("none")).alive is False


@pytest.fixture
def team_of_one(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The variables that `torchrun --nproc-per-node=1` sets."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    address = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    for name, value in ({"WORLD_SIZE": "1", "RANK": "0", "LOCAL_RANK": "0"} | address).items():
        monkeypatch.setenv(name, value)
    return monkeypatch


@pytest.mark.filterwarnings("ignore:.*using GPU:UserWarning", "ignore:No device id is provided:UserWarning")
def test_a_team_of_one_trains_and_leaves_its_group(tmp_path, team_of_one: pytest.MonkeyPatch):
    run = trained(tmp_path / "run", tiny(device="cpu", training={"epochs": 1}))
    assert run.status().state == "done"
    assert named(run, "started")[0]["processes"] == 1
    assert not dist.is_initialized()


@pytest.mark.parametrize("absent", ["RANK", "LOCAL_RANK", "MASTER_PORT"])
def test_a_run_whose_team_is_incomplete_fails_in_words_and_waits_no_longer(
    tmp_path, team_of_one: pytest.MonkeyPatch, absent: str
):
    team_of_one.delenv(absent)
    run = made(tmp_path / "run", tiny(device="cpu"))
    assert work(run.path) == 1
    status = run.status()
    assert status.state == "failed"
    assert f"WORLD_SIZE is set, but {absent} is not: start the processes with torchrun" in status.message
    assert [event["state"] for event in named(run, "ended")] == ["failed"]
    assert not run.alive
