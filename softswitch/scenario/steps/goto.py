"""Go to another scenario for good."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field

from softswitch.scenario.model import Step
from softswitch.scenario.running import INSTEAD, Here, Over


class Goto(Step):
    """Go to another scenario, or to the beginning of this one; it does not come back."""

    kind: ClassVar[str] = "goto"
    instant: ClassVar[bool] = True
    ends: ClassVar[bool] = True

    scenario: str = Field(min_length=1, examples=["main"])

    def names(self) -> Mapping[str, tuple[str, str]]:
        """Return the scenario."""
        return {"scenario": ("scenario", self.scenario)}

    @property
    def leads_to(self) -> str:
        """The scenario."""
        return self.scenario

    def begin(self, here: Here) -> Over:
        """Go there."""
        return Over("gone on", into=INSTEAD)

    def label(self) -> str:
        """Name it."""
        return f"go to {self.scenario}"
