"""Steps of time that go by public holidays and by calendar files."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from softswitch.core.errors import ConfigurationError
from softswitch.directory.compiled_site import compile_site, read_compiled
from softswitch.directory.loader import load_paths
from softswitch.directory.site import calendar_key
from softswitch.scenario.calendars import read_calendar
from softswitch.scenario.model import Block
from softswitch.scenario.public_holidays import is_holiday
from softswitch.scenario.site_check import check_scenarios
from softswitch.scenario.steps.when import When

MOSCOW = "Europe/Moscow"
CALENDAR = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//test//EN
BEGIN:VEVENT
UID:1
DTSTART;VALUE=DATE:20261231
DTEND;VALUE=DATE:20270109
SUMMARY:closed
END:VEVENT
BEGIN:VEVENT
UID:2
DTSTART;TZID=Europe/Moscow:20261123T130000
DTEND;TZID=Europe/Moscow:20261123T140000
RRULE:FREQ=WEEKLY;BYDAY=MO
EXDATE;TZID=Europe/Moscow:20261207T130000
SUMMARY:lunch
END:VEVENT
END:VCALENDAR
""".replace("\n", "\r\n")


def at(text: str) -> float:
    return datetime.fromisoformat(f"{text}+03:00").timestamp()


@pytest.mark.row("S-23")
def test_public_holidays_are_known_by_country_and_by_part_of_it() -> None:
    assert is_holiday("RU", date(2027, 1, 1))
    assert not is_holiday("RU", date(2027, 2, 2))
    assert is_holiday("DE-BY", date(2027, 1, 6))
    assert not is_holiday("DE-BE", date(2027, 1, 6))


@pytest.mark.parametrize(
    ("given", "moment", "runs"),
    [
        ({"not_holidays": "RU"}, "2027-05-01T12:00", False),
        ({"not_holidays": "RU"}, "2027-04-28T12:00", True),
        ({"only_holidays": "RU"}, "2027-05-01T12:00", True),
        ({"only_holidays": "RU"}, "2027-04-28T12:00", False),
        ({"only_holidays": "RU", "from": "20:00", "to": "04:00"}, "2027-06-13T02:00", True),
    ],
    ids=["holiday", "working day", "on holidays", "not on holidays", "the night after a holiday"],
)
def test_steps_run_on_holidays_only_or_never(given: dict[str, str], moment: str, runs: bool) -> None:
    step = When.model_validate({**given, "zone": MOSCOW, "steps": Block()})
    assert step.covers(at(moment)) is runs


@pytest.mark.row("S-23")
def test_events_of_a_calendar_are_spans_repeated_ones_and_whole_days_too(tmp_path: Path) -> None:
    file = tmp_path / "office.ics"
    file.write_text(CALENDAR)
    spans = read_calendar(file, MOSCOW, datetime(2026, 11, 27, tzinfo=UTC))
    inside = [first <= at("2027-01-05T12:00") < last for first, last in spans]
    assert sum(inside) == 1
    assert (at("2026-12-31T00:00"), at("2027-01-09T00:00")) in spans
    assert (at("2026-11-30T13:00"), at("2026-11-30T14:00")) in spans
    assert (at("2026-12-07T13:00"), at("2026-12-07T14:00")) not in spans


SITE = 'users:\n  - {name: anna, extension: "101", password: rk47-dn2x-9wqe}\n'
STEPS = "name: main\nsteps:\n  - when: {calendar: office.ics, zone: Europe/Moscow, steps: [{hang_up: {}}]}\n"


def site_in(folder: Path, calendar: str) -> Path:
    (folder / "scenarios").mkdir()
    (folder / "site.yaml").write_text(SITE)
    (folder / "scenarios" / "main.yaml").write_text(STEPS)
    (folder / "scenarios" / "office.ics").write_text(calendar)
    return folder


def test_a_load_turns_calendars_into_times_that_the_compiled_site_keeps(tmp_path: Path) -> None:
    site = load_paths([site_in(tmp_path, CALENDAR)], domain="example.net", scenarios=check_scenarios).site
    kept = read_compiled(compile_site(site)).site.calendars
    assert kept == site.calendars
    assert list(kept) == [calendar_key(tmp_path / "scenarios" / "office.ics", MOSCOW)]
    assert len(kept[next(iter(kept))]) > 50


@pytest.mark.parametrize("text", ["no calendar at all", "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n"])
def test_a_calendar_that_cannot_be_read_is_told_with_line_and_cure(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_paths([site_in(tmp_path, text)], domain="example.net", scenarios=check_scenarios)
    (problem,) = caught.value.problems
    assert problem.where == f"{tmp_path}/scenarios/main.yaml:3"
    assert "office.ics cannot be read" in problem.what
    assert ".ics" in problem.cure
