"""A queue as the guide of its callers: whatever happens to them is told to the desk, which keeps what a queue knows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from softswitch.calls.inputs import Input
from softswitch.core.facts import Record


class QueueGuide:
    """Implements :class:`softswitch.calls.guide.Guide`: callers of a queue are led by the desk.

    Args:
        happened: is told what happens to them.
    """

    sees: Final = frozenset[type]()

    def __init__(self, happened: Callable[[str, object], None]) -> None:
        self._happened = happened

    def follow(self, conversation_id: str, happened: object, wall_s: float) -> Sequence[object]:
        """Pass on what happened."""
        self._happened(conversation_id, happened)
        return ()

    def apply(self, record: Record) -> None:
        """Do nothing: the router's facts are folded beside those of the people."""

    def asks(self, conversation_id: str, fact: object) -> Sequence[Input]:
        """Return nothing: a queue has no facts of its own kind."""
        return ()

    def deadline_s(self, conversation_id: str) -> float | None:
        """Return None: the desk keeps the deadlines of entries."""
        return None
