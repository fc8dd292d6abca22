"""The catalogue of reports: one query each over the call records, with what its columns mean.

Queries are for the embedded database. They are given ``:since`` and ``:until`` as ISO 8601 in UTC, and the functions
``sla_s(queue)`` and ``short_s(queue)``. Percentages are of 100, times in seconds unless the column says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple


class Report(NamedTuple):
    """One report."""

    title: str
    sql: str
    columns: Mapping[str, str]
    """What each column holds, in order."""


_ENTRIES: Final = "FROM queue_entries AS e WHERE e.entered_at >= :since AND e.entered_at < :until"
_OUTCOMES: Final = "FROM queue_outcomes AS o WHERE o.at >= :since AND o.at < :until"
_CALLS: Final = "FROM conversations AS c WHERE c.started_at >= :since AND c.started_at < :until"
_LEGS: Final = "FROM legs AS l WHERE l.started_at >= :since AND l.started_at < :until"
_STATES: Final = """
FROM (SELECT s.*, LEAD(s.at) OVER (PARTITION BY s.user_name ORDER BY s.sequence) AS next_at
      FROM agent_states AS s WHERE s.status <> '') AS t
WHERE t.at >= :since AND t.at < :until AND t.next_at IS NOT NULL
"""

_QUEUE_COLUMNS: Final = {
    "entered": "callers who began to wait",
    "answered": "whom an agent took",
    "in_time": "of those within the service level's time",
    "abandoned": "who hung up",
    "at_once": "of those before they count",
    "other": "by overflow, key, callback that failed",
    "mean_wait_s": "of those answered",
    "longest_wait_s": "of all",
    "mean_talk_s": "of a talk",
    "service_level": "in time / (answered + abandoned - at once)",
}
_QUEUE_FIGURES: Final = """
COUNT(*) AS entered,
SUM(e.answered_at IS NOT NULL) AS answered,
SUM(e.answered_at IS NOT NULL AND e.waited_s <= sla_s(e.queue)) AS in_time,
SUM(COALESCE(e.end_how, '') = 'abandoned') AS abandoned,
SUM(COALESCE(e.end_how, '') = 'abandoned' AND e.waited_s < short_s(e.queue)) AS at_once,
SUM(COALESCE(e.end_how, 'served') NOT IN ('served', 'abandoned')) AS other,
ROUND(AVG(CASE WHEN e.answered_at IS NOT NULL THEN e.waited_s END), 1) AS mean_wait_s,
ROUND(MAX(e.waited_s), 1) AS longest_wait_s,
ROUND(AVG(e.talk_s), 1) AS mean_talk_s,
ROUND(100.0 * SUM(e.answered_at IS NOT NULL AND e.waited_s <= sla_s(e.queue)) / NULLIF(
    SUM(e.answered_at IS NOT NULL)
    + SUM(COALESCE(e.end_how, '') = 'abandoned' AND e.waited_s >= short_s(e.queue)), 0), 1) AS service_level
