"""Hang up."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from softswitch.scenario.model import Step


class HangUp(Step):
    """End the call; one that was not answered yet gets the reason as its final response."""

    kind: ClassVar[str] = "hang_up"
    ends: ClassVar[bool] = True

    reason: Literal["normal", "busy", "rejected", "no_answer"] = Field("normal", description="What the caller is told.")

    def label(self) -> str:
        """Say it."""
        return "hang up" if self.reason == "normal" else f"hang up: {self.reason.replace('_', ' ')}"
