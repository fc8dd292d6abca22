"""Deciding a transfer that a phone asks for by REFER (RFC 3515, RFC 5589).

The switch carries it out itself: whoever is transferred keeps its dialog and its conversation, hears nothing of the
REFER, and is offered another description only where the codec has to change. A blind transfer does not come back to
the transferor; an attended one that cannot be leaves everything as it was.
"""

from __future__ import annotations

from typing import Any

from softswitch.calls import facts
from softswitch.calls.detours import added_phone, planned
from softswitch.calls.elsewhere import Elsewhere
from softswitch.calls.ending import RINGBACK
from softswitch.calls.inputs import Refuse, RingPhones, TransferAsked
from softswitch.calls.state import CallsState, Conversation, ConversationState, Leg, LegState
from softswitch.calls.talking import join
from softswitch.core.ids import leg_id

Facts = list[Any]

_TRANSFERRED = "transferred"


def asked(state: CallsState, given: TransferAsked) -> Facts:
    """A phone asked to be replaced by somebody else in its talk."""
    leg = state.legs.get(given.leg)
    conversation = state.conversation_of(given.leg)
    if leg is None or conversation is None or not leg.is_live:
        return []
    remaining = conversation.peer_of(given.leg)
    if remaining is None or conversation.transfer is not None or remaining.state is not LegState.TALKING:
        return [_refusal(given, 603, "There is nobody to transfer")]
    if given.other_leg:
        return _attended(state, conversation, leg, remaining, given)
    if isinstance(given.destination, Refuse):
        return [_refusal(given, given.destination.status, given.destination.reason)]
    if not isinstance(given.destination, RingPhones):
        return [_refusal(given, 603, "Nobody is transferred there")]
    hops = max(1, remaining.max_forwards - 1)
    return [
        facts.TransferStarted(leg.leg, remaining.leg, "blind", given.to_number, given.subscription),
        facts.SegmentEnded(conversation.segment),
        _ringback(remaining),
        *(
            added_phone(leg_id(conversation.conversation_id, number), phone, hops)
            for number, phone in enumerate(given.destination.phones, start=conversation.next_leg())
        ),
        *planned(given.destination.detours, hops),
    ]


def _ringback(remaining: Leg) -> facts.LegPlaying:
    return facts.LegPlaying(remaining.leg, remaining.plays + 1, RINGBACK, repeat=True)


def _refusal(given: TransferAsked, status: int, reason: str) -> facts.TransferRefused:
    return facts.TransferRefused(given.leg, status, reason, given.subscription)


def _attended(state: CallsState, conversation: Conversation, leg: Leg, remaining: Leg, given: TransferAsked) -> Facts:
    """The target is whom the transferor talks with, or rings, in another call of its own."""
    own = state.legs.get(given.other_leg)
    other = state.conversation_of(given.other_leg)
    if own is None or other is None or other is conversation or own.user != leg.user or other.transfer is not None:
        return [_refusal(given, 603, "That call is not to be transferred to")]
    target = other.peer_of(own.leg)
    if target is not None and target.is_live:
        return _to_answered(conversation, leg, remaining, other, own, target, given)
    if other.state is ConversationState.RINGING and other.caller is own:
        return _to_ringing(conversation, leg, remaining, other, own, given)
    return [_refusal(given, 603, "That call is over")]


def _to_answered(
    conversation: Conversation,
    leg: Leg,
    remaining: Leg,
    other: Conversation,
    own: Leg,
    target: Leg,
    given: TransferAsked,
) -> Facts:
    there = other.conversation_id
    return [
        facts.TransferStarted(leg.leg, remaining.leg, "attended", given.to_number, given.subscription),
        facts.SegmentEnded(conversation.segment),
        Elsewhere(there, facts.SegmentEnded(other.segment)),
        facts.LegMoved(target.leg, there),
        Elsewhere(there, facts.LegEnded(own.leg, "switch", "bye", 0, 16, "Call transferred")),
        Elsewhere(there, facts.ConversationEnded(_TRANSFERRED, 200)),
        *join(conversation, remaining, target),
        facts.TransferEnded(leg.leg, 200, "OK", given.subscription),
        facts.LegEnded(leg.leg, "switch", "bye", 0, 16, "Call transferred"),
    ]


def _to_ringing(
    conversation: Conversation, leg: Leg, remaining: Leg, other: Conversation, own: Leg, given: TransferAsked
) -> Facts:
    """The target has not answered yet: its phones go on ringing, now for whoever is transferred."""
    there = other.conversation_id
    return [
        facts.TransferStarted(leg.leg, remaining.leg, "early", given.to_number, given.subscription),
        facts.SegmentEnded(conversation.segment),
        _ringback(remaining),
        *(facts.LegMoved(callee.leg, there) for callee in other.callees if callee.is_live),
        Elsewhere(there, facts.LegEnded(own.leg, "switch", "reject", 487, 16, "Call transferred")),
        Elsewhere(there, facts.ConversationEnded(_TRANSFERRED, 487)),
    ]
