"""Wait for an extension in digits, and connect there."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from softswitch.scenario.dialling import DialledStep
from softswitch.scenario.listening import LISTENING, prompt
from softswitch.scenario.model import Seconds
from softswitch.scenario.running import Here, Over, Wait


class Digits(DialledStep):
    """Let the caller dial a short internal number; a wrong one, or none in time, leads to the next step."""

    kind: ClassVar[str] = "digits"

    between_s: Seconds = Field(3.0, description="How long to wait for one more digit.")

    def begin(self, here: Here) -> Wait:
        """Listen."""
        return prompt(self.file, self.wait_s, ("",))

    def key(self, here: Here, key: str) -> Wait | Over:
        """Ring when the digits are an extension."""
        dialled = here.memory[0]
        if key == "#":
            return self._complete(here, dialled, keys_used=1)
        dialled += key
        if len(dialled) >= here.world.longest_extension():
            return self._complete(here, dialled, keys_used=1)
        return Wait(LISTENING, self.between_s, (dialled,), keys_used=1)

    def pause(self, here: Here) -> Wait | Over:
        """Take what was dialled so far."""
        return self._complete(here, here.memory[0]) if here.memory[0] else Over("no digits")

    def _complete(self, here: Here, dialled: str, *, keys_used: int = 0) -> Wait | Over:
        user = here.world.user_of(dialled)
        if not user:
            return Over(f"wrong number {dialled}", keys_used=keys_used)
        return self.ring(here, user, keys_used=keys_used)

    def label(self) -> str:
        """Say what is awaited."""
        return "wait for an extension"
