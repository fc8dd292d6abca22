"""``GET /api/v1/trace/{conversation_id}``: the SIP messages of a conversation."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter

from softswitch.api.view import MessageView, SwitchView


def router(view: SwitchView) -> APIRouter:
    """Make the routes of this resource."""
    routes = APIRouter()

    @routes.get("/trace/{conversation_id}")
    async def trace(conversation_id: str) -> Sequence[MessageView]:
        """List the messages that are still in memory, oldest first."""
        return view.trace(conversation_id)

    return routes
