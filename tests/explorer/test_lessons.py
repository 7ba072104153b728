"""A teacher's folder of lessons is answered as it is at each look."""

import asyncio
import json

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from explorer.__main__ import main
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
    assert [one["text"] for one in lessons(tmp_path, {})["lessons"]] == ["\ufffd\ufffd", "", "{}"]


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
