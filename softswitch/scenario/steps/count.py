"""Count calls."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from softswitch.scenario.facts import Counted
from softswitch.scenario.model import Step, Variable
from softswitch.scenario.running import Here, Over
from softswitch.scenario.steps.when import Zone


class Count(Step):
    """Count this call, and say how many there were today: of this caller, or of all."""

    kind: ClassVar[str] = "count"
    instant: ClassVar[bool] = True

    name: str = Field(min_length=1, max_length=60, description="Of the counter, one for the site.", examples=["calls"])
    each: Literal["caller", "all"] = Field("caller", description="Whose calls are counted together.")
    into: Variable = Field(description="The variable that gets the number, 1 for the first.", examples=["calls_today"])
    zone: Zone | None = Field(None, description="Whose day; the machine's where none is named.")

    def sets(self) -> tuple[str, ...]:
        """Return the variable."""
        return (self.into,)

    def begin(self, here: Here) -> Over:
        """Count."""
        key = here.caller_number if self.each == "caller" else ""
        zone = ZoneInfo(self.zone) if self.zone else None
        day = datetime.fromtimestamp(here.wall_s, zone).date().isoformat()  # None: the machine's
        count = here.world.counted(self.name, key, day) + 1
        return Over(f"{count}", sets=((self.into, str(count)),), also=(Counted(self.name, key, day, count),))

    def label(self) -> str:
        """Name the counter."""
        return f"count {self.name}" + (" of this caller" if self.each == "caller" else "")
