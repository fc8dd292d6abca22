"""Public holidays of countries and their parts."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

import holidays


@lru_cache(maxsize=64)
def _of(code: str) -> holidays.HolidayBase | None:
    country, _, part = code.partition("-")
    try:
        return holidays.country_holidays(country, subdiv=part or None)
    except NotImplementedError:
        return None


def has_holidays(code: str) -> bool:
    """Tell whether the holidays of a country, or of a part of it as ``DE-BY``, are known."""
    return _of(code) is not None


def is_holiday(code: str, day: date) -> bool:
    """Tell whether a day is a public holiday there."""
    known = _of(code)
    return known is not None and day in known
