"""Deciding hold by a command: the other party hears music, and the holder's line is free until they take them back."""

from __future__ import annotations

from typing import Any, Final

from softswitch.calls import facts, guide_facts
from softswitch.calls.control_facts import HoldReminded, LegAnswerAsked, LegHoldAsked
from softswitch.calls.control_inputs import ConnectOrdered, HoldOrdered
from softswitch.calls.elsewhere import Elsewhere
from softswitch.calls.hearing import talkers
from softswitch.calls.inputs import ReminderDue
from softswitch.calls.joining import brought_back, held, parted
from softswitch.calls.refusals import live_leg, not_moving, other_party, refused, stands
from softswitch.calls.state import CallsState, Conversation, Leg

Facts = list[Any]

REMINDER: Final = ("tone:beep", "tone:beep")
"""What whoever lets somebody wait hears from time to time."""


def hold(state: CallsState, given: HoldOrdered) -> Facts:
    """Let the other party wait with music; a phone that lets itself be told holds too, so that it shows what is so.

    Raises:
        CommandError: the leg talks with nobody.
    """
    conversation, leg = live_leg(state, given.leg)
    not_moving(conversation, leg)
    party = other_party(conversation, leg)
    if conversation.talking is None:
        raise refused(f"{leg.leg} {stands(conversation, leg)} already", "held")
    shown = [LegHoldAsked(leg.leg)] if given.told and not leg.held else []
    return [*parted(conversation), *held(party, leg), *shown]


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
    return [*others_on_hold(state, conversation, leg), *brought_back(conversation, leg, party), *pressed]


def others_on_hold(state: CallsState, conversation: Conversation, leg: Leg) -> Facts:
    """Let whomever a user talks with in other calls wait."""
    out: Facts = []
    for own in state.of_user(leg.user):
        other = state.conversation_of(own.leg)
        if other is None or other is conversation or not own.is_live:
            continue
        party = other.peer_of(own.leg)
        if party is None or other.transfer is not None or other.consultation is not None:
            continue
        there = other.conversation_id
        out += [Elsewhere(there, fact) for fact in (facts.SegmentEnded(other.segment), *held(party, own))]
    return out


def remind(state: CallsState, given: ReminderDue) -> Facts:
    """Let whoever has put somebody on hold hear a tone: in the call in which they talk now, else at the phone itself.

    A phone that holds this call by its own key hears nothing in it; that it was time to remind is a fact all the same.
    """
    conversation = state.conversations.get(given.conversation_id)
    if conversation is None or conversation.remind_at_s is None:
        return []
    out: Facts = []
    for waits, by in conversation.waiting():
        hears = _where_heard(state, conversation, by)
        out.append(HoldReminded(waits.leg, by.leg, "" if hears is None else hears.leg))
        if hears is not None:
            tone = guide_facts.LegPlaying(hears.leg, hears.plays + 1, REMINDER)
            there = hears.conversation_id
            out.append(tone if there == conversation.conversation_id else Elsewhere(there, tone))
    return out


def _may_hear(leg: Leg) -> bool:
    return leg.is_live and not leg.held and not leg.held_by


def _where_heard(state: CallsState, conversation: Conversation, by: Leg) -> Leg | None:
    own = [leg for leg in state.of_user(by.user) if _may_hear(leg)]
    talks = (leg for leg in own if leg.leg in talkers(state.conversations[leg.conversation_id]))
    found = next(talks, by if by.is_live and not by.held else None)
    return None if found is None or found.sounds else found
