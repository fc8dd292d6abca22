"""Wait for an extension in digits, and connect there."""

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

    def begin(self, here: Here) -> Wait:
        """Listen; what is remembered are the digits so far."""
        return prompt(self.file, self.wait_s, ("",))

    def hear(self, here: Here, event: Event) -> Wait | Over | None:
        """Gather digits until they are an extension, then ring it."""
        if isinstance(event, NobodyReached):
            return hear_plan(here, event, self.ring_s)
        if here.phase == RINGING:
            return None
        if isinstance(event, KeyCame):
            return self._digit(here, event.key)
        if isinstance(event, PlayOver):
            return Wait(LISTENING, self.wait_s, here.memory)
        if isinstance(event, TimeOver):
            return self._complete(here, here.memory[0]) if here.memory[0] else Over("no digits")
        return None

    def _digit(self, here: Here, key: str) -> Wait | Over:
        dialled = here.memory[0]
        if key == "#":
            return self._complete(here, dialled, keys_used=1)
        dialled += key
        if len(dialled) >= here.world.longest_extension():
            return self._complete(here, dialled, keys_used=1)
        return Wait(LISTENING, self.between_s, (dialled,), keys_used=1)

    def _complete(self, here: Here, dialled: str, *, keys_used: int = 0) -> Wait | Over:
        user = here.world.user_of(dialled)
        if not user:
            return Over(f"wrong number {dialled}", keys_used=keys_used)
        return begin_plan(here, (user,), self.ring_s)._replace(keys_used=keys_used)

    def asks(self, here: Here) -> Sequence[Input]:
        """Play the prompt, be silent, or ring."""
        if here.phase == RINGING:
            return (HushCaller(here.conversation_id), *ask_plan(here, self.ring_s))
        return ask_to_play(here, self.file)

    def label(self) -> str:
        """Say what is awaited."""
        return "wait for an extension"
