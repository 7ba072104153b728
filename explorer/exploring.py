"""`explore(model, example_input)`: every page of ConvScope on a model of your own, from a script or a notebook."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from explorer.unproxied import import_gradio

if TYPE_CHECKING:  # torch and Gradio take seconds: only who explores waits for them
    from torch import Tensor, nn

    from explorer.models.library import Library
    from explorer.serving import Served

__all__ = ["Running", "explore"]

FIRST_PORT, PORTS = 7860, 100
"""Where a free port is looked for."""


@dataclass(frozen=True)
class Running:
    """A ConvScope that serves in the background."""

    url: str
    _served: "Served" = field(repr=False)
    _library: "Library" = field(repr=False)
    _name: str = field(repr=False)

    def save(self, path: str | Path) -> Path:
        """Write one page that shows the model with its example, computed in the browser, and return its path.

        It needs no Python, no server and no network: open it from the disk, mail it, keep it beside a paper.

        Raises:
            ValueError: the browser cannot compute the model; the message names the step that it lacks.
        """
        from explorer.publish.saved import save

        return save(Path(path), self._library, self._name)

    def close(self) -> None:
        """Stop serving."""
        self._served.close()


def explore(
    model: "nn.Module",
    *inputs: Any,
    kwargs: Mapping[str, Any] | None = None,
    classes: Sequence[str] | None = None,
    preprocess: "Callable[[Tensor], Tensor] | None" = None,
    scores: "str | int | Callable[[Any], Tensor] | None" = None,
    title: str | None = None,
    host: str = "127.0.0.1",
    port: int | None = None,
    open_browser: bool = True,
    block: bool | None = None,
    height: int = 720,
) -> Running:
    """Open ConvScope on a model, which stays as it is: mode, precision, device and weights.

    The page begins with the example that is given, the network on top. Where the first tensor is a picture, pictures
    can take its place (a file, the clipboard, the camera): their middle, as large as the example, intensity in [0, 1]
    and not normalised, unless `preprocess` says otherwise. Where it is 28×28 and grey, digits can be drawn. The other
    inputs stay.

    Args:
        model: Any eager `torch.nn.Module`.
        inputs: What its `forward` is called with, of any kind; the first tensor is the input that receptive fields and
            attributions are about. Of a batch of pictures `(N, C, H, W)` the first is shown, with what belongs to it.
            Without any, 28×28 pixels are tried.
        kwargs: What it is called with by name.
        classes: The name of each output; by default their numbers. With names, a map of scores `(1, classes, H, W)` is
            shown as the class that wins at each place.
        preprocess: Makes the model's input of a picture: called with floats `(C, H, W)` in [0, 1], C the example's
            channels (1 where it has none); a drawing is `(C, 28, 28)`, ink 1 and paper 0. Returns the shape of the
            example, with or without the batch. The `transforms()` of torchvision's weights are such functions.
        scores: Which of several returned tensors has the scores of the classes: its name ("logits", "0.aux"), its
            place, or a function that takes it out of what the model returns. By default what is called "logits" or
            "scores", or the only row of scores `(1, classes)`.
        title: Name of the model on the page; by default its class.
        host: Address to listen on.
        port: Port to listen on; by default a free one from 7860.
        open_browser: Open the page in the browser; a notebook shows it in its cell instead.
        block: Serve until interrupted. By default True in a script, False in a notebook or an interactive Python.
        height: Of the page in a notebook's cell, pixels.

    Returns:
        The running app: its `url`, and `close()`. After a blocking call it has been closed.

    Raises:
        TypeError: as `explorer.models.own.add`.
        ValueError: as `explorer.models.own.add`, or there is no such port.
        OSError: the port is in use.
    """
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # before Gradio is imported: it asks the network
    import_gradio()
    from explorer.app import build, launch
    from explorer.models.library import Library
    from explorer.models.own import add
    from explorer.serving import free_or_fail, is_loopback

    library = Library()
    name = add(
        library, model, *inputs, kwargs=kwargs, classes=classes, preprocess=preprocess, scores=scores, title=title
    )
    chosen = _free_port(host) if port is None else port
    free_or_fail(host, chosen)
    waits = not _interactive() if block is None else block
    notebook = _notebook()
    pictures = Path.home() if is_loopback(host) else None
    app = build(library, model=name, pictures_dir=pictures, host=host, slim=True)
    served = launch(app, host=host, port=chosen, open_browser=open_browser and not notebook, framed=notebook)
    if waits:
        print(f"ConvScope on {served.url} (Ctrl+C stops it)", flush=True)
        served.wait()
    elif notebook:
        from IPython.display import IFrame, display

        display(IFrame(served.url, width="100%", height=height))
    return Running(served.url, served, library, name)


def _interactive() -> bool:
    """Whether a person types into this Python: a notebook, IPython or a prompt."""
    return hasattr(sys, "ps1") or "get_ipython" in vars(sys.modules.get("builtins", sys))


def _notebook() -> bool:
    """Whether a notebook's cell shows what is displayed."""
    shell = vars(sys.modules["builtins"]).get("get_ipython")
    return shell is not None and hasattr(shell(), "kernel")


def _free_port(host: str) -> int:
    from explorer.serving import free_or_fail

    for port in range(FIRST_PORT, FIRST_PORT + PORTS):
        try:
            free_or_fail(host, port)
        except OSError:
            continue
        return port
    raise OSError(f"no port from {FIRST_PORT} to {FIRST_PORT + PORTS - 1} is free on {host}")
