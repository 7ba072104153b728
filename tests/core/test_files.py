"""Windows' rules for files and words, imitated: what somebody has open is refused for a while, cp1252, device names."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from core import files
from core.files import patiently, replace_file, speaking_utf8
from core.models.weights import read_weights, save_tensors
from core.training.folder import Control, RunFolder, Status
from core.training.runs import RESERVED, Runs

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def refused(monkeypatch):
    """Let `os.replace` refuse so many times, as Windows does while a file is read; return what it was asked."""
    asked, plain = [], os.replace

    def times(count):
        def replace(source, target):
            asked.append(target)
            if len(asked) <= count:
                raise PermissionError(13, "The process cannot access the file because it is being used", str(target))
            plain(source, target)

        monkeypatch.setattr(os, "replace", replace)
        return asked

    return times


def test_a_replace_that_is_refused_twice_is_done_the_third_time(tmp_path, refused):
    asked = refused(2)
    (tmp_path / "new").write_text("new")
    (tmp_path / "there").write_text("old")
    replace_file(tmp_path / "new", tmp_path / "there")
    assert (tmp_path / "there").read_text() == "new"
    assert len(asked) == 3


@pytest.mark.parametrize("what", ["status", "control", "weights"])
def test_status_control_and_weights_outlast_a_reader(tmp_path, refused, what):
    run = RunFolder(tmp_path)
    asked = refused(2)
    if what == "status":
        run.tell(Status(message="猫"))
        assert run.told().message == "猫"
    elif what == "control":
        run.want(Control("pause"))
        assert run.control() == Control("pause")
    else:
        save_tensors({"w": torch.arange(3)}, run.base)
        assert read_weights(run.base)["w"].tolist() == [0, 1, 2]
    assert len(asked) == 3
    assert [path.name for path in tmp_path.iterdir()] == [asked[0].name]


def test_one_who_keeps_a_file_open_is_told_and_the_old_one_kept(tmp_path, refused, monkeypatch):
    monkeypatch.setattr(files, "PATIENCE", 0.1)
    run = RunFolder(tmp_path)
    run.tell(Status(message="old"))
    refused(10_000)
    with pytest.raises(PermissionError, match="being used"):
        run.tell(Status(message="new"))
    assert run.told().message == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["status.json"]


def test_a_file_that_is_being_replaced_is_read_a_moment_later(tmp_path):
    tries = []

    def read():
        tries.append(1)
        if len(tries) < 3:
            raise PermissionError(13, "Permission denied")
        return "read"

    assert patiently(read) == "read"


@pytest.mark.parametrize("act", ["rename", "delete"])
def test_a_run_that_another_program_has_open_is_neither_renamed_nor_deleted(tmp_path, refused, monkeypatch, act):
    monkeypatch.setattr(files, "PATIENCE", 0.1)
    run = RunFolder(tmp_path / "mine")
    run.path.mkdir()
    run.config.write_text("{}")
    runs = Runs(tmp_path)
    refused(10_000)
    with pytest.raises(ValueError, match=f"mine cannot be {act}d: another program has its folder or one of its files"):
        runs.rename("mine", "yours") if act == "rename" else runs.delete("mine")
    assert run.config.is_file()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".deleted")] == []


def test_what_was_read_of_weights_lives_without_the_file(tmp_path):
    file = tmp_path / "w.safetensors"
    save_tensors({"w": torch.arange(100_000, dtype=torch.float32)}, file)
    found = read_weights(file)["w"]
    maps = Path("/proc/self/maps")
    assert not maps.exists() or str(file) not in maps.read_text()
    file.write_bytes(b"")
    assert found.sum() == torch.arange(100_000, dtype=torch.float32).sum()


@pytest.mark.parametrize("name", [*sorted(RESERVED), "con", "Nul.txt", "aux .x", "ends with a dot.", "bell\x07"])
def test_a_name_that_windows_keeps_for_itself_is_refused(tmp_path, name):
    with pytest.raises(ValueError, match="on Windows no folder can have that name"):
        Runs(tmp_path).model(name)


@pytest.mark.parametrize("name", ["console", "COM10", "null", "v1.5", "猫"])
def test_a_name_that_only_looks_like_one_is_taken(tmp_path, name):
    with pytest.raises(FileNotFoundError, match="there is no run"):
        Runs(tmp_path).model(name)


PRINTS = "print('猫')"


def test_a_child_speaks_utf8_whatever_the_code_page():
    latin = os.environ | {"PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0"}
    alone = subprocess.run([sys.executable, "-c", PRINTS], env=latin, capture_output=True, check=False)
    assert alone.returncode == 1
    assert b"UnicodeEncodeError" in alone.stderr
    child = subprocess.run([sys.executable, "-c", PRINTS], env=speaking_utf8(latin), capture_output=True, check=True)
    assert child.stdout.decode() == "猫" + os.linesep


def test_a_run_told_to_a_code_page_without_its_letters_ends_well(tmp_path):
    pictures = tmp_path / "pictures"
    for name in ("猫", "dog"):
        (pictures / name).mkdir(parents=True)
        for number in range(4):
            (pictures / name / f"{number}.pgm").write_bytes(b"P5 28 28 255\n" + bytes([number * 20]) * 784)
    command = [sys.executable, "-m", "core.train", "a2", "--run", str(tmp_path / "run"), "--data-dir", str(pictures)]
    for setting in ("data.source=folder", "data.validation=0", "training.epochs=1", "data.side=28"):
        command += ["--set", setting]
    latin = os.environ | {"PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0"}
    done = subprocess.run(command, env=latin, cwd=REPOSITORY, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode("cp1252")
    assert RunFolder(tmp_path / "run").told().state == "done"
    started = json.loads((tmp_path / "run" / "metrics.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert sorted(started["classes"]) == ["dog", "猫"]
