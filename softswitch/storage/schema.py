"""The tables of the call records, and how far the projection has come.

``segments`` is a view: a segment names its legs, and the numbers of its parties are those of the legs.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Float, Index, Integer, MetaData, String, Table

from softswitch.storage.instants import Instant

METADATA: Final = MetaData()

PROJECTIONS: Final = Table(
    "projections",
    METADATA,
    Column("name", String, primary_key=True),
    Column("sequence", BigInteger, nullable=False, comment="the last fact that the rows tell of"),
)

CONVERSATIONS: Final = Table(
    "conversations",
    METADATA,
    Column("conversation_id", String, primary_key=True),
    Column("kind", String, comment="call or echo"),
    Column("started_at", Instant),
    Column("answered_at", Instant, comment="empty: nobody took it"),
    Column("ended_at", Instant),
    Column("from_number", String),
    Column("to_number", String),
    Column("from_name", String, comment="the caller's display name"),
    Column("from_user", String, comment="empty: a trunk's caller"),
    Column("trunk", String, comment="the trunk it came in by, or empty"),
    Column("end_reason", String, comment="completed, cancelled, busy, ..."),
    Column("end_status", Integer, comment="the final SIP status towards the caller"),
    Index("conversations_by_start", "started_at"),
)

LEGS: Final = Table(
    "legs",
    METADATA,
    Column("leg", String, primary_key=True),
    Column("conversation_id", String, index=True),
    Column("side", String, comment="caller or callee"),
    Column("user_name", String, comment="empty: a number outside"),
    Column("number", String),
    Column("started_at", Instant),
    Column("answered_at", Instant),
    Column("ended_at", Instant),
    Column("ended_by", String, comment="phone or switch"),
    Column("ended_how", String, comment="bye, cancel, reject or lost"),
    Column("end_status", Integer, comment="SIP status or 0"),
    Column("end_cause", Integer, comment="Q.850 cause or 0"),
    Column("end_reason", String),
    Column("packets_received", Integer),
    Column("packets_sent", Integer),
    Column("packets_lost", Integer),
    Column("packets_refused", Integer),
    Column("jitter_ms", Float),
    Column("packets_late", Integer, comment="from the phone, after their turn"),
    Column("packets_lost_by_phone", Integer, comment="by the phone's reports"),
    Column("round_trip_ms", Float),
    Column("mos_in", Float, comment="how good the phone sounded, 1 to 4.5; empty: not measured"),
    Column("mos_out", Float, comment="how good the phone heard"),
)

SEGMENTS: Final = Table(
    "segment_legs",
    METADATA,
    Column("conversation_id", String, primary_key=True),
    Column("segment", Integer, primary_key=True, comment="counted from 1"),
    Column("leg_a", String),
    Column("leg_b", String),
    Column("started_at", Instant),
    Column("ended_at", Instant),
    Column("codec", String),
)

RECORDINGS: Final = Table(
    "recordings",
    METADATA,
    Column("recording", String, primary_key=True, comment="its name"),
    Column("conversation_id", String, index=True),
    Column("kind", String, comment="conversation, or message: what a guide recorded of a caller"),
    Column("number", Integer, comment="of the interval, counted from 1"),
    Column("path", String, comment="within the storage directory"),
    Column("started_at", Instant),
    Column("started_by", String, comment="policy: ..., key or api"),
    Column("ended_at", Instant),
    Column("ended_by", String, comment="as started_by, or end with the conversation; limit, silence, hang-up"),
    Column("seconds", Float, comment="how long the file is"),
    Column("gaps", Integer, comment="stretches in which sound is missing"),
    Column("missing_s", Float),
    Column("trouble", String, comment="why something could not be written, the last time"),
    Column("deleted_at", Instant),
    Column("deleted_by", String),
    Index("recordings_by_start", "started_at"),
)

QUEUE_ENTRIES: Final = Table(
    "queue_entries",
    METADATA,
    Column("entry", BigInteger, primary_key=True, comment="counts up over all queues"),
    Column("conversation_id", String, index=True),
    Column("queue", String),
    Column("number", String, comment="who waits, or is to be called back"),
    Column("kind", String, comment="call or callback"),
    Column("arrived_at", Instant, comment="the place in the line counts from it"),
    Column("entered_at", Instant, index=True),
    Column("answered_at", Instant, comment="empty: no agent took it"),
    Column("ended_at", Instant),
    Column("user_name", String, comment="the agent who took it"),
    Column("end_how", String, comment="served, abandoned, time, full, no-agents, key ..."),
    Column("waited_s", Float),
    Column("talk_s", Float),
    Column("callback_conversation_id", String, comment="of the last call back"),
)

QUEUE_OUTCOMES: Final = Table(
    "queue_outcomes",
    METADATA,
    Column("sequence", BigInteger, primary_key=True, comment="of the fact"),
    Column("entry", BigInteger),
    Column("queue", String),
    Column("user_name", String, comment="the agent who was rung"),
    Column("how", String, comment="answered, rejected, missed, unreachable, withdrawn"),
    Column("at", Instant, index=True),
)

AGENT_STATES: Final = Table(
    "agent_states",
    METADATA,
    Column("sequence", BigInteger, primary_key=True, comment="of the fact"),
    Column("user_name", String, index=True),
    Column("at", Instant),
    Column("step", String, comment="logged_in, chosen, offered, serves, wraps_up, finished, entered_queue ..."),
    Column("status", String, comment="from then on; empty where it is about a queue"),
    Column("queue", String),
)

SEGMENTS_VIEW: Final = """
CREATE VIEW segments AS
SELECT s.conversation_id, s.segment, a.number AS party_a, b.number AS party_b, s.started_at, s.ended_at, s.codec,
       s.leg_a, s.leg_b
FROM segment_legs AS s LEFT JOIN legs AS a ON a.leg = s.leg_a LEFT JOIN legs AS b ON b.leg = s.leg_b
"""

TABLE_OF_ROWS: Final = {
    "conversations": CONVERSATIONS,
    "legs": LEGS,
    "segments": SEGMENTS,
    "recordings": RECORDINGS,
    "queue_entries": QUEUE_ENTRIES,
    "queue_outcomes": QUEUE_OUTCOMES,
    "agent_states": AGENT_STATES,
    "projections": PROJECTIONS,
}
"""The table behind each name that a :class:`~softswitch.core.rows.RowChange` may use."""
