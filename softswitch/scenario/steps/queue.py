"""Wait in a queue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field

from softswitch.scenario.model import Step


class Queue(Step):
    """Put the caller into a queue; what the queue gives up leads to the next step."""

    kind: ClassVar[str] = "queue"
    missing: ClassVar[str] = "queues are not served yet"

    name: str = Field(min_length=1, examples=["support"])

    def names(self) -> Mapping[str, tuple[str, str]]:
        """Return the queue."""
        return {"name": ("queue", self.name)}

    def label(self) -> str:
        """Name the queue."""
        return f"queue {self.name}"
