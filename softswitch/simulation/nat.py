"""A box that translates addresses, as most homes and offices have one.

An inside address keeps one outside port whomever it talks to (RFC 4787 §4.1, endpoint-independent mapping), but
only a host that was talked to lately may talk back (§5, address-dependent filtering): the common and awkward case.
Packets of such a host keep the translation alive, as in Linux and most boxes made of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

Address = tuple[str, int]


@dataclass(slots=True)
class _Mapping:
    """One inside address as the world sees it."""

    inside: Address
    port: int
    last_s: float
    peers: dict[str, float] = field(default_factory=dict)


class Nat:
    """One such box.

    Args:
        outside: its address on the far side.
        inside: the hosts behind it.
        timeout_s: after so long without a packet either way, a UDP translation is forgotten.
        first_port: outside ports are counted from here.
    """

    def __init__(
        self, outside: str, inside: tuple[str, ...], *, timeout_s: float = 60.0, first_port: int = 40000
    ) -> None:
        self.outside = outside
        self.inside = frozenset(inside)
        self.timeout_s = timeout_s
        self._next_port = first_port
        self._by_inside: dict[tuple[str, Address], _Mapping] = {}
        self._by_port: dict[int, _Mapping] = {}

    def outward(self, source: Address, target: Address, *, transport: str, now: float) -> Address:
        """Translate the source of a packet that leaves; streams keep their translation for ever."""
        found = self._by_inside.get((transport, source))
        if found is None or (transport == "udp" and now - found.last_s > self.timeout_s):
            found = self._by_inside[transport, source] = _Mapping(source, self._next_port, now)
            self._by_port[self._next_port] = found
            self._next_port += 1
        found.last_s = found.peers[target[0]] = now
        return self.outside, found.port

    def inward(self, target: Address, source: Address, *, now: float) -> Address | None:
        """Return the inside address of a packet that comes, or None where it is not let in."""
        found = self._by_port.get(target[1])
        if found is None or now - found.peers.get(source[0], float("-inf")) > self.timeout_s:
            return None
        found.last_s = found.peers[source[0]] = now
        return found.inside

    def restart(self) -> None:
        """Forget every translation, as a box does whose power failed; the next ones get other ports."""
        self._by_inside.clear()
        self._by_port.clear()


class StaticNat:
    """A router that shows one inside host under an outside address, all ports alike: how a server is published.

    Args:
        outside: the address on the far side.
        host: the published host.
        neighbours: the hosts on its side, which reach it directly.
    """

    def __init__(self, outside: str, host: str, neighbours: tuple[str, ...] = ()) -> None:
        self.outside = outside
        self.inside = frozenset({host, *neighbours})
        self._host = host

    def outward(self, source: Address, target: Address, *, transport: str, now: float) -> Address:
        """Translate the source of a packet that leaves."""
        del target, transport, now  # a static translation depends on none of them
        return (self.outside, source[1])

    def inward(self, target: Address, source: Address, *, now: float) -> Address | None:
        """Return the published host's address and port."""
        del source, now  # everybody is let in
        return (self._host, target[1])
