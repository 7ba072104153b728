"""A Hugging Face Space of ConvScope starts under the variables that a Space sets, and answers under its name alone."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

import pytest

from tests.browser.conftest import free_port

ROOT = Path(__file__).resolve().parents[2]
SPACE = ROOT / "examples" / "space"
NAME = "somebody-convscope.hf.space"


def facts() -> dict[str, str]:
    """Return what the Space's README says to Hugging Face."""
    front = (SPACE / "README.md").read_text(encoding="utf-8").split("---\n")[1]
    return dict(re.findall(r"^(\w+): \"?([^\"\n]+)\"?$", front, re.MULTILINE))


def test_the_readme_names_the_file_the_sdk_and_the_version_that_was_tested() -> None:
    told = facts()
    assert (SPACE / told["app_file"]).is_file()
    assert told["sdk"] == "gradio"
    assert f"gradio=={told['sdk_version']}\n" in (ROOT / "constraints.txt").read_text(encoding="utf-8").lower()
    assert len(told["short_description"]) <= 60


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a Space that runs: the repository with both files at its root, as the Space has it."""
    root = tmp_path_factory.mktemp("space")
    for package in ("core", "explorer"):
        shutil.copytree(ROOT / package, root / package, ignore=shutil.ignore_patterns("__pycache__"))
    for file in SPACE.iterdir():
        shutil.copy(file, root)
    port = free_port()
    told = {
        **{"GRADIO_SERVER_NAME": "0.0.0.0", "GRADIO_SERVER_PORT": str(port), "GRADIO_ALLOW_FLAGGING": "never"},
        **{"GRADIO_NUM_PORTS": "1", "GRADIO_THEME": "huggingface", "SYSTEM": "spaces", "SPACE_HOST": NAME},
        **{"SPACE_ID": "somebody/convscope", "SPACE_AUTHOR_NAME": "somebody", "SPACE_REPO_NAME": "convscope"},
        **{"SPACE_TITLE": "ConvScope", "CPU_CORES": "2", "MEMORY": "16Gi", "CONVSCOPE_PASSWORD": "chalk and talk"},
    }
    command = [sys.executable, facts()["app_file"]]
    with subprocess.Popen(command, cwd=root, env=os.environ | told, stdout=subprocess.DEVNULL) as process:
        for _ in range(600):
            if process.poll() is not None:
                pytest.fail(f"the Space stopped with status {process.returncode}")
            try:
                answer(port, NAME)
                break
            except OSError:
                time.sleep(0.2)
        yield port
        process.terminate()
        process.wait(20)


def answer(port: int, host: str, path: str = "/") -> tuple[HTTPResponse, bytes]:
    with closing(HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        connection.request("GET", path, headers={"host": host, "x-forwarded-proto": "https"})
        told = connection.getresponse()
        return told, told.read()


def test_a_space_answers_under_its_name_and_no_other(port: int) -> None:
    told, body = answer(port, NAME)
    assert told.status == 200
    assert b"ConvScope" in body
    assert answer(port, "elsewhere.example")[0].status in (400, 403, 421)


def test_a_space_sends_networks_to_browsers_that_compute_drawings_themselves(port: int) -> None:
    told, body = answer(port, NAME, "/engine/recommended.json")
    assert told.status == 200
    assert b'"plan"' in body
