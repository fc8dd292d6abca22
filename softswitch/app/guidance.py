"""Brings guides and calls together: what happened to a guided conversation, and what its guide makes of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from softswitch.calls.guide import Guide, GuideDue
from softswitch.calls.guide_facts import ConversationGuided
from softswitch.calls.guide_inputs import Dismiss
from softswitch.calls.inputs import Input
from softswitch.calls.recording.inputs import RecordingInput
from softswitch.calls.state import CallsState
from softswitch.core.facts import Record
from softswitch.core.listing import places_by_type

_MOST_AT_ONCE: Final = 10_000
"""Facts that may follow from one without time passing; more are a guide that runs in circles."""


class Guidance:
    """All guides.

    Args:
        calls: the calls; only read.
        guides: by kind.
        decide: decides and applies an input of the calls; returns the facts it came to.
        place: gives a guide's fact its place among all facts.
        arm: sets, moves or drops a conversation's deadline of its guide, in wall time.
    """

    def __init__(
        self,
        calls: CallsState,
        guides: Mapping[str, Guide],
        *,
        decide: Callable[[Input | RecordingInput], Sequence[Any]],
        place: Callable[[object, str], Record],
        arm: Callable[[str, float | None], None],
    ) -> None:
        self._calls = calls
        self._guides = guides
        self._decide = decide
        self._place = place
        self._arm = arm
        self._in_order = tuple(guides.values())
        self._seers = places_by_type(tuple([guide.sees for guide in self._in_order]))
        """By type of fact, the places of the guides that see it."""

    def apply(self, record: Record) -> None:
        """Fold a fact into whatever guide it belongs to."""
        for place in self._seers.get(type(record.fact), ()):
            self._in_order[place].apply(record)

    def fold(self, record: Record) -> None:
        """Fold a fact of an earlier brain, unless its conversation has no guide."""
        conversation = self._calls.conversations.get(record.conversation_id)
        if conversation is None or conversation.guide:
            self.apply(record)

    def after(self, conversation_id: str, guide: str, happened: Iterable[object], wall_s: float) -> None:
        """Let a conversation's guide follow what happened, until nothing more follows."""
        leader = self._guides.get(guide.partition(":")[0])
        if leader is None:
            self._decide(Dismiss(conversation_id, 500, 41, f"No guide {guide}", "no-guide"))
            return
        waiting = deque(happened)
        followed = 0
        while waiting:
            fact = waiting.popleft()
            if type(fact) is ConversationGuided:
                leader = self._guides[fact.guide.partition(":")[0]]
            for own in leader.follow(conversation_id, fact, wall_s):
                leader.apply(self._place(own, conversation_id))
                waiting.append(own)
                for asked in leader.asks(conversation_id, own):
                    waiting.extend(self._decide(asked))
            followed += 1
            if followed > _MOST_AT_ONCE:
                self._decide(Dismiss(conversation_id, 500, 41, "The guide runs in circles", "guide-loop"))
                break
        self._arm(conversation_id, leader.deadline_s(conversation_id))

    def due(self, conversation_id: str, wall_s: float) -> None:
        """Tell a guide that its deadline has come."""
        conversation = self._calls.conversations.get(conversation_id)
        if conversation is not None and conversation.guide:
            self.after(conversation_id, conversation.guide, (GuideDue(),), wall_s)

    def resume(self) -> None:
        """Arm the deadlines of all guided conversations."""
        for conversation in self._calls.conversations.values():
            leader = self._guides.get(conversation.guide.partition(":")[0])
            if leader is not None:
                self._arm(conversation.conversation_id, leader.deadline_s(conversation.conversation_id))
