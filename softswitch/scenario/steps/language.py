"""Choose the language of what is played."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from softswitch.scenario.model import Step
from softswitch.scenario.running import Here, Over
from softswitch.scenario.texts import LANGUAGE


class Language(Step):
    """From now on audio files are looked for in the folder of this language first, as ``ru/welcome.wav``."""

    kind: ClassVar[str] = "language"
    instant: ClassVar[bool] = True

    name: str = Field(pattern=r"^[a-z]{2}$", description="Two letters.", examples=["ru"])

    def sets(self) -> tuple[str, ...]:
        """Return the variable that other steps may look at."""
        return (LANGUAGE,)

    def begin(self, here: Here) -> Over:
        """Choose it."""
        return Over(self.name, sets=((LANGUAGE, self.name),))

    def label(self) -> str:
        """Name it."""
        return f"language {self.name}"
