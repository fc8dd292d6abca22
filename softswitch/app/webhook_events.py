"""What others are told of a call: its facts as a few events, whose form is documented and stays."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from softswitch.calls import facts
from softswitch.core.clock import iso_utc
from softswitch.core.facts import Record

Event = dict[str, Any]
"""``{type: call.started, timestamp: ..., data: {conversation_id: ..., ...}}``, as Standard Webhooks proposes."""

_CALLEE: Final = "callee"


@dataclass(slots=True)
class KnownCall:
    """What is remembered of a call until it ends."""

    about: dict[str, str]
    """Who called whom."""
    legs: dict[str, tuple[str, str]] = field(default_factory=dict)
    """User and number by leg."""


def event_of(calls: dict[str, KnownCall], record: Record) -> Event | None:
    """Return the event that a record is, or None; what later ones need is remembered in ``calls``."""
    fact, conversation_id = record.fact, record.conversation_id
    if isinstance(fact, facts.ConversationStarted):
        about = {
            "conversation_id": conversation_id,
            "from_number": fact.from_number,
            "from_user": fact.from_user,
            "to_number": fact.to_number,
            "trunk": fact.trunk,
        }
        calls[conversation_id] = KnownCall(about)
        return _event(record, "started", about) if fact.kind == "call" else None
    call = calls.get(conversation_id)
    if call is None:
        return None
    if isinstance(fact, facts.LegAdded):
        call.legs[fact.leg] = fact.user, fact.number
        return _event(record, "ringing", call.about, **_party(call, fact.leg)) if fact.side == _CALLEE else None
    if isinstance(fact, facts.SegmentStarted):
        return _event(record, "answered", call.about, **_party(call, fact.leg_b))
    if isinstance(fact, facts.ConversationEnded):
        del calls[conversation_id]
        return _event(record, "ended", call.about, reason=fact.reason, status=fact.status)
    return None


def _party(call: KnownCall, leg: str) -> dict[str, str]:
    user, number = call.legs.get(leg, ("", ""))
    return {"user": user, "number": number}


def _event(record: Record, word: str, about: dict[str, str], **more: object) -> Event:
    return {"type": f"call.{word}", "timestamp": iso_utc(record.wall_s), "data": {**about, **more}}
