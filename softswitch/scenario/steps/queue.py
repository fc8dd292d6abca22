"""Wait in a queue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic import Field

from softswitch.calls.guide_inputs import HandOver
from softswitch.calls.inputs import Input
from softswitch.scenario.model import Step
from softswitch.scenario.running import Event, GivenBack, Here, Over, Wait


class Queue(Step):
    """Put the caller into a queue; what the queue gives up leads to the next step."""

    kind: ClassVar[str] = "queue"

    name: str = Field(min_length=1, examples=["support"])

    def names(self) -> Mapping[str, tuple[str, str]]:
        """Return the queue."""
        return {"name": ("queue", self.name)}

    def begin(self, here: Here) -> Wait:
        """Let the queue have the caller."""
        return Wait("queued")

    def hear(self, here: Here, event: Event) -> Over | None:
        """Go on where the queue gives the caller back."""
        return Over(event.why) if isinstance(event, GivenBack) else None

    def asks(self, here: Here) -> Sequence[Input]:
        """Hand the caller over."""
        return (HandOver(here.conversation_id, f"queue:{self.name}"),)

    def label(self) -> str:
        """Name the queue."""
        return f"queue {self.name}"
