"""A network in memory: datagrams that are late, lost, doubled or out of order, as a seed says.

Hosts are names such as ``192.0.2.10``; nothing resolves them. A datagram is always delivered by a timer of the loop,
never within the call that sent it. Streams are in :mod:`softswitch.simulation.streams`, address translation in
:mod:`softswitch.simulation.nat`; both stand on this one.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from random import Random
from typing import Final, NamedTuple, TypeVarTuple

from softswitch.core.errors import SimulationError
from softswitch.simulation.nat import Nat, StaticNat

ArgumentTs = TypeVarTuple("ArgumentTs")

Address = tuple[str, int]
Receiver = Callable[[bytes, Address], None]

_HELD_BACK_S: Final = 0.05
"""How much later a reordered datagram comes: enough for its successors to overtake it."""
_TRACE_LINES: Final = 2000


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a path does to what is sent over it; shares are between 0 and 1."""

    loss: float = 0.0
    delay_s: float = 0.001
    jitter_s: float = 0.0
    """At most so much is added to the delay, evenly spread; streams keep their order nevertheless."""
    duplicate: float = 0.0
    reorder: float = 0.0
    """Share of datagrams held back so long that later ones overtake them."""
    fragment: float = 0.0
    """Share of writes to a stream that arrive in two pieces."""

    @property
    def rough(self) -> bool:
        """Whether chance decides which datagrams arrive, and when."""
        return bool(self.loss or self.jitter_s or self.duplicate or self.reorder)


_SMOOTH: Final = Conditions()


class TraceLine(NamedTuple):
    """One message on its way, for people who read why a run failed."""

    at_s: float
    transport: str
    source: Address
    target: Address
    data: bytes
    fate: str
    """Empty for a message that was delivered, else why it was not."""

    @property
    def first_line(self) -> str:
        """The first line of its text."""
        return self.data.split(b"\r\n", 1)[0].decode("utf-8", "replace")[:100]

    def __str__(self) -> str:
        fate = f"  ({self.fate})" if self.fate else ""
        source, target = (f"{host}:{port}" for host, port in (self.source, self.target))
        return f"{self.at_s:10.4f} {self.transport} {source} -> {target}  {self.first_line}{fate}"


class DatagramSocket:
    """A bound address; closing it makes the address deaf."""

    def __init__(self, network: Network, address: Address) -> None:
        self._network = network
        self.address = address
        self.closed = False

    def send(self, data: bytes, target: Address) -> None:
        """Send one datagram.

        Raises:
            SimulationError: the socket is closed.
        """
        if self.closed:
            raise SimulationError(f"the socket on {self.address} is closed")
        self._network.transmit(self.address, target, data)

    def close(self) -> None:
        """Free the address; closing twice does nothing."""
        if not self.closed:
            self.closed = True
            self._network.unbind(self.address)


class Network:
    """Everything that is between the hosts.

    Args:
        loop: a loop in virtual time.
        seed: decides which datagrams are lost, late, doubled.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, seed: int) -> None:
        self.loop = loop
        self._seed = seed
        self.conditions = _SMOOTH
        self.trace: deque[TraceLine] = deque(maxlen=_TRACE_LINES)
        self._paths: dict[tuple[str, str], Conditions] = {}
        self._receivers: dict[Address, Receiver] = {}
        self._nat_of_inside: dict[str, Nat | StaticNat] = {}
        self._nat_of_outside: dict[str, Nat | StaticNat] = {}

    @cached_property
    def random(self) -> Random:
        """Chance, which hardly any run asks for."""
        return Random(self._seed)  # noqa: S311  # a reproducible run is wanted, not a secret

    def bind(self, address: Address, receiver: Receiver) -> DatagramSocket:
        """Take an address; ``receiver`` is called with each datagram and its source.

        Raises:
            SimulationError: somebody has it.
        """
        if address in self._receivers:
            raise SimulationError(f"{address} is in use")
        self._receivers[address] = receiver
        return DatagramSocket(self, address)

    def unbind(self, address: Address) -> None:
        """Free an address."""
        self._receivers.pop(address, None)

    def set_path(self, host_a: str, host_b: str, conditions: Conditions) -> None:
        """Say how it is between two hosts, both ways; behind a NAT the host is the NAT's outside."""
        self._paths[host_a, host_b] = self._paths[host_b, host_a] = conditions

    def set_one_way(self, source: str, target: str, conditions: Conditions) -> None:
        """Say how it is from one host to another, and leave the way back as it is."""
        self._paths[source, target] = conditions

    def between(self, source: str, target: str) -> Conditions:
        """Return the conditions from one host to another."""
        return self._paths.get((source, target), self.conditions)

    def add_nat(self, nat: Nat | StaticNat) -> None:
        """Put hosts behind a box that translates their addresses."""
        self._nat_of_outside[nat.outside] = nat
        self._nat_of_inside.update(dict.fromkeys(nat.inside, nat))

    def seen_from_outside(self, source: Address, target: Address, *, transport: str = "udp") -> Address:
        """Return the source address that ``target`` sees; makes or renews the translation."""
        nat = self._nat_of_inside.get(source[0])
        if nat is None or target[0] in nat.inside:
            return source
        return nat.outward(source, target, transport=transport, now=self.loop.time())

    def where(self, target: Address) -> Address:
        """Return the true address of a published one."""
        nat = self._nat_of_outside.get(target[0])
        return nat.inward(target, target, now=self.loop.time()) or target if isinstance(nat, StaticNat) else target

    def transmit(self, source: Address, target: Address, data: bytes) -> None:
        """Send a datagram on its way."""
        seen = self.seen_from_outside(source, target) if self._nat_of_inside else source
        how = self.between(seen[0], target[0]) if self._paths else self.conditions
        if not how.rough:
            self.loop.call_later(how.delay_s, self._arrive, seen, target, data)
            return
        if self.random.random() < how.loss:
            self.note("udp", seen, target, data, "lost")
            return
        copies = 2 if self.random.random() < how.duplicate else 1
        for _ in range(copies):
            late_s = _HELD_BACK_S if self.random.random() < how.reorder else 0.0
            when = self.loop.time() + how.delay_s + how.jitter_s * self.random.random() + late_s
            self.post(when, self._arrive, seen, target, data)

    def _arrive(self, source: Address, target: Address, data: bytes) -> None:
        nat = self._nat_of_outside.get(target[0])
        inside = target if nat is None else nat.inward(target, source, now=self.loop.time())
        receiver = None if inside is None else self._receivers.get(inside)
        fate = "stopped by the NAT" if inside is None else "nobody there" if receiver is None else ""
        self.note("udp", source, target, data, fate)
        if receiver is not None:
            receiver(data, source)

    def note(self, transport: str, source: Address, target: Address, data: bytes, fate: str = "") -> None:
        """Write a line into the trace."""
        line = self.loop.time(), transport, source, target, data, fate
        self.trace.append(tuple.__new__(TraceLine, line))  # half the time of calling the class

    def written_trace(self, most: int = 60) -> str:
        """Return the last lines of the trace as text."""
        return "\n".join(str(line) for line in list(self.trace)[-most:])

    def post(self, when: float, deliver: Callable[[*ArgumentTs], None], *arguments: *ArgumentTs) -> None:
        """Call ``deliver`` at a time; what is posted for the same time keeps its order."""
        self.loop.call_at(when, deliver, *arguments)
