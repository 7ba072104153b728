"""Which lessons a folder of files can show: those whose pages and networks are in it, and that measure no server."""

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

__all__ = ["choose_lessons", "fitting"]

SERVER = ("train.", "lab.")
"""How the names begin of what a lesson may not point at or wait for: only a server has the speed lab, and most lessons
about runs want more of one than the folder trains."""


def fitting(lesson: dict[str, Any], pages: Collection[str], models: Collection[str]) -> dict[str, Any] | None:
    """Return a lesson without doors to pages that are not there; None where a card needs what is not there."""

    def reaches(opens: dict[str, Any]) -> bool:
        return opens.get("page", "draw") in pages and opens.get("model", next(iter(models))) in models

    cards = []
    for card in lesson["cards"]:
        named = [card[key] for key in ("at", "wait") if isinstance(card.get(key), str)]
        if not reaches(card.get("open", {})) or any(name.startswith(SERVER) for name in named):
            return None
        doors = [door for door in card.get("doors", []) if reaches(door["open"])]
        cards.append(card | ({"doors": doors} if "doors" in card else {}))
    return lesson | {"cards": cards}


def choose_lessons(folder: Path, pages: Collection[str], models: Collection[str]) -> list[str]:
    """Leave in the folder of the shipped lessons those that fit, and return their names, in their order."""
    names: list[str] = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    kept = []
    for name in names:
        path = folder / f"{name}.json"
        lesson = fitting(json.loads(path.read_text(encoding="utf-8")), pages, models)
        if lesson is None:
            path.unlink()
            continue
        path.write_text(json.dumps(lesson, ensure_ascii=False), encoding="utf-8")
        kept.append(name)
    (folder / "index.json").write_text(json.dumps(kept), encoding="utf-8")
    return kept
