"""What the facts of guides change: part of :mod:`softswitch.calls.apply`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from softswitch.calls import guide_facts
from softswitch.calls.state import CallsState, Conversation
from softswitch.calls.tables import CONVERSATION_TABLE, ConversationInput
from softswitch.core.facts import Record


def _key_pressed(state: CallsState, record: Record, fact: guide_facts.LegKeyPressed) -> None:
    leg = state.legs[fact.leg]
    leg.keys = max(leg.keys, fact.number)


def _playing(state: CallsState, record: Record, fact: guide_facts.LegPlaying) -> None:
    leg = state.legs[fact.leg]
    leg.plays, leg.sounds, leg.sounds_repeat = fact.number, fact.sounds, fact.repeat
    leg.play_paused, leg.play_moves, leg.play_sound, leg.play_at_ms = False, 0, 0, 0


def _play_steered(state: CallsState, record: Record, fact: guide_facts.LegPlaySteered) -> None:
    leg = state.legs[fact.leg]
    leg.play_paused, leg.play_moves = fact.paused, fact.moves
    leg.play_sound, leg.play_at_ms = fact.sound, fact.at_ms


def _play_ended(state: CallsState, record: Record, fact: guide_facts.LegPlayEnded) -> None:
    state.legs[fact.leg].sounds = ()


def attend(state: CallsState, conversation: Conversation, wall_s: float) -> None:
    """Give the caller to their guide."""
    conversation.state = CONVERSATION_TABLE.step(conversation.state, ConversationInput.ATTEND)
    conversation.deadline_s = wall_s + state.deadlines.guide_s


def _attempt_started(state: CallsState, record: Record, fact: guide_facts.AttemptStarted) -> None:
    conversation = state.conversations[record.conversation_id]
    conversation.attempt, conversation.attempting = fact.attempt, True
    conversation.deadline_s = record.wall_s + fact.ring_s


def _attempt_ended(state: CallsState, record: Record, fact: guide_facts.AttemptEnded) -> None:
    conversation = state.conversations[record.conversation_id]
    conversation.attempting = False
    attend(state, conversation, record.wall_s)


def _guided(state: CallsState, record: Record, fact: guide_facts.ConversationGuided) -> None:
    conversation = state.conversations[record.conversation_id]
    conversation.first_guide = conversation.first_guide or conversation.guide
    conversation.guide = fact.guide
    attend(state, conversation, record.wall_s)


CHANGES: Final[dict[type, Callable[[CallsState, Record, Any], None]]] = {
    guide_facts.LegPlaying: _playing,
    guide_facts.LegKeyPressed: _key_pressed,
    guide_facts.LegPlaySteered: _play_steered,
    guide_facts.LegPlayEnded: _play_ended,
    guide_facts.AttemptStarted: _attempt_started,
    guide_facts.AttemptEnded: _attempt_ended,
    guide_facts.ConversationGuided: _guided,
}
