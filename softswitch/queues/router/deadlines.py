"""When an entry's present state is over. Every one that is transient has such a moment."""

from __future__ import annotations

from softswitch.queues.router.rules import QueueRules
from softswitch.queues.router.state import Entry, EntryState


def deadline_of(entry: Entry, rules: QueueRules | None) -> float | None:
    """Return the wall time at which the router wants to be told :class:`~softswitch.queues.router.events.Due`."""
    if entry.state is EntryState.OFFERED:
        return entry.until_s
    if entry.state is not EntryState.WAITING:
        return None
    moments = (entry.rest_until_s, entry.retry_s, entry.relax_s, entry.expires_s, patience_end(entry, rules))
    return min((moment for moment in moments if moment is not None), default=None)


def patience_end(entry: Entry, rules: QueueRules | None) -> float | None:
    """Return when a caller has waited as long as the queue lets them; None for a callback, which expires instead."""
    if rules is None or not rules.max_wait_s or entry.kind == "callback":
        return None
    return entry.entered_s + rules.max_wait_s


def is_over(entry: Entry, rules: QueueRules, now: float) -> bool:
    """Tell whether a waiting entry is about to be given up, so that nobody is asked any more."""
    end = patience_end(entry, rules)
    expires = entry.expires_s
    return (end is not None and now >= end) or (expires is not None and now >= expires)
