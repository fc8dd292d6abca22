"""``GET /api/v1/calls``: the conversations that are going on."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter

from softswitch.api.view import CallView, SwitchView


def router(view: SwitchView) -> APIRouter:
    """Make the routes of this resource."""
    routes = APIRouter()

    @routes.get("/calls")
    async def calls() -> Sequence[CallView]:
        """List the conversations with their legs."""
        return view.calls()

    return routes
