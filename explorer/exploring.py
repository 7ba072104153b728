"""`explore(model, example_input)`: every page of ConvScope on a model of your own, from a script or a notebook."""

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from explorer.unproxied import import_gradio

if TYPE_CHECKING:  # torch and Gradio take seconds: only who explores waits for them
    from torch import Tensor, nn

    from explorer.serving import Served

__all__ = ["Running", "explore"]

FIRST_PORT, PORTS = 7860, 100
"""Where a free port is looked for."""


@dataclass(frozen=True)
class Running:
    """A ConvScope that serves in the background."""

    url: str
    _served: "Served" = field(repr=False)

    def close(self) -> None:
        """Stop serving."""
        self._served.close()


def explore(
    model: "nn.Module",
    example_input: "Tensor | None" = None,
    *,
    classes: Sequence[str] | None = None,
    preprocess: "Callable[[Tensor], Tensor] | None" = None,
    title: str | None = None,
    host: str = "127.0.0.1",
    port: int | None = None,
    open_browser: bool = True,
    block: bool | None = None,
    height: int = 720,
) -> Running:
    """Open ConvScope on a model, which stays as it is: mode, precision, device and weights.

    The page begins with `example_input`; a drawing takes its place: 28×28, resized to the example's height and width,
    repeated over its channels, intensity in [0, 1] and not normalised, unless `preprocess` says otherwise.

    Args:
        model: Any eager `torch.nn.Module` whose `forward` takes one tensor.
        example_input: `(N, C, H, W)` floats, of which the first sample is shown; with `preprocess` any floats
            `(N, …)`. Without it 28×28 pixels are tried.
        classes: The name of each output; by default their numbers.
        preprocess: Makes the model's input of a drawn picture: called with floats `(C, 28, 28)` in [0, 1], ink 1 and
            paper 0, C the example's channels (1 where it has none); returns the shape of the example, with or without
            the batch. The `transforms()` of torchvision's weights are such functions.
        title: Name of the model on the page; by default its class.
        host: Address to listen on.
        port: Port to listen on; by default a free one from 7860.
        open_browser: Open the page in the browser; a notebook shows it in its cell instead.
        block: Serve until interrupted. By default True in a script, False in a notebook or an interactive Python.
        height: Of the notebook's cell that shows the page, pixels.

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
    name = add(library, model, example_input, classes=classes, preprocess=preprocess, title=title)
    chosen = _free_port(host) if port is None else port
    free_or_fail(host, chosen)
    waits = not _interactive() if block is None else block
    notebook = _notebook()
    app = build(library, model=name, pictures_dir=Path.home() if is_loopback(host) else None, host=host)
    served = launch(app, host=host, port=chosen, open_browser=open_browser and not notebook, framed=notebook)
    if waits:
        print(f"ConvScope on {served.url} (Ctrl+C stops it)", flush=True)
        served.wait()
    elif notebook:
        from IPython.display import IFrame, display

        display(IFrame(served.url, width="100%", height=height))
    return Running(served.url, served)


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
