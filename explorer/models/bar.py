"""The bar above the pages: which model is explored, where it runs, what it reached; theme and language."""

from typing import Any

import gradio as gr

from explorer.classroom import Classroom, class_functions
from explorer.models.library import UNTRAINED, Explored, Library
from explorer.models.loading import BeingFetched
from explorer.models.moments import run_of
from explorer.wire import trace as payloads
from explorer.wire.requests import MODEL, checked
from explorer.wire.view import answers, by_key, web_view

__all__ = ["cancel_download", "describe", "model_bar"]

FIGURES = ("mnist_accuracy", "strokes_accuracy", "expected_calibration_error")
"""What the bar says of what a card's model reached."""


def model_bar(
    library: Library,
    *,
    model: str,
    language: str,
    network: str | None = None,
    classroom: Classroom | None = None,
    local: bool = False,
) -> gr.HTML:
    """Return the bar, with `model` chosen first; other machines find it at `network`; in class with its sign.

    `local`: with a switch that lets the browser compute drawings itself.
    """
    permit = classroom.teachers("give up what others wait for") if classroom else None
    functions = [answers(describe, library), answers(cancel_download, library, permit=permit)]
    return web_view(
        "models/bar.js",
        functions=[*functions, *(class_functions(classroom) if classroom else [])],
        options={
            "models": library.offered(),
            "model": model,
            "language": language,
            "device": str(library.device),
            "network": network,
            "classroom": classroom is not None,
            "local": local,
        },
    )


def describe(library: Library, request: Any) -> dict[str, Any]:
    """Answer `{model}`: its card and its structure, or why its weights are missing and the name without them.

    While they are being fetched, `fetching` says how many bytes are `done` of which `size`.
    """
    name = checked(request, {"model": MODEL})["model"]
    try:
        explored = library.explored(name)
    except FileNotFoundError as error:
        return {"missing": str(error), **by_key(error), "untrained": name + UNTRAINED}
    except BeingFetched as told:
        return {"fetching": {"done": told.done, "size": told.size}}
    trace, _ = explored.trace(explored.blank())
    return {**facts(explored), **payloads.describe(explored, trace)}


def cancel_download(library: Library, request: Any) -> dict[str, Any]:
    """Give up fetching the weights of `{model}`."""
    library.cancel(checked(request, {"model": MODEL})["model"])
    return {}


def facts(explored: Explored) -> dict[str, Any]:
    """Return what the bar says of a model."""
    figures = explored.card.figures if explored.trained else {}
    return {
        "name": explored.name,
        "title": explored.card.title,
        "summary": explored.card.summary,
        "trained": explored.trained,
        "device": str(explored.device),
        "takes": explored.card.takes,
        "run": run_of(explored.name),
        "parameters": sum(parameter.numel() for parameter in explored.parameters.values()),
        "figures": {key: figures[key] for key in FIGURES if key in figures},
    }
