"""The notices of the last time, and what of them has not gone out yet: a fold of their facts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from softswitch.core.facts import Record
from softswitch.queues.notices.facts import NoticeOver, NoticeRaised

KEPT: Final = 200
"""Notices that are shown; those that have not gone out are kept whatever their number."""


@dataclass(slots=True)
class Notice:
    """One of them."""

    raised: NoticeRaised
    at_s: float
    pending: set[str] = field(default_factory=set)
    """Channels by which it has to go out yet."""
    problems: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Notices:
    """All of them."""

    last: int = 0
    notices: dict[int, Notice] = field(default_factory=dict)

    def apply(self, record: Record) -> None:
        """Fold one record; facts of other things change nothing."""
        fact = record.fact
        if isinstance(fact, NoticeRaised):
            self.last = max(self.last, fact.notice)
            self.notices[fact.notice] = Notice(fact, record.wall_s, set(fact.channels))
            self._forget()
        elif isinstance(fact, NoticeOver) and fact.notice in self.notices:
            notice = self.notices[fact.notice]
            notice.pending.discard(fact.channel)
            if fact.problem:
                notice.problems[fact.channel] = fact.problem

    def last_at_s(self, kind: str, queue: str) -> float | None:
        """Return when the last notice of a kind was raised for a queue; None for never, or too long ago to be kept."""
        moments = (
            each.at_s for each in self.notices.values() if (each.raised.kind, each.raised.queue) == (kind, queue)
        )
        return max(moments, default=None)

    def _forget(self) -> None:
        over = [number for number, notice in self.notices.items() if not notice.pending]
        for number in over[: max(0, len(self.notices) - KEPT)]:
            del self.notices[number]

    def values(self) -> tuple[Any, ...]:
        """Return the state as plain values, for a snapshot."""
        rows = []
        for each in self.notices.values():
            raised = each.raised
            who = (raised.entry, raised.number, raised.waited_s)
            fields = (raised.notice, raised.queue, raised.kind, *who, raised.channels, raised.conversation_id)
            rest = (each.at_s, tuple(sorted(each.pending)), tuple(sorted(each.problems.items())))
            rows.append((*fields, *rest))
        return self.last, tuple(rows)

    def restore(self, values: Sequence[Any]) -> None:
        """Put into an empty state what :meth:`values` gave."""
        self.last, rows = values
        for *fields, at_s, pending, problems in rows:
            raised = NoticeRaised(*fields)
            self.notices[raised.notice] = Notice(raised, at_s, set(pending), dict(problems))
