import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from run_cases import DEVICE, STEPS, TINY, made, named, same, tiny, told_long, trained, weights

from core.training import folder
from core.training.events import Batch, Resumed, line
from core.training.folder import Control, RunFolder, Status, write_atomically
from core.training.lock import FileLock, held
from core.training.runs import Runs
from core.training.settings import parse
from core.training.worker import work
from tests.stand_in import not_on_stand_in

REPOSITORY = Path(__file__).resolve().parents[3]


def until(claim, seconds=60):
    """Wait until something is true."""
    end = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def worker_of(run: RunFolder) -> int:
    """The process id of a run's worker."""
    for status in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if str(run.path).encode() in status.read_bytes():
                return int(status.parent.name)
        except OSError:
            continue
    raise AssertionError(f"no process trains {run.path}")


@not_on_stand_in("is not in the run's process")
@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="finds the worker's process in /proc")
def test_a_killed_run_is_reported_and_goes_on_while_another_waits_its_turn(tmp_path):
    runs, other_server = Runs(tmp_path, at_once=1), Runs(tmp_path, at_once=1)
    killed = runs.start(tiny(training={"epochs": 3}), name="killed")
    runs.control(killed, "pause")
    for _ in range(7):
        runs.control(killed, "step")
    waiting = other_server.start(tiny(training={"epochs": 1}), name="waiting")
    run = RunFolder(tmp_path / killed)
    until(lambda: run.status().state == "paused" and run.status().step == 7)
    until(lambda: RunFolder(tmp_path / waiting).alive)
    listed = {found.name: found for found in other_server.list_runs()}
    assert listed["waiting"].status.state == "queued"
    assert listed["waiting"].waiting == 1
    assert listed["killed"].waiting == 0
    with pytest.raises(ValueError, match="killed is paused: stop it before you delete it"):
        other_server.delete(killed)
    with pytest.raises(BlockingIOError, match="another process trains the run"):
        work(run.path)

    os.kill(worker_of(run), signal.SIGKILL)
    until(lambda: not run.alive)
    assert run.status().state == "failed"
    assert run.status().message == "its process was killed at step 7; its weights after step 7 are kept"
    assert next(found for found in runs.list_runs() if found.name == killed).resumable
    until(lambda: other_server.read(waiting).status.state == "done")

    other_server.control(killed, "resume")
    until(lambda: runs.read(killed).status.state == "done")
    assert same(weights(run), weights(trained(tmp_path / "whole", tiny())))
    reading = runs.read(killed)
    steps = [event["step"] for event in reading.events if event["event"] == "batch"]
    assert steps == sorted(set(steps))
    assert runs.read(killed, reading.next).events == []


def test_stop_acts_also_inside_a_batch(tmp_path):
    """How soon is a figure of `benchmarks.while_training`."""
    slow = {"model": "a1", "data": {"source": "drawn", "count": 1200}, "training": {"batch_size": 1080}, "threads": 1}
    runs = Runs(tmp_path)
    name = runs.start(parse(slow))
    assert name == "a1-1"
    until(lambda: runs.read(name).status.state == "running" and runs.list_runs()[0].steps)
    runs.control(name, "stop")
    until(lambda: runs.read(name).status.state == "stopped")
    assert "its weights after step 0 are kept" in runs.read(name).status.message
    until(lambda: not runs._run(name).alive)
    runs.delete(runs.rename(name, "slow one"))
    assert runs.list_runs() == []
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".deleted")] == []


@pytest.fixture
def launched(monkeypatch):
    """Runs whose processes are not started."""
    names = []
    monkeypatch.setattr(Runs, "_launch", lambda _, run: names.append(run.path.name))
    return names


def test_names_are_numbered_where_they_are_taken(tmp_path, launched):
    runs = Runs(tmp_path)
    names = [runs.start(tiny(), name=name) for name in (None, None, " my  run ", "my run")]
    assert names == launched == ["a2-1", "a2-2", "my run", "my run-1"]
    assert [found.name for found in runs.list_runs()] == names[::-1]
    assert runs.config("my run").data.count == 80
    assert runs.config("my run").threads == 1


@pytest.mark.parametrize("name", ["", "  ", "../up", "a/b", ".hidden", "x" * 61, "a:b"])
def test_a_name_is_one_folder(tmp_path, launched, name):
    runs = Runs(tmp_path)
    with pytest.raises(ValueError, match="a run cannot be named"):
        runs.start(tiny(), name=name)
    with pytest.raises(ValueError, match="a run cannot be named"):
        runs.read(name)
    assert launched == []


