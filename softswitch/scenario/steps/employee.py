"""Call an employee."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic import Field

from softswitch.calls.inputs import Input
from softswitch.scenario.model import Seconds, Step
from softswitch.scenario.ringing import ask_plan, begin_plan, hear_plan, plan_for
from softswitch.scenario.running import Event, Here, Over, Wait


class Employee(Step):
    """Ring somebody's phones, then, with ``mobile``, the mobile phone; nobody answers: the next step.

    The mobile is called after ``ring_s``, or at once where no phone is registered. Without a mobile number an employee
    who is offline is passed over.
    """

    kind: ClassVar[str] = "employee"

    name: str = Field(min_length=1, examples=["anna"])
    ring_s: Seconds = Field(20.0, description="How long the phones ring.")
    mobile: bool = Field(False, description="Whether the mobile phone is called after that.")
    all_phones: bool = Field(False, description="Whether the mobile numbers ring together with the phones.")
    additional: str | None = Field(None, description="Who is called when neither answers.", examples=["boris"])

    def names(self) -> Mapping[str, tuple[str, str]]:
        """Return the employees."""
        named = {"name": ("user", self.name)}
        return {**named, "additional": ("user", self.additional)} if self.additional else named

    def employees(self) -> tuple[str, ...]:
        """Return the employee and the additional one."""
        return (self.name, self.additional) if self.additional else (self.name,)

    def begin(self, here: Here) -> Wait | Over:
        """Ring the first of the plan who can be rung."""
        turns = plan_for(self.name, mobile=self.mobile, all_phones=self.all_phones, additional=self.additional)
        return begin_plan(here, turns, self.ring_s)

    def hear(self, here: Here, event: Event) -> Wait | Over | None:
        """Go on when an attempt is over."""
        return hear_plan(here, event, self.ring_s)

    def asks(self, here: Here) -> Sequence[Input]:
        """Ring."""
        return ask_plan(here, self.ring_s)

    def label(self) -> str:
        """Name the employee."""
        return f"ring {self.name}" + (" and the mobile" if self.mobile or self.all_phones else "")
