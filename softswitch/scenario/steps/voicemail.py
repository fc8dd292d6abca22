"""Record a message."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

from pydantic import Field

from softswitch.calls.guide_inputs import AnswerCaller, HushCaller, PlayToCaller
from softswitch.calls.inputs import Input
from softswitch.calls.recording.inputs import RecordCaller, RecordingInput, StopRecordingCaller
from softswitch.calls.voicemail.facts import VoicemailBegun
from softswitch.scenario.model import Seconds, Step
from softswitch.scenario.running import Event, Here, KeyCame, MessageOver, Over, PlayOver, TimeOver, Wait

_GREETING: Final = "greeting"
_TONE: Final = "tone"
_RECORDING: Final = "recording"
_GOING_ON: Final = "recording goes on"
"""Behind a key that ends nothing, which is taken so that a later one is heard."""
_STOPPING: Final = "stopping"
_BEEP: Final = "tone:beep"
_GREETING_S: Final = 300.0
_GUARD_S: Final = 10.0
_END_KEYS: Final = frozenset("#*")


class Voicemail(Step):
    """Play a prompt and a tone, then record a message into the box of a user or of a group.

    The message ends by ``#``, by silence, after its longest time, or as the caller hangs up; then the next step runs.
    ``#`` during the prompt goes to the tone at once.
    """

    kind: ClassVar[str] = "voicemail"

    box: str = Field(min_length=1, examples=["anna"])
    file: str | None = Field(
        None,
        description="The prompt; without it the greeting that the box has, or the usual words.",
        examples=["leave.wav"],
    )
    most_s: Seconds = Field(120.0, description="The longest message.")
    silence_s: float = Field(5.0, ge=0, le=60, description="So much silence ends it; 0: none does.")

    def names(self) -> Mapping[str, tuple[str, str]]:
        """Return whose box it is."""
        return {"box": ("user or group", self.box)}

    def audio(self) -> Mapping[str, str]:
        """Return the prompt, if there is one."""
        return {"file": self.file} if self.file else {}

    def begin(self, here: Here) -> Wait:
        """Play the prompt."""
        return Wait(_GREETING, _GREETING_S)

    def hear(self, here: Here, event: Event) -> Wait | Over | None:
        """Record behind the tone; be over when the message is."""
        if isinstance(event, MessageOver):
            return Over(event.why)
        if isinstance(event, KeyCame):
            return self._key(here, event.key)
        if here.phase in {_GREETING, _TONE} and isinstance(event, PlayOver | TimeOver):
            return self._record(here)
        return Over("time") if isinstance(event, TimeOver) else None

    def _key(self, here: Here, key: str) -> Wait | None:
        if here.phase in {_RECORDING, _GOING_ON}:
            phase, for_s = (_STOPPING, 0.0) if key in _END_KEYS else (_GOING_ON, self.most_s)
            return Wait(phase, for_s + _GUARD_S, here.memory, keys_used=1)
        return Wait(_TONE, _GUARD_S, keys_used=1) if key in _END_KEYS and here.phase == _GREETING else None

    def _record(self, here: Here) -> Wait:
        path = f"voicemail/{self.box}/{here.conversation_id}-{here.moves}.wav"
        begun = VoicemailBegun(self.box, path, here.caller_number, here.variables.get("caller_name", ""))
        return Wait(_RECORDING, self.most_s + _GUARD_S, (path,), also=(begun,))

    def asks(self, here: Here) -> Sequence[Input | RecordingInput]:
        """Play, record, or end the recording."""
        if here.phase == _RECORDING:
            return (RecordCaller(here.conversation_id, here.memory[0], self.most_s, self.silence_s),)
        if here.phase == _GOING_ON:
            return ()
        if here.phase == _STOPPING:
            return (StopRecordingCaller(here.conversation_id),)
        sounds = (_BEEP,) if here.phase == _TONE else (*self._prompt(here), _BEEP)
        return (
            AnswerCaller(here.conversation_id),
            HushCaller(here.conversation_id),
            PlayToCaller(here.conversation_id, sounds),
        )

    def _prompt(self, here: Here) -> Sequence[str]:
        if self.file:
            return (here.sound(self.file),)
        return here.world.greeting(self.box) or here.phrase("leave_message")

    def label(self) -> str:
        """Name the box."""
        return f"voicemail of {self.box}"