def test_what_is_asked_is_written_for_the_worker(tmp_path, launched, monkeypatch):
    runs = Runs(tmp_path)
    name = runs.start(tiny())
    run = RunFolder(tmp_path / name)
    lock = FileLock(run.lock)
    assert lock.acquire()
    runs.control(name, "step")
    runs.control(name, "step")
    runs.control(name, "learning_rate", 0.5)
    assert run.control() == Control("pause", 2, 0.5)
    runs.control(name, "resume")
    assert run.control().state == "run"
    with pytest.raises(ValueError, match="the learning rate is None, expected a number from 0 to 1e9"):
        runs.control(name, "learning_rate")
    with pytest.raises(ValueError, match="there is no command 'jump'"):
        runs.control(name, "jump")
    lock.release()
    with pytest.raises(ValueError, match="has ended \\(failed\\): it cannot pause"):
        runs.control(name, "pause")
    with pytest.raises(ValueError, match=r"cannot go on: its process was killed at step 0; it had kept no weights yet"):
        runs.control(name, "resume")
    with pytest.raises(FileNotFoundError, match="there is no run 'other'"):
        runs.control("other", "stop")


def test_a_run_that_was_launched_a_moment_ago_is_not_called_dead(tmp_path, launched):
    runs = Runs(tmp_path)
    run = RunFolder(tmp_path / runs.start(tiny()))
    assert run.status().state == "failed"
    run.launched.touch()
    assert run.status().state == "queued"
    old = time.time() - folder.LAUNCH_SECONDS - 1
    os.utime(run.launched, (old, old))
    assert run.status().state == "failed"


def test_rename_refuses_a_name_that_is_taken(tmp_path, launched):
    runs = Runs(tmp_path)
    one, other = runs.start(tiny()), runs.start(tiny())
    with pytest.raises(ValueError, match="there is already a run named 'a2-2'"):
        runs.rename(one, other)
    assert runs.rename(one, "first") == "first"
    runs.delete(other)
    assert [found.name for found in runs.list_runs()] == ["first"]


def test_reading_goes_on_where_it_ended_and_leaves_out_what_is_void(tmp_path, launched):
    runs = Runs(tmp_path)
    run = RunFolder(tmp_path / runs.start(tiny()))
    told = [line(Batch(step, 1, 0.5, 0.5, 0.1, 100.0, 1.0, {})) for step in (1, 2, 3, 4)]
    run.metrics.write_text("".join(f"{each}\n" for each in told[:3]) + told[3][:12])
    first = runs.read(run.path.name)
    assert [event["step"] for event in first.events] == [1, 2, 3]
    with run.metrics.open("a") as file:
        file.write(f"{told[3][12:]}\n{line(Resumed(2))}\n{told[2]}\n")
    more = runs.read(run.path.name, first.next)
    assert [(event["event"], event["step"]) for event in more.events] == [("resumed", 2), ("batch", 3)]
    whole = runs.read(run.path.name)
    assert [(event["event"], event["step"]) for event in whole.events] == [
        ("batch", 1), ("batch", 2), ("resumed", 2), ("batch", 3),
    ]  # fmt: skip


def test_a_folder_that_is_not_there_has_no_runs(tmp_path):
    assert Runs(tmp_path / "none").list_runs() == []


def test_a_folder_that_cannot_be_written_is_named(tmp_path, launched):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file cannot be written"):
        Runs(tmp_path / "file").start(tiny())


def test_damaged_files_make_no_list_fail(tmp_path, launched):
    runs = Runs(tmp_path)
    run = RunFolder(tmp_path / runs.start(tiny()))
    (run.path / "status.json").write_text("{")
    (run.path / "control.json").write_text("[]")
    assert runs.list_runs()[0].status.state == "damaged"
    assert run.control() == Control()
    run.config.write_text("{")
    with pytest.raises(ValueError, match=r"config.json is damaged"):
        runs.config(run.path.name)
    assert runs.list_runs()[0].model == ""


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path, monkeypatch):
    write_atomically(tmp_path / "a", "old")

    def full(*_arguments):
        raise OSError("full")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="full"):
        write_atomically(tmp_path / "a", "new")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("a", "old")]


def test_a_lock_is_one_holders_and_free_when_it_is_let_go(tmp_path):
    path = tmp_path / "lock"
    assert not held(path)
    with FileLock(path):
        assert held(path)
        assert not FileLock(path).acquire()
        with pytest.raises(TimeoutError, match="locked by another process"), patience(FileLock(path)):
            pass
    assert not held(path)


class patience(FileLock):
    """A lock that waits only a moment."""

    def __init__(self, lock):
        super().__init__(lock.path)

    def acquire(self, *, seconds=0.0):
        return super().acquire(seconds=min(seconds, 0.05))


def test_a_queued_run_can_be_stopped(tmp_path):
    run = made(tmp_path / "late", tiny())
    run.tell(Status(created=1))
    run.want(Control(state="stop"))
    assert work(run.path, places=1) == 0
    assert run.status().message == "stopped before its turn came"


