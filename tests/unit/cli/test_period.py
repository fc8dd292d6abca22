"""Moments as people write them for reports."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import typer

from softswitch.cli.period import moment
from softswitch.core.clock import iso_utc


@pytest.mark.parametrize(
    ("written", "first"),
    [
        ("2026", 1_767_225_600),
        ("2026-11", 1_793_491_200),
        ("2026-11-22", 1_795_305_600),
        ("2026-11-22T10:00", 1_795_341_600),
        ("2026-11-22T10:00:00.500Z", 1_795_341_600.5),
        ("2026-11-22T13:00+03:00", 1_795_341_600),
    ],
)
def test_a_moment_stands_before_all_that_came_later_and_after_all_that_came_before(written: str, first: float) -> None:
    assert iso_utc(first - 0.001) < moment(written) <= iso_utc(first)


def test_yesterday_and_today_are_days() -> None:
    before = datetime.now(UTC).date()
    told = (moment("yesterday"), moment("today"))
    days = [before, datetime.now(UTC).date()]
    assert told in [((day - timedelta(days=1)).isoformat(), day.isoformat()) for day in days]


@pytest.mark.parametrize("written", ["26.11.2026", "last week", "2026-13-01", "2026-13", ""])
def test_what_is_no_moment_is_refused_with_what_to_write(written: str) -> None:
    with pytest.raises(typer.BadParameter, match="is no moment: write 2026-11-27"):
        moment(written)
