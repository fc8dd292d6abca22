"""Call the manager who is responsible for the caller."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic import Field

from softswitch.calls.inputs import Input
from softswitch.scenario.model import Seconds, Step
from softswitch.scenario.ringing import ask_plan, begin_plan, hear_plan, plan_for
from softswitch.scenario.running import Event, Here, Over, Wait


class Responsible(Step):
    """Ring the manager of the contact that the caller's number belongs to; an unknown caller leads to the next step."""

    kind: ClassVar[str] = "responsible"

    ring_s: Seconds = Field(20.0, description="How long the phones ring.")
    mobile: bool = Field(True, description="Whether the mobile phone is called after that, or at once when offline.")
    all_phones: bool = Field(False, description="Whether the mobile numbers ring together with the phones.")
    additional: str | None = Field(None, description="Who is called when neither answers.", examples=["boris"])

    def names(self) -> Mapping[str, tuple[str, str]]:
        """Return the additional employee, if there is one."""
        return {"additional": ("user", self.additional)} if self.additional else {}

    def employees(self) -> tuple[str, ...]:
        """Return the additional employee; the responsible one depends on the caller."""
        return (self.additional,) if self.additional else ()

    def begin(self, here: Here) -> Wait | Over:
        """Ring the first of the plan who can be rung."""
        manager = here.world.responsible_for(here.caller_number)
        if not manager:
            return Over("unknown caller")
        turns = plan_for(manager, mobile=self.mobile, all_phones=self.all_phones, additional=self.additional)
        return begin_plan(here, turns, self.ring_s)

    def hear(self, here: Here, event: Event) -> Wait | Over | None:
        """Go on when an attempt is over."""
        return hear_plan(here, event, self.ring_s)

    def asks(self, here: Here) -> Sequence[Input]:
        """Ring."""
        return ask_plan(here, self.ring_s)

    def label(self) -> str:
        """Say who is rung."""
        return "ring the responsible manager"
