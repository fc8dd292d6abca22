"""What groups are told of people: who can be rung, and where."""

from __future__ import annotations

from collections.abc import Callable

from softswitch.app.people import People
from softswitch.calls.destinations import Phone, Refuse
from softswitch.calls.state import CallsState
from softswitch.directory.location import Binding
from softswitch.directory.site import Group, Site, User
from softswitch.queues.groups.hunt import Member


class GroupMembers:
    """Implements :class:`softswitch.queues.groups.guide.Members`.

    Args:
        site: returns the site in force.
        people: whose statuses and registrations permit a call.
        calls: the calls.
        phone: makes what the calls must know of a phone.
        wall_s: the time now.
        elsewhere: how many callers scenarios ring a group for.
    """

    def __init__(
        self,
        site: Callable[[], Site],
        people: People,
        calls: CallsState,
        phone: Callable[[User, Binding], Phone],
        wall_s: Callable[[], float],
        elsewhere: Callable[[str], int],
    ) -> None:
        self._site = site
        self._people = people
        self._calls = calls
        self._phone = phone
        self._wall_s = wall_s
        self._elsewhere = elsewhere

    def group_of(self, conversation_id: str) -> Group | None:
        """Return the group that a conversation is guided by."""
        return self._site().groups.get(self._calls.conversations[conversation_id].guide.partition(":")[2])

    def member(self, conversation_id: str, user: str) -> Member:
        """Tell what a member is up to; who calls the group is not rung by it."""
        found = self._site().users.get(user)
        if found is None:
            return Member("gone", 0.0)
        answered_s = self._people.answered_s(user)
        if self._calls.conversations[conversation_id].from_user == user:
            return Member("caller", answered_s)
        offered = self._people.phones_for(found, "group", wall_s=self._wall_s())
        return Member(offered.word if isinstance(offered, Refuse) else "", answered_s)

    def unanswered_elsewhere(self, group: str) -> int:
        """Count the callers for whom scenarios ring a group."""
        return self._elsewhere(group)

    def phones(self, user: str) -> tuple[Phone, ...]:
        """Return where a member can be rung now."""
        found = self._site().users.get(user)
        offered = self._people.phones_for(found, "group", wall_s=self._wall_s()) if found is not None else ()
        if found is None or isinstance(offered, Refuse):
            return ()
        return tuple(self._phone(found, binding) for binding in offered)
