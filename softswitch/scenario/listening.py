"""Playing to the caller, and listening for keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from softswitch.calls.guide_inputs import AnswerCaller, HushCaller, PlayToCaller
from softswitch.calls.inputs import Input
from softswitch.scenario.running import LONGEST_S, Here, Wait

PLAYING: Final = "playing"
LISTENING: Final = "listening"
HEARING: Final = frozenset({PLAYING, LISTENING})
"""The phases in which keys are taken."""


def prompt(file: str | None, wait_s: float, memory: tuple[str, ...] = (), *, keys_used: int = 0) -> Wait:
    """Play a prompt, or listen at once where there is none; ``wait_s`` counts from the prompt's end."""
    if file:
        return Wait(PLAYING, LONGEST_S, memory, keys_used)
    return Wait(LISTENING, wait_s, memory, keys_used)


def ask_to_play(here: Here, file: str | None, *, repeat: bool = False, early: bool = False) -> Sequence[Input]:
    """Answer the call, or with ``early`` only open its sound, and play; when listening begins, what played is over."""
    if here.phase == PLAYING and file:
        return (
            AnswerCaller(here.conversation_id, early),
            PlayToCaller(here.conversation_id, (here.sound(file),), repeat),
        )
    return (AnswerCaller(here.conversation_id), HushCaller(here.conversation_id))
