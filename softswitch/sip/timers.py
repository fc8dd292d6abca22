"""The times of RFC 3261 §17 and the queue in which every timer of the SIP core waits.

Most timers of SIP have one of a few constant delays, and most are stopped long before they are due. So a timer is
started by appending it to the line of its delay (a line is in order by itself), only other delays go into a heap, and
a stopped timer stays where it is until it would have been due. Lines and heap, in which timers may wait for an hour,
are rid of stopped ones when they are the greater part.

What ends the absorbing of retransmissions waits in lines of its own: nobody is in a hurry for it, so many of them are
dealt with in one wake-up.
"""

from __future__ import annotations

import heapq
from collections import deque
from dataclasses import dataclass
from enum import Enum
from typing import Final, Protocol

from softswitch.core.alarm import Alarm


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
    no_hurry_s: float = 0.25
    """How much later than it could a transaction is forgotten that only absorbs retransmissions."""

    @property
    def give_up_s(self) -> float:
        """64*T1, after which a peer that does not answer is taken for lost (timers B, D, F, H, J, L and M)."""
        return 64 * self.t1_s


_MOST_STOPPED: Final = 256
"""So many stopped timers are left in a line in any case, and in the heap."""
_MOST_LINES: Final = 16
"""The delays that come first get lines, and the constant ones always; those of peers' making may be any."""


class Expiring(Protocol):
    """Whatever owns a timer."""

    def expire(self, kind: Enum, now: float) -> None:
        """Do what is due: the timer ``kind`` has fired."""
        ...


class _Line:
    """Timers of one delay, in the order of their start, which is that of their deadlines."""

    __slots__ = ("stopped", "timers")

    def __init__(self) -> None:
        self.timers: deque[Timer] = deque()
        self.stopped = 0

    def first(self) -> Timer | None:
        """Return the first that is not stopped, and let go of those before it."""
        timers = self.timers
        while timers and timers[0].owner is None:
            timers.popleft()
            self.stopped -= 1
        return timers[0] if timers else None

    def note_stopped(self) -> None:
        """One more is stopped."""
        self.stopped += 1
        if self.stopped > _MOST_STOPPED and 2 * self.stopped > len(self.timers):
            self.timers = deque([timer for timer in self.timers if timer.owner is not None])
            self.stopped = 0


class Timer:
    """A started timer; only its queue changes it."""

    __slots__ = ("counted", "deadline", "kind", "line", "order", "owner")

    def __init__(self, deadline: float, order: int, owner: Expiring, kind: Enum, counted: int) -> None:
        self.deadline = deadline
        self.order = order
        self.owner: Expiring | None = owner
        self.kind = kind
        self.counted = counted
        self.line: _Line | None = None


class TimerQueue:
    """All timers of one user agent, in the order in which they are due; equal ones in the order of their start.

    Args:
        timers: the base values, from which the constant delays follow.
        alarm: is told of each deadline.

    Attributes:
        live: timers that are started and neither stopped nor fired, without those of :meth:`linger` and :meth:`lapse`.
    """

    def __init__(self, timers: Timers, alarm: Alarm | None = None) -> None:
        self._alarm = alarm or Alarm()
        self._constant = (timers.t1_s, timers.t2_s, timers.t4_s, timers.give_up_s)
        self._no_hurry_s = timers.no_hurry_s
        self._lines: dict[float, _Line] = {}
        self._lapsing: dict[float, deque[tuple[float, Expiring, Enum]]] = {}
        """By delay: when it is over, for whom, and what."""
        self._heap: list[tuple[float, int, Timer]] = []
        self._stopped = 0
        """Stopped timers in the heap."""
        self._order = 0
        self.live = 0

    def start(self, owner: Expiring, kind: Enum, delay_s: float, now: float) -> Timer:
        """Let ``owner.expire(kind, now)`` be called ``delay_s`` after ``now``."""
        self.live += 1
        return self._add(owner, kind, delay_s, now, 1)

    def linger(self, owner: Expiring, kind: Enum, delay_s: float, now: float) -> Timer:
        """Start a timer that does not count as live."""
        return self._add(owner, kind, delay_s, now, 0)

    def lapse(self, owner: Expiring, kind: Enum, delay_s: float, now: float) -> None:
        """Start a timer that only ends the absorbing of retransmissions.

        It does not count as live, cannot be stopped, and fires when somebody looks, a moment late where nothing else
        is due.
        """
        line = self._lapsing.get(delay_s)
        if line is None:
            line = self._lapsing[delay_s] = deque()
        if not line:
            self._alarm.no_later(now + delay_s + self._no_hurry_s)
        line.append((now + delay_s, owner, kind))

    def _add(self, owner: Expiring, kind: Enum, delay_s: float, now: float, counted: int) -> Timer:
        self._order += 1
        deadline = now + delay_s
        timer = Timer(deadline, self._order, owner, kind, counted)
        line = self._lines.get(delay_s)
        if line is None and (len(self._lines) < _MOST_LINES or delay_s in self._constant):
            line = self._lines[delay_s] = _Line()
        if line is None or (line.timers and line.timers[-1].deadline > deadline):
            heapq.heappush(self._heap, (deadline, self._order, timer))
        else:
            timer.line = line
            line.timers.append(timer)
        if deadline < self._alarm.at_s:
            self._alarm.at_s = deadline
        return timer

    def stop(self, timer: Timer | None) -> None:
        """Stop a timer; None, a stopped one and one that has fired are left alone."""
        if timer is None or timer.owner is None:
            return
        timer.owner = None
        self.live -= timer.counted
        if timer.line is not None:
            timer.line.note_stopped()
            return
        self._stopped += 1
        if self._stopped > _MOST_STOPPED and 2 * self._stopped > len(self._heap):
            self._heap = [each for each in self._heap if each[2].owner is not None]
            heapq.heapify(self._heap)
            self._stopped = 0

    def next_deadline(self) -> float | None:
        """Return when somebody has to look at the timers again, or None where none is started."""
        first = self._first()
        soonest = None if first is None else first.deadline
        for line in self._lapsing.values():
            if line and (soonest is None or line[0][0] + self._no_hurry_s < soonest):
                soonest = line[0][0] + self._no_hurry_s
        return soonest

    def fire(self, now: float) -> None:
        """Fire every timer that is due at ``now``, those included that are started meanwhile and due as well."""
        for line in self._lapsing.values():
            while line and line[0][0] <= now:
                _, lapsed, kind = line.popleft()
                lapsed.expire(kind, now)
        while True:
            timer = self._first()
            if timer is None or timer.owner is None or timer.deadline > now:
                return
            owner, timer.owner = timer.owner, None
            self.live -= timer.counted
            if timer.line is None:
                self._stopped += 1
            else:
                timer.line.stopped += 1
            owner.expire(timer.kind, now)

    def counted(self) -> list[Timer]:
        """Return the timers that :attr:`live` counts."""
        in_lines = [timer for line in self._lines.values() for timer in line.timers]
        every = (*in_lines, *(timer for _, _, timer in self._heap))
        return [timer for timer in every if timer.owner is not None and timer.counted]

    def _first(self) -> Timer | None:
        heap = self._heap
        while heap and heap[0][2].owner is None:
            heapq.heappop(heap)
            self._stopped -= 1
        found = heap[0][2] if heap else None
        for line in self._lines.values():
            first = line.first()
            if first is None:
                continue
            if (
                found is None
                or first.deadline < found.deadline
                or (first.deadline == found.deadline and first.order < found.order)
            ):
                found = first
        return found
