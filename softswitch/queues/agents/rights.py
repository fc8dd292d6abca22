"""What a user's status permits now: queries, nothing is changed."""

from __future__ import annotations

from softswitch.directory.site import Site, User
from softswitch.directory.statuses import CALL_WAITING, YES, Status
from softswitch.queues.agents.state import AgentsState


def status_of(state: AgentsState, site: Site, user: User) -> Status:
    """Return the row that a user is in; somebody who never registered is offline."""
    preset = site.preset_of(user)
    agent = state.agents.get(user.name)
    found = preset.statuses.get(agent.status) if agent is not None else None
    return found or preset.statuses[preset.offline]


def refusing_status(state: AgentsState, site: Site, user: User, right: str) -> Status | None:
    """Return the row that refuses a call to or by a user, or None where nothing does.

    A user whose ``respect_status`` switch is off is offered everything (M-3).

    Args:
        state: in which status everybody is.
        site: whose users and statuses they are.
        user: whom it concerns.
        right: one of :data:`softswitch.directory.statuses.RIGHTS`.
    """
    if not user.respect_status:
        return None
    status = status_of(state, site, user)
    given = status.right(right)
    permitted = given == YES or (given == CALL_WAITING and user.call_waiting is True)
    return None if permitted else status
