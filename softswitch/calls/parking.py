"""Deciding parked calls: somebody waits with music in a numbered slot, and any user takes them there.

Whoever is not taken in time comes back to who parked them: their phone rings again.
"""

from __future__ import annotations

from typing import Any, Final

from softswitch.calls import ending, facts, transfer_facts
from softswitch.calls.causes import NO_ANSWER
from softswitch.calls.control_facts import CallParked, LegRetrieved
from softswitch.calls.control_inputs import ParkOrdered, RetrieveOrdered
from softswitch.calls.destinations import Park
from softswitch.calls.detours import added_phone
from softswitch.calls.inputs import DeadlinePassed, TransferAsked
from softswitch.calls.joining import HOLD_MUSIC, parted, playing, unparked
from softswitch.calls.leaving import called_back
from softswitch.calls.refusals import live_leg, not_moving, other_party, refused
from softswitch.calls.state import CallsState, Conversation, Leg
from softswitch.calls.tables import LegState
from softswitch.core.ids import leg_id

Facts = list[Any]

SLOTS: Final = tuple(str(number) for number in range(1, 21))


def free_slot(state: CallsState, wanted: str) -> str:
    """Return the slot that is wanted, or the first free one; empty where it is taken, or there is none."""
    if wanted:
        return wanted if wanted in SLOTS and state.parked_in(wanted) is None else ""
    return next((slot for slot in SLOTS if state.parked_in(slot) is None), "")


def park(state: CallsState, given: ParkOrdered) -> Facts:
    """Let the other party wait in a slot, and the leg go.

    Raises:
        CommandError: the leg talks with nobody, or there is no such slot, or it is taken.
    """
    conversation, leg = live_leg(state, given.leg)
    not_moving(conversation, leg)
    party = other_party(conversation, leg)
    if given.slot and given.slot not in SLOTS:
        raise refused(f"There is no slot {given.slot}: 1 to {SLOTS[-1]}", "unknown-slot", "slot", status=404)
    slot = free_slot(state, given.slot)
    if not slot:
        raise refused(f"Slot {given.slot} is taken" if given.slot else "All slots are taken", "slot-taken", "slot")
    return [*_waits(conversation, leg, party, slot), _gone(leg)]


def park_asked(state: CallsState, conversation: Conversation, leg: Leg, party: Leg, given: TransferAsked) -> Facts:
    """Park for a phone that transfers to the code for it; a slot that is taken leaves the talk as it was."""
    wanted = given.destination.slot if isinstance(given.destination, Park) else ""
    slot = free_slot(state, wanted)
    if not slot:
        return [
            transfer_facts.TransferRefused(leg.leg, 486, "That slot is taken, or there is none", given.subscription)
        ]
    return [
        transfer_facts.TransferStarted(leg.leg, party.leg, "park", given.to_number, given.subscription),
        transfer_facts.TransferEnded(leg.leg, 200, "OK", given.subscription),
        *_waits(conversation, leg, party, slot),
        _gone(leg),
    ]


def _waits(conversation: Conversation, leg: Leg, party: Leg, slot: str) -> Facts:
    return [
        *parted(conversation),
        *([LegRetrieved(party.leg)] if party.held_by else []),
        CallParked(party.leg, slot, leg.leg),
        *([] if party.sounds == HOLD_MUSIC else [playing(party, HOLD_MUSIC)]),
    ]


def _gone(leg: Leg) -> facts.LegEnded:
    return facts.LegEnded(leg.leg, "switch", "bye", 0, 16, "Call parked")


def retrieve(state: CallsState, given: RetrieveOrdered) -> Facts:
    """Ring a user's phones, the first of which gets whoever waits in the slot.

    Raises:
        CommandError: nobody waits there any more.
    """
    conversation, leg = live_leg(state, given.leg)
    if conversation.parked is None:
        raise refused("Nobody waits there any more", "nothing-parked", "slot", status=404)
    first = conversation.next_leg()
    return [
        added_phone(leg_id(conversation.conversation_id, number), phone, max(1, leg.max_forwards - 1))
        for number, phone in enumerate(given.own_phones, start=first)
    ]


def deadline_passed(state: CallsState, given: DeadlinePassed) -> Facts:
    """Who was parked and is not taken goes back to who parked them."""
    conversation = state.conversations.get(given.conversation_id)
    parked = None if conversation is None else conversation.parked
    if conversation is None or parked is None or conversation.deadline_s is None:
        return ending.deadline_passed(state, given)
    parker, party = conversation.legs.get(parked.by), conversation.legs[parked.leg]
    if parker is None or not party.is_live or party.state is not LegState.TALKING:
        return ending.end_all(conversation, NO_ANSWER)
    return [
        *(ending.end_of(each, NO_ANSWER) for each in conversation.callees if each.is_live and each is not party),
        *unparked(conversation),
        *called_back(conversation, parker, party),
    ]
