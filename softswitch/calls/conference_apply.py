"""What the facts of conferences change in the state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from softswitch.calls import conference_facts as facts
from softswitch.calls.state import CallsState
from softswitch.calls.tables import CONVERSATION_TABLE, ConversationInput
from softswitch.calls.undertakings import Conference
from softswitch.core.facts import Record


def _started(state: CallsState, record: Record, fact: facts.ConferenceStarted) -> None:
    conversation = state.conversations[record.conversation_id]
    conversation.state = CONVERSATION_TABLE.step(conversation.state, ConversationInput.TALK)
    conversation.conference = Conference(fact.room, fact.tones, page=fact.page, waits=fact.waits, ends=fact.ends)
    conversation.attempting = False
    conversation.deadline_s = None
    if conversation.answered_at_s is None:
        conversation.answered_at_s = record.wall_s


def _joined(state: CallsState, record: Record, fact: facts.ConferenceJoined) -> None:
    conversation = state.conversations[record.conversation_id]
    conversation.segment = fact.segment
    if conversation.conference is not None:
        conversation.conference.members[fact.leg] = fact.segment
        if fact.moderator:
            conversation.conference.moderators[fact.leg] = None
    _end_deadline(state, record)


def _left(state: CallsState, record: Record, fact: facts.ConferenceLeft) -> None:
    conference = state.conversations[record.conversation_id].conference
    if conference is not None:
        conference.members.pop(fact.leg, None)
        conference.moderators.pop(fact.leg, None)


def _invited(state: CallsState, record: Record, fact: facts.ConferenceInvited) -> None:
    conversation = state.conversations[record.conversation_id]
    conversation.attempt = fact.attempt
    conversation.deadline_s = record.wall_s + fact.ring_s
    if conversation.conference is not None:
        conversation.conference.inviter = fact.by
        conversation.conference.subscription = fact.subscription


def _invitation_ended(state: CallsState, record: Record, fact: facts.ConferenceInvitationEnded) -> None:
    _end_deadline(state, record)


def _refer_told(state: CallsState, record: Record, fact: facts.ConferenceReferTold) -> None:
    conference = state.conversations[record.conversation_id].conference
    if conference is not None and conference.inviter == fact.leg:
        conference.subscription = ""


def _end_deadline(state: CallsState, record: Record) -> None:
    conversation = state.conversations[record.conversation_id]
    if not conversation.invited() and not any(leg.moving for leg in conversation.legs.values()):
        conversation.deadline_s = None


def _ended(state: CallsState, record: Record, fact: facts.ConferenceEnded) -> None:
    state.conversations[record.conversation_id].conference = None


def _muted(state: CallsState, record: Record, fact: facts.LegMuted) -> None:
    state.legs[fact.leg].muted = fact.muted


CHANGES: Final[dict[type, Callable[[CallsState, Record, Any], None]]] = {
    facts.ConferenceStarted: _started,
    facts.ConferenceJoined: _joined,
    facts.ConferenceLeft: _left,
    facts.ConferenceInvited: _invited,
    facts.ConferenceInvitationEnded: _invitation_ended,
    facts.ConferenceReferTold: _refer_told,
    facts.ConferenceEnded: _ended,
    facts.LegMuted: _muted,
}
