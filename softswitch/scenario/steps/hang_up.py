"""Hang up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final, Literal

from pydantic import Field

from softswitch.calls.guide_inputs import Dismiss
from softswitch.calls.inputs import Input
from softswitch.scenario.model import Step
from softswitch.scenario.running import Here, Wait

_TOLD: Final = {
    "normal": (480, 16, "Normal call clearing"),
    "busy": (486, 17, "User busy"),
    "rejected": (603, 21, "Call rejected"),
    "no_answer": (480, 19, "No answer from user"),
}


class HangUp(Step):
    """End the call; one that was not answered yet gets the reason as its final response."""

    kind: ClassVar[str] = "hang_up"
    ends: ClassVar[bool] = True

    reason: Literal["normal", "busy", "rejected", "no_answer"] = Field("normal", description="What the caller is told.")

    def begin(self, here: Here) -> Wait:
        """Hang up; the end of the call ends the step."""
        return Wait("hanging up")

    def asks(self, here: Here) -> Sequence[Input]:
        """Ask for the end of the call."""
        status, cause, reason = _TOLD[self.reason]
        return (Dismiss(here.conversation_id, status, cause, reason, self.reason.replace("_", "-")),)

    def label(self) -> str:
        """Say it."""
        return "hang up" if self.reason == "normal" else f"hang up: {self.reason.replace('_', ' ')}"
