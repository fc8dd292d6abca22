"""What forwarding is told of everything else: people, groups, ways out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from softswitch.app.diverted import diverted_lines
from softswitch.app.group_hunt import GroupHunt
from softswitch.app.people import OFFLINE, People
from softswitch.app.trunk_desk import TrunkDesk
from softswitch.calls.destinations import Phone, Refuse, RingPhones
from softswitch.calls.state import CallsState
from softswitch.directory.location import Binding
from softswitch.directory.outward import outward
from softswitch.directory.site import Site, User
from softswitch.queues.agents.state import Forward
from softswitch.queues.forwards.facts import ForwardTried
from softswitch.queues.forwards.guide import MAILBOX, OTHERWISE
from softswitch.scenario.library import VOICEMAIL_OF

_GONE: Final = Refuse(404, 1, "Unallocated number", "not-found")
_REASONS: Final = {
    "always": "unconditional",
    "busy": "user-busy",
    "no_answer": "no-answer",
    "offline": "unavailable",
}
"""As RFC 5806 §4 writes them."""


class Forwards:
    """Implements :class:`softswitch.queues.forwards.guide.ForwardWorld`.

    Args:
        site: returns the site in force.
        people: whose phones may be rung, and where their calls go.
        calls: the calls.
        phone: makes what the calls must know of a phone.
        hunt: searches groups.
        trunks: makes the legs of calls that leave.
        times: returns the time now, monotonic and wall.
        mobiles: the way to a user's mobile where the status lets calls of a number outside go there too.
        unanswered: how many callers wait for an answer of a group.
    """

    def __init__(
        self,
        site: Callable[[], Site],
        people: People,
        calls: CallsState,
        phone: Callable[[User, Binding], Phone],
        hunt: GroupHunt,
        trunks: TrunkDesk,
        times: Callable[[], tuple[float, float]],
        mobiles: Callable[[User, str], tuple[Phone, ...]],
        unanswered: Callable[[str], int],
    ) -> None:
        self._site = site
        self._people = people
        self._calls = calls
        self._phone = phone
        self._hunt = hunt
        self._trunks = trunks
        self._times = times
        self._mobiles = mobiles
        self._unanswered = unanswered

    def called(self, conversation_id: str) -> str:
        """Return the name of the user whom the caller wants."""
        return self._calls.conversations[conversation_id].guide.partition(":")[2]

    def caller(self, conversation_id: str) -> str:
        """Return the name of the user who calls; empty for somebody outside."""
        return self._calls.conversations[conversation_id].from_user

    def forwards(self, user: str) -> Mapping[str, Forward]:
        """Return where a user's calls go: to the mailbox, where the site says so and no forward of the user else."""
        found, own = self._site().users.get(user), self._people.forwards_of(user)
        if found is None or not found.voicemail_after_s:
            return own
        mailbox = Forward(MAILBOX, found.voicemail_after_s)
        return {"no_answer": mailbox, OTHERWISE: mailbox, **own}

    def mailbox(self, user: str) -> str:
        """Return the guide of callers who may leave a message for a user."""
        return f"scenario:{VOICEMAIL_OF}{user}"

    def refusal(self, conversation_id: str, user: str) -> Refuse | None:
        """Return why a user's phones may not be rung now, or None."""
        right = "internal" if self.caller(conversation_id) else "direct"
        found = self._site().users.get(user)
        offered = _GONE if found is None else self._people.phones_for(found, right, wall_s=self._times()[1])
        return offered if isinstance(offered, Refuse) else None

    def user_at(self, number: str) -> str:
        """Return the name of the user who has an extension."""
        user = self._site().user_by_extension(number)
        return "" if user is None else user.name

    def begin_group(self, conversation_id: str, number: str) -> tuple[tuple[str, ...], float] | None:
        """Begin to search the group of an extension."""
        group = self._site().group_by_extension(number)
        if group is None:
            return None
        full = group.max_unanswered is not None and self._unanswered(group.name) >= group.max_unanswered
        return (() if full else self._hunt.begin(conversation_id, group.name), group.ring_s)

    def go_on(self, conversation_id: str, memory: tuple[str, ...], status: int, word: str) -> tuple[str, ...]:
        """Go on with that search."""
        return self._hunt.go_on(conversation_id, memory, status, word)

    def phones(self, conversation_id: str, tried: ForwardTried) -> RingPhones | Refuse:
        """Return the phones to be rung, each told by whom it was forwarded, or why there are none."""
        found = self._rung(conversation_id, tried)
        if isinstance(found, Refuse) or not tried.hops:
            return found
        told = self._diversion(tried)
        return RingPhones(
            tuple(replace(phone, headers=(*phone.headers, *told)) for phone in found.phones),
            tuple(replace(phone, headers=(*phone.headers, *told)) for phone in found.detours),
        )

    def _rung(self, conversation_id: str, tried: ForwardTried) -> RingPhones | Refuse:
        site = self._site()
        now, wall_s = self._times()
        if tried.group:
            phones = self._hunt.phones(tried.group)
            return RingPhones(phones) if phones else OFFLINE
        if tried.user:
            user = site.users[tried.user]
            bindings = self._people.registered_phones(user, wall_s=wall_s)
            phones = tuple(self._phone(user, binding) for binding in bindings)
            return RingPhones((*phones, *self._also(conversation_id, user))) if phones else OFFLINE
        owner = site.users.get(tried.hops[-1])
        ways = None if owner is None else outward(site, owner, tried.number)
        return _GONE if ways is None else self._trunks.destination(ways, hidden=False, now=now)

    def _also(self, conversation_id: str, user: User) -> tuple[Phone, ...]:
        """Return what rings beside a user's phones."""
        conversation = self._calls.conversations[conversation_id]
        return () if conversation.from_user else self._mobiles(user, conversation.from_number)

    def _diversion(self, tried: ForwardTried) -> tuple[str, ...]:
        site = self._site()
        user, target = site.users.get(tried.hops[-1]), site.users.get(tried.user)
        number = "unknown" if user is None else user.extension
        to_number = tried.number if target is None else target.extension
        return diverted_lines(site.domain, number, _REASONS[tried.reason], to_number, len(tried.hops))
