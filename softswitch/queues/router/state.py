"""What the router knows: lines of entries, and agents. A fold of its facts, changed by ``apply`` alone."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from softswitch.core.state_table import StateTable, Word
from softswitch.queues.router.rules import Member, QueueRules

DAY_S: Final = 86_400
STICKY_REMEMBERED: Final = 20_000
"""Callers of whom the last agent is remembered; the oldest are forgotten first."""


class EntryState(Word):
    """How far an entry has come."""

    WAITING = "waiting"
    """Nobody has been asked, or nobody of those who were is left."""
    OFFERED = "offered"
    """Phones of agents are about to ring, or ring."""
    SERVED = "served"
    """An agent has it."""
    OVER = "over"


class EntryInput(Word):
    """What can happen to an entry."""

    OFFER = "agents are asked"
    GIVE_BACK = "none of them takes it"
    ANSWER = "one takes it"
    END = "it ends"


ENTRY_TABLE: Final = StateTable(
    "queue entry",
    {
        (EntryState.WAITING, EntryInput.OFFER): EntryState.OFFERED,
        (EntryState.WAITING, EntryInput.END): EntryState.OVER,
        (EntryState.OFFERED, EntryInput.OFFER): EntryState.OFFERED,
        (EntryState.OFFERED, EntryInput.GIVE_BACK): EntryState.WAITING,
        (EntryState.OFFERED, EntryInput.ANSWER): EntryState.SERVED,
        (EntryState.OFFERED, EntryInput.END): EntryState.OVER,
        (EntryState.SERVED, EntryInput.END): EntryState.OVER,
        (EntryState.SERVED, EntryInput.GIVE_BACK): EntryState.WAITING,
    },
)
"""An entry's life; given back while served is a callback whose customer was not reached."""

OrderKey = tuple[int, int, float, int]


@dataclass(slots=True)
class Entry:
    """One place in a line."""

    entry: int
    conversation_id: str
    queue: str
    number: str
    arrived_s: float
    entered_s: float
    rank: int
    priority: int = 0
    skills: tuple[str, ...] = ()
    only: str = ""
    kind: str = "call"
    state: EntryState = EntryState.WAITING
    offered: tuple[str, ...] = ()
    """Agents who are asked now."""
    until_s: float | None = None
    """While agents are asked: when those who have not answered have missed it."""
    offers: int = 0
    tried: dict[str, str] = field(default_factory=dict)
    """Agents who did not take it in this round, and how."""
    retry_s: float | None = None
    """When a new round begins."""
    relax_s: float | None = None
    """When it asks for less."""
    rest_until_s: float | None = None
    """A callback whose customer was not reached: not before."""
    expires_s: float | None = None
    """When it is given up, however far it has come in the line."""
    tries: int = 0
    """How often the customer was called back in vain."""
    reached: bool = False
    """Of a callback: whether the customer has answered."""
    phase: str = "music"
    """What the caller hears or is asked: see :class:`softswitch.queues.router.facts.CallerMoved`."""
    typed: str = ""
    phase_until_s: float = 0.0
    """When that is over by itself; 0 for never."""
    offered_callback: bool = False
    """Whether the caller was offered a callback unasked."""
    user: str = ""
    """The agent who has it."""
    leg: str = ""
    answered_s: float = 0.0

    @property
    def order(self) -> OrderKey:
        """Return its place in the one order of all entries: rank, priority, arrival, number."""
        return (self.rank, -self.priority, self.arrived_s, self.entry)

    @property
    def is_waiting(self) -> bool:
        """Tell whether it waits for somebody to be asked, now."""
        return self.state is EntryState.WAITING and self.rest_until_s is None


