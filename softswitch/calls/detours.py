"""Further ways to a number outside: the next is tried where a trunk's host does not answer or fails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, Final

from softswitch.calls import facts
from softswitch.calls.destinations import Phone
from softswitch.calls.state import Conversation, Leg
from softswitch.core.ids import leg_id

Facts = list[Any]

_KEPT: Final = tuple(field.name for field in fields(facts.LegAdded))[2:]
"""All of a leg but its id and its side."""


def planned(phones: Sequence[Phone], max_forwards: int) -> Facts:
    """Keep the ways that are tried when the first one fails."""
    return [facts.DetoursPlanned(rows_of(phones, max_forwards))] if phones else []


def rows_of(phones: Sequence[Phone], max_forwards: int) -> tuple[tuple[Any, ...], ...]:
    """Return the fields that the legs of phones will have, from ``user`` on."""
    made = (added_phone("", phone, max_forwards) for phone in phones)
    return tuple(tuple(getattr(leg, name) for name in _KEPT) for leg in made)


def next_way(conversation: Conversation, failed: Leg, status: int) -> Facts:
    """Take the next way where the one that failed says nothing about whoever is called; nothing where it does."""
    if not failed.trunk or not conversation.detours or not (status == 408 or 500 <= status < 600):
        return []
    if not conversation.caller.is_live:
        return []
    leg = leg_id(conversation.conversation_id, len(conversation.legs) + 1)
    return [facts.DetourTaken(), facts.LegAdded(leg, "callee", *conversation.detours[0])]


def moved_on(conversation: Conversation, leg: Leg, others: Sequence[Leg], phones: Sequence[Phone]) -> Facts:
    """Ring the phones that one of a user's phones names in its place; the user's other phones stop ringing."""
    same = [one for one in others if one.is_live and one.user == leg.user and not one.called_us]
    out: Facts = [facts.LegEnded(one.leg, "switch", "cancel", 200, 26, "Call completed elsewhere") for one in same]
    first = conversation.next_leg()
    names = (leg_id(conversation.conversation_id, first + number) for number in range(len(phones)))
    return out + [added_phone(name, phone, leg.max_forwards - 1) for name, phone in zip(names, phones, strict=True)]


def added_phone(leg: str, phone: Phone, max_forwards: int, *, side: str = "callee") -> facts.LegAdded:
    """Make the fact of the leg of a phone that we call."""
    place, flow = phone.place, phone.place.flow
    return facts.LegAdded(
        leg,
        side,
        phone.user,
        phone.number,
        place.uri,
        (flow.transport, *flow.local, *flow.remote, flow.connection),
        place.media_address,
        place.advertised_address,
        "",
        max_forwards,
        place.route,
        phone.trunk,
        phone.caller,
        phone.headers,
        phone.codecs,
        srtp=place.srtp,
        dtmf=place.dtmf,
    )
