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
    priority: int = Field(
        default=0, ge=0, le=100, description="of this caller: more is served earlier; 0: as number and contact say"
    )
    skills: tuple[str, ...] = Field(
        default=(),
        description="what an agent needs for this caller, beside what the queue wants; the last is dropped first",
    )

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
        return (HandOver(here.conversation_id, f"queue:{self.name}", priority=self.priority, skills=self.skills),)

    def label(self) -> str:
        """Name the queue."""
        return f"queue {self.name}"
