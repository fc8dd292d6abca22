"""``GET /api/v1/status``: the switch in numbers."""

from __future__ import annotations

from fastapi import APIRouter

from softswitch.api.view import StatusView, SwitchView


def router(view: SwitchView) -> APIRouter:
    """Make the routes of this resource."""
    routes = APIRouter()

    @routes.get("/status")
    async def status() -> StatusView:
        """Count what is going on."""
        return view.status()

    return routes
