"""Call a number outside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic import Field

from softswitch.calls.guide_inputs import RingForCaller
from softswitch.calls.inputs import Input
from softswitch.scenario.model import Seconds, Step
from softswitch.scenario.running import Event, Here, NobodyReached, Over, Wait


class Number(Step):
    """Forward to a number outside; no answer: the next step."""

    kind: ClassVar[str] = "number"

    to: str = Field(pattern=r"^\+?[0-9]{2,15}$", examples=['"+79990000001"'])
    route: str | None = Field(None, description="By which route; without it the first that fits.", examples=["pstn"])
    ring_s: Seconds = Field(40.0, description="How long it rings.")

    def names(self) -> Mapping[str, tuple[str, str]]:
        """Return the route, if one is named."""
        return {"route": ("route", self.route)} if self.route else {}

    def begin(self, here: Here) -> Wait | Over:
        """Call the number, where a route leads there."""
        reachable = here.world.outside(self.to, self.route or "")
        return Wait("ringing", self.ring_s + 10) if reachable else Over("no route")

    def hear(self, here: Here, event: Event) -> Over | None:
        """End when nobody is reached."""
        return Over(event.word) if isinstance(event, NobodyReached) else None

    def asks(self, here: Here) -> Sequence[Input]:
        """Ring."""
        ways = tuple(here.world.outside(self.to, self.route or ""))
        return (RingForCaller(here.conversation_id, ways[:1], self.ring_s, ways[1:]),)

    def label(self) -> str:
        """Name the number."""
        return f"call {self.to}"
