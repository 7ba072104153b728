"""Answers travel compressed to other machines, and as they are on this one, where only the processor is scarce."""

from starlette.middleware.gzip import GZipMiddleware

from explorer.serving.guard import App, Receive, Scope, Send, is_loopback

__all__ = ["Compressed"]

LEAST = 1000
"""Bytes of an answer from which on it is compressed."""

LEVEL = 1
"""Of zlib: a stroke's answer becomes half as long in a third of a millisecond; level 6 gains 6 % in twice that."""


class Compressed:
    """An ASGI application whose answers to other machines are compressed where they can read that."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.compressing = GZipMiddleware(app, minimum_size=LEAST, compresslevel=LEVEL)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        app = self.compressing if _is_elsewhere(scope) else self.app
        await app(scope, receive, send)


def _is_elsewhere(scope: Scope) -> bool:
    """Return whether a request comes from another machine, as far as its addresses say."""
    client, server = (scope.get(name) or ("",) for name in ("client", "server"))
    return bool(client[0]) and client[0] != server[0] and not is_loopback(client[0])
