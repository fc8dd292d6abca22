"""The worker's slice of the port range: even ports for RTP, the odd one above each for RTCP.

A port is given out again when all others were used since: the longest pause that the range allows, so that late
packets of the last call rarely meet the next one. There is no other rule (RFC 3550 §11 asks for the pair).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator


class PortPool:
    """Even ports, least recently used first.

    Args:
        ports: the slice; an odd first port and a last port without its odd neighbour are left out.
    """

    __slots__ = ("_free", "size")

    def __init__(self, ports: range) -> None:
        first = ports.start + ports.start % 2
        self._free = deque(range(first, ports.stop - 1, 2))
        self.size = len(self._free)
        """How many pairs there are in all."""

    def __len__(self) -> int:
        return len(self._free)

    def take(self) -> Generator[int]:
        """Offer free ports one after the other; the last one offered is taken, those before it were of no use.

        A port that was of no use (somebody else holds it) goes to the end of the line.
        """
        for _ in range(len(self._free)):
            port = self._free.popleft()
            yield port
            self._free.append(port)

    def give_back(self, port: int) -> None:
        """Put a port at the end of the line."""
        self._free.append(port)
