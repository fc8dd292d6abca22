"""A voice menu: a branch for each key."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar, Final

from pydantic import Field, field_validator

from softswitch.scenario.model import Block, Seconds, Step

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

    def label(self) -> str:
        """Name the keys."""
        return f"menu {' '.join(self.keys)}"
