"""``GET /api/v1/registrations``: the phones that are registered."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter

from softswitch.api.view import RegistrationView, SwitchView


def router(view: SwitchView) -> APIRouter:
    """Make the routes of this resource."""
    routes = APIRouter()

    @routes.get("/registrations")
    async def registrations() -> Sequence[RegistrationView]:
        """List the registered phones."""
        return view.registrations()

    return routes
