"""Play audio for a while."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field

from softswitch.scenario.model import Seconds, Step


class Play(Step):
    """Play a file; a shorter time cuts it, a longer one is silence to its end, or the file again and again."""

    kind: ClassVar[str] = "play"

    file: str = Field(min_length=1, examples=["welcome.wav"], description="Audio file, relative to the scenario's.")
    duration_s: Seconds | None = Field(None, description="How long; without it as long as the file.", examples=["6"])
    repeat: bool = Field(False, description="Play it again until the time is over.")
    interrupt: bool = Field(False, description="Whether a key ends it; the key counts for the next step.")

    def audio(self) -> Mapping[str, str]:
        """Return the file."""
        return {"file": self.file}

    def label(self) -> str:
        """Name the file and the time."""
        return f"play {self.file}" + (f" for {self.duration_s:g} s" if self.duration_s else "")
