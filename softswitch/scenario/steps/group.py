"""Call a group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic import Field

from softswitch.calls.guide_inputs import RingForCaller
from softswitch.calls.inputs import Input
from softswitch.scenario.model import Seconds, Step
from softswitch.scenario.running import Event, Here, NobodyReached, Over, Wait

_GUARD_S = 10.0
"""Above the ringing time: the calls end an attempt by themselves."""


class Group(Step):
    """Ring the members of a group in the group's way; nobody answers: the next step."""

    kind: ClassVar[str] = "group"

    name: str = Field(min_length=1, examples=["sales"])
    ring_s: Seconds | None = Field(None, description="How long each rings; without it the group's own time.")

    def names(self) -> Mapping[str, tuple[str, str]]:
        """Return the group."""
        return {"name": ("group", self.name)}

    def employees(self) -> tuple[str, ...]:
        """Return the group."""
        return (f"group:{self.name}",)

    def begin(self, here: Here) -> Wait | Over:
        """Ring whom the group's mode rings first, unless as many callers wait for the group as may."""
        if here.world.is_full(self.name):
            return Over("group full")
        return self._ring(here, here.world.begin_group(here.conversation_id, self.name), "unreachable")

    def hear(self, here: Here, event: Event) -> Wait | Over | None:
        """Let the group go on when a try is over."""
        if not isinstance(event, NobodyReached):
            return None
        memory = here.world.go_on_with_group(here.conversation_id, here.memory, event.status, event.word)
        return self._ring(here, memory, event.word)

    def asks(self, here: Here) -> Sequence[Input]:
        """Ring those whom the search has come to."""
        phones = tuple(here.world.phones_in_group(here.memory))
        return (RingForCaller(here.conversation_id, phones, self._ring_s(here)),)

    def _ring(self, here: Here, memory: tuple[str, ...], how: str) -> Wait | Over:
        return Wait("ringing", self._ring_s(here) + _GUARD_S, memory) if memory else Over(how)

    def _ring_s(self, here: Here) -> float:
        return self.ring_s or here.world.ring_s_of(self.name)

    def label(self) -> str:
        """Name the group."""
        return f"ring group {self.name}"
