"""What the facts of controlled calls change in the state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from softswitch.calls import control_facts as facts
from softswitch.calls.state import CallsState, Consultation, Conversation, DialledCall, Parked
from softswitch.calls.tables import CONSULTATION_TABLE, CONVERSATION_TABLE, ConsultationInput, ConversationInput
from softswitch.core.facts import Record


def _dialled(state: CallsState, record: Record, fact: facts.CallDialled) -> None:
    state.conversations[record.conversation_id].dialled = DialledCall(fact.phones, fact.detours, fact.guide)


def _dialled_on(state: CallsState, record: Record, fact: facts.CallDialledOn) -> None:
    conversation = state.conversations[record.conversation_id]
    conversation.dialled = None
    conversation.seeker = fact.leg
    conversation.deadline_s = record.wall_s + state.deadlines.ring_s


def _answered(state: CallsState, record: Record, fact: facts.ConversationAnswered) -> None:
    state.conversations[record.conversation_id].answered_at_s = record.wall_s


def _handed(state: CallsState, record: Record, fact: facts.ConversationHanded) -> None:
    conversation = state.conversations[record.conversation_id]
    conversation.guide, conversation.seeker = fact.guide, fact.leg
    conversation.state = CONVERSATION_TABLE.step(conversation.state, ConversationInput.ATTEND)
    conversation.attempt += 1
    conversation.deadline_s = record.wall_s + state.deadlines.guide_s


def _held(state: CallsState, record: Record, fact: facts.LegHeld) -> None:
    state.legs[fact.leg].held_by = fact.by


def _retrieved(state: CallsState, record: Record, fact: facts.LegRetrieved) -> None:
    state.legs[fact.leg].held_by = ""


def _parked(state: CallsState, record: Record, fact: facts.CallParked) -> None:
    conversation = state.conversations[record.conversation_id]
    conversation.parked = Parked(fact.leg, fact.slot, fact.by)
    conversation.seeker = fact.leg
    conversation.attempt += 1
    conversation.deadline_s = record.wall_s + state.deadlines.park_s


def _unparked(state: CallsState, record: Record, fact: facts.CallUnparked) -> None:
    state.conversations[record.conversation_id].parked = None


def _consultation_started(state: CallsState, record: Record, fact: facts.ConsultationStarted) -> None:
    conversation = state.conversations[record.conversation_id]
    conversation.consultation = Consultation(fact.leg, fact.held, fact.to_number, fact.purpose)
    conversation.seeker = fact.leg
    conversation.attempt += 1
    conversation.deadline_s = record.wall_s + state.deadlines.ring_s


def _consultation_toggled(state: CallsState, record: Record, fact: facts.ConsultationToggled) -> None:
    step_consultation(state.conversations[record.conversation_id], ConsultationInput.TOGGLE)


def _consultation_ended(state: CallsState, record: Record, fact: facts.ConsultationEnded) -> None:
    state.conversations[record.conversation_id].consultation = None


def step_consultation(conversation: Conversation, given: ConsultationInput) -> None:
    """Step a consultation on, where there is one."""
    found = conversation.consultation
    if found is not None:
        conversation.consultation = replace(found, state=CONSULTATION_TABLE.step(found.state, given))


CHANGES: Final[dict[type, Callable[[CallsState, Record, Any], None]]] = {
    facts.CallDialled: _dialled,
    facts.CallDialledOn: _dialled_on,
    facts.ConversationAnswered: _answered,
    facts.ConversationHanded: _handed,
    facts.LegHeld: _held,
    facts.LegRetrieved: _retrieved,
    facts.CallParked: _parked,
    facts.CallUnparked: _unparked,
    facts.ConsultationStarted: _consultation_started,
    facts.ConsultationToggled: _consultation_toggled,
    facts.ConsultationEnded: _consultation_ended,
}
"""By type; :mod:`softswitch.calls.apply` looks here for what it does not have itself."""
