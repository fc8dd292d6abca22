"""Deciding a transfer that a phone asks for by REFER (RFC 3515, RFC 5589).

The switch carries it out itself: whoever is transferred keeps its dialog and its conversation, hears nothing of the
REFER, and is offered another description only where the codec has to change. A blind transfer does not come back to
the transferor; an attended one that cannot be leaves everything as it was.
"""

from __future__ import annotations

from typing import Any

from softswitch.calls import consulting, facts, guide_facts, parking, seats, transfer_facts
from softswitch.calls.control_facts import ConversationHanded
from softswitch.calls.control_inputs import ConfirmOrdered, TransferOrdered
from softswitch.calls.destinations import Attend, Park, Refuse, RingPhones
from softswitch.calls.detours import added_phone, planned
from softswitch.calls.elsewhere import Elsewhere
from softswitch.calls.ending import RINGBACK
from softswitch.calls.inputs import TransferAsked
from softswitch.calls.joining import ANSWERED, freed, join, parted
from softswitch.calls.refusals import is_phone_of, live_leg, not_moving, other_party, refused, usable
from softswitch.calls.state import CallsState, Conversation, Leg
from softswitch.calls.tables import ConversationState
from softswitch.core.ids import leg_id

Facts = list[Any]

_TRANSFERRED = "transferred"


def asked(state: CallsState, given: TransferAsked) -> Facts:
    """A phone asked to be replaced by somebody else in its talk.

    It may do so before the caller's ACK of our 200 has come: its own dialog is confirmed, and what the caller has to be
    sent meanwhile, a re-INVITE or a BYE, waits for that ACK (RFC 3261 §14.1, §15).
    """
    leg = state.legs.get(given.leg)
    conversation = state.conversation_of(given.leg)
    if leg is None or conversation is None or not leg.is_live:
        return []
    remaining = conversation.peer_of(given.leg) or conversation.held_by(given.leg)
    if remaining is None or _is_moving(conversation) or remaining.state not in ANSWERED:
        return [_refusal(given, 603, "There is nobody to transfer")]
    if given.other_leg:
        return _attended(state, conversation, leg, remaining, given)
    if isinstance(given.destination, Refuse):
        return [_refusal(given, given.destination.status, given.destination.reason)]
    if isinstance(given.destination, Park):
        return parking.park_asked(state, conversation, leg, remaining, given)
    if isinstance(given.destination, Attend):
        return _handed(conversation, leg, remaining, given.destination.guide, given)
    if not isinstance(given.destination, RingPhones):
        return [_refusal(given, 603, "Nobody is transferred there")]
    if is_phone_of(given.destination.phones, remaining):
        return [_refusal(given, 603, "That is the phone of whoever is to be transferred")]
    hops = max(1, remaining.max_forwards - 1)
    return [
        transfer_facts.TransferStarted(leg.leg, remaining.leg, "blind", given.to_number, given.subscription),
        *parted(conversation),
        *freed(remaining),
        _ringback(remaining),
        *(
            added_phone(leg_id(conversation.conversation_id, number), phone, hops)
            for number, phone in enumerate(given.destination.phones, start=conversation.next_leg())
        ),
        *(planned(given.destination.detours, hops) or ([facts.DetoursPlanned(())] if conversation.detours else [])),
    ]


def _is_moving(conversation: Conversation) -> bool:
    return conversation.transfer is not None or conversation.consultation is not None


def _handed(conversation: Conversation, leg: Leg, remaining: Leg, guide: str, given: TransferAsked) -> Facts:
    """Somebody is transferred to a guide, a group for example: it takes them over, and the transferor is let go."""
    return [
        transfer_facts.TransferStarted(leg.leg, remaining.leg, "blind", given.to_number, given.subscription),
        *parted(conversation),
        *freed(remaining),
        transfer_facts.TransferEnded(leg.leg, 200, "OK", given.subscription),
        facts.LegEnded(leg.leg, "switch", "bye", 0, 16, "Call transferred"),
        ConversationHanded(remaining.leg, guide, remaining.number),
    ]


def _ringback(remaining: Leg) -> guide_facts.LegPlaying:
    return guide_facts.LegPlaying(remaining.leg, remaining.plays + 1, RINGBACK, repeat=True)


