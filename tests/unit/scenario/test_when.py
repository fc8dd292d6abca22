"""Ranges of time: week days, midnight, dates, zones, and clocks that jump."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from softswitch.scenario.model import Block
from softswitch.scenario.steps.when import When


def covers(moment: str, zone: str = "UTC", **keys: str) -> bool:
    step = When.model_validate({**keys, "zone": zone, "steps": Block()})
    return step.covers(datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp())


# 2026-11-23 is a Monday.
@pytest.mark.parametrize(
    ("moment", "keys", "inside"),
    [
        ("2026-11-23T09:00", {"days": "mon-fri", "from": "09:00", "to": "18:00"}, True),
        ("2026-11-23T17:59", {"days": "mon-fri", "from": "09:00", "to": "18:00"}, True),
        ("2026-11-23T18:00", {"days": "mon-fri", "from": "09:00", "to": "18:00"}, False),
        ("2026-11-22T12:00", {"days": "mon-fri", "from": "09:00", "to": "18:00"}, False),
        ("2026-11-22T12:00", {"days": "sat,sun"}, True),
        ("2026-11-22T12:00", {"days": "fri-mon"}, True),
        ("2026-11-23T23:00", {"from": "22:00", "to": "06:00"}, True),
        ("2026-11-23T05:59", {"from": "22:00", "to": "06:00"}, True),
        ("2026-11-23T06:00", {"from": "22:00", "to": "06:00"}, False),
        ("2026-11-23T05:00", {"days": "sun", "from": "22:00", "to": "06:00"}, True),
        ("2026-11-23T23:00", {"days": "sun", "from": "22:00", "to": "06:00"}, False),
        ("2027-01-01T12:00", {"dates": "2026-12-31..2027-01-08"}, True),
        ("2027-01-09T12:00", {"dates": "2026-12-31..2027-01-08"}, False),
        ("2026-11-23T23:59", {"from": "18:00", "to": "24:00"}, True),
    ],
)
@pytest.mark.row("S-23")
def test_a_moment_lies_in_the_range_or_not(moment: str, keys: dict[str, str], inside: bool) -> None:
    assert covers(moment, **keys) is inside


@pytest.mark.row("S-23")
def test_the_range_is_that_of_its_time_zone() -> None:
    assert covers("2026-11-23T06:30", "Europe/Moscow", **{"from": "09:00", "to": "18:00"})
    assert not covers("2026-11-23T05:30", "Europe/Moscow", **{"from": "09:00", "to": "18:00"})


@pytest.mark.parametrize("moment", ["2026-03-29T01:30", "2026-10-25T00:30", "2026-10-25T01:30"])
def test_where_clocks_jump_the_range_follows_what_they_show(moment: str) -> None:
    """In Berlin the hour from 2 is left out in March, and comes twice in October."""
    shown = {"2026-03-29T01:30": True, "2026-10-25T00:30": True, "2026-10-25T01:30": True}
    assert covers(moment, "Europe/Berlin", **{"from": "02:00", "to": "04:00"}) is shown[moment]
