"""The application: one Gradio app, its pages as tabs under the model bar."""

import socket
from typing import Any

import gradio as gr

from explorer.edits import Edits
from explorer.inputs import Inputs
from explorer.session import Library
from explorer.views.arithmetic import arithmetic_view
from explorer.views.draw import draw_view
from explorer.views.kernels import kernels_view
from explorer.views.model_bar import model_bar
from explorer.views.predict import predict_endpoint
from explorer.views.train import train_view
from explorer.web_view import WEB

__all__ = ["build", "free_or_fail", "launch"]

LAST_PORT = 65535

STYLES = [
    WEB / "tokens.css",
    WEB / "app.css",
    WEB / "draw_input.css",
    WEB / "why.css",
    WEB / "arithmetic.css",
    WEB / "arithmetic_parts.css",
    WEB / "kernels.css",
    WEB / "chart.css",
    WEB / "lab.css",
    WEB / "train.css",
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
