"""Where queues meet telephones: what happens to callers and agents is said to the router, what it decides is done.

The router decides who is brought together with whom and knows nothing of phones; the calls ring phones and know
nothing of queues. The desk stands between. It is told every fact of calls, people and registrations, keeps what
concerns it, and works that off when the turn's input has been dealt with, so that each decision sees the state that all
others left.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final

from softswitch.app.folded_state import FoldedState
from softswitch.app.invariants import Breach
from softswitch.app.people import People
from softswitch.app.queue_callers import QueueCallers, how_refused
from softswitch.app.queue_calls import QueueCalls
from softswitch.app.queue_rules import rules_of
from softswitch.app.turn import Turn
from softswitch.app.wake_ups import WakeUps
from softswitch.calls import facts as of_calls
from softswitch.calls.control_facts import CallDialledOn, ConversationHanded
from softswitch.calls.destinations import Refuse
from softswitch.calls.inputs import Input
from softswitch.calls.tables import LegState
from softswitch.core.facts import Record
from softswitch.directory.location import RegistrationBound, RegistrationRemoved
from softswitch.directory.site import Site
from softswitch.queues.agents import facts as of_agents
from softswitch.queues.agents import inputs
from softswitch.queues.agents.working import Work
from softswitch.queues.callers import dialogue
from softswitch.queues.figures.state import TOLD
from softswitch.queues.router import events, facts
from softswitch.queues.router.apply import apply
from softswitch.queues.router.deadlines import deadline_of
from softswitch.queues.router.router import take
from softswitch.queues.router.state import EntryState

KIND: Final = "queue"
_ENTRY: Final = "entry"
_AGENT: Final = "agent"
"""Kinds of deadlines."""


class QueueGuide:
    """Implements :class:`softswitch.calls.guide.Guide`: callers of a queue are led by the desk.

    Args:
        happened: is told what happens to them.
    """

    def __init__(self, happened: Callable[[str, object], None]) -> None:
        self._happened = happened

    def follow(self, conversation_id: str, happened: object, wall_s: float) -> Sequence[object]:
        """Pass on what happened."""
        self._happened(conversation_id, happened)
        return ()

    def apply(self, record: Record) -> None:
        """Do nothing: the router's facts are folded beside those of the people."""

    def asks(self, conversation_id: str, fact: object) -> Sequence[Input]:
        """Return nothing: a queue has no facts of its own kind."""
        return ()

    def deadline_s(self, conversation_id: str) -> float | None:
        """Return None: the desk keeps the deadlines of entries."""
        return None


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
        self._touched: dict[str, None] = {}
        """Users of whom something has changed."""
        self._served_by: Site | None = None
        """The site whose queues the router knows."""
        self._arrivals: dict[str, float] = {}
        """Where a caller is moved from one queue to another in this turn: since when their place counts."""
        self._serving: dict[str, int] = {}
        """Entries by the agent's leg."""
        self._callers = QueueCallers(folded, site, people, conduct, turn, wake_ups, self.say, self._inbox.append)
        turn.listen(self.note)
        wake_ups.serve(_ENTRY, self._entry_due)
        wake_ups.serve(_AGENT, self._agent_due)

    # What happens

    def note(self, record: Record) -> None:
        """Take a fact that is about to be applied; whatever follows is done by :meth:`settle`."""
        if type(record.fact) in TOLD:
            self.figures.apply(record)
        note = _NOTED.get(type(record.fact))
        if note is not None:
            note(self, record, record.fact)

    def _of_user(self, record: Record, fact: Any) -> None:  # noqa: ANN401  # any fact that has a user
        if fact.user:
            self._touched[fact.user] = None
            if isinstance(fact, of_agents.AgentWorked):
                self._inbox.append(lambda: self._arm_agent(fact.user))

    def _of_login(self, record: Record, fact: of_agents.AgentEnteredQueue | of_agents.AgentLeftQueue) -> None:
        apply(self.state, record)
        self._touched[fact.user] = None
        self._inbox.append(lambda: self.say(events.LookAgain(fact.user)))

    def _leg_ended(self, record: Record, fact: of_calls.LegEnded) -> None:
        leg = self._calls.legs.get(fact.leg)
        if leg is not None and leg.user:
            self._touched[leg.user] = None
        number = self._serving.get(fact.leg)
        if number is not None:
            self._inbox.append(lambda: self.say(events.Finish(number)))
        elif leg is not None and leg.side == "callee" and fact.how in {"bye", "lost"}:
            self._group_call_ended(record.conversation_id, leg.user)

    def _group_call_ended(self, conversation_id: str, user: str) -> None:
        """A member of a group has talked: there may be something to do after it (M-18)."""
        conversation = self._calls.conversations.get(conversation_id)
        kind, _, name = conversation.guide.partition(":") if conversation is not None else ("", "", "")
        group = self._site().groups.get(name) if kind == "group" else None
        if group is not None and any(member == user for member, _ in group.members):
            given = inputs.Finished(user, name, self._turn.wall_s)
            self._inbox.append(lambda: self._people.decide(given))

    def _inform(self, conversation_id: str, happened: object) -> None:
        follow = _FOLLOWED.get(type(happened))
        if follow is not None:
            self._inbox.append(lambda: follow(self, conversation_id, happened))

    def settle(self) -> bool:
        """Work off what was noted, until nothing more follows; tell whether there was anything."""
        site = self._site()
        if site is not self._served_by:
            self._served_by = site
            self.say(events.Configure(tuple(map(rules_of, site.queues.values()))))
            self._touched |= dict.fromkeys(user for user, agent in self._agents.agents.items() if agent.queues)
        done = False
        while self._inbox or self._touched:
            done = True
            if self._inbox:
                self._inbox.popleft()()
            else:
                user = next(iter(self._touched))
                del self._touched[user]
                self._look_at(user)
        return done

    def _look_at(self, user: str) -> None:
        """Tell the router whether somebody may be offered calls now."""
        agent = self._agents.agents.get(user)
        if agent is not None and (agent.queues or user in self.state.agents):
            why = self.why_not_free(user)
            self.say(events.Turn(user, not why, why))

    def why_not_free(self, user: str) -> str:
        """Return why nobody may be offered to a user from a queue now; empty for one who is free."""
        found, agent = self._site().users.get(user), self._agents.agents.get(user)
        if found is None or agent is None:
            return "offline"
        if agent.work is not Work.IDLE:
            return str(agent.work.value)
        offered = self._people.phones_for(found, "queue", wall_s=self._turn.wall_s)
        return offered.word if isinstance(offered, Refuse) else ""

    # Deadlines

    def _entry_due(self, number: str) -> None:
        self.say(events.Due(int(number)))
        self._arm(int(number))

    def _agent_due(self, user: str) -> None:
        self._people.decide(inputs.WorkDue(user, self._turn.wall_s))
        self._arm_agent(user)

    def _arm(self, number: int) -> None:
        entry = self.state.entries.get(number)
        queue = None if entry is None else self.state.queues.get(entry.queue)
        moment = None if entry is None else deadline_of(entry, None if queue is None else queue.rules)
        self._wake_ups.arm(_ENTRY, str(number), moment)

    def _arm_agent(self, user: str) -> None:
        agent = self._agents.agents[user]
        self._wake_ups.arm(_AGENT, user, agent.work_until_s or None if agent.work is Work.WRAP_UP else None)

    def resume(self) -> None:
        """Go on where an earlier brain was: arm deadlines, and part with what the calls do not know any more."""
        self._serving = {entry.leg: number for number, entry in self.state.entries.items() if entry.leg}
        for user in self._agents.agents:
            self._arm_agent(user)
            self._touched[user] = None
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
        found = []
        entries = self.state.entries
        for user, agent in self._agents.agents.items():
            slot = self.state.slot(user)
            if agent.work in {Work.RINGING, Work.SERVING} and slot.entry not in entries:
                found.append(Breach("agent", user, f"{agent.work.value} without an entry"))
            elif slot.entry and slot.entry not in entries:
                found.append(Breach("agent", user, f"reserved for {slot.entry}, which is over"))
        for number, entry in entries.items():
            if entry.conversation_id and entry.conversation_id not in self._calls.conversations:
                found.append(Breach("entry", str(number), f"{entry.state.value} in {entry.conversation_id}"))
        return found

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
        self._touched[breach.subject] = None

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

    def _handed(self, conversation_id: str, happened: of_calls.ConversationGuided | ConversationHanded) -> None:
        self._enter(conversation_id)

    def _enter(self, conversation_id: str) -> None:
        conversation = self._calls.conversations.get(conversation_id)
        if conversation is None:
            return
        queue = self._site().queues.get(conversation.guide.partition(":")[2])
        if queue is None or queue.name not in self.state.queues:
            self._conduct.refuse(conversation_id)
            return
        self._conduct.receive(conversation_id)
        number = conversation.caller.number
        arrived_s = self._arrivals.pop(conversation_id, None)
        self.say(events.Enter(conversation_id, queue.name, number, 0, queue.skills, arrived_s))
        entry = self.state.entry_of(conversation_id)
        first = None if entry is None else dialogue.to_music(entry, queue, self._turn.wall_s)
        if entry is not None and first is not None and first.until_s:
            self._callers.reply(entry, first)

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

    def _nobody(self, conversation_id: str, happened: of_calls.AttemptEnded) -> None:
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

    def _key(self, conversation_id: str, happened: of_calls.LegKeyPressed) -> None:
        entry = self.state.entry_of(conversation_id)
        queue = None if entry is None else self._site().queues.get(entry.queue)
        if entry is not None and queue is not None:
            self._callers.reply(entry, dialogue.on_key(entry, queue, happened.key, self._turn.wall_s))

    # What the router decided

    def _offered(self, conversation_id: str, fact: facts.QueueOffered) -> None:
        entry = self.state.entries[fact.entry]
        if entry.kind == "callback":
            self._callers.call_back(entry, fact.users)
            return
        for user in fact.users:
            self._people.decide(inputs.Offered(user, fact.queue))
        reached = self._conduct.ring(entry, fact)
        for user in fact.users:
            if user not in reached:
                decline = events.Decline(fact.entry, user, "unreachable")
                self._inbox.append(lambda decline=decline: self.say(decline))  # type: ignore[misc]  # bound now

    def _callback_failed(self, conversation_id: str, fact: facts.CallbackFailed) -> None:
        if fact.user:
            self._serving = {leg: number for leg, number in self._serving.items() if number != fact.entry}
            self._people.decide(inputs.Finished(fact.user, fact.queue, self._turn.wall_s))

    def _declined(self, conversation_id: str, fact: facts.QueueDeclined) -> None:
        given = inputs.Missed if fact.how == "missed" else inputs.Released
        self._people.decide(given(fact.user))
        self._conduct.stop(conversation_id, fact.user)

    def _answered(self, conversation_id: str, fact: facts.QueueAnswered) -> None:
        self._serving[fact.leg] = fact.entry
        self._people.decide(inputs.Serves(fact.user, fact.queue))

    def _finished(self, conversation_id: str, fact: facts.QueueFinished) -> None:
        self._serving = {leg: number for leg, number in self._serving.items() if number != fact.entry}
        self._people.decide(inputs.Finished(fact.user, fact.queue, self._turn.wall_s))

    def _left(self, conversation_id: str, fact: facts.QueueLeft) -> None:
        queue = self._site().queues.get(fact.queue)
        if fact.how in _SENT_ON:
            self._arrivals[conversation_id] = fact.arrived_s
            self._conduct.send_on(conversation_id, fact.how, "" if queue is None else queue.overflow_to)
            self._inbox.append(self._arrivals.clear)


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
_FOLLOWED: Final[dict[type, Callable[[QueueDesk, str, Any], None]]] = {
    of_calls.LegMediaOpened: QueueDesk._begins,
    of_calls.ConversationGuided: QueueDesk._handed,
    ConversationHanded: QueueDesk._handed,
    of_calls.LegEnded: QueueDesk._phone_ended,
    of_calls.AttemptEnded: QueueDesk._nobody,
    of_calls.SegmentStarted: QueueDesk._talks,
    of_calls.ConversationEnded: QueueDesk._over,
    of_calls.LegKeyPressed: QueueDesk._key,
    of_calls.LegPlayEnded: lambda desk, name, fact: desk._callers.heard(name, fact),
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
}
