"""Where queues meet telephones: what happens to callers and agents is said to the router, what it decides is done.

The router decides who is brought together with whom and knows nothing of phones; the calls ring phones and know
nothing of queues. The desk stands between. It is told every fact of calls, people and registrations, keeps what
concerns it, and works that off when the turn's input has been dealt with, so that each decision sees the state that all
others left.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, Final

from softswitch.app.folded_state import FoldedState
from softswitch.app.invariants import Breach
from softswitch.app.people import People
from softswitch.app.queue_breaches import found_breaches
from softswitch.app.queue_callers import QueueCallers, how_refused
from softswitch.app.queue_calls import QueueCalls
from softswitch.app.queue_guide import QueueGuide
from softswitch.app.queue_means import QueueMeans
from softswitch.app.queue_rules import priority_of, rules_of
from softswitch.app.queue_staff import QueueStaff
from softswitch.app.turn import Turn
from softswitch.app.wake_ups import WakeUps
from softswitch.calls import facts as of_calls
from softswitch.calls import guide_facts
from softswitch.calls.control_facts import CallDialledOn, ConversationHanded
from softswitch.calls.tables import LegState
from softswitch.core.facts import Record
from softswitch.directory.location import RegistrationBound, RegistrationRemoved
from softswitch.directory.site import Site
from softswitch.queues.agents import facts as of_agents
from softswitch.queues.agents import inputs
from softswitch.queues.callers import dialogue
from softswitch.queues.figures.state import TOLD
from softswitch.queues.router import events, facts
from softswitch.queues.router.apply import apply
from softswitch.queues.router.deadlines import deadline_of
from softswitch.queues.router.router import take
from softswitch.queues.router.state import Entry, EntryState

KIND: Final = "queue"
_ENTRY: Final = "entry"
"""The kind of the deadline of an entry."""


class QueueDesk:
    """Brings router, people and calls together.

    Args:
        folded: who waits, which the router's facts change; in which status everybody is, and the calls.
        site: returns the site in force.
        people: who may be offered a call.
        conduct: lets callers hear music, rings agents.
        turn: gives facts their place.
        wake_ups: wakes us at the deadlines of entries and wrap-ups.
    """

    def __init__(
        self,
        folded: FoldedState,
        site: Callable[[], Site],
        people: People,
        conduct: QueueCalls,
        turn: Turn,
        wake_ups: WakeUps,
    ) -> None:
        self.state = folded.queues
        self.figures = folded.figures
        self.guide = QueueGuide(self._inform)
        self._agents = folded.agents
        self._calls = folded.calls
        self._site = site
        self._people = people
        self._conduct = conduct
        self._turn = turn
        self._wake_ups = wake_ups
        self._inbox: deque[Callable[[], None]] = deque()
        self._served_by: Site | None = None
        """The site whose queues the router knows."""
        self._sent_on: dict[str, facts.QueueLeft] = {}
        """Where a caller is moved from one queue to another in this turn: how they left the first one."""
        self._passed: dict[str, set[str]] = {}
        """Callers who were sent on in this turn, and by which queues: a second time none of them is tried."""
        self._serving: dict[str, int] = {}
        """Entries by the agent's leg."""
        means = QueueMeans(folded, site, people, turn, wake_ups, self.say, self._inbox.append)
        self._callers = QueueCallers(means, conduct)
        self._staff = QueueStaff(means)
        self.why_not_free = self._staff.why_not_free
        turn.listen(self.note, _SEES)
        wake_ups.serve(_ENTRY, self._entry_due)

    # What happens

    def note(self, record: Record) -> None:
        """Take a fact that is about to be applied; whatever follows is done by :meth:`settle`."""
        if type(record.fact) in TOLD:
            self.figures.apply(record)
        note = _NOTED.get(type(record.fact))
        if note is not None:
            note(self, record, record.fact)

    def _of_user(self, record: Record, fact: Any) -> None:  # noqa: ANN401  # any fact that has a user
        self._staff.of_user(fact)

    def _of_login(self, record: Record, fact: of_agents.AgentEnteredQueue | of_agents.AgentLeftQueue) -> None:
        apply(self.state, record)
        self._staff.touch(fact.user)
        self._inbox.append(lambda: self.say(events.LookAgain(fact.user)))

    def _leg_ended(self, record: Record, fact: of_calls.LegEnded) -> None:
        leg = self._calls.legs.get(fact.leg)
        if leg is not None and leg.user:
            self._staff.touch(leg.user)
        number = self._serving.get(fact.leg)
        if number is not None:
            self._inbox.append(lambda: self.say(events.Finish(number)))
        elif leg is not None and leg.user and fact.how in {"bye", "lost"}:
            self._staff.talk_ended(record.conversation_id, leg)

    def _inform(self, conversation_id: str, happened: object) -> None:
        follow = _FOLLOWED.get(type(happened))
        if follow is not None:
            self._inbox.append(lambda: follow(self, conversation_id, happened))

    def settle(self) -> bool:
        """Work off what was noted, until nothing more follows; tell whether there was anything."""
        site = self._site()
        if site is not self._served_by:
            first, self._served_by = self._served_by is None, site
            self.say(events.Configure(tuple(map(rules_of, site.queues.values()))))
            if first:
                self._staff.touch_all()
        done = False
        while self._inbox or self._staff.touched:
            done = True
            if self._inbox:
                self._inbox.popleft()()
            else:
                self._staff.look_at_one()
        self._passed.clear()
        return done

    def look_at(self, users: Iterable[str]) -> None:
        """Have it told to the router whether these users may be offered calls, for the site may say otherwise now."""
        for user in users:
            self._staff.touch(user)

    # Deadlines

    def _entry_due(self, number: str) -> None:
        self.say(events.Due(int(number)))
        self._arm(int(number))

    def _arm(self, number: int) -> None:
        entry = self.state.entries.get(number)
        queue = None if entry is None else self.state.queues.get(entry.queue)
        moment = None if entry is None else deadline_of(entry, None if queue is None else queue.rules)
        self._wake_ups.arm(_ENTRY, str(number), moment)

    def resume(self) -> None:
        """Go on where an earlier brain was: arm deadlines, and part with what the calls do not know any more."""
        self._serving = {entry.leg: number for number, entry in self.state.entries.items() if entry.leg}
        self._staff.resume()
        for number, entry in self.state.entries.items():
            self._arm(number)
            self._callers.arm(entry)
            conversation = self._calls.conversations.get(entry.conversation_id)
            if conversation is None and entry.conversation_id:
                self._inbox.append(lambda number=number: self._lose(number))  # type: ignore[misc]  # bound now
            elif entry.offered and conversation is not None and conversation.guide and not conversation.attempting:
                self._inbox.append(lambda number=number: self._decline_all(number, "unreachable"))  # type: ignore[misc]

    def _lose(self, number: int) -> None:
        self.say(events.Finish(number))
        entry = self.state.entries.get(number)
        if entry is not None and entry.kind == "callback":
            self._decline_all(number, "unreachable")
        else:
            self.say(events.Leave(number, "lost"))

    # Invariants

    def breaches(self) -> list[Breach]:
        """Return which agents are reserved or serve without a call, and which entries have lost theirs."""
        return found_breaches(self.state, self._agents, self._calls)

    def clean_up(self, breach: Breach) -> None:
        """Let go of an agent without a call, or of an entry without one."""
        if breach.kind == "entry":
            self._lose(int(breach.subject))
            return
        number = self.state.slot(breach.subject).entry
        if number:
            apply(self.state, self._turn.place(facts.QueueFinished(number, "", breach.subject, 0.0)))
        self._people.decide(inputs.Released(breach.subject))
        self._people.decide(inputs.Finished(breach.subject, "", self._turn.wall_s))
        self._staff.touch(breach.subject)

    # What the router is told

    def say(self, event: events.Event) -> None:
        """Tell the router something, and do what it decides."""
        for record in take(self.state, event, self._turn.wall_s, self._turn.place):
            number = getattr(record.fact, "entry", 0)
            if number:
                self._arm(number)
            act = _DONE.get(type(record.fact))
            if act is not None:
                act(self, record.conversation_id, record.fact)

    def _begins(self, conversation_id: str, happened: of_calls.LegMediaOpened) -> None:
        conversation = self._calls.conversations.get(conversation_id)
        caller = None if conversation is None else conversation.caller
        if caller is not None and caller.leg == happened.leg and self.state.entry_of(conversation_id) is None:
            self._enter(conversation_id)

    def _handed(self, conversation_id: str, happened: ConversationHanded) -> None:
        if self.state.entry_of(conversation_id) is None:  # else it is a customer who was called back
            self._enter(conversation_id)

    def _guided(self, conversation_id: str, happened: guide_facts.ConversationGuided) -> None:
        self._enter(conversation_id, happened.priority, happened.skills)

    def _enter(self, conversation_id: str, priority: int = 0, skills: tuple[str, ...] = ()) -> None:
        conversation = self._calls.conversations.get(conversation_id)
        if conversation is None:
            return
        queue = self._site().queues.get(conversation.guide.partition(":")[2])
        if queue is None or queue.name not in self.state.queues:
            self._conduct.refuse(conversation_id)
            return
        self._conduct.receive(conversation_id)
        number = conversation.caller.number
        before = self._sent_on.pop(conversation_id, None)
        wanted = tuple(dict.fromkeys((*queue.skills, *skills)))
        priority = priority or priority_of(conversation, self._site())
        arrived_s = None if before is None else before.arrived_s
        self.say(events.Enter(conversation_id, queue.name, number, priority, wanted, arrived_s))
        entry = self.state.entry_of(conversation_id)
        if entry is not None:
            self._callers.begin(entry, queue)

    def _phone_ended(self, conversation_id: str, happened: of_calls.LegEnded) -> None:
        """An agent's phone will not be answered any more; with the last of theirs the agent has declined."""
        entry, leg = self.state.entry_of(conversation_id), self._calls.legs.get(happened.leg)
        conversation = self._calls.conversations.get(conversation_id)
        if entry is None or leg is None or conversation is None or leg.user not in entry.offered:
            return
        if leg.attempt != conversation.attempt:
            return
        if not any(one.is_live and one.user == leg.user for one in conversation.callees):
            self.say(events.Decline(entry.entry, leg.user, how_refused(happened.status)))

    def _nobody(self, conversation_id: str, happened: guide_facts.AttemptEnded) -> None:
        entry = self.state.entry_of(conversation_id)
        conversation = self._calls.conversations.get(conversation_id)
        if entry is not None and conversation is not None and conversation.attempt == happened.attempt:
            self._decline_all(entry.entry, "missed" if happened.word == "no-answer" else "unreachable")

    def _decline_all(self, number: int, how: str) -> None:
        entry = self.state.entries.get(number)
        for user in entry.offered if entry is not None else ():
            self.say(events.Decline(number, user, how))

    def _talks(self, conversation_id: str, happened: of_calls.SegmentStarted) -> None:
        entry, leg = self.state.entry_of(conversation_id), self._calls.legs.get(happened.leg_b)
        if entry is None or leg is None:
            return
        if leg.user in entry.offered:
            self.say(events.Answer(entry.entry, leg.user, leg.leg))
            if leg.state is LegState.ENDED:  # it hung up in the same moment
                self.say(events.Finish(entry.entry))
        else:
            self.say(events.Leave(entry.entry, "picked-up"))

    def _over(self, conversation_id: str, happened: of_calls.ConversationEnded) -> None:
        entry = self.state.entry_of(conversation_id)
        if entry is None:
            return
        if entry.state is EntryState.SERVED:
            self.say(events.Finish(entry.entry))
        else:
            self.say(events.Leave(entry.entry, "abandoned"))

    def _key(self, conversation_id: str, happened: guide_facts.LegKeyPressed) -> None:
        entry = self.state.entry_of(conversation_id)
        queue = None if entry is None else self._site().queues.get(entry.queue)
        if entry is not None and queue is not None:
            self._callers.reply(entry, dialogue.on_key(entry, queue, happened.key, self._turn.wall_s))

    # What the router decided

    def _offered(self, conversation_id: str, fact: facts.QueueOffered) -> None:
        entry = self.state.entries[fact.entry]
        if entry.kind == "callback":
            self._callers.call_back(entry, fact.users[0])
            return
        for user in fact.users:
            self._people.decide(inputs.Offered(user, fact.queue))
        self._ring(entry, fact.users, fact.until_s, joined=fact.joined)

    def _ring(self, entry: Entry, users: tuple[str, ...], until_s: float, *, joined: bool = False) -> None:
        reached = self._conduct.ring(entry, users, until_s, joined=joined)
        for user in users:
            if user not in reached:
                decline = events.Decline(entry.entry, user, "unreachable")
                self._inbox.append(lambda decline=decline: self.say(decline))  # type: ignore[misc]  # bound now

    def _customer_reached(self, conversation_id: str, fact: facts.CallbackReached) -> None:
        """A customer who was rung first has answered: the agent is rung now, and the customer hears music."""
        entry = self.state.entries[fact.entry]
        queue = self._site().queues.get(entry.queue)
        if fact.until_s and queue is not None:
            self._conduct.play_music(conversation_id)
            self._callers.begin(entry, queue)
            self._ring(entry, entry.offered, fact.until_s)

    def _callback_failed(self, conversation_id: str, fact: facts.CallbackFailed) -> None:
        if fact.user:
            self._finished(conversation_id, fact)

    def _declined(self, conversation_id: str, fact: facts.QueueDeclined) -> None:
        given = inputs.Missed if fact.how == "missed" else inputs.Released
        self._people.decide(given(fact.user))
        self._conduct.stop(conversation_id, fact.user)

    def _answered(self, conversation_id: str, fact: facts.QueueAnswered) -> None:
        self._serving[fact.leg] = fact.entry
        self._people.decide(inputs.Serves(fact.user, fact.queue))
        queue = self._site().queues.get(fact.queue)
        if queue is not None:
            self._conduct.tell_agent(fact.leg, queue)

    def _finished(self, conversation_id: str, fact: facts.QueueFinished | facts.CallbackFailed) -> None:
        self._serving = {leg: number for leg, number in self._serving.items() if number != fact.entry}
        self._people.decide(inputs.Finished(fact.user, fact.queue, self._turn.wall_s))

    def _left(self, conversation_id: str, fact: facts.QueueLeft) -> None:
        queue = self._site().queues.get(fact.queue)
        if fact.how not in _SENT_ON:
            return
        passed = self._passed.setdefault(conversation_id, set())
        passed.add(f"queue:{fact.queue}")
        overflow_to = "" if queue is None or queue.overflow_to in passed else queue.overflow_to
        self._sent_on[conversation_id] = fact
        self._conduct.send_on(conversation_id, fact, overflow_to)
        self._inbox.append(self._sent_on.clear)


