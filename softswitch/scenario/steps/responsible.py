"""Call the manager who is responsible for the caller: by the site's contacts, else by what a CRM answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

from pydantic import Field

from softswitch.calls.inputs import Input
from softswitch.scenario.errands import Errand, ErrandOver
from softswitch.scenario.model import Seconds, Step
from softswitch.scenario.ringing import ask_plan, begin_plan, hear_plan, plan_for
from softswitch.scenario.running import Event, Here, Over, TimeOver, Wait

_ASKING: Final = "asking"
_GUARD_S: Final = 2.0


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
        """Ring the first of the plan who can be rung; ask elsewhere who it is where the site's contacts do not know."""
        manager = here.world.responsible_for(here.caller_number)
        if manager:
            return self._ring(here, manager)
        errand = here.world.crm(here.caller_number)
        return Over("unknown caller") if errand is None else Wait(_ASKING, errand.limit_s + _GUARD_S)

    def hear(self, here: Here, event: Event) -> Wait | Over | None:
        """Ring whom the answer names; go on when an attempt is over."""
        if here.phase != _ASKING:
            return hear_plan(here, event, self.ring_s)
        if isinstance(event, TimeOver):
            return Over("time-out")
        if not isinstance(event, ErrandOver):
            return None
        if not event.ok:
            return Over(event.word)
        manager = here.world.user_named(event.values.get("responsible", ""))
        return self._ring(here, manager) if manager else Over("unknown caller")

    def _ring(self, here: Here, manager: str) -> Wait | Over:
        turns = plan_for(manager, mobile=self.mobile, all_phones=self.all_phones, additional=self.additional)
        return begin_plan(here, turns, self.ring_s)

    def asks(self, here: Here) -> Sequence[Input | Errand]:
        """Ask, or ring."""
        if here.phase == _ASKING:
            errand = here.world.crm(here.caller_number)
            return () if errand is None else (errand,)
        return ask_plan(here, self.ring_s)

    def label(self) -> str:
        """Say who is rung."""
        return "ring the responsible manager"
