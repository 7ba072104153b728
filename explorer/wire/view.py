"""A Gradio component whose content is built by a native ES module of `explorer/web`."""

import json
import logging
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, cast

import gradio as gr

from core.told import told
from explorer.wire.numbers import named
from explorer.work import Ended, Work

__all__ = ["WEB", "WORK", "Answer", "answers", "by_key", "web_view"]

WEB = Path(__file__).resolve().parents[1] / "web"
"""Folder of the modules, served as static files."""

Answer = Callable[[Any], Awaitable[dict[str, Any]]]

WORK = Work()

MOST_LETTERS = 1000
"""Longest message: it may repeat what came."""

log = logging.getLogger(__name__)

MOUNT = """
const folder = window.gradio_config.root + window.gradio_config.api_prefix + "/file=" + {folder};
const place = element.querySelector(".webview");
Promise.all([import(folder + "/" + {module}), import(folder + "/parts/server.js")])
  .then(([view, {{ speaking }}]) => view.mount(place, {{ server: speaking(server), options: JSON.parse(props.value) }}))
  .catch((error) => {{ place.textContent = String(error); throw error; }});
"""


def web_view(module: str, *, functions: Sequence[Answer] = (), options: dict[str, Any] | None = None) -> gr.HTML:
    """Return one view of the page: an empty element that the module's `mount(element, { server, options })` fills.

    Args:
        module: its file in `explorer/web`, in the folder of its page.
        functions: what the module may call as `await server.NAME(argument)`, each made by `answers`.
        options: what the module gets to start with.
    """
    return gr.HTML(
        value=json.dumps(options or {}),
        html_template='<div class="webview"></div>',
        js_on_load=MOUNT.format(folder=json.dumps(WEB.as_posix()), module=json.dumps(module)),
        apply_default_css=False,
        server_functions=list(functions),
        elem_classes=["webview-block", f"webview-{Path(module).parent.name}"],
    )


def answers(
    function: Callable[..., dict[str, Any]],
    *context: Any,
    long: bool | Callable[[Any], bool] = False,
    light: Callable[[Any], bool] = lambda request: False,
    permit: Callable[[], None] | None = None,
) -> Answer:
    """Return `function(*context, request)` as something the page may call by the function's name.

    What a user can put right (`ValueError`, `TypeError`, `OSError`) is answered as `{"error": message}`, with the
    message's key and values where it has them, which the page says in its own language; any other
    exception with its class, and logged: the page says it, whatever a person's model raised.

    Args:
        function: computes the answer.
        context: what it takes before the request.
        long: whether it may take long, or tells that of a request: then it waits for its turn (see `explorer.work`).
        light: tells of a request whether it takes a few milliseconds and waits for nobody.
        permit: raises `PermissionError` where whoever asks may not.
    """

    def compute(request: Any) -> dict[str, Any]:
        try:
            if permit:
                permit()
            return cast(dict[str, Any], named(function(*context, request)))
        except (Ended, ValueError, TypeError, OSError) as error:
            return {"error": _short(str(error)), **by_key(error)}
        except Exception as error:
            log.exception("%s failed", function.__name__)
            return {"error": _short(f"{type(error).__name__}: {error}")}

    async def answer(request: Any) -> dict[str, Any]:
        if not (long(request) if callable(long) else long):
            return await WORK.quick(compute, request, light=light(request))
        try:
            return await WORK.long(compute, request, name=function.__name__)
        except Ended as error:
            return {"error": str(error), **by_key(error)}

    answer.__name__ = function.__name__
    return answer


def by_key(error: BaseException) -> dict[str, Any]:
    """Return what an answer adds to an error's words: the key of the message and its values, where it has one."""
    found = told(error)
    return {} if found is None else {"key": found.key, "values": {**found.values}}


def _short(message: str) -> str:
    return message if len(message) <= MOST_LETTERS else f"{message[:MOST_LETTERS]}…"
