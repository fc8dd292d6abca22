"""Call records: the facts of calls as rows that people query later.

A projection of one record at a time, without state of its own: who wants to know what a party's number is joins the
legs. Facts that leave no trace in the records, among them those of a type that nobody knows, give no change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from softswitch.calls import conference_facts, facts, transfer_facts
from softswitch.calls.control_facts import ConversationAnswered
from softswitch.calls.recording.records import PROJECTORS as RECORDING_PROJECTORS
from softswitch.core.facts import Record
from softswitch.core.ids import leg_id
from softswitch.core.rows import RowChange, Value


def _conversation(record: Record, **values: Value) -> RowChange:
    return RowChange("conversations", (record.conversation_id,), values)


def _segment(record: Record, number: int, **values: Value) -> RowChange:
    return RowChange("segments", (record.conversation_id, number), values)


def _leg(record: Record, leg: str, **values: Value) -> RowChange:
    values["conversation_id"] = record.conversation_id
    return RowChange("legs", (leg,), values)


def _conversation_started(record: Record, fact: facts.ConversationStarted) -> Sequence[RowChange]:
    change = _conversation(
        record,
        kind=fact.kind,
        started_at=record.wall_s,
        from_number=fact.from_number,
        to_number=fact.to_number,
        from_name=fact.from_name,
        from_user=fact.from_user,
        trunk=fact.trunk,
    )
    return (change,)


def _conversation_ended(record: Record, fact: facts.ConversationEnded) -> Sequence[RowChange]:
    return (_conversation(record, ended_at=record.wall_s, end_reason=fact.reason, end_status=fact.status),)


def _leg_added(record: Record, fact: facts.LegAdded) -> Sequence[RowChange]:
    change = _leg(record, fact.leg, side=fact.side, user_name=fact.user, number=fact.number, started_at=record.wall_s)
    return (change,)


def _leg_accepted(record: Record, fact: facts.LegAccepted) -> Sequence[RowChange]:
    """Our 200 to the caller: from now on the conversation counts as answered."""
    if fact.leg != leg_id(record.conversation_id, 1):
        return (_leg(record, fact.leg, answered_at=record.wall_s),)
    return (
        _leg(record, fact.leg, answered_at=record.wall_s),
        _conversation(record, answered_at=record.wall_s),
    )


def _leg_answered(record: Record, fact: facts.LegAnswered) -> Sequence[RowChange]:
    return (_leg(record, fact.leg, answered_at=record.wall_s),)


def _leg_ended(record: Record, fact: facts.LegEnded) -> Sequence[RowChange]:
    change = _leg(
        record,
        fact.leg,
        ended_at=record.wall_s,
        ended_by=fact.by,
        ended_how=fact.how,
        end_status=fact.status,
        end_cause=fact.cause,
        end_reason=fact.reason,
    )
    return (change,)


def _leg_media_closed(record: Record, fact: facts.LegMediaClosed) -> Sequence[RowChange]:
    known = {name: value for name, value in (("mos_in", fact.mos_in), ("mos_out", fact.mos_out)) if value}
    change = _leg(
        record,
        fact.leg,
        **known,
        packets_received=fact.packets_received,
        packets_sent=fact.packets_sent,
        packets_lost=fact.packets_lost,
        packets_refused=fact.packets_refused,
        jitter_ms=fact.jitter_ms,
        packets_late=fact.packets_late,
        packets_lost_by_phone=fact.packets_lost_by_phone,
        round_trip_ms=fact.round_trip_ms,
    )
    return (change,)


def _segment_started(record: Record, fact: facts.SegmentStarted) -> Sequence[RowChange]:
    change = _segment(
        record, fact.segment, leg_a=fact.leg_a, leg_b=fact.leg_b, codec=fact.codec, started_at=record.wall_s
    )
    return (change,)


def _conference_joined(record: Record, fact: conference_facts.ConferenceJoined) -> Sequence[RowChange]:
    """A member's segment: it talks with the others, whoever they are at each moment."""
    return (_segment(record, fact.segment, leg_a=fact.leg, leg_b="", codec=fact.codec, started_at=record.wall_s),)


def _segment_ended(record: Record, fact: facts.SegmentEnded | conference_facts.ConferenceLeft) -> Sequence[RowChange]:
    return (_segment(record, fact.segment, ended_at=record.wall_s),)


PROJECTORS: Final[Mapping[type, Callable[[Record, Any], Sequence[RowChange]]]] = {
    facts.ConversationStarted: _conversation_started,
    facts.ConversationEnded: _conversation_ended,
    facts.LegAdded: _leg_added,
    facts.LegAccepted: _leg_accepted,
    ConversationAnswered: lambda record, fact: (_conversation(record, answered_at=record.wall_s),),
    facts.LegAnswered: _leg_answered,
    transfer_facts.LegMoved: lambda record, fact: (_leg(record, fact.leg),),
    facts.LegEnded: _leg_ended,
    facts.LegMediaClosed: _leg_media_closed,
    facts.SegmentStarted: _segment_started,
    facts.SegmentEnded: _segment_ended,
    conference_facts.ConferenceJoined: _conference_joined,
    conference_facts.ConferenceLeft: _segment_ended,
    **RECORDING_PROJECTORS,
}
"""What each fact changes in ``conversations``, ``segments``, ``legs`` and ``recordings``."""
