"""Writes the files of `tests/golden`, one case a line, so that a change of a case is a change of its line."""

import json
from pathlib import Path
from typing import Any

__all__ = ["write_golden"]


def write_golden(path: Path, golden: Any) -> None:
    """Write a list of cases, or lists of cases by name."""
    path.write_text(_lines(golden) + "\n", encoding="utf-8")


def _lines(value: Any) -> str:
    if isinstance(value, dict):
        return "{\n" + ",\n".join(f"{json.dumps(name)}: {_lines(cases)}" for name, cases in value.items()) + "\n}"
    if isinstance(value, list) and value and isinstance(value[0], dict | list):
        return "[\n" + ",\n".join(json.dumps(case) for case in value) + "\n]"
    return json.dumps(value)
