"""Record the caller's name, which whoever takes the call hears first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

from pydantic import Field

from softswitch.calls.guide_inputs import AnswerCaller, HushCaller, PlayToCaller
from softswitch.calls.inputs import Input
from softswitch.calls.recording.inputs import RecordCaller, RecordingInput, StopRecordingCaller
from softswitch.scenario.facts import NameBegun, NameRecorded
from softswitch.scenario.model import Step
from softswitch.scenario.running import (
    Event,
    Here,
    KeyCame,
    MessageOver,
    Over,
    PlayOver,
    RecordingWhole,
    TimeOver,
    Wait,
)

_ASKING: Final = "asking"
_RECORDING: Final = "recording"
_ENDING: Final = "ending"
_BEEP: Final = "tone:beep"
_PROMPT_S: Final = 60.0
_SHORTEST_S: Final = 0.5
_GUARD_S: Final = 5.0


class RecordName(Step):
    """Let the caller say who calls, behind a tone; a key, silence or the time ends it.

    Whoever takes the call later hears it before the caller. It is deleted when the call is over.
    """

    kind: ClassVar[str] = "record_name"

    file: str | None = Field(None, description="Asks for the name; without it the usual words.", examples=["name.wav"])
    most_s: float = Field(4.0, gt=0, le=30, description="The longest name.")
    silence_s: float = Field(1.5, ge=0, le=10, description="So much silence ends it; 0: none does.")

    def audio(self) -> Mapping[str, str]:
        """Return the file, if there is one."""
        return {"file": self.file} if self.file else {}

    def begin(self, here: Here) -> Wait:
        """Ask."""
        return Wait(_ASKING, _PROMPT_S)

    def hear(self, here: Here, event: Event) -> Wait | Over | None:
        """Record behind the tone; be over when the file is whole."""
        if here.phase == _ASKING:
            return self._record(here) if isinstance(event, PlayOver | TimeOver) else None
        if isinstance(event, KeyCame) and here.phase == _RECORDING:
            return Wait(_ENDING, _GUARD_S, here.memory, keys_used=1)
        if isinstance(event, MessageOver) and here.phase == _RECORDING:
            return Wait(_ENDING, _GUARD_S, here.memory)
        if isinstance(event, RecordingWhole) and event.seconds >= _SHORTEST_S:
            return Over("recorded", also=(NameRecorded(here.memory[0]),))
        return Over("nothing was said") if isinstance(event, RecordingWhole | TimeOver) else None

    def _record(self, here: Here) -> Wait:
        path = f"names/{here.conversation_id}-{here.moves}.wav"
        return Wait(_RECORDING, self.most_s + _GUARD_S, (path,), also=(NameBegun(path),))

    def asks(self, here: Here) -> Sequence[Input | RecordingInput]:
        """Play, record, or end the recording."""
        if here.phase == _RECORDING:
            return (RecordCaller(here.conversation_id, here.memory[0], self.most_s, self.silence_s),)
        if here.phase == _ENDING:
            return (StopRecordingCaller(here.conversation_id),)
        words = (here.sound(self.file),) if self.file else here.phrase("say_name")
        return (
            AnswerCaller(here.conversation_id),
            HushCaller(here.conversation_id),
            PlayToCaller(here.conversation_id, (*words, _BEEP)),
        )

    def label(self) -> str:
        """Say it."""
        return "record the caller's name"
