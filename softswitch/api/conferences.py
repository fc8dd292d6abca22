"""``/api/v1/conferences`` and ``/legs/{leg}/conference``, ``/mute``, ``/supervise``: several people together."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict

from softswitch.api.conference_view import ConferenceView
from softswitch.api.control_view import LineCallView
from softswitch.api.guard import BOUND_USER
from softswitch.api.view import SwitchView
from softswitch.core.errors import CommandError


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ConferencePress(_Body):
    """What is pressed with the conference button."""

    number: str = ""
    """Who is called, to come in; empty: whoever waits comes in."""


class Muting(_Body):
    """Whether a leg is not heard."""

    wanted: bool = True


class SupervisionChoice(_Body):
    """Who hears a talk, and who hears them."""

    supervisor: str
    """Name of a user; their phone rings, unless they supervise already."""
    mode: str = "listen"
    """``listen``, ``whisper`` or ``barge``."""
    follow: str = "agent"
    """``agent``: on to the user's next call; ``conversation``: with this one, whoever talks in it."""


def router(view: SwitchView) -> APIRouter:
    """Make the routes of this resource."""
    routes = APIRouter()

    @routes.get("/conferences")
    async def conferences() -> Sequence[ConferenceView]:
        """List the conferences and the people in them."""
        return view.conferences()

    @routes.post("/legs/{leg}/conference")
    async def conference(leg: str, wanted: ConferencePress | None = None) -> LineCallView:
        """Press the conference button of a user's call: with a number to call somebody, without to join who waits."""
        return view.conference(leg, "" if wanted is None else wanted.number)

    @routes.post("/legs/{leg}/mute")
    async def mute(leg: str, wanted: Muting | None = None) -> LineCallView:
        """Let a leg not be heard, or be heard again."""
        return view.mute(leg, wanted=wanted is None or wanted.wanted)

    @routes.post("/legs/{leg}/supervise")
    async def supervise(request: Request, leg: str, wanted: SupervisionChoice) -> LineCallView:
        """Let a supervisor listen to the talk of a user's leg, whisper to that user, or barge in."""
        bound = request.scope.get(BOUND_USER, "")
        if bound and bound != wanted.supervisor:
            text = f"The token of {bound} lets nobody else supervise"
            raise CommandError(text, status=403, error_id="role-forbids", field="supervisor")
        return view.supervise(leg, wanted.supervisor, wanted.mode, wanted.follow)

    return routes
