"""What the facts of transfers change in the state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from softswitch.calls import transfer_facts as facts
from softswitch.calls.information_apply import carry
from softswitch.calls.state import CallsState
from softswitch.calls.undertakings import Transfer
from softswitch.core.facts import Record


def _transfer_started(state: CallsState, record: Record, fact: facts.TransferStarted) -> None:
    conversation = state.conversations[record.conversation_id]
    conversation.transfer = Transfer(fact.leg, fact.kind, fact.to_number, fact.subscription)
    conversation.seeker = fact.remaining
    conversation.attempt += 1
    conversation.deadline_s = record.wall_s + state.deadlines.ring_s


def _transfer_progressed(state: CallsState, record: Record, fact: facts.TransferProgressed) -> None:
    conversation = state.conversations[record.conversation_id]
    if conversation.transfer is not None:
        conversation.transfer = replace(conversation.transfer, rang=True)


def _transfer_ended(state: CallsState, record: Record, fact: facts.TransferEnded) -> None:
    state.conversations[record.conversation_id].transfer = None


def _moved(state: CallsState, record: Record, fact: facts.LegMoved) -> None:
    leg = state.legs[fact.leg]
    there, conversation = state.conversations[fact.from_conversation], state.conversations[record.conversation_id]
    del there.legs[fact.leg]
    carry(there, conversation, leg)
    conversation.legs[fact.leg] = leg
    leg.conversation_id = record.conversation_id
    leg.attempt = conversation.attempt


CHANGES: Final[dict[type, Callable[[CallsState, Record, Any], None]]] = {
    facts.TransferStarted: _transfer_started,
    facts.TransferProgressed: _transfer_progressed,
    facts.TransferEnded: _transfer_ended,
    facts.LegMoved: _moved,
}
"""By type; :mod:`softswitch.calls.apply` looks here for what it does not have itself."""
