"""What queues do with calls: take the caller, let them hear music, ring agents, send the caller on."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Final

from softswitch.app.auto_answer import auto_answer_lines
from softswitch.app.people import People
from softswitch.app.turn import Turn
from softswitch.calls.destinations import Phone
from softswitch.calls.guide_inputs import (
    AnswerCaller,
    Dismiss,
    HandOver,
    HushCaller,
    PlayToCaller,
    RingAlso,
    RingForCaller,
    StopRingingUser,
)
from softswitch.calls.inputs import Announce, EndConversation, Input
from softswitch.calls.state import CallsState, Conversation
from softswitch.core.errors import SpeechError
from softswitch.directory.location import Binding
from softswitch.directory.site import Queue, Site, User
from softswitch.queues.callers import dialogue
from softswitch.queues.callers.words import farewell
from softswitch.queues.router.facts import QueueLeft
from softswitch.queues.router.state import Entry
from softswitch.sip.headers.address import Address
from softswitch.sip.uri import Uri
from softswitch.speech.prompts import Prompts

MUSIC: Final = ("music:",)
BEEP: Final = "tone:beep"
GUARD_S: Final = 5.0
"""By how much the calls' own limit of ringing is above the queue's, which comes first."""
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
        dial: rings a user's phones, then a number; gets user, number, and whether the phones shall answer by
            themselves; returns the first leg.
        call_up: rings a number by a user's routes; gets user, number, who calls, and the guide of whoever answers;
            returns the first leg.
        prompts: the recorded words.
    """

    def __init__(
        self,
        calls: CallsState,
        site: Callable[[], Site],
        people: People,
        phone: Callable[[User, Binding], Phone],
        decide: Callable[[Input], None],
        turn: Turn,
        dial: Callable[[str, str, bool], str],
        call_up: Callable[[str, str, str, str], str],
        prompts: Prompts,
    ) -> None:
        self._calls = calls
        self._site = site
        self._people = people
        self._phone = phone
        self._decide = decide
        self._turn = turn
        self._dial = dial
        self._call_up = call_up
        self._prompts = prompts

    def receive(self, conversation_id: str) -> None:
        """Take the caller's call and let them hear music."""
        self._decide(AnswerCaller(conversation_id))
        self._decide(PlayToCaller(conversation_id, MUSIC, repeat=True))

    def refuse(self, conversation_id: str) -> None:
        """Tell the caller that there is no such queue."""
        self._decide(Dismiss(conversation_id, 404, 1, "The queue is gone", "not-found"))

    def ring(self, entry: Entry, users: Iterable[str], until_s: float, *, joined: bool = False) -> set[str]:
        """Ring agents for an entry; return those of them who have a phone.

        Args:
            entry: whose caller waits.
            users: the agents.
            until_s: wall time at which they have missed it.
            joined: whether others ring already.
        """
        conversation = self._calls.conversations.get(entry.conversation_id)
        if conversation is None:
            return set()
        phones = tuple(phone for user in users for phone in self._phones(user, entry, conversation))
        if joined:
            self._decide(RingAlso(entry.conversation_id, phones))
        elif phones:
            self._decide(RingForCaller(entry.conversation_id, phones, until_s - self._turn.wall_s + GUARD_S))
        return {phone.user for phone in phones}

    def _phones(self, user: str, entry: Entry, conversation: Conversation) -> Iterable[Phone]:
        found, queue = self._site().users.get(user), self._site().queues.get(entry.queue)
        if found is None:
            return
        by_itself = queue is not None and user in queue.auto_answer
        shown = self._shown(entry, conversation)
        for binding in self._people.registered_phones(found, wall_s=self._turn.wall_s):
            phone = self._phone(found, binding)
            headers = auto_answer_lines(binding.user_agent) if by_itself else ()
            yield replace(phone, caller=shown, headers=(*phone.headers, *headers))

    def _shown(self, entry: Entry, conversation: Conversation) -> str:
        """Return what the agent's display shows: the queue, how long the caller has waited, who calls."""
        minutes, seconds = divmod(max(0, round(self._turn.wall_s - entry.arrived_s)), 60)
        name = f"{entry.queue} {minutes}:{seconds:02} {conversation.from_name or entry.number}".strip()
        return str(Address(Uri("sip", entry.number or "anonymous", self._site().domain), name))

    def stop(self, conversation_id: str, user: str) -> None:
        """Let an agent's phones ring no more; those that ring for a callback end the call with it."""
        conversation = self._calls.conversations.get(conversation_id)
        if conversation is not None and conversation.dialled is not None:
            self._decide(EndConversation(conversation_id, "Nobody answered in time"))
        else:
            self._decide(StopRingingUser(conversation_id, user))

    def call_back(self, user: str, entry: Entry) -> str:
        """Ring an agent who is to talk with a customer who wants to be called back; return the conversation.

        Raises:
            CommandError: the agent cannot be rung, or none of their routes leads to the customer.
        """
        queue = self._site().queues.get(entry.queue)
        leg = self._dial(user, entry.number, queue is not None and user in queue.auto_answer)
        return leg.rpartition(".")[0]

    def call_customer(self, user: str, entry: Entry) -> str:
        """Ring a customer who wants to be called back, an agent being reserved for them; return the conversation.

        Raises:
            CommandError: none of the agent's routes leads to the customer.
        """
        queue = self._site().queues.get(entry.queue)
        shown = "" if queue is None else queue.extension
        return self._call_up(user, entry.number, shown, f"queue:{entry.queue}").rpartition(".")[0]

    def tell_agent(self, leg: str, queue: Queue) -> None:
        """Let an agent who has answered hear what the queue has for them first."""
        sounds = (*((BEEP,) if queue.agent_beep else ()), *((f"file:{queue.agent_file}",) if queue.agent_file else ()))
        if sounds:
            self._decide(Announce(leg, sounds))

    def let_hear(
        self, conversation_id: str, entry: Entry, queue: Queue, texts: Sequence[str], files: Sequence[str] = ()
    ) -> bool:
        """Let a caller hear what belongs to the phase of the talk with them; tell whether they hear anything.

        Args:
            conversation_id: theirs.
            entry: theirs, already in that phase.
            queue: in whose language it is said.
            texts: what is said, where anything is.
            files: sound files that are heard after it.
        """
        if entry.phase == dialogue.MUSIC:
            self.play_music(conversation_id)
            return True
        if entry.phase_until_s and entry.phase == dialogue.CONFIRMING:  # the question was heard
            return True
        sounds = (*self._said(queue, texts), *(f"file:{path}" for path in files))
        if sounds:
            self._decide(PlayToCaller(conversation_id, sounds))
        elif entry.phase == dialogue.TYPING:
            self._decide(HushCaller(conversation_id))
        return bool(sounds) or entry.phase == dialogue.TYPING

    def play_music(self, conversation_id: str) -> None:
        """Let a caller hear music, where they do not."""
        conversation = self._calls.conversations.get(conversation_id)
        if conversation is not None and conversation.caller.sounds != MUSIC:
            self._decide(PlayToCaller(conversation_id, MUSIC, repeat=True))

    def bid_farewell(self, conversation_id: str, queue: Queue) -> None:
        """Tell a caller that they will be called back, then let them go."""
        sounds = self._said(queue, farewell(queue))
        if sounds:
            self._decide(PlayToCaller(conversation_id, sounds))
        else:
            self.part(conversation_id)

    def part(self, conversation_id: str) -> None:
        """End the call of somebody who will be called back."""
        self._decide(Dismiss(conversation_id, 480, 16, "You will be called back", "callback"))

    def _said(self, queue: Queue, texts: Sequence[str]) -> tuple[str, ...]:
        """Return the recordings of texts; one that is not recorded is left out."""
        out: tuple[str, ...] = ()
        for text in texts:
            with contextlib.suppress(SpeechError):
                out += self._prompts.sounds(queue.language, text)
        return out

    def send_on(self, conversation_id: str, left: QueueLeft, overflow_to: str) -> None:
        """Send a caller who leaves a line to where the queue says, back to the scenario, or away."""
        conversation = self._calls.conversations.get(conversation_id)
        if conversation is None:
            return
        first = conversation.first_guide
        back = first if first.startswith("scenario:") else ""  # a queue would give the caller back again
        guide = next((each for each in (overflow_to, back) if each and each != conversation.guide), "")
        if guide:
            self._decide(HandOver(conversation_id, guide, left.how, left.priority, left.skills))
        elif left.how in _ENDINGS:
            status, cause, reason = _ENDINGS[left.how]
            self._decide(Dismiss(conversation_id, status, cause, reason, f"queue-{left.how}"))
