"""What the API shows of the people, and the commands about their statuses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from softswitch.api.people_view import AgentView, ForwardView, StatusRowView
from softswitch.app.brain import Brain
from softswitch.core.clock import Clock, iso_utc
from softswitch.core.errors import CommandError
from softswitch.directory.site import User
from softswitch.directory.statuses import Status
from softswitch.queues.agents import inputs

_BY: Final = "api"
_AWAY: Final = {
    "unregistered": "its last phone signed off",
    "expired": "its last phone's registration ran out",
    "disconnected": "its last phone's connection broke",
}


class BrainPeople:
    """Implements :class:`softswitch.api.people_view.PeopleView`.

    Args:
        brain: what is shown.
        clock: gives the age of things.
        in_turn: does something in the brain and ends the turn.
    """

    def __init__(self, brain: Brain, clock: Clock, in_turn: Callable[[Callable[[], None]], None]) -> None:
        self._brain = brain
        self._clock = clock
        self._in_turn = in_turn

    def statuses(self) -> Sequence[StatusRowView]:
        """List the statuses of all presets."""
        presets = self._brain.desk.site.presets().values()
        return [_row(status) for preset in presets for status in preset.statuses.values()]

    def agents(self) -> Sequence[AgentView]:
        """List all users."""
        return [self._agent(user) for user in self._brain.desk.site.users.values()]

    def agent(self, user: str) -> AgentView:
        """Return one user."""
        return self._agent(self._user(user))

    def _user(self, name: str) -> User:
        found = self._brain.desk.site.users.get(name)
        if found is None:
            raise CommandError(f"There is no user {name}", status=404, error_id="unknown-user", field="user")
        return found

    def choose_status(self, user: str, status: str) -> AgentView:
        """Set a user's status."""
        return self._command(user, inputs.ChooseStatus(user, status, _BY))

    def log_into_queues(self, user: str, queue: str, *, logged_in: bool) -> AgentView:
        """Log a user in to queues or out of them."""
        kind = inputs.EnterQueues if logged_in else inputs.LeaveQueues
        return self._command(user, kind(user, queue, _BY))

    def end_wrap_up(self, user: str) -> AgentView:
        """End a user's wrap-up."""
        return self._command(user, inputs.EndWrapUp(user, _BY))

    def unblock(self, user: str) -> AgentView:
        """Let a user who missed a call take calls again."""
        return self._command(user, inputs.Unblock(user, _BY))

    def forward(self, user: str, kind: str, target: str, after_s: float) -> AgentView:
        """Let a user's calls go elsewhere, or with an empty target no more."""
        given = inputs.SetForward(user, kind, target, after_s, _BY) if target else inputs.ClearForward(user, kind, _BY)
        return self._command(user, given)

    def refuse_calls(self, user: str, *, wanted: bool) -> AgentView:
        """Set or lift a user's do-not-disturb."""
        return self._command(user, inputs.RefuseCalls(user, wanted, _BY))

    def _command(self, user: str, given: inputs.Input) -> AgentView:
        found = self._user(user)
        self._in_turn(lambda: self._brain.command_people(given))
        return self._agent(found)

    def _agent(self, user: User) -> AgentView:
        wall_s = self._clock.wall()
        status = self._brain.people.status_of(user)
        known = self._brain.agents.agents.get(user.name)
        phones = len(self._brain.locations.contacts_of(user.name, wall_s=wall_s))
        why = "" if phones else _AWAY.get(known.away_because if known else "", "no phone has registered")
        return AgentView(
            user=user.name,
            extension=user.extension,
            display_name=user.display_name,
            preset=user.preset,
            status=status.name,
            label_ru=status.label_ru,
            label_en=status.label_en,
            since=iso_utc(known.since_s) if known and known.since_s else "",
            in_status_s=max(0, round(wall_s - known.since_s)) if known and known.since_s else 0,
            phones=phones,
            reachable=phones > 0,
            why_unreachable=why,
            busy=self._brain.calls.is_busy(user.name),
            queues=tuple(sorted(known.queues)) if known else (),
            respect_status=user.respect_status,
            forwards={kind: ForwardView(*found) for kind, found in sorted(known.forwards.items())} if known else {},
            do_not_disturb=known.do_not_disturb if known else False,
            work=known.work.value if known else "idle",
            work_queue=known.work_queue if known else "",
            wrap_up_until=iso_utc(known.work_until_s) if known and known.work_until_s else "",
            planned=known.planned if known else "",
        )


def _row(status: Status) -> StatusRowView:
    return StatusRowView(
        status.preset,
        status.name,
        status.label_ru,
        status.label_en,
        status.code,
        status.set_by,
        status.planned,
        status.unavailable,
        status.refuse_with,
        status.rights(),
    )
