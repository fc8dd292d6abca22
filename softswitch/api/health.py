"""``GET /healthz``: 200 when calls can be taken."""

from __future__ import annotations

from fastapi import APIRouter, Response

from softswitch.api.view import SwitchView


def router(view: SwitchView) -> APIRouter:
    """Make the routes of this resource."""
    routes = APIRouter()

    @routes.get("/healthz", response_class=Response, responses={503: {"description": "calls cannot be taken"}})
    async def healthz() -> Response:
        """Tell whether calls can be taken."""
        ready = view.ready()
        return Response("ok\n" if ready else "not ready\n", 200 if ready else 503, media_type="text/plain")

    return routes
