"""Whom a message concerns, as whoever writes a line of the log about it wants to know."""

from __future__ import annotations

from collections.abc import Callable

LegOf = Callable[[bytes], str]
"""Finds the leg that a message belongs to; empty where it belongs to none."""


def nobodys(data: bytes) -> str:
    """Know of no leg."""
    del data
    return ""
