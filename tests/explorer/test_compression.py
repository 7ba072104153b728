"""Answers are compressed for other machines alone."""

import asyncio
import gzip
from typing import Any

import pytest

from explorer.serving.compression import LEAST, Compressed

LONG = b"a stroke's maps " * LEAST


async def answering(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": LONG if scope["path"] == "/long" else b"{}"})


def asked(
    client: str, path: str = "/long", server: str = "192.0.2.1", accepts: bytes = b"gzip"
) -> tuple[dict[bytes, bytes], bytes]:
    """Return the headers and the body of an answer to a request from an address."""
    told: list[Any] = []

    async def send(message: Any) -> None:
        told.append(message)

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    headers = [(b"accept-encoding", accepts)] if accepts else []
    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "headers": headers,
        "client": (client, 1),
        "server": (server, 7860),
    }
    asyncio.run(Compressed(answering)(scope, receive, send))
    return dict(told[0]["headers"]), b"".join(each.get("body", b"") for each in told[1:])


def test_another_machine_gets_it_compressed() -> None:
    headers, body = asked("192.0.2.7")
    assert headers[b"content-encoding"] == b"gzip"
    assert len(body) < len(LONG) / 10
    assert gzip.decompress(body) == LONG
    assert int(headers[b"content-length"]) == len(body)


@pytest.mark.parametrize("client", ["127.0.0.1", "::1", "192.0.2.1"])
def test_this_machine_gets_it_as_it_is(client: str) -> None:
    headers, body = asked(client)
    assert b"content-encoding" not in headers
    assert body == LONG


def test_what_is_short_and_who_cannot_read_it_get_it_as_it_is() -> None:
    assert asked("192.0.2.7", "/short")[1] == b"{}"
    assert asked("192.0.2.7", accepts=b"")[1] == LONG
