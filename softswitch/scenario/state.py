"""Where every caller is in a scenario: a fold of facts, with one writer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from softswitch.calls.control_facts import ConversationHanded
from softswitch.calls.facts import ConversationEnded, ConversationStarted
from softswitch.calls.guide_facts import ConversationGuided, LegKeyPressed
from softswitch.core.facts import Record
from softswitch.scenario import facts

MOST_KEYS: Final = 64
"""Keys that wait for a step that takes them; more are a stuck phone."""


@dataclass(slots=True)
class Frame:
    """A scenario that the caller is in, and the step reached in it."""

    name: str
    version: str
    path: str = ""
    """Of the present step, or of the one that entered the scenario above; empty before the first."""


@dataclass(slots=True)
class Run:
    """One caller."""

    conversation_id: str
    caller_number: str
    wanted: str
    """The scenario that the number leads to."""
    frames: list[Frame] = field(default_factory=list)
    kind: str = ""
    """Of the present step."""
    phase: str = ""
    """Of the present step; empty where it has not begun or is over."""
    deadline_s: float | None = None
    memory: tuple[str, ...] = ()
    keys: str = ""
    """Pressed and not taken by a step yet."""
    steps: int = 0
    """How many steps were begun."""
    moves: int = 0
    """How often a step moved: numbers its errands."""
    variables: dict[str, str] = field(default_factory=dict)
    name: str = ""
    """The file in which the caller says who calls; empty: there is none."""
    away: bool = False
    """Whether another guide has the caller, and may give them back."""
    ended: bool = False

    @property
    def frame(self) -> Frame:
        """The scenario that the caller is in."""
        return self.frames[-1]


@dataclass(slots=True)
class ScenarioState:
    """All runs that are not over, by conversation."""

    runs: dict[str, Run] = field(default_factory=dict)

    def group_rung(self, conversation_id: str) -> str:
        """Return the group that a step rings for a caller; an empty text where none does."""
        run = self.runs.get(conversation_id)
        return run.memory[0] if run is not None and run.kind == "group" and run.phase and run.memory else ""

    def unanswered(self, group: str) -> int:
        """Count the callers for whom steps ring a group."""
        return sum(self.group_rung(conversation_id) == group for conversation_id in self.runs)

    def apply(self, record: Record) -> None:
        """Change this state by one fact; a fact of another kind changes nothing."""
        made = record.fact
        kind = type(made)
        change = _CHANGES.get(kind)
        if kind in _SENT and made.guide.startswith("scenario:"):
            self._led(record.conversation_id, made)
        elif change is not None:
            run = self.runs.get(record.conversation_id)
            if run is not None:
                change(run, made)
                if run.ended:
                    del self.runs[record.conversation_id]

    def _led(self, conversation_id: str, fact: ConversationStarted | ConversationHanded | ConversationGuided) -> None:
        """A caller begins with a scenario, or is sent to one."""
        if isinstance(fact, ConversationGuided):
            self._guided(conversation_id, fact)
        elif isinstance(fact, ConversationStarted):
            self.runs[conversation_id] = _begun_by(conversation_id, fact)
        else:
            self.runs[conversation_id] = Run(conversation_id, fact.number, fact.guide.removeprefix("scenario:"))

    def _guided(self, conversation_id: str, fact: ConversationGuided) -> None:
        """A queue gives the caller back, or sends them to a scenario that they were not in."""
        wanted, run = fact.guide.removeprefix("scenario:"), self.runs.get(conversation_id)
        if run is not None and run.wanted == wanted:
            run.away = False
        elif fact.caller:
            self.runs[conversation_id] = _sent_by(conversation_id, fact)


def _begun_by(conversation_id: str, fact: ConversationStarted) -> Run:
    return _run(conversation_id, fact.guide, fact.from_number, fact.from_name, fact.to_number, fact.from_user)


def _sent_by(conversation_id: str, fact: ConversationGuided) -> Run:
    return _run(conversation_id, fact.guide, *fact.caller)


def _run(conversation_id: str, guide: str, number: str, name: str, called: str, user: str) -> Run:
    given = {"caller": number, "caller_name": name, "called": called, "user": user, "conversation": conversation_id}
    return Run(conversation_id, number, guide.removeprefix("scenario:"), variables=given)


def _entered(run: Run, fact: facts.ScenarioEntered) -> None:
    if fact.instead:
        run.frames.clear()
    run.frames.append(Frame(fact.name, fact.version))


def _left(run: Run, fact: facts.ScenarioLeft) -> None:
    run.frames.pop()


def _begun(run: Run, fact: facts.StepBegun) -> None:
    run.frame.path, run.kind = fact.path, fact.kind
    run.steps += 1
    run.phase, run.memory, run.deadline_s = "", (), None


def _moved(run: Run, fact: facts.StepMoved) -> None:
    run.phase, run.memory, run.deadline_s = fact.phase, fact.memory, fact.deadline_s
    run.keys = run.keys[fact.keys_used :]
    run.moves += 1


def _ended(run: Run, fact: facts.StepEnded) -> None:
    run.phase, run.memory, run.deadline_s = "", (), None
    run.keys = run.keys[fact.keys_used :]
    run.variables.update(fact.sets)


def _pressed(run: Run, fact: LegKeyPressed) -> None:
    run.keys = (run.keys + fact.key)[:MOST_KEYS]


def _guided(run: Run, fact: ConversationGuided) -> None:
    run.away = True


def _call_over(run: Run, fact: ConversationEnded) -> None:
    run.ended = run.ended or run.away  # whoever has the caller is told of the end, not the scenario


def _named(run: Run, fact: facts.NameRecorded) -> None:
    run.name = fact.path


def _over(run: Run, fact: facts.ScenarioEnded) -> None:
    run.ended = True


_CHANGES: Final[dict[type, Callable[[Run, Any], None]]] = {
    facts.ScenarioEntered: _entered,
    facts.ScenarioLeft: _left,
    facts.StepBegun: _begun,
    facts.StepMoved: _moved,
    facts.StepEnded: _ended,
    facts.NameRecorded: _named,
    facts.ScenarioEnded: _over,
    LegKeyPressed: _pressed,
    ConversationGuided: _guided,
    ConversationEnded: _call_over,
}

_SENT: Final = frozenset({ConversationStarted, ConversationHanded, ConversationGuided})
"""Facts that may send a caller to a scenario."""
SEEN: Final[frozenset[type]] = _SENT | frozenset(_CHANGES)
"""The types of the facts that change this state."""
