"""``/api/v1/facts``: a WebSocket that tells facts as they come to be, each as one JSON document."""

from __future__ import annotations

import asyncio
import json

from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from softswitch.api.facts_view import ShownFacts
from softswitch.api.view import SwitchView
from softswitch.core.errors import CommandError

_TOO_SLOW = 1013
"""WebSocket's "try again later"."""


def router(view: SwitchView) -> APIRouter:
    """Make the routes of this resource."""
    routes = APIRouter()

    @routes.websocket("/facts")
    async def facts(socket: WebSocket, conversation_id: str = "", names: str = "") -> None:
        """Tell facts, of all conversations or of one, and of all names or of those that begin so (``leg.,call.``)."""
        await socket.accept()
        wanted = tuple(filter(None, names.split(",")))
        shown = view.facts()
        try:
            async with asyncio.TaskGroup() as tasks:
                teller = tasks.create_task(_tell(socket, shown, conversation_id, wanted))
                await _until_gone(socket)
                teller.cancel()
        finally:
            shown.close()

    return routes


async def _tell(socket: WebSocket, shown: ShownFacts, conversation_id: str, wanted: tuple[str, ...]) -> None:
    """Send facts; a watcher that is too slow is let go."""
    try:
        while True:
            for fact in await shown.next():
                ours = not conversation_id or fact["conversation_id"] == conversation_id
                if ours and (not wanted or str(fact["name"]).startswith(wanted)):
                    await socket.send_text(json.dumps(fact, ensure_ascii=False))
    except CommandError as error:
        await socket.close(_TOO_SLOW, str(error))
    except WebSocketDisconnect:  # it went while we were sending
        return


async def _until_gone(socket: WebSocket) -> None:
    """Pass over what the watcher says until it goes."""
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass
