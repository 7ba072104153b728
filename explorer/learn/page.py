"""The Learn page: its lessons are files that the browser reads; a teacher's folder is read here, at each look."""

from pathlib import Path
from typing import Any

import gradio as gr
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from explorer.wire.view import answers, web_view

__all__ = ["LARGEST", "MOST", "learn_view", "lessons", "lessons_route"]

MOST = 200
"""Most files of a folder that are read."""
LARGEST = 200_000
"""Largest file that is read, bytes: `LARGEST` in explorer/web/lib/lesson/check.js."""


def learn_view() -> gr.HTML:
    """Return the page's view."""
    return web_view("learn/page.js")


def lessons(folder: Path | None, _: Any) -> dict[str, Any]:
    """Return the texts of the lessons in a folder, by the order of their names: `{lessons: [{file, text}]}`.

    The page says what is wrong with them. The text of a file that is larger than `LARGEST` is null.
    """
    if folder is None or not folder.is_dir():
        return {"lessons": []}
    files = sorted(path for path in folder.glob("*.json") if path.is_file())[:MOST]
    return {"lessons": [{"file": path.name, "text": _text(path)} for path in files]}


def _text(path: Path) -> str | None:
    with path.open("rb") as file:
        read = file.read(LARGEST + 1)
    return read.decode("utf-8-sig", "replace") if len(read) <= LARGEST else None


def lessons_route(folder: Path | None) -> Route:
    """Return what answers a page with the lessons of a folder, which none of its requests names."""
    ask = answers(lessons, folder)

    async def answer(_: Request) -> JSONResponse:
        return JSONResponse(await ask({}))

    return Route("/lessons", answer, methods=["GET"])
