"""Where a SIP host is: NAPTR, SRV, A and AAAA in their order (RFC 3263 §4, RFC 2782).

The looking up itself is somebody else's (:class:`Lookup`), so this is the rules alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from ipaddress import ip_address
from typing import Final, NamedTuple, Protocol

SERVICES: Final = {"SIP+D2U": "udp", "SIP+D2T": "tcp", "SIPS+D2T": "tls"}
"""NAPTR services that we can use, and the transport of each."""
_SRV: Final = {"udp": "_sip._udp.", "tcp": "_sip._tcp.", "tls": "_sips._tcp."}
MOST_TARGETS: Final = 20
"""More places of one host are not tried."""


class Naptr(NamedTuple):
    """One NAPTR record."""

    order: int
    preference: int
    flags: str
    service: str
    replacement: str


class Srv(NamedTuple):
    """One SRV record."""

    priority: int
    weight: int
    port: int
    target: str
    """``.`` where the service is not to be had."""


class Target(NamedTuple):
    """A place that requests can be sent to."""

    transport: str
    host: str
    """An IP address."""
    port: int


class Lookup(Protocol):
    """Asks the DNS. A name that has no such record gives none; only a failure of the DNS raises ``OSError``."""

    async def naptr(self, name: str) -> Sequence[Naptr]:
        """Return the NAPTR records of a name."""
        ...

    async def srv(self, name: str) -> Sequence[Srv]:
        """Return the SRV records of a name."""
        ...

    async def addresses(self, name: str) -> Sequence[str]:
        """Return the addresses of a name, those of IPv4 first."""
        ...


async def locate(
    lookup: Lookup, host: str, port: int | None, transport: str, chance: Callable[[int], int]
) -> list[Target]:
    """Return the places of a host in the order of trying; none where it has none.

    Args:
        lookup: asks the DNS.
        host: a name or an address.
        port: the one that was given, or None.
        transport: the one that was given, or empty: then the host says which it wants.
        chance: draws a number below its argument: the weights of SRV records.

    Raises:
        OSError: the DNS failed.
    """
    if is_numeric(host):
        return [Target(transport or "udp", host.strip("[]"), port or usual_port(transport))]
    if port is not None:
        return await _addresses(lookup, host, port, transport or "udp")
    services = [(transport, _SRV[transport] + host)] if transport else await _services(lookup, host)
    found: list[Target] = []
    for kind, name in services:
        records = await lookup.srv(name)
        for record in by_weight(records, chance):
            if record.target != ".":
                found += await _addresses(lookup, record.target.rstrip("."), record.port, kind)
        if records and not found and all(record.target == "." for record in records):
            return []  # the host says that there is no such service (RFC 2782)
    return found[:MOST_TARGETS] or await _addresses(lookup, host, usual_port(transport), transport or "udp")


async def _services(lookup: Lookup, host: str) -> list[tuple[str, str]]:
    """Return transport and SRV name of what the host offers, the one it prefers first (RFC 3263 §4.1)."""
    records = [
        record
        for record in sorted(await lookup.naptr(host))
        if record.flags.lower() == "s" and record.service.upper() in SERVICES
    ]
    if records:
        return [(SERVICES[record.service.upper()], record.replacement.rstrip(".")) for record in records]
    return [(kind, prefix + host) for kind, prefix in _SRV.items()]


async def _addresses(lookup: Lookup, host: str, port: int, transport: str) -> list[Target]:
    return [Target(transport, address, port) for address in await lookup.addresses(host)]


def by_weight(records: Sequence[Srv], chance: Callable[[int], int]) -> list[Srv]:
    """Put SRV records in order: by priority, and within one at random by their weights (RFC 2782)."""
    left = sorted(records, key=lambda record: (record.priority, record.weight))
    ordered: list[Srv] = []
    while left:
        equals = [record for record in left if record.priority == left[0].priority]
        drawn = chance(sum(record.weight for record in equals) + 1)
        running = 0
        for record in equals:
            running += record.weight
            if running >= drawn:
                break
        ordered.append(record)
        left.remove(record)
    return ordered


def usual_port(transport: str) -> int:
    """Return the port where none is named."""
    return 5061 if transport == "tls" else 5060


def is_numeric(host: str) -> bool:
    """Tell whether a host is an address."""
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
