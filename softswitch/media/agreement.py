"""Whether brain and worker know the same legs: a worker names its own every few seconds, what differs is settled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from softswitch.media import wire
from softswitch.media.engine import Disagreement
from softswitch.media.links import PREFIX, Links
from softswitch.media.worker_health import WorkerHealth
from softswitch.media.worker_link import WorkerLink


class Agreement:
    """Takes the workers' reports.

    Args:
        links: knows the ends of links.
        give_up: forgets a leg that its worker does not have.
        on_event: told of what differed.
        flush: sends what was noted outside a turn.
    """

    def __init__(
        self,
        links: Links,
        give_up: Callable[[str], None],
        on_event: Callable[[Disagreement], None],
        flush: Callable[[], None],
    ) -> None:
        self._links = links
        self._give_up = give_up
        self._on_event = on_event
        self._flush = flush

    def take(
        self,
        worker: WorkerLink,
        more: object,
        late_ms: float,
        missed_ticks: int,
        names: Sequence[str],
        ticks: Sequence[int] = (),
    ) -> None:
        """Take a worker's report, or a part of it that others follow."""
        worker.named.update(names)
        if more or not worker.greeted:
            return
        named, worker.named = worker.named, set()
        worker.health = WorkerHealth(worker.number, len(named), late_ms, missed_ticks, ticks=tuple(ticks))
        differing = (named ^ worker.conversations.keys()) - worker.opening
        # What is being closed differs for a moment; what differs twice stays so.
        lasting, worker.differing = differing & worker.differing, differing
        if lasting:
            self._settle(worker, lasting & named, lasting - named)
        self._close_strays(worker)

    def _settle(self, worker: WorkerLink, unknown: set[str], missing: set[str]) -> None:
        """Close what the brain does not know, give up what the worker does not have, and say so."""
        worker.differing = set()
        worker.notes += [wire.pack(wire.forget_command(leg)) for leg in sorted(unknown)]
        for leg in missing:
            self._give_up(leg)
        self._on_event(Disagreement(worker.number, tuple(sorted(unknown)), tuple(sorted(missing))))

    def _close_strays(self, worker: WorkerLink) -> None:
        """Close the ends of links that this brain was told of at its start and has not asked for since."""
        strays = {leg for leg in worker.conversations if leg.startswith(PREFIX) and not self._links.knows(leg)}
        lasting, worker.strays = strays & worker.strays, strays
        for name in sorted(lasting):
            worker.note(wire.close_command(name))
        if lasting:
            self._flush()


def health_of(worker: WorkerLink) -> WorkerHealth:
    """Return how a worker does, as it told last."""
    return replace(worker.health, full=worker.full)
