"""Events on their way to the brain: numbered, and kept until the brain has journaled them."""

from __future__ import annotations

from collections import deque

from softswitch.media import wire
from softswitch.media.engine import MediaEvent


class Outbox:
    """The events of one worker process, in order."""

    __slots__ = ("_fresh", "_kept", "_number")

    def __init__(self) -> None:
        self._number = 0
        self._kept: deque[tuple[int, bytes]] = deque()
        self._fresh: list[bytes] = []

    def __len__(self) -> int:
        return len(self._kept)

    def emit(self, event: MediaEvent) -> None:
        """Number an event and keep it."""
        self._number += 1
        packed = wire.pack(wire.event_values(self._number, event))
        self._kept.append((self._number, packed))
        self._fresh.append(packed)

    def take_fresh(self) -> list[bytes]:
        """Return, once, the encoded events that were not sent yet."""
        fresh, self._fresh = self._fresh, []
        return fresh

    def everything(self) -> list[bytes]:
        """Return all events that are kept, for a brain that knows none of them."""
        self._fresh = []
        return [packed for _, packed in self._kept]

    def forget(self, acknowledged: int) -> None:
        """Drop the events up to this number."""
        while self._kept and self._kept[0][0] <= acknowledged:
            self._kept.popleft()
