"""Keeping the way through a NAT open to the phones behind it.

A NAT forgets a mapping that carried nothing for some 30 s, and then no call reaches the phone. So every 25 s its flow
gets a CRLFCRLF (RFC 5626 §3.5.1), and every fourth time an OPTIONS, because some NATs count only what is answered.
Pure: it says what is due and when to ask again; the times of several thousand phones are spread over the interval.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import Final
from zlib import crc32

from softswitch.core.alarm import Alarm
from softswitch.directory.location import Binding, LocationState

INTERVAL_S: Final = 25.0
OPTIONS_EVERY: Final = 4
"""Every fourth keep-alive is an OPTIONS."""

_RESUMED_S: Final = 5.0

_Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class KeepAlive:
    """What to send to a phone now."""

    binding: Binding
    options: bool
    """An OPTIONS to its Contact; else the four octets CRLFCRLF."""


@dataclass(slots=True)
class _Turn:
    due_s: float
    count: int


class KeepAlivePlanner:
    """Knows when each phone behind NAT is due.

    Args:
        state: where the phones are; what is no longer in it falls out of the plan by itself.
        now: monotonic seconds; phones that ``state`` holds already had their last turn nobody knows when, so they get
            one within five seconds.
        alarm: is told of each turn.
    """

    def __init__(self, state: LocationState, *, now: float, alarm: Alarm | None = None) -> None:
        self._alarm = alarm or Alarm()
        self._state = state
        self._turns: dict[_Key, _Turn] = {}
        self._heap: list[tuple[float, _Key]] = []
        for binding in state:
            self._follow(binding.user, binding.key, now, earliest_s=0.0, latest_s=_RESUMED_S)

    def follow(self, user: str, key: str, *, now: float) -> None:
        """Plan a binding that was just made or refreshed; one that is planned keeps its turn."""
        self._follow(user, key, now, earliest_s=0.5 * INTERVAL_S, latest_s=INTERVAL_S)

    def _follow(self, user: str, key: str, now: float, *, earliest_s: float, latest_s: float) -> None:
        binding = self._state.binding(user, key)
        if binding is None or not binding.behind_nat or (user, key) in self._turns:
            return
        spread = crc32(f"{user} {key}".encode()) / 2**32
        self._plan((user, key), _Turn(now + earliest_s + (latest_s - earliest_s) * spread, 1))

    def due(self, now: float) -> list[KeepAlive]:
        """Return what is due, and plan the next time."""
        found: list[KeepAlive] = []
        while self._heap and self._heap[0][0] <= now:
            _, key = heapq.heappop(self._heap)
            turn = self._turns.pop(key)
            binding = self._state.binding(*key)
            if binding is None or not binding.behind_nat:
                continue
            found.append(KeepAlive(binding, turn.count % OPTIONS_EVERY == 0))
            following_s = turn.due_s + INTERVAL_S
            self._plan(key, _Turn(following_s if following_s > now else now + INTERVAL_S, turn.count + 1))
        return found

    def next_deadline(self) -> float | None:
        """Return the monotonic time at which something is due, or None."""
        return self._heap[0][0] if self._heap else None

    def _plan(self, key: _Key, turn: _Turn) -> None:
        self._turns[key] = turn
        heapq.heappush(self._heap, (turn.due_s, key))
        self._alarm.no_later(turn.due_s)
