"""The Arithmetic page: operators stepped through number by number in the browser, checked against autograd here."""

import gradio as gr

from explorer.arithmetic.check import check, check_chain
from explorer.arithmetic.films import FORMATS, animate
from explorer.arithmetic.listings import listings
from explorer.wire.view import answers, web_view

__all__ = ["arithmetic_view"]


def arithmetic_view() -> gr.HTML:
    """Return the page's view, with the sources of the naive loops that it shows."""
    return web_view(
        "arithmetic/page.js",
        functions=[answers(check), answers(check_chain), answers(animate)],
        options={"listings": listings(), "films": list(FORMATS)},
    )
