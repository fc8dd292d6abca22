"""Reach somebody by name."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from softswitch.scenario.dialling import DialledStep
from softswitch.scenario.listening import LISTENING, prompt
from softswitch.scenario.running import Here, Over, Wait

_SEVERAL = "several have that name"


class Directory(DialledStep):
    """Let the caller spell a name with the keys; as soon as only one employee has a name like that, it rings.

    Names are those that are shown, Latin or Cyrillic: each word of them may be spelt. ``#`` or a pause ends a name that
    several share, and ``0`` leaves. What is remembered: the keys so far, and how often may be asked again.
    """

    kind: ClassVar[str] = "directory"

    file: str | None = Field(None, description="Played before; the first key ends it.", examples=["spell-a-name.wav"])
    retries: int = Field(1, ge=0, le=10, description="How often to ask again where nobody has that name, or several.")

    def begin(self, here: Here) -> Wait:
        """Ask."""
        return prompt(self.file, self.wait_s, ("", str(self.retries)))

    def key(self, here: Here, key: str) -> Wait | Over:
        """Ring when only one employee is left."""
        keys = here.memory[0]
        if key == "0":
            return Over("left", keys_used=1)
        if key == "#":
            return self._again(here, _SEVERAL if keys else "no keys", 1)
        found = here.world.named_like(keys + key)
        if not found:
            return self._again(here, f"nobody has the keys {keys}{key}", 1)
        if len(found) == 1:
            return self.ring(here, found[0], keys_used=1)
        return Wait(LISTENING, self.between_s, (keys + key, here.memory[1]), keys_used=1)

    def pause(self, here: Here) -> Wait | Over:
        """Ask again where the keys so far are not enough."""
        return self._again(here, _SEVERAL, 0) if here.memory[0] else Over("no keys")

    def _again(self, here: Here, how: str, keys_used: int) -> Wait | Over:
        left = int(here.memory[1])
        if not left:
            return Over(how, keys_used=keys_used)
        return prompt(self.file, self.wait_s, ("", str(left - 1)), keys_used=keys_used)

    def label(self) -> str:
        """Say what is awaited."""
        return "spell a name"
