"""The Kernels page: pictures convolved in the browser. The server only hands out the modules."""

import gradio as gr

from explorer.web_view import web_view

__all__ = ["kernels_view"]


def kernels_view() -> gr.HTML:
    """Return the page's view; once loaded it asks the server for nothing."""
    return web_view("kernels.js")
