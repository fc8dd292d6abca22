from __future__ import annotations

from softswitch.app.record_rows import project
from softswitch.calls import facts
from softswitch.core.facts import Record, UnknownFact
from softswitch.core.rows import Value
from softswitch.storage.record_store import merged
from softswitch.storage.schema import TABLE_OF_ROWS

FLOW = ("udp", "10.0.0.1", 5060, "10.0.0.2", 5062, 0)
CALL = [
    facts.ConversationStarted("101", "102", from_name="Анна", from_user="anna"),
    facts.LegAdded("c1.1", "caller", "anna", "101", "sip:101@10.0.0.2", FLOW, "10.0.0.1", "10.0.0.1"),
    facts.LegAdded("c1.2", "callee", "boris", "102", "sip:102@10.0.0.3", FLOW, "10.0.0.1", "10.0.0.1"),
    facts.LegMediaOpened("c1.1", 16384),
    facts.LegAnswered("c1.2", "v=0"),
    facts.LegAccepted("c1.1", "v=0"),
    facts.SegmentStarted(1, "c1.1", "c1.2", "PCMA"),
    facts.SegmentEnded(1),
    facts.LegEnded("c1.1", "phone", "bye", 200, 16, "Normal call clearing"),
    facts.LegEnded("c1.2", "switch", "bye", 200, 16, "Normal call clearing"),
    facts.ConversationEnded("completed", 200),
    facts.LegMediaClosed("c1.1", 500, 498, 2, 1.5, 0),
]


def rows_of(told: list[object]) -> dict[tuple[str, tuple[str | int, ...]], dict[str, Value]]:
    """Project facts that happened one second after the other, from 1000 on."""
    records = [Record(number, 1000.0 + number, "c1", fact) for number, fact in enumerate(told)]
    tables = merged(project(records))
    return {(table, key): row for table, rows in tables.items() for key, row in rows.items()}


def test_an_answered_call_leaves_its_conversation_its_legs_and_its_segment() -> None:
    rows = rows_of(list(CALL))
    assert rows["conversations", ("c1",)] == {
        "kind": "call",
        "started_at": 1000.0,
        "answered_at": 1005.0,
        "ended_at": 1010.0,
        "from_number": "101",
        "to_number": "102",
        "from_name": "Анна",
        "from_user": "anna",
        "trunk": "",
        "end_reason": "completed",
        "end_status": 200,
    }
    assert rows["segments", ("c1", 1)] == {
        "leg_a": "c1.1",
        "leg_b": "c1.2",
        "codec": "PCMA",
        "started_at": 1006.0,
        "ended_at": 1007.0,
    }
    assert rows["legs", ("c1.1",)] == {
        "conversation_id": "c1",
        "side": "caller",
        "user_name": "anna",
        "number": "101",
        "started_at": 1001.0,
        "answered_at": 1005.0,
        "ended_at": 1008.0,
        "ended_by": "phone",
        "ended_how": "bye",
        "end_status": 200,
        "end_cause": 16,
        "end_reason": "Normal call clearing",
        "packets_received": 500,
        "packets_sent": 498,
        "packets_lost": 2,
        "packets_refused": 0,
        "jitter_ms": 1.5,
        "packets_late": 0,
        "packets_lost_by_phone": 0,
        "round_trip_ms": 0.0,
    }
    assert len(rows) == 4


def test_an_unanswered_call_has_no_time_of_answer() -> None:
    rows = rows_of([CALL[0], facts.ConversationEnded("busy", 486)])
    assert rows["conversations", ("c1",)]["end_reason"] == "busy"
    assert "answered_at" not in rows["conversations", ("c1",)]


def test_facts_without_a_trace_in_the_records_change_nothing() -> None:
    assert rows_of([UnknownFact("later.invented", 3, (1, 2)), facts.LegMediaOpened("c1.1", 16384)]) == {}


def test_every_column_that_is_projected_stands_in_its_table() -> None:
    for (table, key), values in rows_of(list(CALL)).items():
        columns = TABLE_OF_ROWS[table].columns
        assert set(values) <= set(columns.keys())
        assert len(key) == len(TABLE_OF_ROWS[table].primary_key.columns)