@not_on_stand_in("is not in the run's process")
def test_the_command_makes_a_run_and_goes_on_with_it(tmp_path):
    def command(*arguments):
        told = [sys.executable, "-m", "core.train", *arguments]
        return subprocess.run(told, cwd=REPOSITORY, capture_output=True, text=True, timeout=120)

    settings = ["--set", "data.source=drawn", "--set", "data.count=80", "--set", "training.batch_size=16"]
    result = command("a2", "--run", str(tmp_path / "run"), "--epochs", "1", "--device", DEVICE, *settings)
    assert result.returncode == 0, result.stderr
    assert "epoch 1: loss" in result.stdout
    assert result.stdout.splitlines()[-1] == "done"
    run = RunFolder(tmp_path / "run")
    assert json.loads(run.config.read_text())["training"]["batch_size"] == 16
    assert [event["step"] for event in named(run, "checkpoint")][-1] == 5
    run.tell(replace(run.told(), state="stopped"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("a2", "expected --run DIR, or --out DIR with one of recommended, a1, a2, a3"),
        ("resnet18 --out x", "expected --run DIR, or --out DIR with one of"),
        ("--run {folder}/none", "there is no run at"),
        ("a2 --run {folder}/run", "there is already a run at"),
        ("a2 --run {folder}/x --set data.source", "--set data.source: expected NAME=VALUE"),
        ("a2 --run {folder}/x --set data.sauce=1", "there is no setting 'sauce' in data"),
        ("a2 --run {folder}/x --set training.epochs=many", "training.epochs is 'many', expected a whole number"),
        ("a2 --run {folder}/x --set model.x=1", "--set model.x=1: model is no group of settings"),
        ("--run {folder}/done --resume", "is done"),
    ],
)
def test_the_command_says_what_is_wrong(tmp_path, capsys, arguments, message):
    from core import train as command

    made(tmp_path / "run", tiny())
    made(tmp_path / "done", tiny()).tell(Status("done"))
    with pytest.raises(SystemExit) as caught:
        command.main(arguments.format(folder=tmp_path).split())
    assert caught.value.code == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    ("found", "message"),
    [
        ({"modell": "a2"}, "there is no setting 'modell'; the settings are model, start,"),
        ({"training": {"epochs": 0}}, "training.epochs is 0, expected 1 to 10000"),
        ({"training": {"epochs": 1.5}}, "training.epochs is 1.5, expected a whole number"),
        ({"training": {"epochs": True}}, "training.epochs is True, expected a whole number"),
        ({"training": {"batch_size": 10**7}}, "training.batch_size is 10000000, expected 1 to 65536"),
        ({"training": {"learning_rate": float("nan")}}, "training.learning_rate is nan, expected 0 to 1e"),
        ({"training": {"optimiser": "lion"}}, "training.optimiser is 'lion', expected one of sgd, adam, adamw"),
        ({"training": {"momentum": 1}}, "training.momentum is 1.0, expected from 0 to below 1"),
        ({"training": {"compile": "yes"}}, "training.compile is 'yes', expected true or false"),
        ({"training": {"augmentation": {"rotation": 400}}}, "training.augmentation.rotation is 400, expected 0 to 100"),
        ({"training": 3}, "training is 3, expected an object"),
        ({"data": {"classes": "123"}}, "data.classes is '123', expected a list"),
        ({"data": {"source": "folder"}}, "data.path is missing: data.source 'folder' needs"),
        ({"start": 3}, "start is 3, expected a text"),
    ],
)
def test_a_configuration_says_what_is_wrong_with_it(found, message):
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        parse(found)
    assert message in str(caught.value)


def test_a_configuration_survives_json():
    config = parse(TINY | {"unfreeze": {"parts": ["conv2"], "epochs": 2}, "data": {"classes": [5, 6]}})
    assert parse(json.loads(json.dumps(config.json()))) == config
    assert config.unfreeze is not None
    assert config.unfreeze.parts == ("conv2",)
    assert STEPS == 12


def test_of_many_batches_some_are_told_evenly_apart_and_every_other_event(tmp_path: Path) -> None:
    long = told_long(tmp_path / "long", 2500)
    told = Runs(tmp_path).read("long", most=1000)
    steps = [event["step"] for event in told.events if event["event"] == "batch"]
    assert (told.every, steps) == (3, list(range(1, 2501, 3)))  # the last one among them
    whole = long.events()
    assert [event for event in told.events if event["event"] != "batch"] == [
        event for event in whole.events if event["event"] != "batch"
    ]
    assert (told.next, whole.every) == (whole.next, 1)
    assert len(whole.events) == 2500 + 22
    assert [event["step"] for event in long.events(most=2500).events if event["event"] == "batch"][:2] == [1, 2]
    assert Runs(tmp_path).read("long", told.next, most=1000).events == []


def test_what_a_resumed_run_told_again_is_told_once_where_it_is_thinned(tmp_path: Path) -> None:
    long = told_long(tmp_path / "long", 2500)
    again = "".join(line(Batch(step, 5, 0.5, 0.5, 0.01, 1.0, 1.0, {})) + "\n" for step in range(1001, 2001))
    with long.metrics.open("a") as file:
        file.write(line(Resumed(1000)) + "\n" + again)
    steps = [event["step"] for event in Runs(tmp_path).read("long", most=700).events if event["event"] == "batch"]
    assert steps == sorted(set(steps))
    assert steps[-1] == 2000
