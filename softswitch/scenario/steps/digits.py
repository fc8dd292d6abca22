"""Wait for an extension in digits, and connect there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field

from softswitch.scenario.model import Seconds, Step


class Digits(Step):
    """Let the caller dial a short internal number; a wrong one, or none in time, leads to the next step."""

    kind: ClassVar[str] = "digits"

    file: str | None = Field(None, description="Played meanwhile; the first digit ends it.", examples=["enter.wav"])
    wait_s: Seconds = Field(10.0, description="How long to wait for the first digit, from the file's end.")
    between_s: Seconds = Field(3.0, description="How long to wait for one more digit.")
    ring_s: Seconds = Field(20.0, description="How long the extension rings.")

    def audio(self) -> Mapping[str, str]:
        """Return the file, if there is one."""
        return {"file": self.file} if self.file else {}

    def label(self) -> str:
        """Say what is awaited."""
        return "wait for an extension"
