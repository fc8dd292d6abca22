"""Whom a page reaches now: the members of a group who are free, with phones that are asked to answer by themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from softswitch.app.auto_answer import auto_answer_lines
from softswitch.app.people import People
from softswitch.calls.destinations import Phone, Refuse
from softswitch.calls.state import CallsState
from softswitch.directory.location import Binding
from softswitch.directory.site import Site, User


class Pages:
    """Finds who is spoken to.

    Args:
        site: returns the site in force.
        people: whose statuses and registrations permit a call.
        calls: the calls; only read.
        phone: makes what the calls must know of a phone.
        wall_s: the time now.
    """

    def __init__(
        self,
        site: Callable[[], Site],
        people: People,
        calls: CallsState,
        phone: Callable[[User, Binding], Phone],
        wall_s: Callable[[], float],
    ) -> None:
        self._site = site
        self._people = people
        self._calls = calls
        self._phone = phone
        self._wall_s = wall_s

    def members_of(self, conversation_id: str) -> Mapping[str, tuple[Phone, ...]]:
        """Return the phones of those whom a conversation's caller can speak to now, by user, in the group's order."""
        conversation = self._calls.conversations[conversation_id]
        group = self._site().groups.get(conversation.guide.partition(":")[2])
        found: dict[str, tuple[Phone, ...]] = {}
        for name, _ in () if group is None else group.members:
            user = self._site().users.get(name)
            if user is not None and name != conversation.caller.user and not self._calls.is_busy(name):
                phones = self._phones(user)
                if phones:
                    found[name] = phones
        return found

    def _phones(self, user: User) -> tuple[Phone, ...]:
        offered = self._people.phones_for(user, "internal", wall_s=self._wall_s())
        if isinstance(offered, Refuse):
            return ()
        return tuple(
            replace(self._phone(user, binding), headers=auto_answer_lines(binding.user_agent)) for binding in offered
        )
