"""Refuses JSON whose text is none: a text with half a surrogate pair can be given to no file, database or phone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from softswitch.api.problems import problem

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send


class WholeText:
    """ASGI middleware that looks at each body before anybody acts on it.

    Args:
        app: whom bodies are given that are in order.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 422 where a body holds half a surrogate pair (RFC 8259 §8.2)."""
        if scope["type"] != "http" or scope["method"] in {"GET", "HEAD"}:
            await self._app(scope, receive, send)
            return
        message = await receive()
        body: bytes = message.get("body", b"")
        while message["type"] == "http.request" and message.get("more_body", False):
            message = await receive()
            body += message.get("body", b"")
        if _holds_half_a_pair(body):
            detail = "body: a text holds half a surrogate pair, as \\ud83d alone; send both halves"
            await problem(422, "invalid-request", detail, field="body")(scope, receive, send)
            return
        await self._app(scope, _Again(body, message, receive), send)


class _Again:
    """Gives a body once more, and then what comes behind it."""

    def __init__(self, body: bytes, last: Message, receive: Receive) -> None:
        whole: Message = {"type": "http.request", "body": body, "more_body": False}
        self._first: Message | None = whole if last["type"] == "http.request" else last
        self._receive = receive

    async def __call__(self) -> Message:
        found, self._first = self._first, None
        return found or await self._receive()


def _holds_half_a_pair(body: bytes) -> bool:
    if b"\\ud" not in body.lower():
        return False
    try:
        json.dumps(json.loads(body), ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    except ValueError:
        return False  # it is no JSON, which whoever reads it says
    return False
