"""``GET /api/v1/trunks``: the trunks, and where the switch is registered."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter

from softswitch.api.view import SwitchView, TrunkView


def router(view: SwitchView) -> APIRouter:
    """Make the routes of this resource."""
    routes = APIRouter()

    @routes.get("/trunks")
    async def trunks() -> Sequence[TrunkView]:
        """List the trunks."""
        return view.trunks()

    return routes
