"""The Draw page: a drawing in; maps, prediction and any cell's sum out."""

import gradio as gr

from explorer.draw.cell import arithmetic, explain
from explorer.draw.compare import comparable, compare
from explorer.draw.exports import exact, pytorch_lines
from explorer.draw.gallery import Gallery, browse
from explorer.draw.layer import layer
from explorer.draw.sources import number_ink, sources
from explorer.draw.why import why
from explorer.screen.edits import steps_many
from explorer.screen.observe import observe
from explorer.screen.shown import Showing
from explorer.wire.view import answers, web_view

__all__ = ["draw_view"]


def draw_view(showing: Showing, *, slim: bool = False, local: bool = False) -> gr.HTML:
    """Return the page's view.

    Args:
        showing: what is on screen.
        slim: whether the input stands in a slim band, the network right below.
        local: whether browsers may compute drawings themselves.
    """
    quick = (arithmetic, pytorch_lines, layer)
    resting = (explain, sources)  # asked as often as a pointer rests
    return web_view(
        "draw/page.js",
        functions=[
            answers(observe, showing, long=steps_many, light=showing.is_light),
            *(answers(function, showing, long=steps_many, light=showing.is_light) for function in resting),
            *(answers(function, showing, long=steps_many) for function in quick),
            *(answers(function, showing, long=True) for function in (exact, why, compare, number_ink)),
            answers(browse, showing.library, Gallery(showing.inputs)),
            answers(comparable, showing.library),
        ],
        options={"slim": slim, "local": local},
    )
