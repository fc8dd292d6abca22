"""How many calls may go on from one address that is no trunk's; trunks have limits of their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from softswitch.calls.state import CallsState
from softswitch.directory.bans import Network, is_in, source_of


class SourceCalls:
    """Tells whether a source may have one more call.

    The calls themselves are counted, and only where there are many at all: no number is kept that could drift from
    them, neither by a call that ends in an odd way nor by a restart.

    Args:
        calls: all that go on.
        most: how many may, from one source.
        allow: networks that are not limited, as a proxy behind which all phones are.
        log: is told once when a source has reached its limit, and again after it was below.
    """

    def __init__(self, calls: CallsState, most: int, allow: Sequence[Network], log: Callable[..., None]) -> None:
        self._calls = calls
        self._most = most
        self._allow = tuple(allow)
        self._log = log
        self._told: set[str] = set()

    def may_call(self, host: str) -> bool:
        """Tell whether one more call may come from an address; one of IPv6 stands for its network of 64 bits."""
        if len(self._calls.legs) < self._most:
            self._told.clear()
            return True
        source = source_of(host)
        if self._count(source) < self._most or is_in(host, self._allow):
            self._told.discard(source)
            return True
        if source not in self._told:
            self._told.add(source)
            self._log("source.calls_full", source=source, most=self._most)
        return False

    def _count(self, source: str) -> int:
        """Count the dialogs that go on and were begun by a source; most legs are another's, which is asked first."""
        legs = self._calls.legs.values()
        if "/" in source:
            theirs = [leg for leg in legs if source_of(leg.flow.remote[0]) == source]
        else:
            theirs = [leg for leg in legs if leg.flow.remote[0] == source]
        return sum(leg.called_us and leg.is_live and not leg.trunk for leg in theirs)
