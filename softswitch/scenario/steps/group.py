"""Call a group."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field

from softswitch.scenario.model import Seconds, Step


class Group(Step):
    """Ring the members of a group in the group's way; nobody answers: the next step."""

    kind: ClassVar[str] = "group"

    name: str = Field(min_length=1, examples=["sales"])
    ring_s: Seconds | None = Field(None, description="How long each rings; without it the group's own time.")

    def names(self) -> Mapping[str, tuple[str, str]]:
        """Return the group."""
        return {"name": ("group", self.name)}

    def label(self) -> str:
        """Name the group."""
        return f"ring group {self.name}"
