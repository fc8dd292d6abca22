"""What makes a loop-agnostic brain run on a real loop: feed it, end its turns, keep one timer."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from typing import Protocol

from softswitch.app.garbage import IdleCollector
from softswitch.core.alarm import Alarm
from softswitch.core.clock import Clock


class Driven(Protocol):
    """The part of a brain that the driver uses."""

    def handle_timer(self) -> None:
        """Do what is due, and set the alarm anew."""
        ...

    @property
    def alarm(self) -> Alarm:
        """When it wants to be woken, or earlier."""
        ...

    def end_turn(self) -> None:
        """Keep facts, let effects out."""
        ...


class Driver:
    """One timer and the ends of turns.

    Args:
        loop: the loop; its timers run on the monotonic clock.
        clock: the brain's clock.
        brain: what is driven.
        collector: told of each turn.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, clock: Clock, brain: Driven, collector: IdleCollector) -> None:
        self._loop = loop
        self._clock = clock
        self._brain = brain
        self._collector = collector
        self._timer: asyncio.TimerHandle | None = None
        self._armed_s = math.inf

    def end_turn(self) -> None:
        """End the brain's turn and see when its next deadline is."""
        self._brain.end_turn()
        now = self._clock.monotonic()
        self._collector.turn_ended(now)
        # A timer that is armed earlier than needed costs one idle wake-up; moving it for each message costs more.
        if self._brain.alarm.at_s < self._armed_s:
            self._arm(self._brain.alarm.at_s, now)

    def in_turn(self, work: Callable[[], None]) -> None:
        """Do something and end the turn, whatever becomes of it."""
        try:
            work()
        finally:
            self.end_turn()

    def close(self) -> None:
        """Disarm the timer."""
        if self._timer is not None:
            self._timer.cancel()

    def _arm(self, deadline: float, now: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._armed_s = deadline
        # uvloop counts whole milliseconds; a wake-up just before the deadline would have to be repeated.
        delay_s = math.ceil(max(0.0, deadline - now) * 1000) / 1000
        self._timer = self._loop.call_later(delay_s, self._due)

    def _due(self) -> None:
        self._timer, self._armed_s = None, math.inf
        self.in_turn(self._brain.handle_timer)
