"""The facts of callers who page a group. The conversation's id stands in the record."""

from __future__ import annotations

from softswitch.core.facts import fact


@fact("page.begun")
class PageBegun:
    """Somebody speaks to the phones of a group."""

    members: tuple[str, ...]
    """Names of the users whose phones are asked to answer by themselves."""


@fact("page.refused")
class PageRefused:
    """There is nobody to speak to: what the caller is told."""

    status: int
    cause: int
    reason: str
    word: str
