"""The application: one Gradio app, its pages as tabs under the model bar."""

from pathlib import Path
from typing import Any

import gradio as gr

from explorer.arithmetic.page import FILMS, arithmetic_view
from explorer.classroom import Classroom
from explorer.draw.page import draw_view
from explorer.kernels.page import kernels_view
from explorer.learn.page import learn_view, lessons_route
from explorer.models.bar import model_bar
from explorer.models.library import Library
from explorer.publish.route import network_route
from explorer.screen.shown import Showing
from explorer.serving import Served, address_in_network, serve
from explorer.train.page import train_view
from explorer.wire.endpoint import predict_endpoint
from explorer.wire.view import WEB

__all__ = ["build", "launch"]

STYLES = [
    WEB / "tokens.css",
    WEB / "app.css",
    WEB / "parts/network/network.css",
    WEB / "parts/formula.css",
    WEB / "parts/classroom/sign.css",
    WEB / "draw/page.css",
    WEB / "draw/input.css",
    WEB / "draw/slim.css",
    WEB / "draw/cell.css",
    WEB / "draw/why.css",
    WEB / "arithmetic/page.css",
    WEB / "arithmetic/stage.css",
    WEB / "arithmetic/parts.css",
    WEB / "arithmetic/present.css",
    WEB / "kernels/page.css",
    WEB / "parts/chart.css",
    WEB / "kernels/lab.css",
    WEB / "train/page.css",
    WEB / "learn/page.css",
    WEB / "parts/lesson/lesson.css",
    WEB / "forced.css",
]


def build(
    library: Library,
    *,
    model: str,
    language: str = "en",
    pictures_dir: Path | None = None,
    host: str = "127.0.0.1",
    classroom: Classroom | None = None,
    slim: bool = False,
) -> gr.Blocks:
    """Return the app, exploring `model` first.

    Args:
        library: its models.
        model: the one explored first.
        language: of the page.
        pictures_dir: the folder below which runs may read pictures.
        host: the address that the server listens on.
        classroom: the rules of a class, None where everybody may do everything.
        slim: whether the network stands on top, under a slim band for the input.
    """
    gr.set_static_paths([WEB])
    showing = Showing(library)
    with gr.Blocks(title="ConvScope", analytics_enabled=False, fill_width=True) as app:
        network = address_in_network(host)
        model_bar(library, model=model, language=language, network=network, classroom=classroom, local=not slim)
        predict_endpoint(library)
        with gr.Tabs(elem_id="pages", overflow_behavior="wrap"):
            with gr.Tab("Draw", id="draw"):
                draw_view(showing, slim=slim, local=not slim)
            with gr.Tab("Arithmetic", id="arithmetic"):
                arithmetic_view()
            with gr.Tab("Kernels", id="kernels"):
                kernels_view(showing, classroom)
            with gr.Tab("Train", id="train"):
                train_view(showing, pictures_dir, classroom)
            with gr.Tab("Learn", id="learn"):
                learn_view()
    return app


def launch(
    app: gr.Blocks,
    *,
    host: str,
    port: int,
    open_browser: bool,
    lessons_dir: Path | None = None,
    library: Library | None = None,
    **options: Any,
) -> Served:
    """Serve the app in the background, a folder's lessons too; `options` as `explorer.serving.serve` takes them.

    With a `library` browsers may compute drawings on its networks themselves.
    """
    return serve(
        app,
        host=host,
        port=port,
        styles=STYLES,
        favicon=WEB / "favicon.svg",
        routes=[FILMS, lessons_route(lessons_dir), *([network_route(library)] if library else [])],
        open_browser=open_browser,
        **options,
    )
