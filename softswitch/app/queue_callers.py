"""Callers who wait, and callers who are called back: what is asked of them, and when a customer is rung."""

from __future__ import annotations

from softswitch.app.queue_calls import QueueCalls
from softswitch.app.queue_means import QueueMeans
from softswitch.calls import facts as of_calls
from softswitch.calls import guide_facts
from softswitch.calls.control_facts import CallDialledOn
from softswitch.core.errors import CommandError
from softswitch.core.facts import Record
from softswitch.directory.site import Queue
from softswitch.queues.agents import inputs
from softswitch.queues.callers import dialogue
from softswitch.queues.callers.words import texts_of
from softswitch.queues.figures.estimate import Outlook
from softswitch.queues.router import events, facts
from softswitch.queues.router.state import Entry, EntryState

_CALLER = "caller"
"""The kind of the deadline of what a caller hears or is asked."""


class QueueCallers:
    """Leads the talk with callers who wait, and calls customers back.

    Args:
        means: what the desk works with.
        conduct: lets callers hear something, dials.
    """

    def __init__(self, means: QueueMeans, conduct: QueueCalls) -> None:
        self._state = means.folded.queues
        self._figures = means.folded.figures
        self._calls = means.folded.calls
        self._site = means.site
        self._people = means.people
        self._conduct = conduct
        self._turn = means.turn
        self._wake_ups = means.wake_ups
        self._say = means.say
        self._later = means.later
        means.wake_ups.serve(_CALLER, self._caller_due)

    def dialled_on(self, record: Record, fact: CallDialledOn) -> None:
        """Whoever is rung first for a callback has answered: the agent, and the customer is called, or that one."""
        entry, leg = self._callback_in(record.conversation_id), self._calls.legs.get(fact.leg)
        if entry is None or leg is None:
            return
        came: events.Event = events.ReachCallback(entry.entry)  # the customer, who was rung first
        if leg.user in entry.offered:
            came = events.Answer(entry.entry, leg.user, fact.leg)
        self._later(lambda: self._say(came))

    def reached(self, record: Record, fact: of_calls.SegmentStarted) -> None:
        """Note that the customer of a callback has answered."""
        entry = self._callback_in(record.conversation_id)
        if entry is not None:
            reached = events.ReachCallback(entry.entry)
            self._later(lambda: self._say(reached))

    def callback_over(self, record: Record, fact: of_calls.ConversationEnded) -> None:
        """End a callback's part in a conversation that is over."""
        if self._callback_in(record.conversation_id) is not None:
            self._later(lambda: self._end_callback(record.conversation_id, fact))

    def _end_callback(self, conversation_id: str, fact: of_calls.ConversationEnded) -> None:
        entry = self._callback_in(conversation_id)
        if entry is None:
            return
        if entry.state is EntryState.SERVED:
            self._say(events.Finish(entry.entry) if entry.reached else events.FailCallback(entry.entry, fact.reason))
        elif self._customer_first(entry):
            self._say(events.FailCallback(entry.entry, fact.reason))
        else:
            self._decline_all(entry, how_refused(fact.status))

    def _customer_first(self, entry: Entry) -> bool:
        queue = self._state.queues.get(entry.queue)
        return queue is not None and queue.rules.customer_first

    def _callback_in(self, conversation_id: str) -> Entry | None:
        entry = self._state.entry_of(conversation_id)
        return entry if entry is not None and entry.kind == "callback" else None

    def call_back(self, entry: Entry, user: str) -> None:
        """Ring an agent for a callback, then the customer; or the customer while the agent is reserved."""
        ring = self._conduct.call_customer if self._customer_first(entry) else self._conduct.call_back
        try:
            conversation_id = ring(user, entry)
        except CommandError as error:
            failed = events.FailCallback(entry.entry, error.error_id)
            self._later(lambda: self._say(failed))
            return
        self._people.decide(inputs.Offered(user, entry.queue))
        dialled = events.DialCallback(entry.entry, conversation_id)
        self._later(lambda: self._say(dialled))

    def begin(self, entry: Entry, queue: Queue) -> None:
        """Begin the talk with a caller who has come: with music, or what they are told at once if they have to wait."""
        first = dialogue.first(entry, queue, self._turn.wall_s)
        if first is not None:
            self.reply(entry, first)

    def heard(self, conversation_id: str, happened: guide_facts.LegPlayEnded) -> None:
        """The caller has heard something to its end; one whose entry is a callback by now is let go."""
        conversation = self._calls.conversations.get(conversation_id)
        if happened.stopped or conversation is None or conversation.caller.leg != happened.leg:
            return
        entry = self._state.entry_of(conversation_id)
        if entry is None:
            self._conduct.part(conversation_id)
        else:
            self._sound_over(entry)

    def _sound_over(self, entry: Entry) -> None:
        queue = self._site().queues.get(entry.queue)
        if queue is not None:
            self.reply(entry, dialogue.on_sound_over(entry, queue, self._turn.wall_s))

    def reply(self, entry: Entry, answer: dialogue.Answer) -> None:
        """Tell the router what a caller's key, or the end of what they heard, leads to."""
        if isinstance(answer, dialogue.Move):
            self._say(events.MoveCaller(entry.entry, answer.phase, answer.typed, answer.until_s))
        elif isinstance(answer, dialogue.CallBack):
            self._say(events.AskCallback(entry.entry, answer.number))
        elif isinstance(answer, dialogue.Exit):
            self._say(events.Leave(entry.entry, "key"))

    def moved(self, conversation_id: str, fact: facts.CallerMoved) -> None:
        """Let a caller hear what belongs to the phase that the talk with them has come to."""
        entry = self._state.entries[fact.entry]
        queue = self._site().queues.get(entry.queue)
        self.arm(entry)
        if queue is None:
            return
        line = self._state.queues[entry.queue].line
        position = 1 + sum(order < entry.order for order in line)
        now = self._turn.wall_s
        estimate = Outlook(self._state, self._figures.paces, entry.queue, entry.skills, now).wait_s(entry)
        texts = texts_of(entry, queue, position=position, wait_s=estimate)
        files = dialogue.files_of(entry, queue, self._turn.wall_s)
        if not self._conduct.let_hear(conversation_id, entry, queue, texts, files):
            self._later(lambda: self._sound_over(entry))

    def callback_asked(self, conversation_id: str, fact: facts.CallbackAsked) -> None:
        """Let go of a caller who will be called back."""
        queue = self._site().queues.get(fact.queue)
        self._wake_ups.arm(_CALLER, str(fact.entry), None)
        if queue is not None:
            self._conduct.bid_farewell(conversation_id, queue)

    def _caller_due(self, number: str) -> None:
        entry = self._state.entries.get(int(number))
        queue = None if entry is None else self._site().queues.get(entry.queue)
        if entry is not None and queue is not None:
            self.reply(entry, dialogue.on_time(entry, queue, self._turn.wall_s))

    def arm(self, entry: Entry) -> None:
        """Have us woken when the present phase of an entry's talk is over."""
        self._wake_ups.arm(_CALLER, str(entry.entry), entry.phase_until_s or None)

    def _decline_all(self, entry: Entry, how: str) -> None:
        for user in entry.offered:
            self._say(events.Decline(entry.entry, user, how))


def how_refused(status: int) -> str:
    """Tell a phone that was refused by a person from one that could not be reached."""
    return "rejected" if status in {486, 600, 603} else "unreachable"
