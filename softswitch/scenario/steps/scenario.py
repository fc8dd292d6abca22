"""Go on with another scenario."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field

from softswitch.scenario.model import Step
from softswitch.scenario.running import SCENARIO, Here, Over


class SubScenario(Step):
    """Run another scenario; when its steps run out without the call being taken, the next step follows."""

    kind: ClassVar[str] = "scenario"
    instant: ClassVar[bool] = True

    name: str = Field(min_length=1, examples=["reception"])

    def names(self) -> Mapping[str, tuple[str, str]]:
        """Return the scenario."""
        return {"name": ("scenario", self.name)}

    @property
    def leads_to(self) -> str:
        """The scenario."""
        return self.name

    def begin(self, here: Here) -> Over:
        """Enter the scenario."""
        return Over("entered", into=SCENARIO)

    def label(self) -> str:
        """Name it."""
        return f"scenario {self.name}"
