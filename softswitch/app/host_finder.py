"""Looks up the hosts of trunks that are names, again and again, for as long as their records hold (RFC 3263).

The brain never waits for the DNS: it goes on with what it was told last.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, Protocol

from softswitch.directory.host_names import HostName
from softswitch.directory.host_names import Target as Found
from softswitch.net.locate import Lookup, locate

LEAST_S: Final = 30.0
MOST_S: Final = 3600.0
RETRY_S: Final = 30.0
"""After a failure of the DNS."""
LOOK_S: Final = 5.0
"""How soon names of a newly loaded site are noticed."""


class TimedLookup(Lookup, Protocol):
    """A lookup that knows for how long its answers hold."""

    @property
    def ttl_s(self) -> int | None:
        """For how long what was told since :meth:`begin` holds."""
        ...

    def begin(self) -> None:
        """Begin to note anew."""
        ...


class HostFinder:
    """Keeps the brain told of where hosts are.

    Args:
        make_lookup: makes who asks the DNS, once there is something to ask.
        wanted: returns the names to be looked up.
        found: is told of each host and its places.
        chance: draws a number below its argument.
        now: monotonic seconds.
        log: tells an event for people.
    """

    def __init__(
        self,
        make_lookup: Callable[[], TimedLookup],
        wanted: Callable[[], tuple[HostName, ...]],
        found: Callable[[HostName, tuple[Found, ...]], None],
        chance: Callable[[int], int],
        now: Callable[[], float],
        log: Callable[..., None],
    ) -> None:
        self._make_lookup = make_lookup
        self._lookup: TimedLookup | None = None
        self._wanted = wanted
        self._found = found
        self._chance = chance
        self._now = now
        self._log = log
        self._due: dict[HostName, float] = {}

    async def run(self) -> None:
        """Look up for ever."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """Look up what is due now."""
        wanted = self._wanted()
        self._due = {name: at_s for name, at_s in self._due.items() if name in wanted}
        for name in wanted:
            if self._due.get(name, 0.0) <= self._now():
                self._due[name] = self._now() + await self._one(await self._ready(), name)

    async def _ready(self) -> TimedLookup:
        if self._lookup is None:
            self._lookup = await asyncio.to_thread(self._make_lookup)  # it loads a library
        return self._lookup

    async def _one(self, lookup: TimedLookup, name: HostName) -> float:
        """Look up one host; return for how long that holds."""
        transport = "" if name.transport == "auto" else name.transport
        lookup.begin()
        try:
            found = await locate(lookup, name.name, name.port or None, transport, self._chance)
        except OSError as error:
            self._log("host.unknown", host=name.name, reason=str(error))
            return RETRY_S
        if not found:
            self._log("host.unknown", host=name.name, reason="the DNS knows no address of it")
            return RETRY_S
        self._found(name, tuple(Found(*target) for target in found))
        ttl_s = lookup.ttl_s
        return min(MOST_S, max(LEAST_S, MOST_S if ttl_s is None else float(ttl_s)))
