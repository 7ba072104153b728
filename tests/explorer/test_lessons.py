"""A teacher's folder of lessons is answered as it is at each look."""

import asyncio
import json
import re
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from explorer.__main__ import main
from explorer.learn.__main__ import main as check
from explorer.learn.page import LARGEST, lessons, lessons_route
from explorer.wire.view import answers


def test_the_lessons_of_a_folder_are_read_anew_at_each_look(tmp_path):
    assert lessons(tmp_path, {}) == {"lessons": []}
    (tmp_path / "tides.json").write_text('{"title": "潮"}', encoding="utf-8")
    (tmp_path / "notes.txt").write_text("no lesson")
    (tmp_path / "folder.json").mkdir()
    assert lessons(tmp_path, {}) == {"lessons": [{"file": "tides.json", "text": '{"title": "潮"}'}]}
    (tmp_path / "arches.json").write_bytes(b"\xef\xbb\xbf[]")
    assert [one["file"] for one in lessons(tmp_path, {})["lessons"]] == ["arches.json", "tides.json"]
    assert lessons(tmp_path, {})["lessons"][0]["text"] == "[]"


def test_a_file_that_is_no_text_or_too_large_does_not_stop_the_others(tmp_path):
    (tmp_path / "a.json").write_bytes(b"\xff\xfe")
    (tmp_path / "b.json").write_text(" " * (LARGEST + 1))
    (tmp_path / "c.json").write_text("{}")
    assert [one["text"] for one in lessons(tmp_path, {})["lessons"]] == ["\ufffd\ufffd", None, "{}"]


@pytest.mark.parametrize("request_", [None, 3, [], {"folder": "/"}, "../.."])
def test_no_request_names_what_is_read(request_, tmp_path):
    assert asyncio.run(answers(lessons, tmp_path)(request_)) == {"lessons": []}
    assert lessons(None, request_) == {"lessons": []}


def test_the_page_asks_for_them_at_one_address(tmp_path):
    (tmp_path / "mine.json").write_text("{}")
    client = TestClient(Starlette(routes=[lessons_route(tmp_path)]))
    assert client.get("/lessons?folder=/etc").json() == {"lessons": [{"file": "mine.json", "text": "{}"}]}
    assert client.post("/lessons").status_code == 405


def test_the_command_line_takes_a_folder_and_no_file(tmp_path, capsys):
    file = tmp_path / "x.json"
    file.write_text(json.dumps({}))
    with pytest.raises(SystemExit):
        main(["--lessons", str(file), "--no-open"])
    assert "is a file, expected a folder" in capsys.readouterr().err


DOCS = Path(__file__).parents[2] / "docs" / "lessons.md"


@pytest.fixture
def example():
    """The lesson that docs/lessons.md shows."""
    found = re.search(r"```json lesson\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    assert found
    return found[1]


def test_the_command_line_says_what_is_wrong_with_lessons_by_file_and_line(tmp_path, example, capfd):
    good, wrong = tmp_path / "good.json", tmp_path / "wrong.json"
    good.write_text("\ufeff" + example, encoding="utf-8")
    assert check([str(tmp_path)]) == 0
    assert capfd.readouterr().out == f"{good} can be gone through\n"
    broken = example.replace('"wait": "arithmetic.stepped"', '"wait": "arithmetic.danced"')
    wrong.write_text(broken, encoding="utf-8")
    line = 1 + broken.split("arithmetic.danced")[0].count("\n")
    assert check([str(tmp_path)]) == 1
    said = "there is no act called “arithmetic.danced” to wait for."
    assert capfd.readouterr().out == f"{wrong}:{line}: {said}\n"
    assert check([str(wrong), "--lang", "zh"]) == 1
    assert capfd.readouterr().out.startswith(f"{wrong}:{line}: 没有叫")


def test_the_command_line_names_a_lesson_that_is_too_large_or_called_as_one_that_ships(tmp_path, example, capfd):
    large, taken = tmp_path / "large.json", tmp_path / "by-hand.json"
    large.write_text(example + " " * LARGEST, encoding="utf-8")
    taken.write_text(example, encoding="utf-8")
    assert check([str(large), str(taken)]) == 1
    assert capfd.readouterr().out.splitlines() == [
        f"{large}:1: the file is larger than 200 kB, the most that a lesson may have.",
        f"{taken}:1: a shipped lesson has this name. Give the file another one.",
    ]


def test_the_command_line_checks_nothing_without_lessons_or_without_node(tmp_path, example, capfd, monkeypatch):
    assert check([str(tmp_path)]) == 2
    assert check([str(tmp_path / "gone.json")]) == 2
    assert capfd.readouterr().err.splitlines() == [
        f"convscope: there is no lesson at {tmp_path}",
        f"convscope: there is no lesson at {tmp_path / 'gone.json'}",
    ]
    (tmp_path / "good.json").write_text(example, encoding="utf-8")
    monkeypatch.setenv("PATH", "")
    assert check([str(tmp_path)]) == 2
    assert "runs on Node.js, which is not here" in capfd.readouterr().err