def _refusal(given: TransferAsked, status: int, reason: str) -> transfer_facts.TransferRefused:
    return transfer_facts.TransferRefused(given.leg, status, reason, given.subscription)


def _attended(state: CallsState, conversation: Conversation, leg: Leg, remaining: Leg, given: TransferAsked) -> Facts:
    """The target is whom the transferor talks with, or rings, in another call of its own."""
    own = state.legs.get(given.other_leg)
    other = state.conversation_of(given.other_leg)
    if own is None or other is None or other is conversation or own.user != leg.user or _is_moving(other):
        return [_refusal(given, 603, "That call is not to be transferred to")]
    if other.conference is not None:
        return seats.taken_by(conversation, remaining, given, other, own)
    target = other.peer_of(own.leg) or other.held_by(own.leg)
    if target is not None and target.is_live:
        return _to_answered(conversation, leg, remaining, other, own, target, given)
    if other.guide.startswith("queue:"):
        return [_refusal(given, 603, "Callers are given to a queue without asking there first")]
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
        transfer_facts.TransferStarted(leg.leg, remaining.leg, "attended", given.to_number, given.subscription),
        *parted(conversation),
        *freed(remaining),
        *(Elsewhere(there, fact) for fact in (*parted(other), *freed(target))),
        transfer_facts.LegMoved(target.leg, there),
        Elsewhere(there, facts.LegEnded(own.leg, "switch", "bye", 0, 16, "Call transferred")),
        Elsewhere(there, facts.ConversationEnded(_TRANSFERRED, 200)),
        *join(conversation, remaining, target),
        transfer_facts.TransferEnded(leg.leg, 200, "OK", given.subscription),
        facts.LegEnded(leg.leg, "switch", "bye", 0, 16, "Call transferred"),
    ]


def _to_ringing(
    conversation: Conversation, leg: Leg, remaining: Leg, other: Conversation, own: Leg, given: TransferAsked
) -> Facts:
    """The target has not answered yet: its phones go on ringing, now for whoever is transferred."""
    there = other.conversation_id
    return [
        transfer_facts.TransferStarted(leg.leg, remaining.leg, "early", given.to_number, given.subscription),
        *parted(conversation),
        *freed(remaining),
        _ringback(remaining),
        *(transfer_facts.LegMoved(callee.leg, there) for callee in other.callees if callee.is_live),
        Elsewhere(there, facts.LegEnded(own.leg, "switch", "reject", 487, 16, "Call transferred")),
        Elsewhere(there, facts.ConversationEnded(_TRANSFERRED, 487)),
    ]


def ordered(state: CallsState, given: TransferOrdered) -> Facts:
    """A command transfers whom a leg talks with, or has on hold; the leg is let go at once.

    Raises:
        CommandError: the leg talks with nobody, or nobody can be reached at that number.
    """
    conversation, leg = live_leg(state, given.leg)
    not_moving(conversation, leg)
    other_party(conversation, leg)
    asked_for = TransferAsked(given.leg, given.to_number, usable(given.destination), "")
    return _let_go(asked(state, asked_for), leg)


def confirmed(state: CallsState, given: ConfirmOrdered) -> Facts:
    """A command brings together whom a leg talks with in turn, or the parties of two calls of one user.

    Raises:
        CommandError: there is no consultation; one of the two legs is none of theirs, or talks with nobody.
    """
    if not given.other_leg:
        return consulting.confirm(state, given)
    conversation, leg = live_leg(state, given.leg)
    not_moving(conversation, leg)
    other_party(conversation, leg)
    live_leg(state, given.other_leg, "other_leg")
    return _let_go(
        asked(state, TransferAsked(given.leg, "", Refuse(603, 21, "", ""), "", given.other_leg)), leg, "other_leg"
    )


def _let_go(decided: Facts, leg: Leg, field: str = "number") -> Facts:
    for fact in decided:
        if isinstance(fact, transfer_facts.TransferRefused):
            raise refused(fact.reason, "not-transferable", field)
    if any(isinstance(fact, facts.LegEnded) and fact.leg == leg.leg for fact in decided):
        return decided
    return [*decided, facts.LegEnded(leg.leg, "switch", "bye", 0, 16, "Call transferred")]
