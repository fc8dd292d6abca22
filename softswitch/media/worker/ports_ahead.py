"""Pairs of ports that are bound before a leg needs them, so that the brain knows a leg's port without asking.

The brain is told which there are, and names one of them in its order; nobody else gets it. What arrives on a port
before its leg is there waits in the kernel and is judged as if it came later.
"""

from __future__ import annotations

from typing import Final

from softswitch.core.errors import MediaError
from softswitch.media.worker.ports import PortPool
from softswitch.media.worker.sockets import Bound, bind_pair

_MOST: Final = 8
"""Pairs for each address."""
_MOST_ADDRESSES: Final = 4
_SHARE: Final = 1 / 16
"""What all pairs of an address may be of all that there are: a small range is not for keeping in stock."""

Told = list[tuple[str, list[int]]]
"""By address, ports."""


class PortsAhead:
    """Keeps pairs in stock on the addresses where legs are opened.

    Args:
        pool: where the ports are from.
    """

    def __init__(self, pool: PortPool) -> None:
        self._pool = pool
        self._wanted = min(_MOST, int(pool.size * _SHARE))
        self._stock: dict[str, dict[int, Bound]] = {}
        self._untold: Told = []

    def take(self, address: str, port: int) -> Bound:
        """Return the sockets of a pair that is in stock.

        Raises:
            MediaError: there is no such pair.
        """
        bound = self._stock.get(address, {}).pop(port, None)
        if bound is None:
            raise MediaError(f"port {port} of {address} is not open ahead")
        return bound

    def note_use(self, address: str) -> None:
        """Note that a leg was opened here: the next one shall find its port in stock."""
        if self._wanted and len(self._stock) < _MOST_ADDRESSES:
            self._stock.setdefault(address, {})

    def fill(self, *, whole: bool = False) -> None:
        """Bind what is missing where half of it is gone, or wherever something is.

        Args:
            whole: which of them: while calls come, pairs are bound and told of several at once.
        """
        least = self._wanted - 1 if whole else self._wanted // 2
        for address, stock in self._stock.items():
            if len(stock) <= least:
                fresh = self._bind(address, self._wanted - len(stock))
                stock |= fresh
                if fresh:
                    self._untold.append((address, list(fresh)))

    def take_untold(self) -> Told:
        """Return, once, the pairs that the brain was not told of yet."""
        untold, self._untold = self._untold, []
        return untold

    def everything(self) -> Told:
        """Return all pairs in stock, for a brain that knows none of them."""
        self._untold = []
        return [(address, list(stock)) for address, stock in self._stock.items() if stock]

    def close(self) -> None:
        """Close what is in stock."""
        for stock in self._stock.values():
            for bound in stock.values():
                bound.catch_all.close()
                bound.reports.close()
        self._stock.clear()

    def _bind(self, address: str, count: int) -> dict[int, Bound]:
        out: dict[int, Bound] = {}
        try:
            for _ in range(count):
                bound = bind_pair(address, self._pool)
                out[bound.port] = bound
        except MediaError:
            pass  # the next leg asks for a port itself, and is told why there is none
        return out
