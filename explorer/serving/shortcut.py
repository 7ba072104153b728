"""What pages ask of our functions, answered at the door.

Gradio's own way to a component's function passes a dozen layers, builds the answer three times and remembers a session
for each browser: twice the time of a small network's forward pass, for every movement of a pen. The request is the same
one, `{data, component_id, fn_name, session_hash}` posted to `/component_server`; whatever is none goes on to Gradio.
"""

import json
from typing import Any

import gradio as gr
import orjson

from explorer.serving.guard import App, Receive, Refusal, Scope, Send
from explorer.wire.view import Answer

__all__ = ["Shortcut"]

PATH = "/component_server"


class Shortcut:
    """An ASGI application that answers calls of the pages' functions itself, and leaves everything else to `app`.

    Args:
        app: Gradio's, mounted.
        blocks: whose components have the functions.
    """

    def __init__(self, app: App, blocks: gr.Blocks) -> None:
        self.app, self.blocks = app, blocks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer.

        Raises:
            Refusal: the request is no call, or there is no such function.
        """
        if scope["type"] != "http" or scope["method"] != "POST" or not scope["path"].rstrip("/").endswith(PATH):
            await self.app(scope, receive, send)
            return
        body = await _body(receive)
        if body is None:
            return
        function, data = self._called(body)
        answer = _json(await function(data))
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(answer)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    def _called(self, body: bytes) -> tuple[Answer, Any]:
        try:
            call = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise Refusal(422, f"the request is no JSON: {type(error).__name__}") from None
        if not isinstance(call, dict) or not {"data", "component_id", "fn_name"} <= call.keys():
            raise Refusal(422, "expected an object with data, component_id and fn_name")
        component, name = call["component_id"], call["fn_name"]
        block = self.blocks.blocks.get(component) if type(component) is int else None
        function: Answer | None = getattr(block, name, None) if isinstance(name, str) else None
        if function is None or not getattr(function, "_is_server_fn", False):
            raise Refusal(404, "there is no such function")
        return function, call["data"]


def _json(answer: dict[str, Any]) -> bytes:
    """Return an answer as JSON. `named` has told its numbers that are not finite: orjson would make null of them."""
    try:
        return orjson.dumps(answer)
    except orjson.JSONEncodeError:  # half a character of somebody's words, a whole number above 64 bits
        return json.dumps(answer, allow_nan=False).encode()


async def _body(receive: Receive) -> bytes | None:
    """Return the body of a request, or None where it broke off."""
    parts: list[bytes] = []
    while (message := await receive())["type"] != "http.disconnect":
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)
    return None
