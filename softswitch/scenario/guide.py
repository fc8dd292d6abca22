"""Leads callers through scenarios: pure decisions on what happens to them, step by step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final, Protocol

from softswitch.calls import facts as of_calls
from softswitch.calls import guide_facts
from softswitch.calls.control_facts import ConversationHanded
from softswitch.calls.guide import GuideDue
from softswitch.calls.guide_inputs import Dismiss
from softswitch.calls.inputs import Announce, Input
from softswitch.calls.recording.facts import MessageEnded, RecordingKept
from softswitch.calls.recording.inputs import RecordingInput
from softswitch.core.facts import Record
from softswitch.core.immutable import immutable
from softswitch.core.sealed_keys import SealedKeys
from softswitch.scenario import facts
from softswitch.scenario.counters import Counters
from softswitch.scenario.errands import Errand, ErrandOver, Errands, conversation_of_ticket, ticket_of
from softswitch.scenario.running import (
    INSTEAD,
    SCENARIO,
    Event,
    GivenBack,
    Here,
    KeyCame,
    MessageOver,
    NobodyReached,
    Over,
    PlayOver,
    RecordingWhole,
    TimeOver,
    Wait,
    World,
)
from softswitch.scenario.state import SEEN, Run, ScenarioState

if TYPE_CHECKING:
    from softswitch.scenario.model import Placed, Scenario

MOST_STEPS: Final = 1000
"""Steps that one call may take; more are scenarios that lead to each other for ever."""
_RAN_OUT: Final = ("ran-out", 480, 31, "The scenario has no further steps")
_GONE: Final = ("no-scenario", 500, 41, "The scenario is not loaded any more")
_CIRCLE: Final = ("too-many-steps", 500, 41, "The scenario takes too many steps")
_ENDINGS: Final = {ending[0]: ending for ending in (_RAN_OUT, _GONE, _CIRCLE)}


class Library(Protocol):
    """The scenarios that there are, in all versions that calls are in."""

    def current(self, name: str) -> str:
        """Return the version that new calls get; empty where there is no such scenario."""
        ...

    def get(self, name: str, version: str) -> Scenario | None:
        """Return a scenario as it was in that version, or None where it is lost."""
        ...


@immutable
class ErrandDone:
    """Told to the guide: what became of an errand."""

    number: int
    """Which of the call's it was."""
    over: ErrandOver


