"""Reach somebody by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from pydantic import Field

from softswitch.calls.guide_inputs import HushCaller
from softswitch.calls.inputs import Input
from softswitch.scenario.listening import LISTENING, ask_to_play, prompt
from softswitch.scenario.model import Seconds, Step
from softswitch.scenario.ringing import RINGING, ask_plan, begin_plan, hear_plan
from softswitch.scenario.running import Event, Here, KeyCame, NobodyReached, Over, PlayOver, TimeOver, Wait


class Directory(Step):
    """Let the caller spell a name with the keys; as soon as only one employee has a name like that, it rings.

    Names are those that are shown, Latin or Cyrillic: each word of them may be spelt. ``#`` or a pause ends a name that
    several share, and ``0`` leaves. What is remembered: the keys so far, and how often may be asked again.
    """

    kind: ClassVar[str] = "directory"

    file: str | None = Field(None, description="Played before; the first key ends it.", examples=["spell-a-name.wav"])
    wait_s: Seconds = Field(10.0, description="How long to wait for the first key, from the file's end.")
    between_s: Seconds = Field(4.0, description="How long to wait for one more key.")
    ring_s: Seconds = Field(20.0, description="How long the phones ring.")
    retries: int = Field(1, ge=0, le=10, description="How often to ask again where nobody has that name, or several.")

    def audio(self) -> Mapping[str, str]:
        """Return the file, if there is one."""
        return {"file": self.file} if self.file else {}

    def begin(self, here: Here) -> Wait:
        """Ask."""
        return prompt(self.file, self.wait_s, ("", str(self.retries)))

    def hear(self, here: Here, event: Event) -> Wait | Over | None:
        """Gather keys until they are one employee's name, then ring."""
        if isinstance(event, NobodyReached):
            return hear_plan(here, event, self.ring_s)
        if here.phase == RINGING:
            return None
        if isinstance(event, KeyCame):
            return self._key(here, event.key)
        if isinstance(event, PlayOver):
            return Wait(LISTENING, self.wait_s, here.memory)
        if isinstance(event, TimeOver):
            return self._again(here, "several have that name", 0) if here.memory[0] else Over("no keys")
        return None

    def _key(self, here: Here, key: str) -> Wait | Over:
        keys = here.memory[0]
        if key == "0":
            return Over("left", keys_used=1)
        if key == "#":
            return self._again(here, "several have that name" if keys else "no keys", 1)
        found = here.world.named_like(keys + key)
        if not found:
            return self._again(here, f"nobody has the keys {keys}{key}", 1)
        if len(found) == 1:
            return begin_plan(here, (found[0],), self.ring_s)._replace(keys_used=1)
        return Wait(LISTENING, self.between_s, (keys + key, here.memory[1]), keys_used=1)

    def _again(self, here: Here, how: str, keys_used: int) -> Wait | Over:
        left = int(here.memory[1])
        if not left:
            return Over(how, keys_used=keys_used)
        return prompt(self.file, self.wait_s, ("", str(left - 1)), keys_used=keys_used)

    def asks(self, here: Here) -> Sequence[Input]:
        """Play the prompt, be silent, or ring."""
        if here.phase == RINGING:
            return (HushCaller(here.conversation_id), *ask_plan(here, self.ring_s))
        return ask_to_play(here, self.file)

    def label(self) -> str:
        """Say what is awaited."""
        return "spell a name"
