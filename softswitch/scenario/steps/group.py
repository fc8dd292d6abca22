"""Call a group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic import Field

from softswitch.calls.inputs import Input, Phone, RingForCaller
from softswitch.scenario.model import Seconds, Step
from softswitch.scenario.running import Event, Here, NobodyReached, Over, Wait

_GUARD_S = 10.0
"""Above the ringing time: the calls end an attempt by themselves."""


def _phones(here: Here, turn: str) -> tuple[Phone, ...]:
    return tuple(phone for user in turn.split(",") for phone in here.world.phones_of(user))


class Group(Step):
    """Ring the members of a group in the group's way; nobody answers: the next step."""

    kind: ClassVar[str] = "group"
    missing: ClassVar[str] = "groups are not served yet"

    name: str = Field(min_length=1, examples=["sales"])
    ring_s: Seconds | None = Field(None, description="How long each rings; without it the group's own time.")

    def names(self) -> Mapping[str, tuple[str, str]]:
        """Return the group."""
        return {"name": ("group", self.name)}

    def employees(self) -> tuple[str, ...]:
        """Return the group."""
        return (f"group:{self.name}",)

    def begin(self, here: Here) -> Wait | Over:
        """Ring the first turn of the group's plan in which somebody can be rung."""
        return self._next(here, here.world.plan_of(self.name), "unreachable")

    def hear(self, here: Here, event: Event) -> Wait | Over | None:
        """Go to the next turn when one is over."""
        return self._next(here, here.memory[1:], event.word) if isinstance(event, NobodyReached) else None

    def asks(self, here: Here) -> Sequence[Input]:
        """Ring the members of this turn."""
        ring_s = self.ring_s or here.world.ring_s_of(self.name)
        return (RingForCaller(here.conversation_id, _phones(here, here.memory[0]), ring_s),)

    def _next(self, here: Here, turns: Sequence[str], how: str) -> Wait | Over:
        for place, turn in enumerate(turns):
            if _phones(here, turn):
                ring_s = self.ring_s or here.world.ring_s_of(self.name)
                return Wait("ringing", ring_s + _GUARD_S, tuple(turns[place:]))
        return Over(how)

    def label(self) -> str:
        """Name the group."""
        return f"ring group {self.name}"
