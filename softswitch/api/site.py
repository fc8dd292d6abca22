"""``POST /api/v1/site``: put another site in place of the loaded one.

The body is a site that ``softswitch load`` has checked and compiled
(:func:`softswitch.directory.compiled_site.compile_site`): the brain only swaps it in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, Request

from softswitch.api.view import SwitchView
from softswitch.core.errors import CommandError

LARGEST_SITE_OCTETS: Final = 64 << 20

_BODY: Final = {"requestBody": {"required": True, "content": {"application/msgpack": {"schema": {"type": "string"}}}}}


@dataclass(frozen=True, slots=True)
class SiteLoaded:
    """What a load did, or would do."""

    loaded: bool
    difference: list[str]
    """Against what was loaded before, a line each."""


def router(view: SwitchView) -> APIRouter:
    """Make the routes of this resource."""
    routes = APIRouter()

    @routes.post("/site", openapi_extra=_BODY)
    async def load(request: Request, *, dry_run: bool = False) -> SiteLoaded:
        """Load a compiled site, or only tell the difference."""
        difference = await view.load_site(await _body(request), dry_run=dry_run)
        return SiteLoaded(loaded=not dry_run, difference=list(difference))

    return routes


async def _body(request: Request) -> bytes:
    """Take the body in, up to a size that no site reaches."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LARGEST_SITE_OCTETS:
            raise CommandError("The compiled site is too large.", status=413, error_id="site-too-large")
    return bytes(body)
