"""Reach anybody who was named above."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from softswitch.calls.guide_inputs import RingForCaller
from softswitch.calls.inputs import Input
from softswitch.scenario.model import Seconds, Step
from softswitch.scenario.running import Event, Here, NobodyReached, Over, TimeOver, Wait

_LOOK_AGAIN_S = 1.0
"""How often those who are busy are looked at."""


class AnyoneAbove(Step):
    """Ring, of all employees in the steps above, members of groups included, whoever is free first."""

    kind: ClassVar[str] = "anyone_above"

    wait_s: Seconds = Field(60.0, description="How long to try.")
    ring_s: Seconds = Field(20.0, description="How long each rings.")

    def begin(self, here: Here) -> Wait | Over:
        """Ring whoever is free; wait where somebody is online and busy; end at once where nobody is."""
        return self._try(here, here.wall_s + self.wait_s)

    def hear(self, here: Here, event: Event) -> Wait | Over | None:
        """Try again when somebody may have become free, until the time is over."""
        until_s = float(here.memory[0])
        if isinstance(event, NobodyReached | TimeOver):
            return Over("nobody free") if here.wall_s >= until_s else self._try(here, until_s, event)
        return None

    def asks(self, here: Here) -> Sequence[Input]:
        """Ring those whom the phase names."""
        if here.phase != "ringing":
            return ()
        phones = tuple(phone for user in here.memory[1:] for phone in here.world.phones_of(user))
        ring_s = min(self.ring_s, max(1.0, float(here.memory[0]) - here.wall_s))
        return (RingForCaller(here.conversation_id, phones, ring_s),)

    def _try(self, here: Here, until_s: float, after: Event | None = None) -> Wait | Over:
        left_s = max(0.0, until_s - here.wall_s)
        free = [user for user in here.named_above() if here.world.phones_of(user)]
        if free and not (isinstance(after, NobodyReached) and set(free) == set(here.memory[1:])):
            return Wait("ringing", self.ring_s + 10, (str(until_s), *free))
        if not any(here.world.is_online(user) for user in here.named_above()):
            return Over("nobody reachable")
        return Wait("waiting", min(_LOOK_AGAIN_S, left_s), (str(until_s),))

    def label(self) -> str:
        """Say who is tried."""
        return "anyone above who is free"
