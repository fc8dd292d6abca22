"""What the facts of controlled calls change in the state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from softswitch.calls import control_facts as facts
from softswitch.calls.state import CallsState, Conversation
from softswitch.calls.tables import CONSULTATION_TABLE, CONVERSATION_TABLE, ConsultationInput, ConversationInput
from softswitch.calls.undertakings import Consultation, DialledCall, Parked
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
    leg = state.legs[fact.leg]
    leg.held_by, leg.held_at_s = fact.by, record.wall_s
    remind_later(state, state.conversations[record.conversation_id], record.wall_s)


def _retrieved(state: CallsState, record: Record, fact: facts.LegRetrieved) -> None:
    state.legs[fact.leg].held_by = ""
    remind_later(state, state.conversations[record.conversation_id], record.wall_s)


def _reminded(state: CallsState, record: Record, fact: facts.HoldReminded) -> None:
    remind_later(state, state.conversations[record.conversation_id], record.wall_s)


def remind_later(state: CallsState, conversation: Conversation, wall_s: float) -> None:
    """Remind after the usual time whoever lets somebody wait; nobody where nobody does, or while they ask somebody."""
    waits = state.deadlines.remind_s > 0 and conversation.consultation is None and conversation.waiting()
    conversation.remind_at_s = wall_s + state.deadlines.remind_s if waits else None


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
    conversation.remind_at_s = None


def _consultation_toggled(state: CallsState, record: Record, fact: facts.ConsultationToggled) -> None:
    step_consultation(state.conversations[record.conversation_id], ConsultationInput.TOGGLE)


def _consultation_ended(state: CallsState, record: Record, fact: facts.ConsultationEnded) -> None:
    conversation = state.conversations[record.conversation_id]
    conversation.consultation = None
    remind_later(state, conversation, record.wall_s)


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
    facts.HoldReminded: _reminded,
    facts.CallParked: _parked,
    facts.CallUnparked: _unparked,
    facts.ConsultationStarted: _consultation_started,
    facts.ConsultationToggled: _consultation_toggled,
    facts.ConsultationEnded: _consultation_ended,
}
"""By type; :mod:`softswitch.calls.apply` looks here for what it does not have itself."""
