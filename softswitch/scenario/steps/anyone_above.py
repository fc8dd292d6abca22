"""Reach anybody who was named above."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar, Final

from pydantic import Field

from softswitch.calls.destinations import Phone
from softswitch.calls.guide_inputs import RingAlso, RingForCaller
from softswitch.calls.inputs import Input
from softswitch.scenario.model import Seconds, Step
from softswitch.scenario.running import Event, Here, NobodyReached, Over, TimeOver, Wait

_RINGING: Final = "ringing"
_MORE: Final = "more ring"
_GOING_ON: Final = "they ring"
_WAITING: Final = "waiting"
_LOOK_AGAIN_S: Final = 1.0
"""How often those who are busy are looked at."""


class AnyoneAbove(Step):
    """Ring, of all employees in the steps above, members of groups included, whoever is free first.

    Whoever becomes free while others ring is rung beside them. What is remembered: until when to try, how long this try
    rings, who is rung now, and who was rung in this try before.
    """

    kind: ClassVar[str] = "anyone_above"

    wait_s: Seconds = Field(60.0, description="How long to try.")
    ring_s: Seconds = Field(20.0, description="How long each rings.")

    def begin(self, here: Here) -> Wait | Over:
        """Ring whoever is free; wait where somebody is online and busy; end at once where nobody is."""
        return self._try(here, here.wall_s + self.wait_s)

    def hear(self, here: Here, event: Event) -> Wait | Over | None:
        """Try again when somebody may have become free, until the time is over."""
        if isinstance(event, TimeOver) and here.phase != _WAITING:
            return self._more(here)
        if not isinstance(event, NobodyReached | TimeOver):
            return None
        until_s = float(here.memory[0])
        tried = _rung(here) if isinstance(event, NobodyReached) else ()
        return Over("nobody free") if here.wall_s >= until_s else self._try(here, until_s, tried)

    def _try(self, here: Here, until_s: float, tried: Iterable[str] = ()) -> Wait | Over:
        """Begin to ring; those who have just not answered are left in peace for a moment."""
        above = _others(here)
        free = [user for user in above if here.world.phones_of(user)]
        left_s = max(0.0, until_s - here.wall_s)
        if free and set(free) != set(tried):
            ring_s = min(self.ring_s, max(1.0, left_s))
            return Wait(_RINGING, _LOOK_AGAIN_S, (str(until_s), str(ring_s), ",".join(free)))
        if not any(here.world.is_online(user) for user in above):
            return Over("nobody reachable")
        return Wait(_WAITING, min(_LOOK_AGAIN_S, left_s), (str(until_s),))

    def _more(self, here: Here) -> Wait:
        """See whether somebody else has become free."""
        until_s, ring_s = here.memory[:2]
        rung = _rung(here)
        free = [user for user in _others(here) if user not in rung and here.world.phones_of(user)]
        phase = _MORE if free else _GOING_ON
        return Wait(phase, _LOOK_AGAIN_S, (until_s, ring_s, ",".join(free), *rung))

    def asks(self, here: Here) -> Sequence[Input]:
        """Ring those who are to be rung now."""
        if here.phase == _RINGING:
            return (RingForCaller(here.conversation_id, self._phones(here), float(here.memory[1])),)
        return (RingAlso(here.conversation_id, self._phones(here)),) if here.phase == _MORE else ()

    def _phones(self, here: Here) -> tuple[Phone, ...]:
        return tuple(phone for user in here.memory[2].split(",") for phone in here.world.phones_of(user))

    def label(self) -> str:
        """Say who is tried."""
        return "anyone above who is free"


def _rung(here: Here) -> tuple[str, ...]:
    """Return all who were rung in this try."""
    return tuple(user for user in (*here.memory[3:], *here.memory[2].split(",")) if user)


def _others(here: Here) -> list[str]:
    """Return all who were named above; nobody is rung for their own call."""
    return [user for user in here.named_above() if user != here.variables.get("user")]
