"""The facts of a scenario's run: where in which scenario a caller is. The conversation's id stands in the record."""

from __future__ import annotations

from softswitch.core.facts import fact


@fact("scenario.entered", version=2)
class ScenarioEntered:
    """The caller is in a scenario now, by its number or by a step of another one."""

    name: str
    version: str
    """Of its text, so that a load changes nothing for calls in progress."""
    instead: bool = False
    """Whether it does not come back to the scenarios that the caller was in."""


@fact("scenario.left")
class ScenarioLeft:
    """Its steps ran out; the one that it was entered from goes on."""

    name: str


@fact("scenario.step_begun")
class StepBegun:
    """A step is reached."""

    path: str
    kind: str


@fact("scenario.step_moved")
class StepMoved:
    """A step does something and waits."""

    path: str
    phase: str
    """What it does, in the step's own words."""
    deadline_s: float
    """Wall time at which it is told that its time is over."""
    memory: tuple[str, ...] = ()
    """What it has to remember, in the step's own words."""
    keys_used: int = 0
    """How many of the keys that wait are taken."""


@fact("scenario.step_ended", version=2)
class StepEnded:
    """A step is over and nobody has the call."""

    path: str
    how: str
    """For people and programs: ``skipped``, ``time``, ``no-answer``, ``busy``, ``key 2`` ..."""
    into: str = ""
    """The block within it that is run next; empty for the step after it."""
    keys_used: int = 0
    sets: tuple[tuple[str, str], ...] = ()
    """Variables and the values that they have from now on."""


@fact("scenario.errand_over")
class ErrandOver:
    """What a step wanted from outside is there, or came to nothing."""

    path: str
    ok: bool
    word: str
    """``done``, or why it came to nothing: ``time-out``, ``status 500`` ..."""
    values: tuple[tuple[str, str], ...] = ()
    """What was learnt."""


@fact("scenario.counted")
class Counted:
    """A counter of a day has come so far."""

    name: str
    key: str
    """What is counted apart: a caller's number, or empty."""
    day: str
    """ISO 8601."""
    count: int


@fact("scenario.name_begun")
class NameBegun:
    """A caller is about to say who calls."""

    path: str
    """Of the file, within the storage directory."""


@fact("scenario.name_recorded")
class NameRecorded:
    """A caller has said who calls: whoever takes the call hears it first."""

    path: str


@fact("scenario.ended", version=2)
class ScenarioEnded:
    """The scenario has nothing more to do for the caller."""

    how: str
    """``taken`` by somebody, ``hung-up`` by the scenario, ``ran-out`` of steps, or the word of the call's end."""
    leg: str = ""
    """Who has taken the call, where they are to hear something first."""
    sounds: tuple[str, ...] = ()
    """What they hear."""
