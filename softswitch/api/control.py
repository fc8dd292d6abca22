"""``/api/v1/users/{user}/calls`` and ``/legs/{leg}/...``: control of the calls on a user's line."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from softswitch.api.control_view import InformationView, LineCallView, ParkedView, TargetView
from softswitch.api.paging import PAGE, Limit, Offset, page_of
from softswitch.api.view import SwitchView


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Dial(_Body):
    """Whom to call."""

    number: str
    route: str = ""
    """By which a number outside is reached; empty: by the user's routes in their order."""
    caller_id: str = ""
    """The own number that is shown outside; empty: the trunk's usual one."""
    auto_answer: bool = True
    """Whether the user's own phones shall answer by themselves."""


class Target(_Body):
    """Whom to transfer to, or to ask."""

    number: str
    """Of a user, a group, a queue or somebody outside; or the name of one of the first three."""
    route: str = ""
    caller_id: str = ""


class Slot(_Body):
    """Where somebody waits."""

    slot: str


class WantedSlot(_Body):
    """Where somebody shall wait."""

    slot: str = ""
    """Empty: the first slot that is free."""


class Keys(_Body):
    """What the other party hears."""

    keys: str


class Tags(_Body):
    """What a call is about."""

    tags: list[str]


class WrittenNote(_Body):
    """What somebody has noted about a call."""

    text: str
    """At most 1000 characters; empty: the note is taken away."""


class Playback(_Body):
    """What becomes of what a leg hears: a prompt, an announcement, a message."""

    paused: bool | None = None
    """Whether it stands still; left out: as it is."""
    sound: int | None = None
    """Which of the sounds it goes on with, from 0; left out: the first, where ``at_s`` is given."""
    at_s: float | None = Field(default=None, ge=0, le=86_400)
    """How far into it; left out: from its beginning, where ``sound`` is given."""


class PickUp(_Body):
    """Where the call rings."""

    number: str


class Confirmation(_Body):
    """What is brought together."""

    other_leg: str = ""
    """A leg of the same user in another call, whose party is the target; empty: the consultation's."""


def router(view: SwitchView) -> APIRouter:
    """Make the routes of this resource."""
    routes = APIRouter()

    @routes.get("/users/{user}/calls")
    async def line(user: str) -> Sequence[LineCallView]:
        """List a user's calls."""
        return view.line(user)

    @routes.get("/users/{user}/targets")
    async def targets(
        request: Request,
        response: Response,
        user: str,
        *,
        everybody: bool = False,
        limit: Limit = PAGE,
        offset: Offset = 0,
    ) -> Sequence[TargetView]:
        """List whom a user can transfer to now, a page at a time; with ``everybody`` those to whom not, and why."""
        found = view.targets(user, everybody=everybody)
        return page_of(found, request, response, limit=limit, offset=offset)

    @routes.post("/users/{user}/calls")
    async def dial(user: str, wanted: Dial) -> Sequence[LineCallView]:
        """Ring a user's phones, then a number for the one that answers."""
        return view.dial(user, wanted.number, wanted.route, wanted.caller_id, auto_answer=wanted.auto_answer)

    @routes.post("/users/{user}/pickup")
    async def pick_up(user: str, wanted: PickUp) -> Sequence[LineCallView]:
        """Let a user's phones take a call that rings at a number."""
        return view.pick_up(user, wanted.number)

    _add_parking(routes, view)
    _add_leg_commands(routes, view)
    _add_transfers(routes, view)
    _add_information(routes, view)
    return routes


def _add_information(routes: APIRouter, view: SwitchView) -> None:
    @routes.get("/legs/{leg}/information")
    async def information(leg: str) -> InformationView:
        """Return what is known about a call: the customer, tags, notes. It goes wherever the call goes."""
        return view.information(leg)

    @routes.put("/legs/{leg}/tags")
    async def tag(leg: str, wanted: Tags) -> InformationView:
        """Say what a call is about, in the place of what was said before."""
        return view.tag(leg, wanted.tags)

    @routes.put("/legs/{leg}/note")
    async def note(leg: str, wanted: WrittenNote) -> InformationView:
        """Write the note of a leg's user, in the place of the one that they wrote before."""
        return view.note(leg, wanted.text)


def _add_parking(routes: APIRouter, view: SwitchView) -> None:
    @routes.get("/parked")
    async def parked() -> Sequence[ParkedView]:
        """List who waits in slots."""
        return view.parked()

    @routes.post("/users/{user}/retrieve")
    async def retrieve(user: str, wanted: Slot) -> Sequence[LineCallView]:
        """Let a user's phones take whoever waits in a slot."""
        return view.retrieve(user, wanted.slot)

    @routes.post("/legs/{leg}/park")
    async def park(leg: str, wanted: WantedSlot | None = None) -> ParkedView:
        """Let the other party wait in a slot, and the leg go."""
        return view.park(leg, "" if wanted is None else wanted.slot)


def _add_leg_commands(routes: APIRouter, view: SwitchView) -> None:
    @routes.post("/legs/{leg}/answer")
    async def answer(leg: str) -> LineCallView:
        """Let the phone of a leg that rings answer."""
        return view.answer(leg)

    @routes.post("/legs/{leg}/hold")
    async def hold(leg: str) -> LineCallView:
        """Let the other party wait with music; the line is free."""
        return view.hold(leg)

    @routes.post("/legs/{leg}/keys")
    async def keys(leg: str, wanted: Keys) -> LineCallView:
        """Send the other party keys (DTMF)."""
        return view.keys(leg, wanted.keys)

    @routes.post("/legs/{leg}/playback")
    async def playback(leg: str, wanted: Playback) -> LineCallView:
        """Let what the leg hears of the switch stand still, go on, or go on at another place."""
        return view.playback(leg, paused=wanted.paused, sound=wanted.sound, at_s=wanted.at_s)

    @routes.post("/legs/{leg}/connect")
    async def connect(leg: str) -> LineCallView:
        """Talk again with whoever waits."""
        return view.connect(leg)

    @routes.post("/legs/{leg}/hangup")
    async def hang_up(leg: str) -> LineCallView:
        """End a call; one that rings is declined."""
        return view.hang_up(leg)


def _add_transfers(routes: APIRouter, view: SwitchView) -> None:
    @routes.post("/legs/{leg}/transfer")
    async def transfer(leg: str, wanted: Target) -> LineCallView:
        """Transfer the other party at once; the call does not come back."""
        return view.transfer(leg, wanted.number, wanted.route, wanted.caller_id)

    @routes.post("/legs/{leg}/consult")
    async def consult(leg: str, wanted: Target) -> LineCallView:
        """Ask somebody while the other party waits."""
        return view.consult(leg, wanted.number, wanted.route, wanted.caller_id)

    @routes.post("/legs/{leg}/confirm")
    async def confirm(leg: str, wanted: Confirmation | None = None) -> LineCallView:
        """Bring the two together, and let the leg go."""
        return view.confirm(leg, "" if wanted is None else wanted.other_leg)

    @routes.post("/legs/{leg}/cancel")
    async def cancel(leg: str) -> LineCallView:
        """End a consultation, and talk with the other party again."""
        return view.cancel(leg)

    @routes.post("/legs/{leg}/toggle")
    async def toggle(leg: str) -> LineCallView:
        """Talk with the other one of the two."""
        return view.toggle(leg)
