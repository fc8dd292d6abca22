"""``/api/v1/queues`` and ``/api/v1/agents/figures``: who waits, who serves, and the day in numbers."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter

from softswitch.api.queues_view import AgentFigures, NoticeView, QueueView
from softswitch.api.view import SwitchView


def router(view: SwitchView) -> APIRouter:
    """Make the routes of this resource."""
    routes = APIRouter()

    @routes.get("/queues")
    async def queues() -> Sequence[QueueView]:
        """List the queues with their lines and figures."""
        return view.queues()

    @routes.get("/queues/{name}")
    async def queue(name: str) -> QueueView:
        """Show one queue: the data of a wallboard of its own."""
        return view.queue(name)

    @routes.get("/queue-notices")
    async def notices() -> Sequence[NoticeView]:
        """List the last notices to supervisors: lost calls, and callers who waited too long."""
        return view.notices()

    @routes.get("/agent-figures")
    async def figures() -> Sequence[AgentFigures]:
        """List what agents have done today."""
        return view.agent_figures()

    return routes