class ScenarioGuide:
    """The guide of kind ``scenario``.

    Args:
        library: the scenarios.
        world: what the steps may ask of the switch; made for the scenario that asks, whose folder its files are in,
            and for a caller's number.
        counters: the counters of the day.
        errands: does what steps want from outside.
        sealed: reveals keys that may belong to codes.
    """

    def __init__(
        self,
        library: Library,
        world: Callable[[Scenario, str], World],
        counters: Counters,
        errands: Errands,
        sealed: SealedKeys,
    ) -> None:
        self.state = ScenarioState()
        self._library = library
        self._world = world
        self._counters = counters
        self._errands = errands
        self._sealed = sealed

    # The interface of a guide

    sees: Final = SEEN | {facts.Counted}

    def apply(self, record: Record) -> None:
        """Fold a fact."""
        if type(record.fact) is facts.Counted:
            self._counters.apply(record)
        else:
            self.state.apply(record)

    def deadline_s(self, conversation_id: str) -> float | None:
        """Return when the present step's time is over."""
        run = self.state.runs.get(conversation_id)
        return None if run is None else run.deadline_s

    def follow(self, conversation_id: str, happened: object, wall_s: float) -> Sequence[object]:
        """Decide what follows."""
        kind = type(happened)
        if kind not in _FOLLOWED:
            return ()
        run = self.state.runs.get(conversation_id)
        return () if run is None else _FOLLOWED[kind](self, run, happened, wall_s)

    def asks(self, conversation_id: str, fact: object) -> Sequence[Input | RecordingInput]:
        """Return what a step that moved, or the end of the scenario, asks of the calls."""
        kind = type(fact)
        if kind is facts.StepMoved:
            run = self.state.runs.get(conversation_id)
            return () if run is None else self._asked(run)
        return _last_wish(conversation_id, fact) if kind is facts.ScenarioEnded else ()  # type: ignore[arg-type]  # it is

    def _asked(self, run: Run) -> Sequence[Input | RecordingInput]:
        """Send what a step wants from outside; return what it wants of the calls."""
        wanted = self._wanted(run)
        errands = [one for one in wanted if isinstance(one, Errand)]
        if not errands:
            return wanted  # type: ignore[return-value]  # there is no errand in it
        self._send(run, errands)
        return [one for one in wanted if not isinstance(one, Errand)]

    def _wanted(self, run: Run) -> Sequence[Input | RecordingInput | Errand]:
        scenario, placed = self._present(run)
        return () if scenario is None or placed is None else placed.step.asks(self._here(run, scenario, 0.0))

    def _send(self, run: Run, wanted: Sequence[Input | RecordingInput | Errand]) -> None:
        for one in wanted:
            if isinstance(one, Errand):
                self._errands.send(ticket_of(run.conversation_id, run.moves), one)

    def hides_keys(self, conversation_id: str) -> bool:
        """Tell whether a key that a caller presses now may belong to a code: unless a step waits that asks for none."""
        run = self.state.runs.get(conversation_id)
        _, placed = (None, None) if run is None else self._present(run)
        return run is None or placed is None or not placed.step.takes_keys(run.phase)

    def resume(self) -> None:
        """Send again the errands that steps wait for: nobody knows whether they were done."""
        for run in self.state.runs.values():
            if run.phase:
                self._send(run, self._wanted(run))

    def told_of_errand(self, ticket: str, over: ErrandOver) -> tuple[str, ErrandDone]:
        """Return whose errand that was, and what that call's guide is told."""
        conversation_id, number = conversation_of_ticket(ticket)
        return conversation_id, ErrandDone(number, over)

    # What happened

    def _ready(
        self, run: Run, happened: of_calls.LegMediaOpened | ConversationHanded, wall_s: float
    ) -> Sequence[object]:
        """The caller's port is there, or somebody was handed to the scenario: enter it."""
        return () if run.frames else self._enter(run.wanted)

    def _enter(self, name: str, *, instead: bool = False) -> Sequence[object]:
        version = self._library.current(name)
        return (facts.ScenarioEntered(name, version, instead),) if version else (facts.ScenarioEnded("no-scenario"),)

    def _entered(self, run: Run, happened: facts.ScenarioEntered, wall_s: float) -> Sequence[object]:
        scenario = self._library.get(happened.name, happened.version)
        return self._begin(run, None if scenario is None else scenario.steps.first, scenario)

    def _begin(self, run: Run, placed: Placed | None, scenario: Scenario | None) -> Sequence[object]:
        """Begin a step, or leave the scenario where there is none."""
        if scenario is None:
            return (facts.ScenarioEnded("no-scenario"),)
        if run.steps >= MOST_STEPS:
            return (facts.ScenarioEnded("too-many-steps"),)
        if placed is None:
            return (facts.ScenarioLeft(scenario.name),) if len(run.frames) > 1 else (facts.ScenarioEnded("ran-out"),)
        return (facts.StepBegun(placed.path, placed.step.kind),)

    def _begun(self, run: Run, happened: facts.StepBegun, wall_s: float) -> Sequence[object]:
        scenario, placed = self._present(run)
        if scenario is None or placed is None:
            return (facts.ScenarioEnded("no-scenario"),)
        return self._outcome(run, placed, placed.step.begin(self._here(run, scenario, wall_s)), wall_s)

    def _moved(self, run: Run, happened: facts.StepMoved, wall_s: float) -> Sequence[object]:
        """A key that was pressed before counts for the step that waits now."""
        return self._hear(run, self._came(run), wall_s) if run.keys else ()

    def _step_ended(self, run: Run, happened: facts.StepEnded, wall_s: float) -> Sequence[object]:
        scenario, placed = self._present(run)
        if scenario is None or placed is None:
            return (facts.ScenarioEnded("no-scenario"),)
        if happened.into in {SCENARIO, INSTEAD}:
            return self._enter(placed.step.leads_to, instead=happened.into == INSTEAD)
        if happened.into:
            inner = placed.step.blocks()[happened.into].first
            return self._begin(run, inner or scenario.after(placed.path), scenario)
        return self._begin(run, scenario.after(placed.path), scenario)

    def _left(self, run: Run, happened: facts.ScenarioLeft, wall_s: float) -> Sequence[object]:
        scenario, placed = self._present(run)
        following_step = scenario.after(placed.path) if scenario is not None and placed is not None else None
        return self._begin(run, following_step, scenario)

    def _taken(self, run: Run, happened: of_calls.SegmentStarted, wall_s: float) -> Sequence[object]:
        scenario, _ = self._present(run)
        if scenario is None or not run.name:
            return (facts.ScenarioEnded("taken"),)
        sound = self._world(scenario, run.caller_number).kept_sound(run.name)
        return (facts.ScenarioEnded("taken", happened.leg_b, (sound,)),)

    def _call_ended(self, run: Run, happened: of_calls.ConversationEnded, wall_s: float) -> Sequence[object]:
        return (facts.ScenarioEnded(happened.reason),)

    # What a step hears

    def _hear(self, run: Run, event: Event, wall_s: float) -> Sequence[object]:
        scenario, placed = self._present(run)
        if scenario is None or placed is None or not run.phase:
            return ()
        outcome = placed.step.hear(self._here(run, scenario, wall_s), event)
        return () if outcome is None else self._outcome(run, placed, outcome, wall_s)

    def _key(self, run: Run, happened: guide_facts.LegKeyPressed, wall_s: float) -> Sequence[object]:
        return self._hear(run, self._came(run), wall_s) if len(run.keys) == 1 else ()

    def _came(self, run: Run) -> KeyCame:
        return KeyCame(self._sealed.reveal(run.conversation_id, run.keys[0]), run.keys[0])

    def _unreached(self, run: Run, happened: guide_facts.AttemptEnded, wall_s: float) -> Sequence[object]:
        return self._hear(run, NobodyReached(happened.word, happened.status), wall_s)

    def _played(self, run: Run, happened: guide_facts.LegPlayEnded, wall_s: float) -> Sequence[object]:
        return () if happened.stopped else self._hear(run, PlayOver(happened.problem), wall_s)

    def _recorded(self, run: Run, happened: MessageEnded, wall_s: float) -> Sequence[object]:
        return () if happened.why == "hang-up" else self._hear(run, MessageOver(happened.why), wall_s)

    def _kept(self, run: Run, happened: RecordingKept, wall_s: float) -> Sequence[object]:
        return self._hear(run, RecordingWhole(0.0 if happened.why == "lost" else happened.seconds), wall_s)

    def _errand_done(self, run: Run, happened: ErrandDone, wall_s: float) -> Sequence[object]:
        """Keep what an errand came to, where the step that wanted it still waits."""
        if happened.number != run.moves or not run.phase:
            return ()
        over = happened.over
        return (facts.ErrandOver(run.frame.path, over.ok, over.word, tuple(over.values.items())),)

    def _errand_over(self, run: Run, happened: facts.ErrandOver, wall_s: float) -> Sequence[object]:
        return self._hear(run, ErrandOver(happened.ok, happened.word, dict(happened.values)), wall_s)

    def _given_back(self, run: Run, happened: guide_facts.ConversationGuided, wall_s: float) -> Sequence[object]:
        if not run.frames:  # another guide has sent a caller whom no scenario has had yet
            return self._enter(run.wanted)
        return self._hear(run, GivenBack(happened.why), wall_s)

    def _due(self, run: Run, happened: GuideDue, wall_s: float) -> Sequence[object]:
        if run.deadline_s is None or wall_s < run.deadline_s:
            return ()
        heard = self._hear(run, TimeOver(), wall_s)
        return heard or (facts.StepEnded(run.frame.path, "time"),)

    def _outcome(self, run: Run, placed: Placed, outcome: Wait | Over, wall_s: float) -> Sequence[object]:
        if isinstance(outcome, Over):
            ended = facts.StepEnded(placed.path, outcome.how, outcome.into, outcome.keys_used, outcome.sets)
            return (*outcome.also, ended)
        until_s = wall_s + outcome.for_s
        moved = facts.StepMoved(placed.path, outcome.phase, until_s, outcome.memory, outcome.keys_used)
        return (*outcome.also, moved)

    # Where the caller is

    def _present(self, run: Run) -> tuple[Scenario | None, Placed | None]:
        if not run.frames:
            return None, None
        frame = run.frames[-1]
        scenario = self._library.get(frame.name, frame.version)
        return scenario, None if scenario is None else scenario.at(frame.path)

    def _here(self, run: Run, scenario: Scenario, wall_s: float) -> Here:
        world = self._world(scenario, run.caller_number)
        place = run.conversation_id, run.caller_number, run.phase, run.memory, wall_s
        return tuple.__new__(Here, (*place, world, run.variables, run.moves, self))  # half the time of calling it

    def revealed(self, conversation_id: str, kept: str) -> str:
        """Return what is kept of keys in clear."""
        return self._sealed.reveal(conversation_id, kept)

    def named_above(self, conversation_id: str, world: World) -> tuple[str, ...]:
        """Return whom the steps before the present one may ring, groups as their members, each once."""
        found: dict[str, None] = {}
        for frame in self.state.runs[conversation_id].frames:
            scenario = self._library.get(frame.name, frame.version)
            if scenario is not None:
                found.update(dict.fromkeys(_users(scenario.employees_above(frame.path), world)))
        return tuple(found)


