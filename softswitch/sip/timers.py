"""The times of RFC 3261 §17 and the queue in which every timer of the SIP core waits.

Most timers of SIP have one of a few constant delays, and most are stopped long before they are due. So a timer is
started by appending it to the line of its delay (a line is in order by itself), only other delays go into a heap, and
a stopped timer stays where it is until it would have been due. The heap, in which timers may wait for an hour, is rid
of stopped ones when they are the greater part.
"""

from __future__ import annotations

import heapq
from collections import deque
from dataclasses import dataclass
from enum import Enum
from typing import Final, Protocol


@dataclass(frozen=True, slots=True)
class Timers:
    """The base values of all SIP timers, in seconds (RFC 3261 §17.1.1.1, table 4)."""

    t1_s: float = 0.5
    """Round-trip estimate: the first retransmission interval."""
    t2_s: float = 4.0
    """The longest retransmission interval."""
    t4_s: float = 5.0
    """How long a message may stay in the network."""
    c_s: float = 180.0
    """Timer C: how long an INVITE of ours may ring after its last provisional response (RFC 3261 §16.6)."""
    unanswered_s: float = 3600.0
    """How long an INVITE of a peer may wait for our final response; a guard, its owner decides long before."""

    @property
    def give_up_s(self) -> float:
        """64*T1, after which a peer that does not answer is taken for lost (timers B, D, F, H, J, L and M)."""
        return 64 * self.t1_s


_MOST_STOPPED: Final = 256
"""So many stopped timers are left in the heap in any case."""


class Expiring(Protocol):
    """Whatever owns a timer."""

    def expire(self, kind: Enum, now: float) -> None:
        """Do what is due: the timer ``kind`` has fired."""
        ...


class Timer:
    """A started timer; only its queue changes it."""

    __slots__ = ("counted", "deadline", "in_line", "kind", "order", "owner")

    def __init__(self, deadline: float, order: int, owner: Expiring, kind: Enum, counted: int) -> None:
        self.deadline = deadline
        self.order = order
        self.owner: Expiring | None = owner
        self.kind = kind
        self.counted = counted
        self.in_line = False

    def __lt__(self, other: Timer) -> bool:
        if self.deadline == other.deadline:
            return self.order < other.order
        return self.deadline < other.deadline


class TimerQueue:
    """All timers of one user agent, in the order in which they are due; equal ones in the order of their start.

    Args:
        timers: the base values, from which the constant delays follow.

    Attributes:
        live: timers that are started and neither stopped nor fired, without those of :meth:`linger`.
    """

    def __init__(self, timers: Timers) -> None:
        constant = (timers.t1_s, timers.t2_s, timers.t4_s, timers.give_up_s)
        self._lines: dict[float, deque[Timer]] = {delay: deque() for delay in constant}
        self._queues = tuple(self._lines.values())
        self._heap: list[Timer] = []
        self._stopped = 0
        self._order = 0
        self.live = 0

    def start(self, owner: Expiring, kind: Enum, delay_s: float, now: float) -> Timer:
        """Let ``owner.expire(kind, now)`` be called ``delay_s`` after ``now``."""
        self.live += 1
        return self._add(owner, kind, delay_s, now, 1)

    def linger(self, owner: Expiring, kind: Enum, delay_s: float, now: float) -> Timer:
        """Start a timer that only ends the absorbing of retransmissions: it does not count as live."""
        return self._add(owner, kind, delay_s, now, 0)

    def _add(self, owner: Expiring, kind: Enum, delay_s: float, now: float, counted: int) -> Timer:
        self._order += 1
        timer = Timer(now + delay_s, self._order, owner, kind, counted)
        line = self._lines.get(delay_s)
        if line is None or (line and line[-1].deadline > timer.deadline):
            heapq.heappush(self._heap, timer)
        else:
            timer.in_line = True
            line.append(timer)
        return timer

    def stop(self, timer: Timer | None) -> None:
        """Stop a timer; None, a stopped one and one that has fired are left alone."""
        if timer is not None and timer.owner is not None:
            timer.owner = None
            self.live -= timer.counted
            if not timer.in_line:
                self._stopped += 1
                if self._stopped > _MOST_STOPPED and 2 * self._stopped > len(self._heap):
                    self._sweep()

    def _sweep(self) -> None:
        self._heap = [timer for timer in self._heap if timer.owner is not None]
        heapq.heapify(self._heap)
        self._stopped = 0

    def next_deadline(self) -> float | None:
        """Return when the next timer is due, or None where none is started."""
        first = self._first()
        return None if first is None else first.deadline

    def fire(self, now: float) -> None:
        """Fire every timer that is due at ``now``, those included that are started meanwhile and due as well."""
        while True:
            timer = self._first()
            if timer is None or timer.owner is None or timer.deadline > now:
                return
            owner, timer.owner = timer.owner, None
            self.live -= timer.counted
            self._stopped += not timer.in_line
            owner.expire(timer.kind, now)

    def counted(self) -> list[Timer]:
        """Return the timers that :attr:`live` counts."""
        every = (timer for line in (*self._queues, self._heap) for timer in line)
        return [timer for timer in every if timer.owner is not None and timer.counted]

    def _first(self) -> Timer | None:
        heap = self._heap
        while heap and heap[0].owner is None:
            heapq.heappop(heap)
            self._stopped -= 1
        first = heap[0] if heap else None
        for line in self._queues:
            while line:
                head = line[0]
                if head.owner is None:
                    line.popleft()
                    continue
                if first is None or head < first:
                    first = head
                break
        return first
