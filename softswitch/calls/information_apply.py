"""What the facts of notes and tags change in the state."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from softswitch.calls import information_facts as facts
from softswitch.calls.state import CallsState, Conversation, Leg
from softswitch.calls.undertakings import Note, Origin
from softswitch.core.facts import Record


def _tagged(state: CallsState, record: Record, fact: facts.InformationTagged) -> None:
    state.conversations[record.conversation_id].tags = fact.tags


def _noted(state: CallsState, record: Record, fact: facts.InformationNoted) -> None:
    conversation = state.conversations[record.conversation_id]
    others = tuple(note for note in conversation.notes if note.user != fact.user)
    conversation.notes = (*others, Note(fact.user, fact.text, record.wall_s)) if fact.text else others


def origin_of(conversation: Conversation) -> Origin:
    """Return how the call began that a conversation is about: the customer's, where it has one."""
    if conversation.origin is not None:
        return conversation.origin
    if conversation.from_user:
        return Origin(conversation.to_number, "", conversation.to_number)
    return Origin(conversation.from_number, conversation.from_name, conversation.to_number)


def carry(there: Conversation, here: Conversation, leg: Leg) -> None:
    """Let what was noted about one conversation be known of another, to which a leg of it has come.

    A room is many calls' business, so nothing is carried into one.
    """
    if here.conference is not None and here.conference.room:
        return
    if not leg.user:
        here.origin = origin_of(there)
    here.tags = tuple(dict.fromkeys((*here.tags, *there.tags)))
    here.notes = tuple(dict.fromkeys((*here.notes, *there.notes)))


CHANGES: Final[dict[type, Callable[[CallsState, Record, Any], None]]] = {
    facts.InformationTagged: _tagged,
    facts.InformationNoted: _noted,
}
"""By type; :mod:`softswitch.calls.apply` looks here for what it does not have itself."""
