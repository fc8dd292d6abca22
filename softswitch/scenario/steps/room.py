"""Join a conference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic import Field

from softswitch.calls.guide_inputs import HandOver
from softswitch.calls.inputs import Input
from softswitch.scenario.model import Step
from softswitch.scenario.running import Here, Wait


class Room(Step):
    """Let the caller into a conference room, after its PIN where it has one; the call ends there."""

    kind: ClassVar[str] = "room"
    ends: ClassVar[bool] = True

    name: str = Field(min_length=1, examples=["meeting"])

    def names(self) -> Mapping[str, tuple[str, str]]:
        """Return the room."""
        return {"name": ("room", self.name)}

    def begin(self, here: Here) -> Wait:
        """Let the room have the caller."""
        return Wait("in the room")

    def asks(self, here: Here) -> Sequence[Input]:
        """Hand the caller over."""
        return (HandOver(here.conversation_id, f"room:{self.name}"),)

    def label(self) -> str:
        """Name the room."""
        return f"room {self.name}"
