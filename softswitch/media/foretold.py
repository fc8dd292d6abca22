"""Legs whose ports are known before their worker tells: it held them ready."""

from __future__ import annotations

from softswitch.media.engine import LegOpened, MediaEvent


class Foretold:
    """Tells the brain at once, and keeps from it what the worker tells later of the same legs."""

    def __init__(self) -> None:
        self._ready: list[LegOpened] = []
        self._legs: set[str] = set()

    def expect(self, leg: str) -> None:
        """Note that a leg's worker will tell of a port that is known."""
        self._legs.add(leg)

    def tell(self, opened: LegOpened) -> None:
        """Have a leg's port told to the brain."""
        self._ready.append(opened)
        self.expect(opened.leg)

    def take_ready(self) -> list[LegOpened]:
        """Return, once, what is to be told."""
        ready, self._ready = self._ready, []
        return ready

    def takes(self, event: MediaEvent) -> bool:
        """Take a worker's event that says nothing new; tell whether it was one."""
        if not isinstance(event, LegOpened) or event.leg not in self._legs:
            return False
        self._legs.remove(event.leg)
        return True

    def forget(self, leg: str) -> None:
        """Forget a leg whose port is given back, or lost."""
        self._legs.discard(leg)
