"""The state tables of calls: what a leg, a conversation and a consultation can be, and what leads where."""

from __future__ import annotations

from typing import Final

from softswitch.core.state_table import StateTable, Word


class LegState(Word):
    """How far a leg has come."""

    NEW = "new"
    """Its INVITE came or will be sent; it waits for its port."""
    INVITED = "invited"
    """A callee: our INVITE is out."""
    RINGING = "ringing"
    """A callee whose phone rings, or a caller who was told so."""
    ANSWERED = "answered"
    """A caller: our 200 is out and the ACK outstanding."""
    TALKING = "talking"
    """The dialog is confirmed."""
    ENDED = "ended"
    """Its dialog is over; its port may still be closing."""


class LegInput(Word):
    """What can happen to a leg."""

    INVITE = "we invite it"
    ALERT = "it rings"
    ACCEPT = "we take the caller's call"
    ACKNOWLEDGE = "the caller's ACK comes"
    TAKE = "its phone takes our call"
    END = "it ends"


LEG_TABLE: Final = StateTable(
    "leg",
    {
        (LegState.NEW, LegInput.INVITE): LegState.INVITED,
        (LegState.NEW, LegInput.ALERT): LegState.RINGING,
        (LegState.NEW, LegInput.ACCEPT): LegState.ANSWERED,
        (LegState.NEW, LegInput.END): LegState.ENDED,
        (LegState.INVITED, LegInput.ALERT): LegState.RINGING,
        (LegState.INVITED, LegInput.TAKE): LegState.TALKING,
        (LegState.INVITED, LegInput.END): LegState.ENDED,
        (LegState.RINGING, LegInput.ALERT): LegState.RINGING,
        (LegState.RINGING, LegInput.ACCEPT): LegState.ANSWERED,
        (LegState.RINGING, LegInput.TAKE): LegState.TALKING,
        (LegState.RINGING, LegInput.END): LegState.ENDED,
        (LegState.ANSWERED, LegInput.ACKNOWLEDGE): LegState.TALKING,
        (LegState.ANSWERED, LegInput.END): LegState.ENDED,
        (LegState.TALKING, LegInput.ACKNOWLEDGE): LegState.TALKING,
        (LegState.TALKING, LegInput.END): LegState.ENDED,
    },
)
"""A leg's life, both sides in one table: RFC 3261 §13 seen from between the two dialogs."""


class ConversationState(Word):
    """How far a conversation has come."""

    SETUP = "setup"
    """Its legs wait for their ports."""
    ATTENDED = "attended"
    """Its guide has the caller: an announcement plays, a menu waits, or it is about to ring somebody."""
    RINGING = "ringing"
    """Phones were invited."""
    TALKING = "talking"
    """A segment or a conference was started."""
    ENDED = "ended"
    """All legs are over; ports may still be closing."""


class ConversationInput(Word):
    """What can happen to a conversation."""

    ATTEND = "its guide takes the caller"
    INVITE = "the first phone is invited"
    TALK = "a segment or a conference starts"
    END = "the last leg ends"


CONVERSATION_TABLE: Final = StateTable(
    "conversation",
    {
        (ConversationState.SETUP, ConversationInput.ATTEND): ConversationState.ATTENDED,
        (ConversationState.ATTENDED, ConversationInput.ATTEND): ConversationState.ATTENDED,
        (ConversationState.ATTENDED, ConversationInput.INVITE): ConversationState.RINGING,
        (ConversationState.ATTENDED, ConversationInput.TALK): ConversationState.TALKING,
        (ConversationState.ATTENDED, ConversationInput.END): ConversationState.ENDED,
        (ConversationState.RINGING, ConversationInput.ATTEND): ConversationState.ATTENDED,
        (ConversationState.TALKING, ConversationInput.ATTEND): ConversationState.ATTENDED,
        (ConversationState.SETUP, ConversationInput.INVITE): ConversationState.RINGING,
        (ConversationState.SETUP, ConversationInput.TALK): ConversationState.TALKING,
        (ConversationState.SETUP, ConversationInput.END): ConversationState.ENDED,
        (ConversationState.RINGING, ConversationInput.INVITE): ConversationState.RINGING,
        (ConversationState.RINGING, ConversationInput.TALK): ConversationState.TALKING,
        (ConversationState.RINGING, ConversationInput.END): ConversationState.ENDED,
        (ConversationState.TALKING, ConversationInput.INVITE): ConversationState.TALKING,
        (ConversationState.TALKING, ConversationInput.TALK): ConversationState.TALKING,
        (ConversationState.TALKING, ConversationInput.END): ConversationState.ENDED,
    },
)


class ConsultationState(Word):
    """How far a consultation has come."""

    RINGING = "ringing"
    """The target's phones ring; whoever asks waits, and so does the other one."""
    ADVISING = "advising"
    """Whoever asks talks with the target; the other one waits."""
    RETURNED = "returned"
    """Whoever asks talks with the other one; the target waits."""


class ConsultationInput(Word):
    """What can happen in a consultation; its end is none of them."""

    ANSWER = "the target answers"
    TOGGLE = "whoever asks turns to the other one"


CONSULTATION_TABLE: Final = StateTable(
    "consultation",
    {
        (ConsultationState.RINGING, ConsultationInput.ANSWER): ConsultationState.ADVISING,
        (ConsultationState.ADVISING, ConsultationInput.TOGGLE): ConsultationState.RETURNED,
        (ConsultationState.RETURNED, ConsultationInput.TOGGLE): ConsultationState.ADVISING,
    },
)


class PortState(Word):
    """Where a leg's media port stands."""

    NONE = "none"
    OPENING = "opening"
    OPEN = "open"
    CLOSING = "closing"
