"""``--from`` and ``--to``: moments as people write them, as the records hold them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Final

import typer

_EARLIER: Final = {"today": 0, "yesterday": 1}
_MONTH_OR_YEAR: Final = re.compile(r"[0-9]{4}(-(0[1-9]|1[0-2]))?")
_CURE: Final = "write 2026-11-27, 2026-11-27T14:00, today or yesterday (UTC)"


def moment(written: str) -> str:
    """Return a moment as text that sorts among the records' own (``2026-11-22T10:00:00.000Z``).

    Args:
        written: a year, a month, a day, a moment, ``today`` or ``yesterday``; UTC unless it names its offset.

    Raises:
        typer.BadParameter: it is none of these.
    """
    if written in _EARLIER:
        return (datetime.now(UTC) - timedelta(days=_EARLIER[written])).date().isoformat()
    if _MONTH_OR_YEAR.fullmatch(written):
        return written
    try:
        if len(written) == len("2026-11-27"):
            return date.fromisoformat(written).isoformat()
        made = datetime.fromisoformat(written)
    except ValueError:
        message = f"{written!r} is no moment: {_CURE}"
        raise typer.BadParameter(message) from None
    made = made.astimezone(UTC) if made.tzinfo else made
    return made.replace(tzinfo=None).isoformat()


FromOption = Annotated[
    str, typer.Option("--from", callback=moment, help="First moment in UTC, e.g. 2026-11-01, or yesterday.")
]
ToOption = Annotated[
    str, typer.Option("--to", callback=moment, help="The moment after the last one, e.g. 2026-12-01, or today.")
]
EARLIEST: Final = "0000"
LATEST: Final = "9999"
"""Years, as any other."""
