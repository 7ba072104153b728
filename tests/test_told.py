"""What is told by key has words in both languages, with its values in them; the server answers key and values."""

import ast
import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest

from core.told import Told, keyed, told
from core.training.settings import parse
from explorer.wire.view import answers

REPOSITORY = Path(__file__).resolve().parents[1]
WORDS = {
    language: json.loads((REPOSITORY / "explorer/web/i18n" / f"{language}.json").read_text(encoding="utf-8"))
    for language in ("en", "zh")
}


def raised() -> list[tuple[str, str, set[str]]]:
    """Where a message is told by key, its key, and the names of its values."""
    found = []
    for folder in ("core", "explorer"):
        for file in (REPOSITORY / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "keyed":
                    key = ast.literal_eval(node.args[1])
                    found.append((f"{file.name}:{node.lineno}", key, {str(each.arg) for each in node.keywords}))
    return found


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_message_has_words_with_its_values_in_them(language: str) -> None:
    messages = raised()
    assert len(messages) > 50
    for place, key, values in messages:
        assert key in WORDS[language], place
        places = set(re.findall(r"\{(\w+)\}", WORDS[language][key]))
        assert places <= values, f"{place}: {key} has no value for {places - values}"


def test_an_error_keeps_its_words_and_carries_its_key() -> None:
    error = keyed(FileNotFoundError("there is no run 'a'"), "told.run.gone", name="a")
    assert str(error) == "there is no run 'a'"
    assert told(error) == Told("told.run.gone", {"name": "a"})
    assert told(ValueError("words alone")) is None


def test_the_server_answers_the_key_and_the_values_of_what_was_wrong() -> None:
    def start_run(request: Any) -> dict[str, Any]:
        return {"config": parse(request).json()}

    answer = asyncio.run(answers(start_run)({"data": {"source": "folder"}}))
    assert answer["error"].startswith("data.path is missing")
    assert (answer["key"], answer["values"]) == ("told.setting.path", {})
    answer = asyncio.run(answers(start_run)({"training": {"epochs": 0}}))
    assert answer["values"] == {"setting": "training.epochs", "value": "0", "low": "1", "high": "10000"}
