"""``/api/v1/subscriptions`` and ``/phones/{extension}/resync``: what phones watch, and orders to them."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from softswitch.api.phones_view import ResyncView, SubscriptionView
from softswitch.api.view import SwitchView


class ResyncOrder(BaseModel):
    """What phones shall do."""

    model_config = ConfigDict(extra="forbid")
    reboot: bool = False
    """Whether they shall start anew; else they read their configuration again."""
    contact: str = ""
    """Only the phone of that Contact; empty: all of the user's."""


def router(view: SwitchView) -> APIRouter:
    """Make the routes of this resource."""
    routes = APIRouter()

    @routes.get("/subscriptions")
    async def subscriptions() -> Sequence[SubscriptionView]:
        """List what phones watch."""
        return view.subscriptions()

    @routes.post("/phones/{extension}/resync")
    async def resync(extension: str, order: ResyncOrder) -> Sequence[ResyncView]:
        """Tell a user's phones to read their configuration again, or to start anew."""
        return view.resync(extension, reboot=order.reboot, contact=order.contact)

    return routes
