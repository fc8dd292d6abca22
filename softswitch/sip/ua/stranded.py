"""BYEs for phones whose connection is gone: such a phone does not know that its call is over until it is back."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Final

from softswitch.sip.flow import Flow
from softswitch.sip.timers import TimerQueue

KEPT_S: Final = 180.0
"""How long a phone has to come back; softphones try again after half a minute, and after a minute more."""


class _Timer(Enum):
    OVER = "over"


class StrandedByes:
    """What is to be said again over another connection.

    Args:
        queue: of the user agent's timers; these count as nothing that lives.
    """

    __slots__ = ("_by_flow", "_queue")

    def __init__(self, queue: TimerQueue) -> None:
        self._queue = queue
        self._by_flow: dict[Flow, list[_Stranded]] = {}

    def add(self, flow: Flow, say: Callable[[Flow, float], None], forget: Callable[[], None], now: float) -> None:
        """Keep one.

        Args:
            flow: the connection that is gone.
            say: says it over another flow, at the time given.
            forget: called where the phone does not come back.
            now: monotonic seconds.
        """
        one = _Stranded(self, flow, say, forget)
        self._by_flow.setdefault(flow, []).append(one)
        self._queue.linger(one, _Timer.OVER, KEPT_S, now)

    def moved(self, old: Flow, new: Flow, now: float) -> None:
        """The phone has come back another way: say what it has missed."""
        for one in self._by_flow.pop(old, ()):
            one.say(new, now)

    def drop(self, one: _Stranded) -> bool:
        """Take out one whose time is over; tell whether it still waited."""
        waiting = self._by_flow.get(one.flow, [])
        if one not in waiting:
            return False
        waiting.remove(one)
        if not waiting:
            del self._by_flow[one.flow]
        return True


class _Stranded:
    __slots__ = ("_all", "_forget", "flow", "say")

    def __init__(
        self, among: StrandedByes, flow: Flow, say: Callable[[Flow, float], None], forget: Callable[[], None]
    ) -> None:
        self._all = among
        self.flow = flow
        self.say = say
        self._forget = forget

    def expire(self, kind: Enum, now: float) -> None:
        """The phone has not come back."""
        del kind, now
        if self._all.drop(self):
            self._forget()