_SENT_ON: Final = frozenset({"time", "full", "no-agents", "key", "removed"})
"""How callers leave a line who are still there."""


_NOTED: Final[dict[type, Callable[[QueueDesk, Record, Any], None]]] = {
    of_calls.LegAdded: QueueDesk._of_user,
    of_calls.LegAnswered: QueueDesk._of_user,
    of_calls.LegEnded: QueueDesk._leg_ended,
    of_calls.SegmentStarted: lambda desk, record, fact: desk._callers.reached(record, fact),
    of_calls.ConversationEnded: lambda desk, record, fact: desk._callers.callback_over(record, fact),
    CallDialledOn: lambda desk, record, fact: desk._callers.dialled_on(record, fact),
    of_agents.AgentLoggedIn: QueueDesk._of_user,
    of_agents.AgentLoggedOut: QueueDesk._of_user,
    of_agents.StatusChosen: QueueDesk._of_user,
    of_agents.AgentWorked: QueueDesk._of_user,
    of_agents.DisturbanceChosen: QueueDesk._of_user,
    of_agents.AgentEnteredQueue: QueueDesk._of_login,
    of_agents.AgentLeftQueue: QueueDesk._of_login,
    RegistrationBound: QueueDesk._of_user,
    RegistrationRemoved: QueueDesk._of_user,
}
_SEES: Final = TOLD.union(_NOTED)
_FOLLOWED: Final[dict[type, Callable[[QueueDesk, str, Any], None]]] = {
    of_calls.LegMediaOpened: QueueDesk._begins,
    guide_facts.ConversationGuided: QueueDesk._guided,
    ConversationHanded: QueueDesk._handed,
    of_calls.LegEnded: QueueDesk._phone_ended,
    guide_facts.AttemptEnded: QueueDesk._nobody,
    of_calls.SegmentStarted: QueueDesk._talks,
    of_calls.ConversationEnded: QueueDesk._over,
    guide_facts.LegKeyPressed: QueueDesk._key,
    guide_facts.LegPlayEnded: lambda desk, name, fact: desk._callers.heard(name, fact),
}
_DONE: Final[dict[type, Callable[[QueueDesk, str, Any], None]]] = {
    facts.QueueOffered: QueueDesk._offered,
    facts.QueueDeclined: QueueDesk._declined,
    facts.QueueAnswered: QueueDesk._answered,
    facts.QueueFinished: QueueDesk._finished,
    facts.QueueLeft: QueueDesk._left,
    facts.CallerMoved: lambda desk, name, fact: desk._callers.moved(name, fact),
    facts.CallbackAsked: lambda desk, name, fact: desk._callers.callback_asked(name, fact),
    facts.CallbackFailed: QueueDesk._callback_failed,
    facts.CallbackReached: QueueDesk._customer_reached,
}
