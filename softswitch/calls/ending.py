"""Deciding how a call ends: by hang-up, refusal, cancellation, time or loss.

Whatever ends first, every live leg is ended in the way that its state allows, the running segment is ended, and the
conversation with it.
"""

from __future__ import annotations

from typing import Any

from softswitch.calls import facts, guide_facts, transfer_facts
from softswitch.calls.causes import MEDIA_LOST, NO_ANSWER, NO_PORT, Failure, cause_of, failure_for_caller
from softswitch.calls.detours import moved_on, next_way
from softswitch.calls.inputs import (
    CalleeRejected,
    CallerCancelled,
    DeadlinePassed,
    EndConversation,
    PhoneEnded,
)
from softswitch.calls.joining import fallen_back, hushed, parted, unparked
from softswitch.calls.state import CallsState, Conversation, Leg
from softswitch.calls.tables import ConsultationState, ConversationState, LegState, PortState

Facts = list[Any]

RINGBACK = ("tone:ringback",)
"""What an answered caller hears while somebody is rung."""
_ELSEWHERE = "Call completed elsewhere"
COMPLETED = Failure(200, 16, "Normal call clearing", "completed")


def end_of_caller(leg: str, failure: Failure) -> facts.LegEnded:
    """Refuse a caller whose INVITE has no final answer yet."""
    return facts.LegEnded(leg, "switch", "reject", failure.status, failure.cause, failure.reason)


def end_of(leg: Leg, failure: Failure) -> facts.LegEnded:
    """End a live leg from our side, in the way that its state allows."""
    if leg.called_us and leg.state in {LegState.NEW, LegState.RINGING}:
        return end_of_caller(leg.leg, failure)
    how = "bye" if leg.state in {LegState.ANSWERED, LegState.TALKING} else "cancel"
    return facts.LegEnded(leg.leg, "switch", how, 0, failure.cause, failure.reason)


def end_all(conversation: Conversation, failure: Failure, *, but: str = "") -> Facts:
    """End every live leg (``but`` one that is ended already), the segment and the conversation."""
    out: Facts = []
    if conversation.transfer is not None:
        status = failure.status if failure.status >= 300 else 487
        transfer = conversation.transfer
        out.append(transfer_facts.TransferEnded(transfer.leg, status, failure.reason, transfer.subscription))
    out += [*parted(conversation), *unparked(conversation)]
    out.extend(end_of(leg, failure) for leg in conversation.legs.values() if leg.is_live and leg.leg != but)
    out.append(facts.ConversationEnded(failure.word, failure.status))
    return out


def completed_elsewhere(conversation: Conversation, winner: Leg) -> Facts:
    """Cancel the phones that lost against ``winner``; they shall show no missed call."""
    return [
        facts.LegEnded(leg.leg, "switch", *(("reject", 487) if leg.called_us else ("cancel", 200)), 26, _ELSEWHERE)
        for leg in conversation.rivals_of(winner)
        if leg.is_live and leg is not winner
    ]


def give_up_callee(conversation: Conversation, callee: Leg, failure: Failure) -> Facts:
    """End one callee from our side; with the last one the call fails."""
    out: Facts = [end_of(callee, failure)]
    if any(leg.is_live for leg in conversation.callees if leg is not callee):
        return out
    return out + nobody_reached(conversation, failure, but=callee.leg)


def nobody_reached(conversation: Conversation, failure: Failure, *, but: str = "") -> Facts:
    """Give the caller back to its guide, or whoever asks to whom they talked with; else let the call fail.

    ``but`` as in :func:`end_all`.
    """
    if is_consulting(conversation):
        out: Facts = [end_of(leg, failure) for leg in conversation.callees if leg.is_live and leg.leg != but]
        return [*out, *fallen_back(conversation, failure.word)]
    if conversation.parked is not None:
        return [
            end_of(leg, failure)
            for leg in conversation.callees
            if leg.is_live and leg.leg not in {but, conversation.parked.leg}
        ]
    if not conversation.attempting:
        return end_all(conversation, failure, but=but)
    out = [end_of(leg, failure) for leg in conversation.callees if leg.is_live and leg.leg != but]
    if conversation.caller.sounds == RINGBACK:
        out += hushed(conversation.caller)
    out.append(guide_facts.AttemptEnded(conversation.attempt, failure.status, failure.word))
    return out


def is_consulting(conversation: Conversation) -> bool:
    """Tell whether somebody's phones ring for a consultation."""
    return conversation.consultation is not None and conversation.consultation.state is ConsultationState.RINGING


def alone_without(conversation: Conversation, gone: Leg, failure: Failure) -> Facts:
    """End the search where a picker that is gone was the last that the caller waited for."""
    waits = conversation.talking is None and gone.attempt == conversation.attempt and conversation.caller.is_live
    if not waits or any(leg.is_live for leg in conversation.callees if leg is not gone):
        return []
    return nobody_reached(conversation, failure, but=gone.leg)


