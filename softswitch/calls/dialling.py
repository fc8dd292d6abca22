"""Deciding calls that the switch dials for a user (RFC 3725 §4.1): their own phones first, then whoever was dialled."""

from __future__ import annotations

from typing import Any

from softswitch.calls import facts
from softswitch.calls.causes import NO_MEDIA
from softswitch.calls.control_facts import CallDialled, CallDialledOn, ConversationHanded
from softswitch.calls.control_inputs import DialOrdered
from softswitch.calls.description import audio_of, has_speech
from softswitch.calls.destinations import Attend, RingPhones
from softswitch.calls.detours import added_phone, rows_of
from softswitch.calls.ending import RINGBACK, completed_elsewhere, end_all
from softswitch.calls.joining import playing
from softswitch.calls.refusals import usable
from softswitch.calls.state import CallsState, Conversation, Leg
from softswitch.core.ids import leg_id

Facts = list[Any]

_HOPS = 70


def dial(state: CallsState, given: DialOrdered) -> Facts:
    """A user lets the switch dial: ring their phones.

    Raises:
        CommandError: nobody can be reached at that number.
    """
    destination = usable(given.destination)
    ring = destination if isinstance(destination, RingPhones) else RingPhones(())
    return [
        facts.ConversationStarted(given.from_number, given.to_number, given.from_name, given.from_user),
        CallDialled(
            rows_of(ring.phones, _HOPS - 1),
            rows_of(ring.detours, _HOPS - 1),
            destination.guide if isinstance(destination, Attend) else "",
        ),
        *(
            added_phone(leg_id(given.conversation_id, number), phone, _HOPS, side="dialler")
            for number, phone in enumerate(given.own_phones, start=1)
        ),
    ]


def is_own_phone(conversation: Conversation, leg: Leg) -> bool:
    """Tell whether a leg is of one of the phones that are rung for their own user."""
    return conversation.dialled is not None and leg.side == "dialler"


def called_on(conversation: Conversation, leg: Leg, sdp: str) -> Facts:
    """An own phone answered: it is the caller now, and whoever was dialled is rung."""
    dialled, audio = conversation.dialled, audio_of(sdp or leg.remote_sdp)
    out: Facts = [facts.LegAnswered(leg.leg, sdp, leg.user), *completed_elsewhere(conversation, leg)]
    if dialled is None or audio is None or not has_speech(audio.formats):
        return [out[0], *end_all(conversation, NO_MEDIA)]
    out.append(CallDialledOn(leg.leg))
    if dialled.guide:
        return [*out, ConversationHanded(leg.leg, dialled.guide, leg.number)]
    out.append(playing(leg, RINGBACK))
    for number, row in enumerate(dialled.phones, start=conversation.next_leg()):
        out.append(facts.LegAdded(leg_id(conversation.conversation_id, number), "callee", *row))
    if dialled.detours:
        out.append(facts.DetoursPlanned(dialled.detours))
    return out
