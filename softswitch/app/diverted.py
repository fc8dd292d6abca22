"""How a call that was forwarded says so: Diversion (RFC 5806), and beside it History-Info (RFC 7044)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

_CAUSES: Final = {
    "unconditional": 302,
    "deflection": 480,
    "user-busy": 486,
    "no-answer": 408,
    "unavailable": 404,
}
"""The reasons of RFC 5806 as RFC 4458 §2 numbers them."""
_COUNTER: Final = re.compile(r"^Diversion:.*;counter=(\d{1,3})", re.IGNORECASE)


def diverted_lines(domain: str, number: str, reason: str, to_number: str, counter: int) -> tuple[str, ...]:
    """Return the header lines of a call that goes on to another number.

    Args:
        domain: ours.
        number: whom the call was for until now.
        reason: why it goes on, as RFC 5806 §4 names it.
        to_number: where it goes.
        counter: how often it went on, this time included.
    """
    cause = _CAUSES[reason]
    was, now = f"sip:{number}@{domain}", f"sip:{to_number}@{domain}"
    return (
        f"Diversion: <{was}>;reason={reason};counter={counter}",
        f"History-Info: <{was}?Reason=SIP%3Bcause%3D{cause}>;index=1, <{now};cause={cause}>;index=1.1;mp=1",
    )


def times_diverted(lines: Iterable[str]) -> int:
    """Return how often a call went on already, by the header lines of its leg."""
    return max((int(found[1]) for line in lines if (found := _COUNTER.match(line))), default=0)
