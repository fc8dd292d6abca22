"""What queues do with calls: take the caller, let them hear music, ring agents, send the caller on."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

from softswitch.app.people import People
from softswitch.app.turn import Turn
from softswitch.calls.inputs import (
    AnswerCaller,
    Dismiss,
    HandOver,
    Input,
    Phone,
    PlayToCaller,
    RingAlso,
    RingForCaller,
    StopRingingUser,
)
from softswitch.calls.state import CallsState, Conversation
from softswitch.directory.location import Binding
from softswitch.directory.site import Site, User
from softswitch.queues.router.facts import QueueOffered
from softswitch.queues.router.state import Entry
from softswitch.sip.headers.address import Address
from softswitch.sip.uri import Uri

MUSIC: Final = ("music:",)
GUARD_S: Final = 5.0
"""By how much the calls' own limit of ringing is above the queue's, which comes first."""
_AUTO_ANSWER: Final = (
    "Call-Info: <sip:softswitch>;answer-after=0",
    "Alert-Info: <sip:softswitch>;info=alert-autoanswer",
)
"""What makes phones answer by themselves, in the two ways that makers understand."""
_ENDINGS: Final = {
    "time": (480, 19, "Nobody has answered for too long"),
    "full": (486, 17, "Too many callers wait"),
    "no-agents": (480, 20, "Nobody is there to answer"),
    "key": (480, 16, "The caller left the line"),
    "removed": (404, 1, "The queue is gone"),
}


class QueueCalls:
    """Says to the calls what queues want.

    Args:
        calls: the calls; only read.
        site: returns the site in force.
        people: where agents can be rung.
        phone: makes what the calls must know of a phone.
        decide: decides an input of the calls.
        turn: the time.
    """

    def __init__(
        self,
        calls: CallsState,
        site: Callable[[], Site],
        people: People,
        phone: Callable[[User, Binding], Phone],
        decide: Callable[[Input], None],
        turn: Turn,
    ) -> None:
        self._calls = calls
        self._site = site
        self._people = people
        self._phone = phone
        self._decide = decide
        self._turn = turn

    def receive(self, conversation_id: str) -> None:
        """Take the caller's call and let them hear music."""
        self._decide(AnswerCaller(conversation_id))
        self._decide(PlayToCaller(conversation_id, MUSIC, repeat=True))

    def refuse(self, conversation_id: str) -> None:
        """Tell the caller that there is no such queue."""
        self._decide(Dismiss(conversation_id, 404, 1, "The queue is gone", "not-found"))

    def ring(self, entry: Entry, fact: QueueOffered) -> set[str]:
        """Ring agents for an entry; return those of them who have a phone."""
        conversation = self._calls.conversations.get(entry.conversation_id)
        if conversation is None:
            return set()
        phones = tuple(phone for user in fact.users for phone in self._phones(user, entry, conversation))
        if fact.joined:
            self._decide(RingAlso(entry.conversation_id, phones))
        elif phones:
            ring_s = fact.until_s - self._turn.wall_s + GUARD_S
            self._decide(RingForCaller(entry.conversation_id, phones, ring_s))
        return {phone.user for phone in phones}

    def _phones(self, user: str, entry: Entry, conversation: Conversation) -> Iterable[Phone]:
        found, queue = self._site().users.get(user), self._site().queues.get(entry.queue)
        if found is None:
            return
        headers = _AUTO_ANSWER if queue is not None and user in queue.auto_answer else ()
        shown = self._shown(entry, conversation)
        for binding in self._people.registered_phones(found, wall_s=self._turn.wall_s):
            phone = self._phone(found, binding)
            yield replace(phone, caller=shown, headers=(*phone.headers, *headers))

    def _shown(self, entry: Entry, conversation: Conversation) -> str:
        """Return what the agent's display shows: the queue, how long the caller has waited, who calls."""
        minutes, seconds = divmod(max(0, round(self._turn.wall_s - entry.arrived_s)), 60)
        name = f"{entry.queue} {minutes}:{seconds:02} {conversation.from_name or entry.number}".strip()
        return str(Address(Uri("sip", entry.number or "anonymous", self._site().domain), name))

    def stop(self, conversation_id: str, user: str) -> None:
        """Let an agent's phones ring no more."""
        self._decide(StopRingingUser(conversation_id, user))

    def send_on(self, conversation_id: str, how: str, overflow_to: str) -> None:
        """Send a caller who leaves a line to where the queue says, back to the scenario, or away."""
        conversation = self._calls.conversations.get(conversation_id)
        if conversation is None:
            return
        if overflow_to and overflow_to != conversation.guide:
            self._decide(HandOver(conversation_id, overflow_to, how))
        elif conversation.first_guide and conversation.first_guide != conversation.guide:
            self._decide(HandOver(conversation_id, conversation.first_guide, how))
        elif how in _ENDINGS:
            status, cause, reason = _ENDINGS[how]
            self._decide(Dismiss(conversation_id, status, cause, reason, f"queue-{how}"))
