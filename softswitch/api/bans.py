"""``/api/v1/bans``: sources that are shut out, and letting them in again."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter

from softswitch.api.view import BanView, SwitchView


def router(view: SwitchView) -> APIRouter:
    """Make the routes of this resource."""
    routes = APIRouter()

    @routes.get("/bans")
    async def bans() -> Sequence[BanView]:
        """List the sources that are shut out now."""
        return view.bans()

    @routes.delete("/bans")
    async def lift(source: str) -> BanView:
        """Let a source in again; an address of a network that is shut out lets the network in."""
        return view.lift_ban(source)

    return routes