def _last_wish(conversation_id: str, ended: facts.ScenarioEnded) -> Sequence[Input]:
    """Return what the end of the scenario asks of the calls."""
    if ended.how in _ENDINGS:
        word, status, cause, reason = _ENDINGS[ended.how]
        return (Dismiss(conversation_id, status, cause, reason, word),)
    return (Announce(ended.leg, ended.sounds),) if ended.leg else ()


def _users(names: Sequence[str], world: World) -> list[str]:
    users: list[str] = []
    for name in names:
        users += world.members_of(name.removeprefix("group:")) if name.startswith("group:") else [name]
    return users


_FOLLOWED: Final[dict[type, Callable[[ScenarioGuide, Run, Any, float], Sequence[object]]]] = {
    of_calls.LegMediaOpened: ScenarioGuide._ready,
    ConversationHanded: ScenarioGuide._ready,
    guide_facts.LegKeyPressed: ScenarioGuide._key,
    guide_facts.LegPlayEnded: ScenarioGuide._played,
    guide_facts.AttemptEnded: ScenarioGuide._unreached,
    of_calls.SegmentStarted: ScenarioGuide._taken,
    of_calls.ConversationEnded: ScenarioGuide._call_ended,
    guide_facts.ConversationGuided: ScenarioGuide._given_back,
    facts.ScenarioEntered: ScenarioGuide._entered,
    facts.ScenarioLeft: ScenarioGuide._left,
    facts.StepBegun: ScenarioGuide._begun,
    facts.StepMoved: ScenarioGuide._moved,
    facts.StepEnded: ScenarioGuide._step_ended,
    MessageEnded: ScenarioGuide._recorded,
    RecordingKept: ScenarioGuide._kept,
    facts.ErrandOver: ScenarioGuide._errand_over,
    ErrandDone: ScenarioGuide._errand_done,
    GuideDue: ScenarioGuide._due,
}
