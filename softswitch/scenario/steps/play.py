"""Play audio for a while."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic import Field

from softswitch.calls.inputs import Input
from softswitch.scenario.listening import PLAYING, ask_to_play
from softswitch.scenario.model import Seconds, Step
from softswitch.scenario.running import LONGEST_S, Event, Here, KeyCame, Over, PlayOver, TimeOver, Wait


class Play(Step):
    """Play a file; a shorter time cuts it, a longer one is silence to its end, or the file again and again."""

    kind: ClassVar[str] = "play"

    file: str = Field(min_length=1, examples=["welcome.wav"], description="Audio file, relative to the scenario's.")
    duration_s: Seconds | None = Field(None, description="How long; without it as long as the file.", examples=["6"])
    repeat: bool = Field(False, description="Play it again until the time is over.")
    interrupt: bool = Field(False, description="Whether a key ends it; the key counts for the next step.")
    early: bool = Field(False, description="Whether it is heard before the call is answered, as long as none was.")

    def audio(self) -> Mapping[str, str]:
        """Return the file."""
        return {"file": self.file}

    def begin(self, here: Here) -> Wait:
        """Play."""
        return Wait(PLAYING, self.duration_s or LONGEST_S)

    def hear(self, here: Here, event: Event) -> Wait | Over | None:
        """End with the time, or with the file where no time is given."""
        if isinstance(event, TimeOver):
            return Over("time")
        if isinstance(event, KeyCame):
            return Over("interrupted") if self.interrupt else None
        if not isinstance(event, PlayOver):
            return None
        if event.problem:
            return Over("not played")
        return Over("played") if self.duration_s is None else None

    def asks(self, here: Here) -> Sequence[Input]:
        """Play it to the caller."""
        return ask_to_play(here, self.file, repeat=self.repeat, early=self.early)

    def label(self) -> str:
        """Name the file and the time."""
        return f"play {self.file}" + (f" for {self.duration_s:g} s" if self.duration_s else "")
