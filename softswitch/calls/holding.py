"""Deciding hold by a command: the other party hears music, and the holder's line is free until they take them back."""

from __future__ import annotations

from typing import Any

from softswitch.calls import facts
from softswitch.calls.control_facts import LegAnswerAsked
from softswitch.calls.control_inputs import ConnectOrdered, HoldOrdered
from softswitch.calls.elsewhere import Elsewhere
from softswitch.calls.joining import brought_back, held, parted
from softswitch.calls.refusals import live_leg, not_moving, other_party, refused, stands
from softswitch.calls.state import CallsState, Conversation, Leg

Facts = list[Any]


def hold(state: CallsState, given: HoldOrdered) -> Facts:
    """Let the other party wait with music.

    Raises:
        CommandError: the leg talks with nobody.
    """
    conversation, leg = live_leg(state, given.leg)
    not_moving(conversation, leg)
    party = other_party(conversation, leg)
    if conversation.talking is None:
        raise refused(f"{leg.leg} {stands(conversation, leg)} already", "held")
    return [*parted(conversation), *held(party, leg)]


def connect(state: CallsState, given: ConnectOrdered) -> Facts:
    """Talk again with whoever waits; whom the same user talks with in another call waits from now on.

    Raises:
        CommandError: nobody waits.
    """
    conversation, leg = live_leg(state, given.leg)
    not_moving(conversation, leg)
    party = conversation.held_by(leg.leg)
    if party is None:
        raise refused(f"{leg.leg} {stands(conversation, leg)}: nobody waits on hold there", "not-held")
    pressed = [LegAnswerAsked(leg.leg)] if leg.held else []
    return [*_others_on_hold(state, conversation, leg), *brought_back(conversation, leg, party), *pressed]


def _others_on_hold(state: CallsState, conversation: Conversation, leg: Leg) -> Facts:
    out: Facts = []
    for own in state.legs.values():
        other = state.conversation_of(own.leg)
        if other is None or other is conversation or not own.user or own.user != leg.user or not own.is_live:
            continue
        party = other.peer_of(own.leg)
        if party is None or other.transfer is not None or other.consultation is not None:
            continue
        there = other.conversation_id
        out += [Elsewhere(there, fact) for fact in (facts.SegmentEnded(other.segment), *held(party, own))]
    return out
