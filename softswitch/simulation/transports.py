"""The switch's sockets in the simulation: they outlive the brain, as those of the supervisor do."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Final

from softswitch.core.errors import SipError
from softswitch.simulation.network import Address, DatagramSocket, Network
from softswitch.simulation.streams import StreamEnd, StreamNetwork
from softswitch.sip.flow import Flow
from softswitch.sip.framing import Ping, StreamFramer

_FIRST_EPHEMERAL_PORT: Final = 49152


class SimulatedTransports:
    """UDP sockets and stream listeners on every host of the switch.

    Args:
        network: the network of datagrams.
        streams: the network of streams.
        hosts: the switch's local addresses.
        port: the SIP port on each.
        on_message: takes each message with its flow.
        on_closed: told of a flow that can carry nothing any more.
    """

    def __init__(
        self,
        network: Network,
        streams: StreamNetwork,
        hosts: Sequence[str],
        port: int,
        *,
        on_message: Callable[[bytes, Flow], None],
        on_closed: Callable[[Flow], None],
    ) -> None:
        self._loop = network.loop
        self._streams = streams
        self._on_message = on_message
        self._on_closed = on_closed
        self.failures_untold = 0
        """Flows that failed in sending, which the brain will hear of in the loop's next turn."""
        self._udp: dict[Address, DatagramSocket] = {}
        self._connections: dict[int, tuple[Flow, StreamEnd]] = {}
        self._asked: dict[int, Flow] = {}
        """By a connection that was opened: the flow by which it was asked for."""
        self._odd = itertools.count(1, 2)
        self._even = itertools.count(2, 2)
        self._ports = itertools.count(_FIRST_EPHEMERAL_PORT)
        for host in hosts:
            self._serve((host, port), network)

    def _serve(self, local: Address, network: Network) -> None:
        def take(data: bytes, source: Address) -> None:
            self._on_message(data, Flow("udp", local, source))

        self._udp[local] = network.bind(local, take)
        self._streams.listen(local, self._accept)

    def _accept(self, end: StreamEnd) -> None:
        self._connected(end, next(self._odd))

    def send(self, flow: Flow, data: bytes) -> None:
        """Send to the flow's peer from the flow's local address; never fails within the call."""
        if flow.transport == "udp":
            self._udp[flow.local].send(data, flow.remote)
            return
        end = self._end_for(flow)
        if end is not None:
            end.send(data)
        elif flow.connection % 2:  # a phone's connection that is gone: nobody listens where it came from
            self.failures_untold += 1
            self._loop.call_soon(self._tell_failed, flow)
        else:
            local, number = (flow.local[0], next(self._ports)), next(self._even)
            self._asked[number] = flow
            self._connected(self._streams.connect(local, flow.remote), number).send(data)

    def _tell_failed(self, flow: Flow) -> None:
        self.failures_untold -= 1
        self._on_closed(flow)

    def _end_for(self, flow: Flow) -> StreamEnd | None:
        known = self._connections.get(flow.connection)
        if known is not None and known[0].remote == flow.remote:
            return known[1]
        return next((end for other, end in self._connections.values() if other.remote == flow.remote), None)

    def _connected(self, end: StreamEnd, number: int) -> StreamEnd:
        flow = Flow("tcp", end.local, end.remote, number)
        framer = StreamFramer()
        self._connections[number] = (flow, end)

        def take(data: bytes) -> None:
            try:
                items = framer.feed(data)
            except SipError:
                end.close()
                self._lost(flow)
                return
            for item in items:
                if isinstance(item, bytes):
                    self._on_message(item, flow)
                elif isinstance(item, Ping):
                    end.send(b"\r\n")

        end.on_data = take
        end.on_closed = lambda: self._lost(flow)
        return end

    def _lost(self, flow: Flow) -> None:
        if self._connections.pop(flow.connection, None) is not None:
            self._on_closed(flow)
            asked = self._asked.pop(flow.connection, None)
            if asked is not None:  # whoever waits there knows no number of a connection
                self._on_closed(asked)
