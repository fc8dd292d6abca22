"""Deciding commands that take a call which rings: at the phone where it rings, or at another user's."""

from __future__ import annotations

from typing import Any

from softswitch.calls import facts
from softswitch.calls.control_facts import LegAnswerAsked
from softswitch.calls.control_inputs import AnswerOrdered, PickUpOrdered
from softswitch.calls.detours import added_phone
from softswitch.calls.refusals import live_leg, refused, stands
from softswitch.calls.state import CallsState, Conversation
from softswitch.calls.tables import LegState
from softswitch.core.ids import leg_id

Facts = list[Any]

_RINGING = frozenset({LegState.INVITED, LegState.RINGING})


def answer(state: CallsState, given: AnswerOrdered) -> Facts:
    """Let a phone that rings answer: it is told to, or called anew in a way that makes it.

    Raises:
        CommandError: it does not ring, or is no phone of the switch's.
    """
    conversation, leg = live_leg(state, given.leg)
    if leg.called_us or leg.state not in _RINGING:
        raise refused(f"{leg.leg} {stands(conversation, leg)}: only a phone that rings can answer", "not-ringing")
    if given.told or leg.is_caller:
        return [LegAnswerAsked(leg.leg)]
    return [
        added_phone(_next(conversation), given.phone, leg.max_forwards),
        facts.LegEnded(leg.leg, "switch", "cancel", 200, 26, "Call completed elsewhere"),
    ]


def pick_up(state: CallsState, given: PickUpOrdered) -> Facts:
    """Let a user's phones ring too, and answer by themselves where they can; the first of all has the call.

    Raises:
        CommandError: the call does not ring any more.
    """
    conversation, leg = live_leg(state, given.leg)
    if leg.called_us or leg.state not in _RINGING or conversation.talking is not None:
        raise refused("The call does not ring any more", "nothing-rings", "number", status=404)
    first = conversation.next_leg()
    return [
        added_phone(leg_id(conversation.conversation_id, number), phone, leg.max_forwards)
        for number, phone in enumerate(given.own_phones, start=first)
    ]


def _next(conversation: Conversation) -> str:
    return leg_id(conversation.conversation_id, conversation.next_leg())
