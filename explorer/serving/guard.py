"""One layer around the app: who may ask it, by which name, how much at once, and what a browser is told to forbid.

A person's own browser can reach a server on this machine for any page that it visits. Three things tell such a page
from ours, and none can be forged from JavaScript: the `Host` that the request was sent to (a foreign name that resolves
to this machine), the `Origin` of the page that sent it, and `Sec-Fetch-Site`.
"""

import asyncio
import secrets
import socket
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from explorer.work import Person, person

__all__ = ["LARGEST_BODY", "Guard", "is_loopback"]

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

LARGEST_BODY = 4_000_000
"""Of a request, bytes. The largest that the page sends is a picture of 1024 × 1024 in base64."""

LARGEST = {"/films": 64_000_000}
"""Of a request to a path that takes more, bytes: the frames of a film."""

BODY_SECONDS = 30
"""Within which a body has to come."""

COOKIE = "convscope"
"""Names a browser, so that one does not take the turns of all, and in a class keeps what it started."""

COOKIE_SECONDS = 30 * 86_400
"""How long a class's browser is known."""

LONGEST_COOKIE = 64

READING = frozenset({"GET", "HEAD"})

CLOSED = ("upload", "proxy=", "process_recording", "stream", "run-history", "vibe", "undo-vibe", "dev", "profiling")
"""What Gradio offers and no page of ours uses: files from strangers, other hosts, developers' tools."""

POLICY = {
    "default-src": "'self'",
    "script-src": "'self' 'unsafe-inline' 'unsafe-eval'",  # Gradio starts by an inline script, and views by eval
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "media-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "connect-src": "'self' data: blob:",
    "worker-src": "'self' blob:",
    "object-src": "'none'",
    "base-uri": "'self'",
    "form-action": "'self'",
}

NOTEBOOKS = "'self' http://localhost:* http://127.0.0.1:* https://localhost:* vscode-webview:"
"""Who may show the page in a frame where a notebook does."""


@dataclass(frozen=True)
class Refusal(Exception):
    """Why a request is not answered: a status of HTTP and words."""

    status: int
    words: str


class _Body:
    """The body of a request as it comes, refused when it is too large, whatever it was said to be, or too slow."""

    def __init__(self, receive: Receive, largest: int) -> None:
        self.largest = largest
        self._receive, self._size, self._complete = receive, 0, False
        self.refusal: Refusal | None = None

    async def receive(self) -> Message:
        """Return the next message; after the whole body, wait for the end of the connection."""
        if self._complete:
            return await self._receive()
        try:
            message = await asyncio.wait_for(self._receive(), BODY_SECONDS)
        except TimeoutError:
            self.refusal = Refusal(408, f"the request did not come within {BODY_SECONDS} s")
            raise self.refusal from None
        self._size += len(message.get("body", b""))
        self._complete = not message.get("more_body", False)
        if self._size > self.largest:
            self.refusal = _too_large(f"more than {self.largest:,}", self.largest)
            raise self.refusal
        return message

    async def left(self) -> None:
        """Return when the connection ends, once the whole body has come."""
        while self._complete and (await self._receive())["type"] != "http.disconnect":
            pass


