"""Record a message."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field

from softswitch.scenario.model import Seconds, Step


class Voicemail(Step):
    """Play a prompt and a tone, then record a message into somebody's box."""

    kind: ClassVar[str] = "voicemail"
    missing: ClassVar[str] = "voicemail is not served yet"

    box: str = Field(min_length=1, examples=["anna"])
    file: str | None = Field(None, description="The prompt; without it the box's greeting.", examples=["leave.wav"])
    most_s: Seconds = Field(120.0, description="The longest message.")

    def names(self) -> Mapping[str, tuple[str, str]]:
        """Return whose box it is."""
        return {"box": ("user or group", self.box)}

    def audio(self) -> Mapping[str, str]:
        """Return the prompt, if there is one."""
        return {"file": self.file} if self.file else {}

    def label(self) -> str:
        """Name the box."""
        return f"voicemail of {self.box}"
