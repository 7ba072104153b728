"""The Arithmetic page: operators stepped through number by number in the browser, checked against autograd here."""

import gradio as gr
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from core.ops.formulas import FORMULAS
from explorer.arithmetic.check import check, check_chain
from explorer.arithmetic.films import FORMATS, animate
from explorer.arithmetic.listings import listings
from explorer.wire.view import answers, web_view

__all__ = ["FILMS", "arithmetic_view"]


def arithmetic_view() -> gr.HTML:
    """Return the page's view, with the sources of the naive loops that it shows and their formulas."""
    return web_view(
        "arithmetic/page.js",
        functions=[answers(check), answers(check_chain)],
        options={"listings": listings(), "formulas": FORMULAS, "films": list(FORMATS)},
    )


async def _film(request: Request) -> JSONResponse:
    """Answer frames, a line of base64 each, with the film in `?format=` that shows each for `?delay=` ms."""
    told = request.query_params
    try:
        delay = float(told.get("delay", ""))
    except ValueError:
        return JSONResponse({"error": f"the delay is {told.get('delay')!r}, expected a number of ms"})
    frames = (await request.body()).decode("ascii", "replace").split("\n")
    return JSONResponse(await animated({"format": told.get("format"), "delay": delay, "frames": frames}))


animated = answers(animate, long=True)

FILMS = Route("/films", _film, methods=["POST"])
"""Films are asked for beside the page's functions: their frames are larger than any request of those."""
