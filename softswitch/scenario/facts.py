"""The facts of a scenario's run: where in which scenario a caller is. The conversation's id stands in the record."""

from __future__ import annotations

from softswitch.core.facts import fact


@fact("scenario.entered")
class ScenarioEntered:
    """The caller is in a scenario now, by its number or by a step of another one."""

    name: str
    version: str
    """Of its text, so that a load changes nothing for calls in progress."""


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


@fact("scenario.step_ended")
class StepEnded:
    """A step is over and nobody has the call."""

    path: str
    how: str
    """For people and programs: ``skipped``, ``time``, ``no-answer``, ``busy``, ``key 2`` ..."""
    into: str = ""
    """The block within it that is run next; empty for the step after it."""
    keys_used: int = 0


@fact("scenario.ended")
class ScenarioEnded:
    """The scenario has nothing more to do for the caller."""

    how: str
    """``taken`` by somebody, ``hung-up`` by the scenario, ``ran-out`` of steps, or the word of the call's end."""
