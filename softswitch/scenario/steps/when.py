"""Steps that run in a range of time only."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Annotated, ClassVar, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from softswitch.scenario.model import TEXT, Block, Step
from softswitch.scenario.public_holidays import has_holidays, is_holiday
from softswitch.scenario.running import Here, Over

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TIME: Final = re.compile(r"([01]?[0-9]|2[0-4]):([0-5][0-9])")
_END_OF_DAY: Final = 24 * 60


def _minutes(text: object) -> object:
    """Read ``HH:MM`` as minutes of the day; ``24:00`` is its end."""
    if isinstance(text, int):
        return text
    found = _TIME.fullmatch(str(text))
    minutes = int(found[1]) * 60 + int(found[2]) if found else _END_OF_DAY + 1
    if minutes > _END_OF_DAY:
        raise ValueError(f"'{text}' is no time of day|hours and minutes, e.g. \"09:00\"")
    return minutes


def _days(text: object) -> object:
    """Read ``mon-fri, sun`` as numbers of week days; Monday is 0."""
    if isinstance(text, frozenset):
        return text
    parts = text if isinstance(text, list) else str(text).replace(" ", "").split(",")
    return frozenset(day for part in parts for day in _range_of_days(str(part)))


def _range_of_days(part: str) -> list[int]:
    first, _, last = part.lower().partition("-")
    if first not in DAYS or (last or first) not in DAYS:
        raise ValueError(f"'{part}' are no days|mon-fri, or some of {', '.join(DAYS)}")
    start, end = DAYS.index(first), DAYS.index(last or first)
    return [day % 7 for day in range(start, end + 1 if end >= start else end + 8)]


def _dates(text: object) -> object:
    """Read ``2026-12-31..2027-01-08`` and single dates."""
    if isinstance(text, tuple):
        return text
    parts = text if isinstance(text, list) else str(text).replace(" ", "").split(",")
    return tuple(_range_of_dates(str(part)) for part in parts)


def _range_of_dates(part: str) -> tuple[date, date]:
    first, _, last = part.partition("..")
    try:
        start, end = date.fromisoformat(first), date.fromisoformat(last or first)
    except ValueError:
        raise ValueError(f"'{part}' is no date|2027-01-01, or 2026-12-31..2027-01-08 for a range") from None
    if end < start:
        raise ValueError(f"'{part}' ends before it starts|the earlier date first")
    return start, end


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"there is no time zone '{name[:40]}'|a name as Europe/Moscow") from None
    return name


def _country(code: str) -> str:
    if not has_holidays(code):
        raise ValueError(f"no holidays are known of '{code[:20]}'|two letters of a country, e.g. RU, or RU-MOW")
    return code


Country = Annotated[str, AfterValidator(_country)]
"""A country, perhaps with a part of it: ``DE-BY``."""
Minutes = Annotated[int, BeforeValidator(_minutes), WithJsonSchema(TEXT)]
"""A time of day, in minutes."""
Zone = Annotated[str, AfterValidator(_zone)]
"""The name of a time zone."""


class When(Step):
    """Run steps in a range of time; outside of it they are passed over.

    ``from`` later than ``to`` crosses midnight, and then the day is that of the range's start. All that is said must
    hold: days, dates, times, holidays, calendar.
    """

    kind: ClassVar[str] = "when"
    instant: ClassVar[bool] = True

    days: Annotated[frozenset[int], BeforeValidator(_days), WithJsonSchema(TEXT)] = Field(
        frozenset(range(7)), description="Week days, e.g. mon-fri or sat,sun.", examples=["mon-fri"]
    )
    dates: Annotated[tuple[tuple[date, date], ...], BeforeValidator(_dates), WithJsonSchema(TEXT)] = Field(
        (), description="Only on these dates.", examples=["2026-12-31..2027-01-08"]
    )
    from_: Minutes = Field(0, alias="from", examples=['"09:00"'])
    to: Minutes = Field(_END_OF_DAY, examples=['"18:00"'])
    zone: Zone | None = Field(
        None, description="Time zone; the machine's where none is named.", examples=["Europe/Moscow"]
    )
    only_holidays: Country | None = Field(None, description="Only on public holidays there.", examples=["RU"])
    not_holidays: Country | None = Field(None, description="Not on public holidays there.", examples=["RU"])
    calendar: str | None = Field(
        None, description="Only while an event of this iCalendar file lasts.", examples=["closed.ics"]
    )
    steps: Block = Field(description="What runs then.", examples=["[{group: {name: sales}}]"])

    def blocks(self) -> Mapping[str, Block]:
        """Return the steps in it."""
        return {"steps": self.steps}

    def begin(self, here: Here) -> Over:
        """Run the steps in it, or pass them over."""
        inside = self.covers(here.wall_s) and (
            self.calendar is None or here.world.in_calendar(self.calendar, self.zone or "", here.wall_s)
        )
        return Over("in the range", into="steps") if inside else Over("skipped")

    def calendars(self) -> Mapping[str, tuple[str, str]]:
        """Return the calendar and the zone that its days are of."""
        return {} if self.calendar is None else {"calendar": (self.calendar, self.zone or "")}

    @property
    def unlimited(self) -> bool:
        """Whether only week days and times limit it."""
        return not (self.dates or self.only_holidays or self.not_holidays or self.calendar)

    def on_week_day(self, day: int, minute: int) -> bool:
        """Tell whether the range holds a minute of a day of the week, dates and holidays left aside."""
        if self.from_ < self.to:
            return self.from_ <= minute < self.to and day in self.days
        return (minute >= self.from_ and day in self.days) or (minute < self.to and (day - 1) % 7 in self.days)

    def covers(self, wall_s: float) -> bool:
        """Tell whether the moment, in seconds of UTC, lies in the range.

        Local time is what clocks on the wall show: where they jump, the range follows them.
        """
        local = datetime.fromtimestamp(wall_s, ZoneInfo(self.zone)) if self.zone else datetime.fromtimestamp(wall_s)  # noqa: DTZ006  # the machine's zone is meant
        minute = local.hour * 60 + local.minute
        if self.from_ < self.to:
            return self.from_ <= minute < self.to and self._on(local.date())
        if minute >= self.from_:
            return self._on(local.date())
        return minute < self.to and self._on(local.date() - timedelta(days=1))

    def _on(self, day: date) -> bool:
        if day.weekday() not in self.days:
            return False
        if self.dates and not any(first <= day <= last for first, last in self.dates):
            return False
        if self.only_holidays and not is_holiday(self.only_holidays, day):
            return False
        return not (self.not_holidays and is_holiday(self.not_holidays, day))

    def label(self) -> str:
        """Name days and times."""
        days = "daily" if len(self.days) == 7 else ",".join(DAYS[day] for day in sorted(self.days))
        times = f"{_clock(self.from_)}-{_clock(self.to)}"
        further = [
            f"on holidays of {self.only_holidays}" if self.only_holidays else "",
            f"not on holidays of {self.not_holidays}" if self.not_holidays else "",
            f"by {self.calendar}" if self.calendar else "",
        ]
        return " ".join(["when", days, times, *(part for part in further if part)])


def _clock(minutes: int) -> str:
    return "24:00" if minutes == _END_OF_DAY else time(minutes // 60, minutes % 60).isoformat("minutes")
