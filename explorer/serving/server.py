"""The server: our guard around Gradio's app, on a socket of our own, in this thread or beside it."""

import asyncio
import signal
import socket
import threading
import webbrowser
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import gradio as gr
import uvicorn
from fastapi import FastAPI
from starlette.routing import BaseRoute
from uvicorn.protocols.http.h11_impl import H11Protocol

from explorer.serving.compression import Compressed
from explorer.serving.guard import Guard
from explorer.serving.reach import address_here
from explorer.serving.shortcut import Shortcut
from explorer.wire.view import WORK

__all__ = ["Served", "free_or_fail", "serve"]

LAST_PORT = 65535

HEAD_SECONDS = 10
"""Within which a connection has to say what it asks; a browser that connects ahead connects anew."""

START_SECONDS = 30

STOP_SECONDS = 10
"""After which a server that is stopped is left to the end of the process."""

FILES = 4096
"""Connections and files that may be open at once, where the system lets us ask for them."""


@dataclass(frozen=True)
class Served:
    """A ConvScope that serves."""

    url: str
    _server: uvicorn.Server = field(repr=False)
    _thread: threading.Thread = field(repr=False)

    def close(self) -> None:
        """Stop serving."""
        self._server.should_exit = True
        WORK.end()
        self._thread.join(STOP_SECONDS)

    def wait(self) -> None:
        """Serve until Ctrl+C or a signal to end."""
        ended = threading.Event()
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, lambda *_: ended.set())
        while self._thread.is_alive() and not ended.wait(0.5):
            pass
        self.close()


class _Patient(H11Protocol):
    """HTTP as uvicorn speaks it, that waits for a request's head only so long: half-open connections fill a server."""

    _hurry: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._await_head()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._calm()

    def _await_head(self) -> None:
        if self.cycle is not None and not self.cycle.response_complete:
            self._calm()
        elif self._hurry is None and not self.transport.is_closing():
            self._hurry = self.loop.call_later(HEAD_SECONDS, self._too_slow)

    def _calm(self) -> None:
        if self._hurry is not None:
            self._hurry.cancel()
            self._hurry = None

    def _too_slow(self) -> None:
        self._hurry = None
        if self.cycle is None or self.cycle.response_complete:
            self.transport.close()


def free_or_fail(host: str, port: int) -> None:
    """Check that a server can listen there.

    Raises:
        ValueError: there is no such port.
        OSError: the port is in use, or the address is not this machine's.
    """
    _listening(host, port).close()


def serve(
    app: gr.Blocks,
    *,
    host: str,
    port: int,
    styles: Sequence[Path],
    favicon: Path,
    routes: Sequence[BaseRoute] = (),
    open_browser: bool = False,
    allowed: Iterable[str] = (),
    root_path: str = "",
    framed: bool = False,
    remembered: bool = False,
) -> Served:
    """Serve the app in a thread of its own, and return once it answers.

    Args:
        app: Gradio's.
        host: address to listen on.
        port: port to listen on.
        styles: the page's style sheets.
        favicon: the page's sign.
        routes: what is answered besides the page.
        open_browser: whether to open the page.
        allowed: further names that the app is reached by, as `Guard` takes them.
        root_path: the path at which a proxy shows the app: "/convscope".
        framed: whether a notebook may show the page in a frame.
        remembered: whether browsers are known again, as `Guard` takes it.

    Raises:
        ValueError: there is no such port.
        OSError: the port is in use, or the address is not this machine's.
    """
    listening = _listening(host, port)
    with suppress(ImportError, ValueError, OSError):
        _more_files()
    mounted = gr.mount_gradio_app(
        FastAPI(openapi_url=None, routes=list(routes)),
        app,
        path="/",
        server_name=host,
        server_port=port,
        footer_links=[],
        run_history=False,
        root_path=root_path or None,
        show_error=False,
        ssr_mode=False,
        pwa=False,
        favicon_path=str(favicon),
        css_paths=list(styles),
        theme=gr.themes.Base(font=["system-ui", "sans-serif"], font_mono=["ui-monospace", "monospace"]),
    )
    config = uvicorn.Config(
        Guard(Compressed(Shortcut(mounted, app)), host=host, allowed=allowed, framed=framed, remembered=remembered),
        log_level="warning",
        http=_Patient,
        ws="none",
        timeout_graceful_shutdown=1,
        server_header=False,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    _await_start(server, thread)
    served = Served(f"http://{address_here(host)}:{port}", server, thread)
    if open_browser:
        webbrowser.open(served.url)
    return served


def _listening(host: str, port: int) -> socket.socket:
    if not 0 < port <= LAST_PORT:
        raise ValueError(f"port is {port}, expected 1 to {LAST_PORT}")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # By the protocol's name asyncio knows that it may send an answer's last part at once, not 40 ms later (Nagle).
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, _REUSE, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise OSError(f"cannot listen on {host}:{port} ({error.strerror}); choose another port with --port") from None
    return listening


_REUSE: int = getattr(socket, "SO_EXCLUSIVEADDRUSE", socket.SO_REUSEADDR)
"""On Windows SO_REUSEADDR lets a second server take a port that is in use; its own option does not."""


def _more_files() -> None:
    import resource  # not on Windows

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def _await_start(server: uvicorn.Server, thread: threading.Thread) -> None:
    """Wait until the server answers.

    Raises:
        OSError: it did not start.
    """
    for _ in range(START_SECONDS * 100):
        if server.started:
            return
        thread.join(0.01)
        if not thread.is_alive():
            break
    raise OSError("the server did not start")
