"""A page with one function, `heard`, which says how often it was asked: `python -m tests.explorer.served_page`."""

import argparse
import itertools
import time
from typing import Any

import gradio as gr

from explorer.app import launch
from explorer.serving import guard, server
from explorer.wire.view import WEB, answers, web_view
from explorer.work import Ended, checkpoint

PART = 0.02
"""Seconds between two checkpoints."""

IMPATIENT = 0.5
"""Seconds in place of those that a person may take."""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--host", default="127.0.0.1")
    options = parser.parse_args()
    guard.BODY_SECONDS = server.HEAD_SECONDS = IMPATIENT
    asked = itertools.count(1)

    def heard(request: Any) -> dict[str, Any]:
        return {"heard": request, "asked": next(asked)}

    begun = 0
    ends: list[str] = []

    def ponder(request: Any) -> dict[str, Any]:
        """Compute for `request` seconds, a part at a time."""
        nonlocal begun
        begun += 1
        try:
            for _ in range(int(request / PART)):
                time.sleep(PART)
                checkpoint()
        except Ended:
            ends.append("ended")
            raise
        ends.append("done")
        return {"pondered": request}

    def how_it_went(request: Any) -> dict[str, Any]:
        return {"begun": begun, "ends": ends}

    gr.set_static_paths([WEB])
    with gr.Blocks(analytics_enabled=False) as blocks:
        web_view("draw/page.js", functions=[answers(heard), answers(ponder, long=True), answers(how_it_went)])
    launch(blocks, host=options.host, port=options.port, open_browser=False, allowed=["class.example"]).wait()


if __name__ == "__main__":
    main()
