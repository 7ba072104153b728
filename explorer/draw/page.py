"""The Draw page: a drawing in; maps, prediction and any cell's sum out."""

import gradio as gr

from explorer.draw.cell import arithmetic, explain
from explorer.draw.compare import comparable, compare
from explorer.draw.digits import Gallery, browse
from explorer.draw.exports import exact, pytorch_lines
from explorer.draw.why import why
from explorer.screen.observe import observe
from explorer.screen.shown import Showing
from explorer.wire.view import answers, web_view

__all__ = ["draw_view"]


def draw_view(showing: Showing) -> gr.HTML:
    """Return the page's view."""
    functions = (observe, explain, exact, arithmetic, pytorch_lines, why, compare)
    return web_view(
        "draw/page.js",
        functions=[
            *(answers(function, showing) for function in functions),
            answers(browse, showing.library, Gallery(showing.inputs)),
            answers(comparable, showing.library),
        ],
    )
