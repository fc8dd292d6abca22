"""A voice menu: a branch for each key."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

from pydantic import Field, field_validator

from softswitch.calls.inputs import Input
from softswitch.scenario.listening import HEARING, LISTENING, ask_to_play, prompt
from softswitch.scenario.model import Block, Seconds, Step
from softswitch.scenario.running import Event, Here, KeyCame, Over, PlayOver, TimeOver, Wait

_KEY: Final = re.compile(r"[0-9*#]")


class Menu(Step):
    """Play a file and run the branch of the key that is pressed; no key and a wrong one ask again, then go on."""

    kind: ClassVar[str] = "menu"

    file: str | None = Field(None, description="What the keys are for; a key ends it.", examples=["menu.wav"])
    wait_s: Seconds = Field(8.0, description="How long to wait for a key, from the file's end.")
    retries: int = Field(0, ge=0, le=10, description="How often to ask again.")
    keys: dict[str, Block] = Field(
        min_length=1, description="The steps behind each key.", examples=['{"1": [{employee: {name: anna}}]}']
    )

    @field_validator("keys")
    @classmethod
    def _are_keys(cls, keys: dict[str, Block]) -> dict[str, Block]:
        for key in keys:
            if not _KEY.fullmatch(key):
                raise ValueError(f"'{key[:20]}' is no key of a phone|one of 0-9 * #, in quotes")
        return keys

    def blocks(self) -> Mapping[str, Block]:
        """Return the branches."""
        return {f"keys.{key}": block for key, block in self.keys.items()}

    def audio(self) -> Mapping[str, str]:
        """Return the file, if there is one."""
        return {"file": self.file} if self.file else {}

    def takes_keys(self, phase: str) -> bool:
        """Tell that its keys are no secret."""
        return phase in HEARING

    def begin(self, here: Here) -> Wait:
        """Ask; what is remembered is how often that may be done again."""
        return prompt(self.file, self.wait_s, (str(self.retries),))

    def hear(self, here: Here, event: Event) -> Wait | Over | None:
        """Take the branch of a key; what is no key of the menu, and silence, ask again."""
        if isinstance(event, KeyCame):
            if event.key in self.keys:
                return Over(f"key {event.key}", into=f"keys.{event.key}", keys_used=1)
            return self._again(here, f"wrong key {event.key}", keys_used=1)
        if isinstance(event, PlayOver):
            return Wait(LISTENING, self.wait_s, here.memory)
        return self._again(here, "no key") if isinstance(event, TimeOver) else None

    def _again(self, here: Here, how: str, *, keys_used: int = 0) -> Wait | Over:
        left = int(here.memory[0])
        if not left:
            return Over(how, keys_used=keys_used)
        return prompt(self.file, self.wait_s, (str(left - 1),), keys_used=keys_used)

    def asks(self, here: Here) -> Sequence[Input]:
        """Play the prompt, or be silent."""
        return ask_to_play(here, self.file)

    def label(self) -> str:
        """Name the keys."""
        return f"menu {' '.join(self.keys)}"
