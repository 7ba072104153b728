"""The application: one Gradio app, its pages as tabs under the model bar."""

import socket
from typing import Any

import gradio as gr

from explorer.arithmetic.page import arithmetic_view
from explorer.draw.edits import Edits
from explorer.draw.inputs import Inputs
from explorer.draw.page import draw_view
from explorer.kernels.page import kernels_view
from explorer.models.bar import model_bar
from explorer.models.library import Library
from explorer.train.page import train_view
from explorer.wire.endpoint import predict_endpoint
from explorer.wire.view import WEB

__all__ = ["build", "free_or_fail", "launch"]

LAST_PORT = 65535

STYLES = [
    WEB / "tokens.css",
    WEB / "app.css",
    WEB / "draw/input.css",
    WEB / "draw/why.css",
    WEB / "arithmetic/page.css",
    WEB / "arithmetic/parts.css",
    WEB / "kernels/page.css",
    WEB / "parts/chart.css",
    WEB / "kernels/lab.css",
    WEB / "train/page.css",
]


def build(library: Library, *, model: str, language: str = "en") -> gr.Blocks:
    """Return the app, exploring `model` first."""
    gr.set_static_paths([WEB])
    edits = Edits(Inputs(library.data_dir))
    with gr.Blocks(title="ConvScope", analytics_enabled=False, fill_width=True) as app:
        model_bar(library, model=model, language=language)
        predict_endpoint(library)
        with gr.Tabs(elem_id="pages"):
            with gr.Tab("Draw", id="draw"):
                draw_view(library, edits)
            with gr.Tab("Arithmetic", id="arithmetic"):
                arithmetic_view()
            with gr.Tab("Kernels", id="kernels"):
                kernels_view(library, edits)
            with gr.Tab("Train", id="train"):
                train_view(library, edits)
    return app


def free_or_fail(host: str, port: int) -> None:
    """Check that a server can listen there.

    Raises:
        ValueError: there is no such port.
        OSError: the port is in use, or the address is not this machine's.
    """
    if not 0 < port <= LAST_PORT:
        raise ValueError(f"port is {port}, expected 1 to {LAST_PORT}")
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise OSError(
                f"cannot listen on {host}:{port} ({error.strerror}); choose another port with --port"
            ) from None


def launch(app: gr.Blocks, *, host: str, port: int, open_browser: bool, block: bool = True) -> Any:
    """Serve the app until interrupted (`block`), or return at once."""
    return app.launch(
        server_name=host,
        server_port=port,
        inbrowser=open_browser,
        prevent_thread_lock=not block,
        ssr_mode=False,
        footer_links=[],
        quiet=True,
        css_paths=STYLES,
        theme=gr.themes.Base(font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"]),
        favicon_path=WEB / "favicon.svg",
        pwa=False,
    )