@dataclass(slots=True)
class AgentSlot:
    """One agent, as far as queues are concerned."""

    user: str
    queues: set[str] = field(default_factory=set)
    """Those that the agent is logged in to."""
    free: bool = False
    """Whether a call may be offered; whoever is offered one is not free, until it is said again."""
    why: str = "offline"
    entry: int = 0
    """The one that the agent is asked to take, or has."""
    idle_since_s: float = 0.0
    day: int = 0
    """The day of the two totals, counted from 1970 in UTC."""
    talk_s: float = 0.0
    answered: int = 0

    def talk_today_s(self, now: float) -> float:
        """Return the seconds of talk of today."""
        return self.talk_s if self.day == int(now // DAY_S) else 0.0

    def answered_today(self, now: float) -> int:
        """Return how many calls were answered today."""
        return self.answered if self.day == int(now // DAY_S) else 0


class Line:
    """The entries of one queue that wait, in order, apart by what they ask of an agent."""

    __slots__ = ("_by_skills",)

    def __init__(self) -> None:
        self._by_skills: dict[tuple[str, ...], list[OrderKey]] = {}

    def add(self, entry: Entry) -> None:
        """Put an entry at its place."""
        insort(self._by_skills.setdefault(entry.skills, []), entry.order)

    def discard(self, entry: Entry) -> None:
        """Take an entry out, where it is in."""
        keys = self._by_skills.get(entry.skills, [])
        place = bisect_left(keys, entry.order)
        if place < len(keys) and keys[place] == entry.order:
            del keys[place]
            if not keys:
                del self._by_skills[entry.skills]

    def for_skills(self, skills: frozenset[str]) -> Iterator[list[OrderKey]]:
        """Give the parts that an agent with these skills may serve, each in order."""
        return (keys for needed, keys in self._by_skills.items() if skills.issuperset(needed))

    def parts(self) -> Iterable[tuple[tuple[str, ...], list[OrderKey]]]:
        """Return the parts by the skills that they ask for, each in order."""
        return self._by_skills.items()

    def __len__(self) -> int:
        return sum(map(len, self._by_skills.values()))

    def __iter__(self) -> Iterator[OrderKey]:
        return iter(sorted(key for keys in self._by_skills.values() for key in keys))


@dataclass(slots=True)
class QueueState:
    """One queue: its rules, who waits, who is logged in."""

    rules: QueueRules
    places: dict[str, int] = field(default_factory=dict)
    """Members' places in the list."""
    skills: dict[str, frozenset[str]] = field(default_factory=dict)
    line: Line = field(default_factory=Line)
    logged_in: set[str] = field(default_factory=set)
    free: set[str] = field(default_factory=set)
    """Of those, who may be offered a call now."""
    last_served: str = ""
    """The member who answered last, after whom round robin goes on."""
    sticky: dict[str, tuple[str, float]] = field(default_factory=dict)
    """By caller: the last agent, and when."""

    def take_rules(self, rules: QueueRules) -> None:
        """Serve by these rules from now on."""
        self.rules = rules
        self.places = {member.user: place for place, member in enumerate(rules.members)}
        self.skills = {member.user: frozenset(member.skills) for member in rules.members}

    def member(self, user: str) -> Member:
        """Return how the queue lists somebody."""
        return self.rules.members[self.places[user]]


@dataclass(slots=True)
class RouterState:
    """All queues, entries and agents."""

    queues: dict[str, QueueState] = field(default_factory=dict)
    entries: dict[int, Entry] = field(default_factory=dict)
    """Those that are not over."""
    agents: dict[str, AgentSlot] = field(default_factory=dict)
    entered: int = 0
    """The last entry's number."""
    ringing: dict[int, None] = field(default_factory=dict)
    """Entries that are offered now."""
    by_conversation: dict[str, int] = field(default_factory=dict)
    """The entry of each conversation whose caller waits or is served."""

    def entry_of(self, conversation_id: str) -> Entry | None:
        """Return the entry of a conversation, or None."""
        return self.entries.get(self.by_conversation.get(conversation_id, 0))

    def slot(self, user: str) -> AgentSlot:
        """Return an agent's slot; of somebody unknown an empty one, which is not kept."""
        return self.agents.get(user) or AgentSlot(user)

    def staffed(self, queue: str) -> bool:
        """Tell whether somebody with a phone is logged in to a queue."""
        found = self.queues.get(queue)
        return found is not None and any(self.agents[user].why != "offline" for user in found.logged_in)
