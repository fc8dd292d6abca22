"""What the API sees of the people of the switch; the brain fills it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class StatusRowView:
    """One status of a preset with its rights: ``true``, ``false`` or ``call_waiting``."""

    preset: str
    name: str
    label_ru: str
    label_en: str
    code: str
    """The digits behind the dialled code that choose it; empty where it has none."""
    set_by: str
    """``user`` or ``system``: only the first can be chosen."""
    planned: bool
    unavailable: bool
    refuse_with: int
    rights: dict[str, str]


@dataclass(frozen=True, slots=True)
class ForwardView:
    """Where a user's calls go that are not taken."""

    target: str
    after_s: float
    """How long phones ring first, where it is for want of an answer."""


@dataclass(frozen=True, slots=True)
class AgentView:
    """A user as colleagues and supervisors see them."""

    user: str
    extension: str
    display_name: str
    preset: str
    status: str
    label_ru: str
    label_en: str
    since: str
    """When this status began, ISO 8601 in UTC; empty for somebody who never registered."""
    in_status_s: int
    phones: int
    """Registered ones."""
    reachable: bool
    why_unreachable: str
    """Empty for somebody who can be reached."""
    busy: bool
    """Whether in a call."""
    queues: tuple[str, ...]
    """Those that the user is logged in to."""
    respect_status: bool
    forwards: dict[str, ForwardView] = field(default_factory=dict)
    """By when they apply: ``always``, ``busy``, ``no_answer``, ``offline``."""
    do_not_disturb: bool = False
    work: str = "idle"
    """What calls of queues make the user do: ``idle``, ``ringing``, ``serving``, ``wrap-up`` or ``blocked``."""
    work_queue: str = ""
    """Whose call it is."""
    wrap_up_until: str = ""
    """When a wrap-up ends by itself, ISO 8601 in UTC; empty where it does not."""
    planned: str = ""
    """The status that was chosen for afterwards."""


class PeopleView(Protocol):
    """The people of the running switch. Every method returns at once; those that change something are kept first."""

    def statuses(self) -> Sequence[StatusRowView]:
        """List the statuses of all presets, the site's own among them."""
        ...

    def agents(self) -> Sequence[AgentView]:
        """List all users with their statuses."""
        ...

    def agent(self, user: str) -> AgentView:
        """Return one user.

        Raises:
            CommandError: there is none of that name.
        """
        ...

    def choose_status(self, user: str, status: str) -> AgentView:
        """Set a user's status.

        Raises:
            CommandError: there is no such user or status, or no registered phone.
        """
        ...

    def log_into_queues(self, user: str, queue: str, *, logged_in: bool) -> AgentView:
        """Log a user in to one queue or out of it; an empty name stands for all that list the user.

        Raises:
            CommandError: there is no such user or queue, or the queue does not list the user.
        """
        ...

    def end_wrap_up(self, user: str) -> AgentView:
        """End a user's wrap-up.

        Raises:
            CommandError: there is no such user, or nothing to end.
        """
        ...

    def unblock(self, user: str) -> AgentView:
        """Let a user who missed a call take calls again.

        Raises:
            CommandError: there is no such user, or the user is not blocked.
        """
        ...

    def forward(self, user: str, kind: str, target: str, after_s: float) -> AgentView:
        """Let a user's calls go elsewhere; an empty target: no more.

        Raises:
            CommandError: there is no such user or kind, or the target or the time cannot be.
        """
        ...

    def refuse_calls(self, user: str, *, wanted: bool) -> AgentView:
        """Set or lift a user's do-not-disturb.

        Raises:
            CommandError: there is no such user.
        """
        ...
