"""A page as the guide of its caller: their call is taken, and the phones of the group's members answer by themselves.

Whoever is in a call, does not want to be disturbed or has no phone is passed over: nobody's talk is broken into.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from softswitch.calls.control_facts import ConversationHanded
from softswitch.calls.destinations import Phone
from softswitch.calls.facts import LegMediaOpened
from softswitch.calls.guide_facts import ConversationGuided
from softswitch.calls.guide_inputs import AnswerCaller, Dismiss, PageMembers
from softswitch.calls.inputs import Input
from softswitch.core.facts import Record
from softswitch.core.ids import leg_id
from softswitch.queues.pages.facts import PageBegun, PageRefused

KIND: Final = "page"
RING_S: Final = 10.0
"""How long a phone may take to answer by itself; one that rings on is left alone."""

_NOBODY: Final = PageRefused(480, 20, "Nobody of the group can be spoken to now", "nobody-to-page")


class PageGuide:
    """Implements :class:`softswitch.calls.guide.Guide`.

    Args:
        members_of: returns the phones of whoever may be spoken to now, by user, for a conversation's caller.
    """

    def __init__(self, members_of: Callable[[str], Mapping[str, tuple[Phone, ...]]]) -> None:
        self._members_of = members_of

    def follow(self, conversation_id: str, happened: object, wall_s: float) -> Sequence[object]:
        """Return what follows where a conversation comes here."""
        opened = isinstance(happened, LegMediaOpened) and happened.leg == leg_id(conversation_id, 1)
        if not (opened or isinstance(happened, ConversationGuided | ConversationHanded)):
            return ()
        members = self._members_of(conversation_id)
        return (PageBegun(tuple(members)),) if members else (_NOBODY,)

    sees: Final = frozenset[type]()

    def apply(self, record: Record) -> None:
        """Fold a fact: a page is the conversation's own matter as soon as it has begun."""

    def asks(self, conversation_id: str, fact: object) -> Sequence[Input]:
        """Return what a page wants of the calls."""
        if isinstance(fact, PageBegun):
            found = self._members_of(conversation_id)
            phones = tuple(phone for user in fact.members for phone in found.get(user, ()))
            return (AnswerCaller(conversation_id), PageMembers(conversation_id, phones, RING_S))
        if isinstance(fact, PageRefused):
            return (Dismiss(conversation_id, fact.status, fact.cause, fact.reason, fact.word),)
        return ()

    def deadline_s(self, conversation_id: str) -> float | None:
        """Return None: nothing is waited for."""
        return None
