"""``GET /api/v1/registrations``: the phones that are registered."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter, Request, Response

from softswitch.api.paging import PAGE, Limit, Offset, page_of
from softswitch.api.view import RegistrationView, SwitchView


def router(view: SwitchView) -> APIRouter:
    """Make the routes of this resource."""
    routes = APIRouter()

    @routes.get("/registrations")
    async def registrations(
        request: Request, response: Response, limit: Limit = PAGE, offset: Offset = 0
    ) -> Sequence[RegistrationView]:
        """List the registered phones, a page at a time."""
        return page_of(view.registrations(), request, response, limit=limit, offset=offset)

    return routes