class Guard:
    """An ASGI application that lets through to `app` what a page of its own, or a program, asks.

    Args:
        app: what is guarded.
        host: the address that the server listens on.
        allowed: further names that the app is reached by, "name" or "name:port": a proxy's, a class's own.
        framed: whether pages of this machine may show the app in a frame, as a notebook does.
        remembered: whether a browser is known after it was closed, as a class's is.
    """

    def __init__(
        self, app: App, *, host: str, allowed: Iterable[str] = (), framed: bool = False, remembered: bool = False
    ) -> None:
        self.app = app
        self.kept = f"; Max-Age={COOKIE_SECONDS}" if remembered else ""
        self.allowed = {name.lower() for name in allowed}
        names = set() if is_loopback(host) else {socket.gethostname().lower(), socket.getfqdn().lower()}
        self.names = {"localhost", host.lower()} | names | {_named(name) for name in self.allowed}
        policy = POLICY | {"frame-ancestors": NOTEBOOKS if framed else "'self'"}
        told = {
            "content-security-policy": "; ".join(f"{name} {sources}" for name, sources in policy.items()),
            "x-content-type-options": "nosniff",
            "referrer-policy": "no-referrer",
            "cross-origin-resource-policy": "same-origin",
        }
        self.headers = [(name.encode(), value.encode()) for name, value in told.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or refuse in words."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            return  # no page of ours opens a socket: the handshake is refused
        body, begun = _Body(receive, LARGEST.get(scope["path"], LARGEST_BODY)), False
        name, headers = self._named(scope)

        async def answer(message: Message) -> None:
            nonlocal begun
            if body.refusal and not begun:
                raise body.refusal  # whatever the app makes of a body that broke off
            if message["type"] == "http.response.start":
                begun = True
                message["headers"] = [*_without_cors(message.get("headers", [])), *headers]
            await send(message)

        try:
            self._check(scope, body.largest)
            person.set(Person(name, body.left, (scope.get("client") or ("",))[0]))
            await self.app(scope, receive if scope["method"] in READING else body.receive, answer)
        except Refusal as refusal:
            if begun:
                raise
            body.refusal = None
            await _say(refusal, answer)

    def _check(self, scope: Scope, largest: int) -> None:
        """Raises `Refusal` where the request does not come from a page of ours, or from a program."""
        asked = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
        host, method = asked.get("host", ""), scope["method"]
        if not self._known(host, scope):
            raise Refusal(
                403,
                f"this server is not known as {host or 'nothing'}: open it by its address, or start it with "
                f"--allow-host {_named(host) or 'NAME'}",
            )
        origin = asked.get("origin")
        if origin is not None and not self._own(origin, host):
            raise Refusal(403, f"a page of {origin} asked; only pages of {host} may")
        site, mode = asked.get("sec-fetch-site", "none"), asked.get("sec-fetch-mode", "navigate")
        if site in ("cross-site", "same-site") and not (method in READING and mode == "navigate"):
            raise Refusal(403, f"a page of another site asked; only pages of {host} may")
        if any(part.startswith(CLOSED) for part in _below_prefix(scope["path"])):
            raise Refusal(404, "there is no such thing here")
        length = asked.get("content-length", "0")
        if not length.isdecimal():
            raise Refusal(400, f"the length of the body is {length!r}, expected a number of bytes")
        if int(length) > largest:
            raise _too_large(f"{int(length):,}", largest)

    def _named(self, scope: Scope) -> tuple[str, list[tuple[bytes, bytes]]]:
        """Return the name of the browser that asks, and the headers of its answer: they name a new one."""
        told = next((value for key, value in scope["headers"] if key.lower() == b"cookie"), b"")
        try:
            known = SimpleCookie(told.decode("latin-1")).get(COOKIE)
        except CookieError:
            known = None
        if known is not None and 0 < len(known.value) <= LONGEST_COOKIE:
            return known.value, self.headers
        name = secrets.token_urlsafe(12)
        cookie = f"{COOKIE}={name}; Path=/; HttpOnly; SameSite=Strict{self.kept}"
        return name, [*self.headers, (b"set-cookie", cookie.encode())]

    def _known(self, host: str, scope: Scope) -> bool:
        name = _named(host)
        if name in self.names:
            return True
        try:
            address = ip_address(name)
        except ValueError:
            return False
        return address.is_loopback or name == (scope.get("server") or ("",))[0]

    def _own(self, origin: str, host: str) -> bool:
        place = urlsplit(origin).netloc.lower()
        return bool(place) and (place == host.lower() or place in self.allowed)


def is_loopback(host: str) -> bool:
    """Return whether only this machine reaches an address."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _named(host: str) -> str:
    """Return the name in "name:port" or "[address]:port", in lower case; "" where there is none."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _below_prefix(path: str) -> list[str]:
    """Return what follows Gradio's prefix in a path, if it does."""
    _, prefix, rest = path.partition("/gradio_api/")
    return [rest] if prefix else []


def _without_cors(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Return headers without those by which Gradio shares answers with pages of other origins."""
    return [(name, value) for name, value in headers if not name.lower().startswith(b"access-control-")]


def _too_large(came: str, largest: int) -> Refusal:
    return Refusal(413, f"the request has {came} bytes, expected at most {largest:,}")


async def _say(refusal: Refusal, send: Send) -> None:
    body = refusal.words.encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    headers.append((b"connection", b"close"))  # what is left of the body is not read
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
