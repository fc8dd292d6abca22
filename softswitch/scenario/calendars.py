"""iCalendar files as plain times: their events, repeated ones too, over the next years (RFC 5545).

This takes long for large files, so it is done when a site is loaded, in the loading process; the switch only looks
whether a moment lies between two times.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events

AHEAD: Final = timedelta(days=730)
BEHIND: Final = timedelta(days=400)
MOST_EVENTS: Final = 20_000

Spans = tuple[tuple[float, float], ...]
"""From and to, seconds of UTC, in order."""


def read_calendar(path: Path, zone: str, now: datetime) -> Spans:
    """Return when events of a calendar last.

    Args:
        path: the file.
        zone: whose days and times are meant where the file does not say it; empty: the machine's.
        now: about which the years are counted.

    Raises:
        ValueError: it is no calendar, or one with too many events.
        OSError: it cannot be read.
    """
    calendar = icalendar.Calendar.from_ical(path.read_bytes())
    found = recurring_ical_events.of(calendar).between(now - BEHIND, now + AHEAD)
    if len(found) > MOST_EVENTS:
        raise ValueError(f"it has {len(found)} events")
    local = ZoneInfo(zone) if zone else None
    return tuple(sorted({(_seconds(event.start, local), _seconds(event.end, local)) for event in found}))


def _seconds(moment: date | datetime, zone: ZoneInfo | None) -> float:
    if not isinstance(moment, datetime):
        moment = datetime.combine(moment, time(), zone)
    elif moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    return moment.astimezone(UTC).timestamp()