def rejected(state: CallsState, given: CalleeRejected) -> Facts:
    """A phone refused: with the last one, or on a 6xx, the caller is told."""
    leg = state.legs.get(given.leg)
    conversation = state.conversation_of(given.leg)
    if leg is None or conversation is None:
        return []
    if leg.cancelling:
        return [facts.LegCancelSettled(given.leg)]
    if not leg.is_live:
        return []
    cause, _ = cause_of(given.status)
    out: Facts = [facts.LegEnded(given.leg, "phone", "reject", given.status, cause, given.reason)]
    others = [one for one in conversation.rivals_of(leg) if one is not leg]
    if given.moved and conversation.caller.is_live:
        return out + moved_on(conversation, leg, others, given.moved)
    goes_on = [one for one in others if one.is_live and not _speaks_for(given.status, leg, one, conversation)]
    if goes_on:
        declined = failure_for_caller([given.status])
        return out + [end_of(one, declined) for one in others if one.is_live and one not in goes_on]
    if detour := next_way(conversation, leg, given.status):
        return out + detour
    statuses = [given.status, *(one.end_status for one in others if one.end_status >= 300)]
    return out + nobody_reached(conversation, failure_for_caller(statuses), but=leg.leg)


def _speaks_for(status: int, leg: Leg, other: Leg, conversation: Conversation) -> bool:
    """Tell whether a refusal at one phone is one at another too: a 6xx is its user's word (RFC 3261 §21.6).

    A guide rings several people, each of whom speaks for themselves; and so does who picks up.
    """
    if status < 600 or other.called_us:
        return False
    same = (leg.user, leg.number) == (other.user, other.number)
    return same or not (conversation.attempting or (leg.user and other.user))


def cancelled(state: CallsState, given: CallerCancelled) -> Facts:
    """The caller gave up; its 487 is already on the way."""
    leg = state.legs.get(given.leg)
    conversation = state.conversation_of(given.leg)
    if leg is None or conversation is None or not leg.is_live:
        return []
    end = facts.LegEnded(given.leg, "phone", "cancel", 487, 16, "Caller gave up")
    if leg.replaces:
        return [end, *alone_without(conversation, leg, NO_ANSWER)]
    gone = Failure(487, 16, "Normal call clearing", "cancelled")
    return [end, *end_all(conversation, gone, but=given.leg)]


def phone_ended(state: CallsState, given: PhoneEnded) -> Facts:
    """A phone hung up or its dialog died: end the others."""
    leg = state.legs.get(given.leg)
    conversation = state.conversation_of(given.leg)
    if leg is None or conversation is None:
        return []
    if leg.cancelling:
        return [facts.LegCancelSettled(given.leg)]
    if not leg.is_live:
        return []
    over = end_by_phone(given)
    if is_over_for_it_alone(conversation, leg):
        return [over]
    failure = COMPLETED if given.how == "bye" else Failure(given.status, over.cause, given.reason, "lost")
    return [over, *end_all(conversation, failure, but=given.leg)]


def end_by_phone(given: PhoneEnded) -> facts.LegEnded:
    """Say that a phone hung up, or was lost."""
    cause = 16 if given.how == "bye" else cause_of(given.status)[0]
    return facts.LegEnded(given.leg, "phone", given.how, given.status, cause, given.reason)


def is_over_for_it_alone(conversation: Conversation, leg: Leg) -> bool:
    """Tell whether a leg takes no part in the talk: a transferor that hangs up, a phone that lost a race."""
    if conversation.transfer is not None:
        return leg is not conversation.caller and any(one.is_live for one in conversation.callees if one is not leg)
    return conversation.talking is not None and leg.leg not in conversation.talking


def deadline_passed(state: CallsState, given: DeadlinePassed) -> Facts:
    """A transient state lasted too long: nobody answered, or a port or an answer never came."""
    conversation = state.conversations.get(given.conversation_id)
    if conversation is None or conversation.deadline_s is None:
        return []
    if conversation.state is ConversationState.ENDED:
        return _abandon(conversation)
    if conversation.attempting or is_consulting(conversation):
        return nobody_reached(conversation, NO_ANSWER)
    if conversation.transfer is not None or conversation.is_ringing:
        return end_all(conversation, NO_ANSWER)
    if conversation.state is ConversationState.TALKING:
        return end_all(conversation, MEDIA_LOST)  # a phone did not take its new port
    ringing = conversation.state in {ConversationState.RINGING, ConversationState.ATTENDED}
    return end_all(conversation, NO_ANSWER if ringing else NO_PORT)


def _abandon(conversation: Conversation) -> Facts:
    """Stop waiting for ports and cancellations that nobody will settle any more."""
    out: Facts = [facts.LegCancelSettled(leg.leg) for leg in conversation.legs.values() if leg.cancelling]
    out += [
        facts.LegMediaClosed(leg.leg, 0, 0, 0, 0.0, 0)
        for leg in conversation.legs.values()
        if leg.port_state is not PortState.NONE
    ]
    return out


def end_conversation(state: CallsState, given: EndConversation) -> Facts:
    """A command ends a conversation politely."""
    conversation = state.conversations.get(given.conversation_id)
    if conversation is None or conversation.state is ConversationState.ENDED:
        return []
    return end_all(conversation, Failure(480, 16, given.reason, given.word))
