"""Say a text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

from pydantic import Field

from softswitch.calls.guide_inputs import AnswerCaller, PlayToCaller
from softswitch.calls.inputs import Input
from softswitch.scenario.errands import SPEAK, Errand, ErrandOver
from softswitch.scenario.listening import PLAYING
from softswitch.scenario.model import Step
from softswitch.scenario.running import LONGEST_S, Event, Here, KeyCame, Over, PlayOver, TimeOver, Wait
from softswitch.scenario.texts import LANGUAGE

_SPEAKING: Final = "speaking"
_SPEAK_S: Final = 10.0


class Say(Step):
    """Say a text with variables in it: by recorded prompts where they have all of its words, else by a speech program.

    What a program has spoken is kept, so that only the first caller waits for it.
    """

    kind: ClassVar[str] = "say"

    text: str = Field(min_length=1, max_length=1000, examples=['"Your account is {account}"'])
    language: str | None = Field(None, pattern=r"^[a-z]{2}$", description="Two letters; else the caller's.")
    interrupt: bool = Field(False, description="Whether a key ends it; the key counts for the next step.")
    early: bool = Field(False, description="Whether it is heard before the call is answered, as long as none was.")

    def texts(self) -> Mapping[str, Sequence[str]]:
        """Return the text."""
        return {"text": (self.text,)}

    def begin(self, here: Here) -> Wait:
        """Say it at once where it is recorded or was spoken before."""
        sounds = here.world.spoken(here.text(self.text), self._language(here))
        return Wait(_SPEAKING, _SPEAK_S + 2) if sounds is None else Wait(PLAYING, LONGEST_S, tuple(sounds))

    def _language(self, here: Here) -> str:
        return self.language or here.variables.get(LANGUAGE, "")

    def hear(self, here: Here, event: Event) -> Wait | Over | None:
        """Play what was spoken; be over when it is played."""
        if isinstance(event, ErrandOver):
            return Wait(PLAYING, LONGEST_S, tuple(event.values.values())) if event.ok else Over(event.word)
        if isinstance(event, KeyCame):
            return Over("interrupted") if self.interrupt else None
        if isinstance(event, PlayOver):
            return Over("not played" if event.problem else "said")
        return Over("time") if isinstance(event, TimeOver) else None

    def asks(self, here: Here) -> Sequence[Input | Errand]:
        """Have it spoken, or play it."""
        if here.phase == _SPEAKING:
            values = here.world.speech_order(here.text(self.text), self._language(here))
            return (Errand(SPEAK, values, _SPEAK_S),)
        return (AnswerCaller(here.conversation_id, self.early), PlayToCaller(here.conversation_id, here.memory))

    def label(self) -> str:
        """Quote the text."""
        return f"say {self.text}"
