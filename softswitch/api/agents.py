"""``/api/v1/agents``, ``/users/{user}/status`` and ``/users/{user}/queues``: who is there, and in which status."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict

from softswitch.api.paging import PAGE, Limit, Offset, page_of
from softswitch.api.people_view import AgentView, StatusRowView
from softswitch.api.view import SwitchView


class StatusChoice(BaseModel):
    """The status to be set."""

    model_config = ConfigDict(extra="forbid")
    status: str
    """Name of a row of the user's preset."""


class QueueLogin(BaseModel):
    """Whether to take part in the distribution of queues."""

    model_config = ConfigDict(extra="forbid")
    logged_in: bool
    queue: str = ""
    """One queue; empty: all that list the user, and the status Ready with them."""


class ForwardChoice(BaseModel):
    """Where calls go that are not taken."""

    model_config = ConfigDict(extra="forbid")
    kind: str
    """``always``, ``busy``, ``no_answer`` or ``offline``."""
    target: str
    """An extension, or a number outside; empty: nowhere any more."""
    after_s: float = 20.0
    """How long phones ring first, where it is for want of an answer."""


class DisturbanceChoice(BaseModel):
    """Whether calls are refused."""

    model_config = ConfigDict(extra="forbid")
    wanted: bool


def router(view: SwitchView) -> APIRouter:
    """Make the routes of this resource."""
    routes = APIRouter()

    @routes.get("/statuses")
    async def statuses() -> Sequence[StatusRowView]:
        """List the statuses that there are, with what each permits."""
        return view.statuses()

    @routes.get("/agents")
    async def agents(
        request: Request, response: Response, limit: Limit = PAGE, offset: Offset = 0
    ) -> Sequence[AgentView]:
        """List all users with their statuses, a page at a time."""
        return page_of(view.agents(), request, response, limit=limit, offset=offset)

    @routes.get("/agents/{user}")
    async def agent(user: str) -> AgentView:
        """Show one user."""
        return view.agent(user)

    @routes.put("/users/{user}/status")
    async def choose(user: str, wanted: StatusChoice) -> AgentView:
        """Set a user's status."""
        return view.choose_status(user, wanted.status)

    @routes.put("/users/{user}/queues")
    async def queues(user: str, wanted: QueueLogin) -> AgentView:
        """Log a user in to queues or out of them."""
        return view.log_into_queues(user, wanted.queue, logged_in=wanted.logged_in)

    @routes.delete("/users/{user}/wrap-up")
    async def ready(user: str) -> AgentView:
        """End a user's wrap-up: ready for work."""
        return view.end_wrap_up(user)

    @routes.delete("/users/{user}/block")
    async def unblock(user: str) -> AgentView:
        """Let a user who missed a call take calls again."""
        return view.unblock(user)

    @routes.put("/users/{user}/forwards")
    async def forward(user: str, wanted: ForwardChoice) -> AgentView:
        """Let a user's calls go elsewhere, or no more."""
        return view.forward(user, wanted.kind, wanted.target, wanted.after_s)

    @routes.put("/users/{user}/do-not-disturb")
    async def refuse(user: str, wanted: DisturbanceChoice) -> AgentView:
        """Set or lift a user's do-not-disturb."""
        return view.refuse_calls(user, wanted=wanted.wanted)

    return routes
