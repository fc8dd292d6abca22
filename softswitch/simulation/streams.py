"""Streams over the network in memory: ordered, nothing lost, and cut into pieces where the conditions say so."""

from __future__ import annotations

from collections.abc import Callable

from softswitch.core.errors import SimulationError
from softswitch.simulation.network import Address, Network


def _ignore(_: object) -> None:
    """Take what nobody waits for yet."""


class StreamEnd:
    """One end of a connection; assign ``on_data`` and ``on_closed`` before the loop goes on."""

    def __init__(self, network: Network, local: Address, remote: Address) -> None:
        self._network = network
        self.local = local
        self.remote = remote
        """The other end's address as it is seen from here."""
        self.on_data: Callable[[bytes], None] = _ignore
        self.on_closed: Callable[[], None] = lambda: None
        self.closed = False
        self._peer: StreamEnd | None = None
        self._last_arrival_s = 0.0

    def send(self, data: bytes) -> None:
        """Send octets; they arrive in order, in one piece or two.

        Raises:
            SimulationError: this end is closed.
        """
        if self.closed:
            raise SimulationError(f"the stream {self.local} -> {self.remote} is closed")
        how = self._network.between(self.local[0], self.remote[0])
        cut = len(data)
        if cut > 1 and self._network.random.random() < how.fragment:
            cut = self._network.random.randrange(1, cut)
        for piece in (data[:cut], data[cut:]):
            if piece:
                self._post(lambda peer, piece=piece: peer._take(piece))  # type: ignore[misc]  # early binding

    def close(self) -> None:
        """End the connection: the other end hears of it after all that was sent before."""
        if not self.closed:
            self.closed = True
            self._post(StreamEnd._end)

    def _post(self, deliver: Callable[[StreamEnd], None]) -> None:
        peer = self._peer
        if peer is None:
            return
        how = self._network.between(self.local[0], self.remote[0])
        when = self._network.loop.time() + how.delay_s + how.jitter_s * self._network.random.random()
        self._last_arrival_s = when = max(when, self._last_arrival_s)
        self._network.post(when, deliver, peer)

    def _take(self, data: bytes) -> None:
        if not self.closed:
            self._network.note("tcp", self.remote, self.local, data)
            self.on_data(data)

    def _end(self) -> None:
        if not self.closed:
            self.closed = True
            self.on_closed()


class StreamNetwork:
    """Who listens where for streams.

    Args:
        network: what the streams run over; its NATs translate their addresses too.
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        self._listeners: dict[Address, Callable[[StreamEnd], None]] = {}

    def listen(self, address: Address, accept: Callable[[StreamEnd], None]) -> None:
        """Take connections at an address; ``accept`` is called with our end of each."""
        self._listeners[address] = accept

    def close(self, address: Address) -> None:
        """Take no more connections there."""
        self._listeners.pop(address, None)

    def connect(self, source: Address, target: Address) -> StreamEnd:
        """Open a connection; what is sent before it stands arrives after that.

        Where nobody listens, the end is closed a round trip later.
        """
        network = self._network
        seen = network.seen_from_outside(source, target, transport="tcp")
        near, far = StreamEnd(network, source, target), StreamEnd(network, network.where(target), seen)
        near._peer, far._peer = far, near
        delay_s = network.between(seen[0], target[0]).delay_s
        near._last_arrival_s = network.loop.time() + delay_s
        network.post(near._last_arrival_s, self._arrive, far)
        return near

    def _arrive(self, far: StreamEnd) -> None:
        accept = self._listeners.get(far.local)
        if accept is None:
            far.close()
        else:
            accept(far)
