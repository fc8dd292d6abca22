"""What the facts of supervision change in the state."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from softswitch.calls import supervision_facts as facts
from softswitch.calls.state import CallsState
from softswitch.calls.tables import CONVERSATION_TABLE, ConversationInput
from softswitch.calls.undertakings import Supervision
from softswitch.core.facts import Record


def _started(state: CallsState, record: Record, fact: facts.SupervisionStarted) -> None:
    conversation = state.conversations[record.conversation_id]
    conversation.supervision = Supervision(
        fact.user, fact.watched, fact.target, fact.mode, fact.follow, fact.told, fact.modes, fact.barred
    )
    state.supervisors[record.conversation_id] = None


def _connected(state: CallsState, record: Record, fact: facts.SupervisionConnected) -> None:
    conversation = state.conversations[record.conversation_id]
    conversation.state = CONVERSATION_TABLE.step(conversation.state, ConversationInput.TALK)
    conversation.deadline_s = None
    if conversation.answered_at_s is None:
        conversation.answered_at_s = record.wall_s


def _mode_chosen(state: CallsState, record: Record, fact: facts.SupervisionModeChosen) -> None:
    conversation = state.conversations[record.conversation_id]
    if conversation.supervision is not None:
        modes = fact.modes or conversation.supervision.modes
        conversation.supervision = replace(conversation.supervision, mode=fact.mode, modes=modes)


def _moved(state: CallsState, record: Record, fact: facts.SupervisionMoved) -> None:
    conversation = state.conversations[record.conversation_id]
    if conversation.supervision is not None:
        conversation.supervision = replace(
            conversation.supervision, user=fact.user, watched=fact.watched, target=fact.target
        )


def _ended(state: CallsState, record: Record, fact: facts.SupervisionEnded) -> None:
    state.conversations[record.conversation_id].supervision = None
    state.supervisors.pop(record.conversation_id, None)


CHANGES: Final[dict[type, Callable[[CallsState, Record, Any], None]]] = {
    facts.SupervisionStarted: _started,
    facts.SupervisionConnected: _connected,
    facts.SupervisionModeChosen: _mode_chosen,
    facts.SupervisionMoved: _moved,
    facts.SupervisionEnded: _ended,
}
