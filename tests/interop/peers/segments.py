"""Who talked with whom and from when to when, by the call records; and the moments that these must agree with."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, Final

from softswitch.calls.facts import LegMediaOpened
from softswitch.runtime.clocks import SystemClock
from tests.interop.peers.switch import SwitchProcess
from tests.waiting import until

SECOND_WORKER: Final = 16384 + (32768 - 16384) // 2
"""Where the second worker's ports begin."""
CLOCK: Final = SystemClock()
Moment = tuple[float, float]
"""Between which two times something was, in seconds of UTC: not before the first, not after the second."""
Segment = tuple[str, str, float, float]
"""Two parties, and between which two times they talked, in seconds of UTC."""
_TAKEN: Final = re.compile(r"SIP/2\.0 200 .*\r\nCSeq: *\d+ INVITE\r\n", re.DOTALL | re.IGNORECASE)
_BYE: Final = re.compile(r"BYE ")


def ordered(switch: SwitchProcess, leg: str, command: str, **body: object) -> Moment:
    """Give a command that is followed; return when that was."""
    began_s = CLOCK.wall()
    assert switch.ask("POST", f"legs/{leg}/{command}", **body).get("leg") == leg
    return began_s, CLOCK.wall()


def taken_last(switch: SwitchProcess, leg: str) -> Moment:
    """Return when the last phone took a leg's call."""
    return _came_last(switch, leg, _TAKEN)


def hung_up_last(switch: SwitchProcess, leg: str) -> Moment:
    """Return when the last phone hung up in a leg's call."""
    return _came_last(switch, leg, _BYE)


def _came_last(switch: SwitchProcess, leg: str, what: re.Pattern[str]) -> Moment:
    messages = switch.ask("GET", f"trace/{leg.partition('.')[0]}")
    at_s = _time([one["at"] for one in messages if not one["sent"] and what.match(one["text"])][-1])
    return at_s, at_s


def segments(switch: SwitchProcess, conversation_id: str) -> list[Segment]:
    """Return who talked with whom, from when to when, by the records of a conversation that is over."""

    def over() -> list[dict[str, Any]]:
        rows = [row for row in switch.records("segments") if row["conversation_id"] == conversation_id]
        return rows if all(row["ended_at"] is not None for row in rows) else []

    rows = until(over, lambda: switch.records("segments"))
    return [(row["party_a"], row["party_b"], _time(row["started_at"]), _time(row["ended_at"])) for row in rows]


def _time(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def assert_right_to_50_ms(found: list[Segment], wanted: list[tuple[str, str, Moment, Moment]]) -> None:
    """Compare segments with when phones answered and commands were followed, which no load of the machine moves.

    That people heard one another just so long is shown in virtual time, where no sound is late.
    """
    assert [each[:2] for each in found] == [each[:2] for each in wanted]
    for segment, truth in zip(found, wanted, strict=True):
        for at_s, (earliest_s, latest_s) in zip(segment[2:], truth[2:], strict=True):
            assert earliest_s - 0.05 <= at_s <= latest_s + 0.05, (segment, truth)


def workers_used(switch: SwitchProcess) -> set[bool]:
    """Tell whether legs were in the first worker, and in the second."""
    ports = [record.fact.port for record in switch.journal() if isinstance(record.fact, LegMediaOpened)]
    return {port >= SECOND_WORKER for port in ports}
