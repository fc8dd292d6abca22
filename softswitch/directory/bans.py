"""Sources that are shut out for a time: who guesses passwords or sweeps extensions gets no answer any more.

A ban is a fact, so it survives a restart; what led to it is counted in memory alone. Nobody is banned for a single
mistake, and what a source asked for makes no difference: counting tells nobody which extensions there are.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any, Final, NamedTuple

from softswitch.core.facts import Record, fact
from softswitch.core.immutable import immutable

Network = IPv4Network | IPv6Network

MOST_SOURCES: Final = 20_000
"""Sources that are counted at once; the one that was quiet longest is forgotten."""
_FORGIVEN_S: Final = 86_400.0
"""So long after its end a ban still doubles the next one."""


@fact("source.banned")
class SourceBanned:
    """From now on nothing from this source is answered."""

    source: str
    """An IPv4 address, or an IPv6 network of 64 bits."""
    until_s: float
    """Wall time."""
    reason: str
    """``guessing`` or ``flooding``."""
    times: int = 1
    """How often in a row."""


@fact("source.freed")
class SourceFreed:
    """An administrator lifted a ban."""

    source: str


class Ban(NamedTuple):
    """One ban."""

    source: str
    until_s: float
    reason: str
    times: int


class BanState:
    """All bans, folded from facts; changed by :meth:`apply` alone."""

    def __init__(self) -> None:
        self._bans: dict[str, Ban] = {}

    def apply(self, record: Record) -> None:
        """Fold one record; facts of other things change nothing."""
        made = record.fact
        if type(made) is SourceBanned:
            self._bans[made.source] = Ban(made.source, made.until_s, made.reason, made.times)
            self._forget(record.wall_s)
        elif type(made) is SourceFreed:
            self._bans.pop(made.source, None)

    def _forget(self, wall_s: float) -> None:
        for ban in [ban for ban in self._bans.values() if ban.until_s + _FORGIVEN_S < wall_s]:
            del self._bans[ban.source]

    def values(self) -> tuple[tuple[object, ...], ...]:
        """Return all bans as plain values, for a snapshot."""
        return tuple(tuple(ban) for ban in self._bans.values())

    def restore(self, values: Sequence[Sequence[Any]]) -> None:
        """Put into an empty state what :meth:`values` gave.

        Raises:
            TypeError: these are not the values of bans.
        """
        for row in values:
            ban = Ban(*row)
            self._bans[ban.source] = ban

    def __bool__(self) -> bool:
        return bool(self._bans)

    def holds(self, host: str, wall_s: float) -> bool:
        """Tell whether an address is shut out at ``wall_s``."""
        ban = self._bans.get(source_of(host))
        return ban is not None and ban.until_s > wall_s

    def last(self, source: str) -> Ban | None:
        """Return the last ban of a source, also one that is over, or None."""
        return self._bans.get(source)

    def standing(self, wall_s: float) -> tuple[Ban, ...]:
        """Return the bans that hold at ``wall_s``."""
        return tuple(ban for ban in self._bans.values() if ban.until_s > wall_s)


@immutable
class GuardLimits:
    """How much a source may get wrong. Both counts drain by time."""

    failures: float = 10.0
    """Wrong credentials."""
    failures_drain_s: float = 6.0
    """Seconds in which one of them is forgotten."""
    strays: float = 200.0
    """Requests without credentials, and what is no SIP; each right password takes two back."""
    strays_drain_s: float = 0.2
    strays_each_phone: float = 20.0
    """More for each phone that is registered from the source: a company comes back after a power failure at once."""
    ban_s: float = 600.0
    """The first ban; each one after that lasts twice as long."""
    longest_ban_s: float = 86_400.0


@dataclass(slots=True)
class _Counts:
    failures: float = 0.0
    strays: float = 0.0
    at_s: float = 0.0


class SourceGuard:
    """Counts what sources get wrong, and decides who is shut out.

    Args:
        bans: who is shut out already.
        allow: networks that never are.
        limits: how much is let pass.
    """

    def __init__(self, bans: BanState, allow: Sequence[Network] = (), limits: GuardLimits | None = None) -> None:
        self._bans = bans
        self._allow = tuple(allow)
        self._limits = limits or GuardLimits()
        self._counts: OrderedDict[str, _Counts] = OrderedDict()

    def failed(self, host: str, *, now: float, wall_s: float) -> SourceBanned | None:
        """Count wrong credentials; return the fact of a ban where they were one too many."""
        counts = self._counted(host, now)
        counts.failures += 1
        if counts.failures <= self._limits.failures:
            return None
        return self._ban(host, "guessing", wall_s)

    def strayed(self, host: str, *, phones: int = 0, now: float, wall_s: float) -> SourceBanned | None:
        """Count a request that proved nothing; return the fact of a ban where it was one too many.

        Args:
            host: where it came from.
            phones: how many are registered from there.
            now: monotonic seconds.
            wall_s: UTC.
        """
        counts = self._counted(host, now)
        counts.strays += 1
        if counts.strays <= self._limits.strays + phones * self._limits.strays_each_phone:
            return None
        return self._ban(host, "flooding", wall_s)

    def proved(self, host: str, *, now: float) -> None:
        """Note that a right password came: the challenge before it was no stray."""
        counts = self._counts.get(source_of(host))
        if counts is not None:
            counts.strays = max(0.0, counts.strays - 2)

    def _counted(self, host: str, now: float) -> _Counts:
        """Return a source's counts, drained up to now."""
        source = source_of(host)
        counts = self._counts.pop(source, None) or _Counts(at_s=now)
        self._counts[source] = counts
        if len(self._counts) > MOST_SOURCES:
            self._counts.popitem(last=False)
        passed_s = max(0.0, now - counts.at_s)
        counts.failures = max(0.0, counts.failures - passed_s / self._limits.failures_drain_s)
        counts.strays = max(0.0, counts.strays - passed_s / self._limits.strays_drain_s)
        counts.at_s = now
        return counts

    def _ban(self, host: str, reason: str, wall_s: float) -> SourceBanned | None:
        source = source_of(host)
        self._counts.pop(source, None)
        if is_in(host, self._allow):
            return None
        before = self._bans.last(source)
        times = 1 if before is None else before.times + 1
        length_s = min(self._limits.ban_s * 2.0 ** (times - 1), self._limits.longest_ban_s)
        return SourceBanned(source, wall_s + length_s, reason, times)


@lru_cache(maxsize=4096)
def source_of(host: str) -> str:
    """Return what an address is counted by: itself, or its network where IPv6 gives everybody many."""
    if ":" not in host:
        return host
    return str(ip_network(f"{host.partition('%')[0]}/64", strict=False))


@lru_cache(maxsize=4096)
def is_in(host: str, networks: tuple[Network, ...]) -> bool:
    """Tell whether an address is of one of some networks."""
    address = ip_address(host.partition("%")[0])
    return any(address in network for network in networks if network.version == address.version)
