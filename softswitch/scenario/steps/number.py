"""Call a number outside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field

from softswitch.scenario.model import Seconds, Step


class Number(Step):
    """Forward to a number outside; no answer: the next step."""

    kind: ClassVar[str] = "number"

    to: str = Field(pattern=r"^\+?[0-9]{2,15}$", examples=['"+79990000001"'])
    route: str | None = Field(None, description="By which route; without it the first that fits.", examples=["pstn"])
    ring_s: Seconds = Field(40.0, description="How long it rings.")

    def names(self) -> Mapping[str, tuple[str, str]]:
        """Return the route, if one is named."""
        return {"route": ("route", self.route)} if self.route else {}

    def label(self) -> str:
        """Name the number."""
        return f"call {self.to}"
