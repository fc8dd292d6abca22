"""The people of the switch: their statuses follow registrations and commands, and decide who is offered a call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from softswitch.calls.destinations import Refuse
from softswitch.calls.state import CallsState
from softswitch.directory.encryption import IMPOSSIBLE
from softswitch.directory.location import Binding, LocationState, RegistrationBound, RegistrationRemoved
from softswitch.directory.routing import one_flow_each
from softswitch.directory.site import Site, User
from softswitch.directory.statuses import YES, Status
from softswitch.queues.agents import inputs
from softswitch.queues.agents.decide import decide
from softswitch.queues.agents.rights import refusing_status, status_of
from softswitch.queues.agents.state import AgentsState, Forward
from softswitch.queues.agents.working import Work

OFFLINE = Refuse(480, 20, "Subscriber absent", "offline")
UNENCRYPTED = Refuse(480, 88, "Encrypted sound (SRTP) is required, and signalling is not encrypted", "srtp-impossible")
BUSY = Refuse(486, 17, "User busy", "busy")
DISTURBED = Refuse(486, 17, "Do not disturb", "do-not-disturb")
_AT_ONCE: Final = 50
"""How many users are brought to a new site in one turn."""
_CAUSES = {480: 20, 486: 17, 603: 21}


class People:
    """Decides what becomes of statuses, and answers whether a call may be offered to somebody.

    Args:
        site: returns the site in force.
        agents: the folded state.
        locations: where the users' phones are.
        calls: who is in a call.
        record: keeps a fact and applies it.
    """

    def __init__(
        self,
        site: Callable[[], Site],
        agents: AgentsState,
        locations: LocationState,
        calls: CallsState,
        record: Callable[[Any], None],
    ) -> None:
        self._site = site
        self._agents = agents
        self._locations = locations
        self._calls = calls
        self._record = record

    # What happens

    def registration_changed(self, fact: object, *, wall_s: float) -> None:
        """See what a fact of a registration, which is applied already, makes of its user's status."""
        if isinstance(fact, RegistrationBound):
            self.decide(inputs.PhoneCame(fact.user, wall_s))
        elif isinstance(fact, RegistrationRemoved) and not self._locations.contacts_of(fact.user, wall_s=wall_s):
            self.decide(inputs.PhonesGone(fact.user, fact.reason))

    def look_again(self, *, wall_s: float) -> None:
        """Bring everybody to what site and registrations say: after a start, after a load."""
        for part in self.parts(wall_s=wall_s):
            self.look_at(part, wall_s=wall_s)

    def parts(self, *, wall_s: float) -> list[tuple[str, ...]]:
        """Return all who are known of or registered, some at a time."""
        live = (binding.user for binding in self._locations if binding.expires_at_s > wall_s)
        names = tuple(dict.fromkeys((*self._agents.agents, *live)))
        return [names[first : first + _AT_ONCE] for first in range(0, len(names), _AT_ONCE)]

    def look_at(self, names: tuple[str, ...], *, wall_s: float) -> None:
        """Bring some users to what site and registrations say."""
        live = {name: bool(self._locations.contacts_of(name, wall_s=wall_s)) for name in names}
        self.decide(inputs.SiteLoaded(wall_s, live))

    def decide(self, given: inputs.Input) -> None:
        """Follow an input.

        Raises:
            CommandError: it cannot be followed; nothing has changed.
        """
        for fact in decide(self._agents, self._site(), given):
            self._record(fact)

    # Who may be offered what

    def phones_for(self, user: User, right: str, *, wall_s: float) -> tuple[Binding, ...] | Refuse:
        """Return the phones that a call may ring at, or why it may not be offered to this user now.

        Args:
            user: who is called.
            right: what kind of call it is: ``direct``, ``internal``, ``group`` ...
            wall_s: the time now; registrations that are over do not count.
        """
        bindings = self._locations.contacts_of(user.name, wall_s=wall_s)
        if not bindings:
            return OFFLINE
        phones = _reachable(user, bindings)
        if not phones:
            return UNENCRYPTED
        status = refusing_status(self._agents, self._site(), user, right)
        if status is not None:
            return _refused_by(status)
        agent = self._agents.agents.get(user.name)
        if agent is not None and agent.do_not_disturb:
            return DISTURBED
        alone = right == "queue" or (right == "group" and not user.call_waiting)
        wants_one_call = user.call_waiting is False or alone
        if wants_one_call and self._calls.is_busy(user.name):
            return BUSY
        return phones

    def registered_phones(self, user: User, *, wall_s: float) -> tuple[Binding, ...]:
        """Return the phones of a user that are there, each once; those that may not be told their keys are left out."""
        return _reachable(user, self._locations.contacts_of(user.name, wall_s=wall_s))

    def dialling_refused(self, user: User) -> Refuse | None:
        """Return why a user may not make calls now, or None; who serves a caller may always ask somebody meanwhile."""
        agent = self._agents.agents.get(user.name)
        if agent is not None and agent.work is Work.SERVING:
            return None
        status = refusing_status(self._agents, self._site(), user, "outbound")
        return None if status is None else Refuse(403, 21, f"Status {status.label_en}", "status")

    def goes_to_mobile(self, user: User) -> bool:
        """Tell whether a user's status lets direct calls ring at the mobile too."""
        return user.respect_status and self.status_of(user).mobile_forward == YES

    def forwards_of(self, user: str) -> Mapping[str, Forward]:
        """Return where a user's calls go that are not taken, by when that applies."""
        agent = self._agents.agents.get(user)
        return {} if agent is None else agent.forwards

    def calls_go_elsewhere(self, user: User) -> bool:
        """Tell whether a user's calls go somewhere else when they are not taken: by a forward, or to the mailbox."""
        return bool(self.forwards_of(user.name)) or user.voicemail_after_s > 0

    def is_undisturbed(self, user: str) -> bool:
        """Tell whether a user does not want to be disturbed by calls."""
        agent = self._agents.agents.get(user)
        return agent is not None and agent.do_not_disturb

    def is_in_queues(self, user: str) -> bool:
        """Tell whether a user is logged in to any queue."""
        agent = self._agents.agents.get(user)
        return agent is not None and bool(agent.queues)

    def work_of(self, user: str) -> Work:
        """Return what a user does for queues now."""
        agent = self._agents.agents.get(user)
        return Work.IDLE if agent is None else agent.work

    def answered_s(self, user: str) -> float:
        """Return when a user last answered a call, in wall time; 0 for never."""
        agent = self._agents.agents.get(user)
        return agent.answered_s if agent is not None else 0.0

    def status_of(self, user: User) -> Status:
        """Return the status that a user is in."""
        return status_of(self._agents, self._site(), user)


def _reachable(user: User, bindings: tuple[Binding, ...]) -> tuple[Binding, ...]:
    """Return the phones that may be told their keys, each once."""
    return one_flow_each(tuple([one for one in bindings if user.encryption_over(one.flow) != IMPOSSIBLE]))


def _refused_by(status: Status) -> Refuse:
    return Refuse(status.refuse_with, _CAUSES[status.refuse_with], f"Status {status.label_en}", "status")
