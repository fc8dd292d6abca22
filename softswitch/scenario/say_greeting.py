"""Saying the greeting of a mailbox by phone: the words, a tone, the recording, and how it sounds.

What is remembered: the box, and from the tone on the file.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from softswitch.calls.guide_inputs import AnswerCaller, HushCaller, PlayToCaller
from softswitch.calls.inputs import Input
from softswitch.calls.recording.inputs import RecordCaller, RecordingInput, StopRecordingCaller
from softswitch.calls.voicemail.facts import VoicemailBegun
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

GREETING: Final = "greeting"
_TONE: Final = "greeting tone"
_RECORDING: Final = "greeting recorded"
_GOING_ON: Final = "greeting goes on"
_STOPPING: Final = "greeting ends"
_BACK: Final = "greeting played"
PHASES: Final = frozenset({GREETING, _TONE, _RECORDING, _GOING_ON, _STOPPING, _BACK})
AGAIN: Final = "5"
_BEEP: Final = "tone:beep"
_MOST_S: Final = 60.0
_SILENCE_S: Final = 4.0
_SHORTEST_S: Final = 1.0
_GUARD_S: Final = 10.0
_END_KEYS: Final = frozenset("#*")


def begin_greeting(box: str, *, keys_used: int = 0) -> Wait:
    """Say what to do, and give the tone."""
    return Wait(GREETING, _MOST_S, (box,), keys_used)


def hear_greeting(here: Here, event: Event) -> Wait | Over | None:
    """Go on until the greeting was played back, or there is none."""
    if isinstance(event, KeyCame):
        return _key(here, event.key)
    if here.phase in {GREETING, _TONE}:
        return _record(here) if isinstance(event, PlayOver | TimeOver) else None
    if here.phase in {_RECORDING, _GOING_ON} and isinstance(event, MessageOver | TimeOver):
        return Wait(_STOPPING, _GUARD_S, here.memory)
    if isinstance(event, RecordingWhole):
        whole = event.seconds >= _SHORTEST_S
        return Wait(_BACK, _MOST_S + _GUARD_S, here.memory) if whole else Over("nothing was said")
    return Over("said") if isinstance(event, PlayOver | TimeOver) else None


def _key(here: Here, key: str) -> Wait | Over | None:
    if here.phase == GREETING and key in _END_KEYS:
        return Wait(_TONE, _GUARD_S, here.memory, keys_used=1)
    if here.phase in {_RECORDING, _GOING_ON}:
        phase, for_s = (_STOPPING, _GUARD_S) if key in _END_KEYS else (_GOING_ON, _MOST_S)
        return Wait(phase, for_s, here.memory, keys_used=1)
    if here.phase == _BACK:
        return begin_greeting(here.memory[0], keys_used=1) if key == AGAIN else Over("said")
    return None


def _record(here: Here) -> Wait:
    box = here.memory[0]
    path = f"voicemail/{box}/greeting-{here.conversation_id}-{here.moves}.wav"
    begun = VoicemailBegun(box, path, here.caller_number, "", greeting=True)
    return Wait(_RECORDING, _MOST_S + _GUARD_S, (box, path), also=(begun,))


def greeting_asks(here: Here) -> Sequence[Input | RecordingInput]:
    """Return what a phase asks of the calls and of recordings."""
    if here.phase == _RECORDING:
        return (RecordCaller(here.conversation_id, here.memory[1], _MOST_S, _SILENCE_S),)
    if here.phase == _GOING_ON:
        return ()
    if here.phase == _STOPPING:
        return (StopRecordingCaller(here.conversation_id),)
    return (
        AnswerCaller(here.conversation_id),
        HushCaller(here.conversation_id),
        PlayToCaller(here.conversation_id, _sounds(here)),
    )


def _sounds(here: Here) -> tuple[str, ...]:
    if here.phase == _BACK:
        return (here.world.kept_sound(here.memory[1]),)
    return (_BEEP,) if here.phase == _TONE else (*here.phrase("say_greeting"), _BEEP)