"""
_AGENT_COLUMNS: Final = {
    "answered": "calls of queues taken",
    "talk_s": "in all",
    "mean_talk_s": "of a talk",
    "longest_talk_s": "of a talk",
    "mean_wait_s": "of their callers before",
}
_AGENT_FIGURES: Final = """
COUNT(*) AS answered, ROUND(SUM(e.talk_s), 1) AS talk_s, ROUND(AVG(e.talk_s), 1) AS mean_talk_s,
ROUND(MAX(e.talk_s), 1) AS longest_talk_s, ROUND(AVG(e.waited_s), 1) AS mean_wait_s
"""
_OUTCOME_COLUMNS: Final = {
    "rung": "how often the phone rang for a queue",
    "answered": "taken",
    "rejected": "refused by hand",
    "missed": "not answered in time",
    "unreachable": "the phone was not there",
    "withdrawn": "taken by others, or the caller gave up",
}
_OUTCOME_FIGURES: Final = """
COUNT(*) AS rung, SUM(o.how = 'answered') AS answered, SUM(o.how = 'rejected') AS rejected,
SUM(o.how = 'missed') AS missed, SUM(o.how = 'unreachable') AS unreachable, SUM(o.how = 'withdrawn') AS withdrawn
"""
_CALL_COLUMNS: Final = {
    "calls": "conversations",
    "answered": "of those taken by somebody",
    "seconds": "from first ring to last hang-up, in all",
    "mean_s": "of one",
}
_CALL_FIGURES: Final = """
COUNT(*) AS calls, SUM(c.answered_at IS NOT NULL) AS answered,
ROUND(SUM(86400.0 * (julianday(c.ended_at) - julianday(c.started_at))), 1) AS seconds,
ROUND(AVG(86400.0 * (julianday(c.ended_at) - julianday(c.started_at))), 1) AS mean_s
"""

_WEEKDAY: Final = (
    "CASE CAST(strftime('%w', {at}) AS INTEGER) WHEN 0 THEN '7 Sun' WHEN 1 THEN '1 Mon' WHEN 2 THEN '2 Tue' \
WHEN 3 THEN '3 Wed' WHEN 4 THEN '4 Thu' WHEN 5 THEN '5 Fri' ELSE '6 Sat' END"
)
_BY: Final = {
    "queue": ("e.queue", "the queue"),
    "day": ("substr({at}, 1, 10)", "UTC"),
    "hour": ("substr({at}, 12, 2)", "of the day, UTC"),
    "weekday": (_WEEKDAY, "UTC"),
    "month": ("substr({at}, 1, 7)", "UTC"),
    "caller": ("e.number", "the caller's number"),
    "agent": ("{owner}.user_name", "the agent"),
}


def _grouped(title: str, by: str, at: str, figures: str, columns: Mapping[str, str], rows: str) -> Report:
    """Make a report of figures for each value of one or two dimensions."""
    names = by.split()
    owner = at.partition(".")[0]
    terms = [_BY[name][0].format(at=at, owner=owner) for name in names]
    chosen = ", ".join(f"{term} AS {name}" for term, name in zip(terms, names, strict=True))
    numbers = ", ".join(str(place) for place in range(1, len(names) + 1))
    sql = f"SELECT {chosen}, {figures} {rows} GROUP BY {numbers} ORDER BY {numbers}"  # our own words
    return Report(title, sql, {**{name: _BY[name][1] for name in names}, **columns})


def _queues(title: str, by: str) -> Report:
    return _grouped(title, by, "e.entered_at", _QUEUE_FIGURES, _QUEUE_COLUMNS, _ENTRIES)


def _agents(title: str, by: str) -> Report:
    rows = f"{_ENTRIES} AND e.user_name IS NOT NULL"
    return _grouped(title, by, "e.entered_at", _AGENT_FIGURES, _AGENT_COLUMNS, rows)


def _outcomes(title: str, by: str) -> Report:
    return _grouped(title, by, "o.at", _OUTCOME_FIGURES, _OUTCOME_COLUMNS, _OUTCOMES)


def _calls(title: str, chosen: str, name: str, meaning: str) -> Report:
    sql = f"SELECT {chosen} AS {name}, {_CALL_FIGURES} {_CALLS} GROUP BY 1 ORDER BY 1"  # our own words
    return Report(title, sql, {name: meaning, **_CALL_COLUMNS})


_BUCKET: Final = "CASE WHEN {v} < 10 THEN '0 to 10' WHEN {v} < 20 THEN '10 to 20' WHEN {v} < 30 THEN '20 to 30' \
WHEN {v} < 60 THEN '30 to 60' WHEN {v} < 120 THEN '60 to 120' WHEN {v} < 300 THEN '120 to 300' ELSE '300 and more' END"


def _buckets(title: str, value: str, rows: str) -> Report:
    bucket = _BUCKET.format(v=value)
    sql = f"SELECT {bucket} AS seconds, COUNT(*) AS calls {rows} GROUP BY 1 ORDER BY MIN({value})"
    return Report(title, sql, {"seconds": "from, to", "calls": "how many"})


_LISTED: Final = "e.entry, e.queue, e.number, e.entered_at, ROUND(e.waited_s, 1) AS waited_s"
_LISTED_COLUMNS: Final = {
    "entry": "number of the entry",
    "queue": "the queue",
    "number": "who called",
    "entered_at": "UTC",
    "waited_s": "how long",
}

REPORTS: Final[dict[str, Report]] = {
    "queues": _queues("Queues", "queue"),
    "queues-by-day": _queues("Queues, day by day", "queue day"),
    "queues-by-hour": _queues("Queues, by hour of the day", "queue hour"),
    "queues-by-weekday": _queues("Queues, by day of the week", "queue weekday"),
    "queues-by-month": _queues("Queues, month by month", "queue month"),
    "days": _queues("All queues, day by day", "day"),
    "hours": _queues("All queues, by hour of the day", "hour"),
    "weekdays": _queues("All queues, by day of the week", "weekday"),
    "callers": _queues("Queues, by caller", "caller"),
    "abandoned": Report(
        "Callers who hung up while they waited",
        f"SELECT {_LISTED}, e.conversation_id {_ENTRIES} AND e.end_how = 'abandoned' ORDER BY e.entry",
        {**_LISTED_COLUMNS, "conversation_id": "of the call"},
    ),
    "abandoned-waits": _buckets(
        "How long callers waited who hung up", "e.waited_s", f"{_ENTRIES} AND e.end_how = 'abandoned'"
    ),
    "abandoned-callers": Report(
        "Callers who hung up, and whether they came back and were answered later",
        "SELECT e.number, COUNT(*) AS abandoned, MAX(e.entered_at) AS last_at, EXISTS(SELECT 1 FROM queue_entries AS f "
        "WHERE f.number = e.number AND f.answered_at > e.entered_at) AS answered_later "
        f"{_ENTRIES} AND e.end_how = 'abandoned' GROUP BY e.number ORDER BY 2 DESC, 1",
        {"number": "who called", "abandoned": "how often", "last_at": "UTC", "answered_later": "1 or 0"},
    ),
    "waits": _buckets("How long callers waited who were answered", "e.waited_s", f"{_ENTRIES} AND e.answered_at <> ''"),
    "longest-waits": Report(
        "The hundred longest waits",
        f"SELECT {_LISTED}, e.end_how, e.conversation_id {_ENTRIES} ORDER BY e.waited_s DESC, e.entry LIMIT 100",
        {**_LISTED_COLUMNS, "end_how": "how it ended", "conversation_id": "of the call"},
    ),
    "service-levels": Report(
        "How many were answered within which time",
        "SELECT e.queue, COUNT(*) AS entered, "
        + ", ".join(
            f"ROUND(100.0 * SUM(e.answered_at <> '' AND e.waited_s <= {s}) / COUNT(*), 1) AS within_{s}_s"
            for s in (10, 20, 30, 60, 120)
        )
        + f" {_ENTRIES} GROUP BY 1 ORDER BY 1",
        {
            "queue": "the queue",
            "entered": "callers",
            **{f"within_{s}_s": "percent of them" for s in (10, 20, 30, 60, 120)},
        },
    ),
    "endings": Report(
        "How waiting ended",
        f"SELECT e.queue, e.end_how, COUNT(*) AS callers, ROUND(AVG(e.waited_s), 1) AS mean_wait_s {_ENTRIES} "
        "GROUP BY 1, 2 ORDER BY 1, 2",
        {"queue": "the queue", "end_how": "served, abandoned, time ...", "callers": "how many", "mean_wait_s": "their"},
    ),
    "callbacks": Report(
        "Callbacks",
        f"SELECT {_LISTED}, e.answered_at, e.user_name AS agent, e.end_how {_ENTRIES} "  # our own words
        "AND e.kind = 'callback' ORDER BY e.entry",
        {**_LISTED_COLUMNS, "answered_at": "by an agent, UTC", "agent": "who", "end_how": "how it ended"},
    ),
    "callbacks-by-queue": Report(
        "Callbacks of each queue",
        "SELECT e.queue, COUNT(*) AS asked, SUM(COALESCE(e.end_how, '') = 'served') AS reached, "
        "SUM(COALESCE(e.end_how, '') IN ('failed', 'expired')) AS given_up, ROUND(AVG(e.waited_s), 1) AS mean_wait_s "
        f"{_ENTRIES} AND e.kind = 'callback' GROUP BY 1 ORDER BY 1",
        {
            "queue": "the queue",
            "asked": "for",
            "reached": "customers",
            "given_up": "after all tries",
            "mean_wait_s": "until an agent",
        },
    ),
    "repeat-callers": Report(
        "Who called more than once",
        "SELECT e.number, COUNT(*) AS calls, COUNT(DISTINCT e.queue) AS queues, MIN(e.entered_at) AS first_at, "
        f"MAX(e.entered_at) AS last_at {_ENTRIES} AND e.number <> '' GROUP BY 1 HAVING COUNT(*) > 1 ORDER BY 2 DESC, 1",
        {"number": "who", "calls": "how often", "queues": "how many", "first_at": "UTC", "last_at": "UTC"},
    ),
    "agents": _agents("Agents", "agent"),
    "agents-by-day": _agents("Agents, day by day", "agent day"),
    "agents-by-queue": _agents("Agents, by queue", "agent queue"),
    "agents-by-hour": _agents("Agents, by hour of the day", "agent hour"),
    "agents-by-month": _agents("Agents, month by month", "agent month"),
    "answers": _outcomes("What became of calls that rang at agents", "agent"),
    "answers-by-day": _outcomes("What became of calls that rang at agents, day by day", "agent day"),
    "answers-by-hour": _outcomes("What became of calls that rang at agents, by hour of the day", "agent hour"),
    "missed": Report(
        "Calls that agents did not answer in time",
        "SELECT o.at, o.user_name AS agent, o.queue, o.entry, "
        "(SELECT e.conversation_id FROM queue_entries AS e WHERE e.entry = o.entry) AS conversation_id "
        f"{_OUTCOMES} AND o.how = 'missed' ORDER BY o.sequence",
        {"at": "UTC", "agent": "who", "queue": "whose call", "entry": "its number", "conversation_id": "of the call"},
    ),
    "talks": _buckets("How long talks lasted", "e.talk_s", f"{_ENTRIES} AND e.talk_s <> ''"),
    "longest-talks": Report(
        "The hundred longest talks",
        f"SELECT {_LISTED}, e.user_name AS agent, ROUND(e.talk_s, 1) AS talk_s, e.conversation_id {_ENTRIES} "
        "ORDER BY e.talk_s DESC, e.entry LIMIT 100",
        {**_LISTED_COLUMNS, "agent": "who talked", "talk_s": "how long", "conversation_id": "of the call"},
    ),
    "agent-times": Report(
        "How long agents were in each status",
        "SELECT t.user_name AS agent, t.status, COUNT(*) AS times, "
        f"ROUND(SUM(86400.0 * (julianday(t.next_at) - julianday(t.at))), 1) AS seconds {_STATES} "
        "GROUP BY 1, 2 ORDER BY 1, 2",
        {"agent": "who", "status": "the status", "times": "how often", "seconds": "in all"},
    ),
    "agent-times-by-day": Report(
        "How long agents were in each status, by the day on which it began",
        "SELECT t.user_name AS agent, substr(t.at, 1, 10) AS day, t.status, "
        f"ROUND(SUM(86400.0 * (julianday(t.next_at) - julianday(t.at))), 1) AS seconds {_STATES} "
        "GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
        {"agent": "who", "day": "UTC", "status": "the status", "seconds": "in all"},
    ),
    "wrap-ups": Report(
        "Wrap-up after calls",
        "SELECT t.user_name AS agent, COUNT(*) AS times, "
        "ROUND(AVG(86400.0 * (julianday(t.next_at) - julianday(t.at))), 1) AS mean_s, "
        f"ROUND(MAX(86400.0 * (julianday(t.next_at) - julianday(t.at))), 1) AS longest_s {_STATES} "
        "AND t.step = 'wraps_up' GROUP BY 1 ORDER BY 1",
        {"agent": "who", "times": "how often", "mean_s": "of one", "longest_s": "of one"},
    ),
    "agent-log": Report(
        "What agents did, step by step",
        "SELECT s.at, s.user_name AS agent, s.step, s.status, s.queue FROM agent_states AS s "
        "WHERE s.at >= :since AND s.at < :until ORDER BY s.sequence",
        {"at": "UTC", "agent": "who", "step": "what", "status": "from then on", "queue": "of which"},
    ),
    "calls-by-day": _calls("Calls, day by day", "substr(c.started_at, 1, 10)", "day", "UTC"),
    "calls-by-hour": _calls("Calls, by hour of the day", "substr(c.started_at, 12, 2)", "hour", "UTC"),
    "calls-by-user": _calls("Calls that users made", "c.from_user", "user", "empty: from outside"),
    "calls-by-trunk": _calls("Calls that came by trunks", "c.trunk", "trunk", "empty: from inside"),
    "calls-by-number": _calls("Calls, by what was dialled", "c.to_number", "number", "that was dialled"),
    "calls-by-ending": _calls("Calls, by how they ended", "c.end_reason", "ending", "completed, busy ..."),
    "unanswered": Report(
        "Calls that nobody took",
        f"SELECT c.started_at, c.from_number, c.to_number, c.end_reason {_CALLS} AND c.answered_at IS NULL "
        "ORDER BY c.started_at",
        {"started_at": "UTC", "from_number": "who", "to_number": "whom", "end_reason": "why"},
    ),
    "sound": Report(
        "What the network did to the sound of users' phones",
        "SELECT l.user_name AS user, COUNT(*) AS legs, SUM(l.packets_received) AS received, "
        "SUM(l.packets_lost) AS lost, "
        f"ROUND(AVG(l.jitter_ms), 2) AS mean_jitter_ms {_LEGS} AND l.user_name <> '' GROUP BY 1 ORDER BY 1",
        {"user": "who", "legs": "ends of calls", "received": "packets", "lost": "packets", "mean_jitter_ms": "of legs"},
    ),
}
