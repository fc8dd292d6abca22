"""Local addresses that appear later: each gets its socket under every wildcard, within :data:`INTERVAL_S`."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Sequence
from typing import Final

from softswitch.net.local_addresses import local_addresses
from softswitch.net.opening import open_udp
from softswitch.runtime.addresses import Listen
from softswitch.runtime.log import get_logger

INTERVAL_S: Final = 2.0
_LOG = get_logger("addresses")


class AddressWatch:
    """Looks at the machine's addresses now and then.

    A socket whose address has gone is kept: the address may come back, and the socket works again then.

    Args:
        listen: the configured listens.
        served: tells which UDP addresses have a socket.
        add: takes a new bound socket.
    """

    def __init__(
        self,
        listen: Sequence[Listen],
        served: Callable[[], Sequence[tuple[str, int]]],
        add: Callable[[socket.socket], None],
    ) -> None:
        self._wildcards = [line for line in listen if line.wildcard and line.transport == "udp"]
        self._served = served
        self._add = add
        self._refused: set[tuple[str, int]] = set()

    async def run(self) -> None:
        """Look for ever; ends at once where no wildcard is configured."""
        while self._wildcards:
            await asyncio.sleep(INTERVAL_S)
            self.look()

    def look(self) -> None:
        """Open what is missing now."""
        served = set(self._served())
        for line in self._wildcards:
            for host in local_addresses(line.host):
                if (host, line.port) not in served:
                    self._open(host, line.port)

    def _open(self, host: str, port: int) -> None:
        try:
            bound = open_udp(host, port)
        except OSError as error:
            if (host, port) not in self._refused:
                self._refused.add((host, port))
                _LOG.warning("address.refused", host=host, port=port, error=str(error))
            return
        self._refused.discard((host, port))
        _LOG.info("address.appeared", host=host, port=port)
        self._add(bound)
