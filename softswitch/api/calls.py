"""``GET /api/v1/calls``: the conversations that are going on."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter, Request, Response

from softswitch.api.paging import PAGE, Limit, Offset, page_of
from softswitch.api.view import CallView, SwitchView


def router(view: SwitchView) -> APIRouter:
    """Make the routes of this resource."""
    routes = APIRouter()

    @routes.get("/calls")
    async def calls(
        request: Request, response: Response, limit: Limit = PAGE, offset: Offset = 0
    ) -> Sequence[CallView]:
        """List the conversations with their legs, a page at a time."""
        return page_of(view.calls(), request, response, limit=limit, offset=offset)

    return routes
