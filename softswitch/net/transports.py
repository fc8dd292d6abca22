"""All ways by which SIP messages reach and leave the switch, behind one object."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

from softswitch.net.concerned import LegOf, nobodys
from softswitch.net.limits import StreamLimits
from softswitch.net.paced_readers import Readers
from softswitch.net.tcp import StreamTransport
from softswitch.net.tls import TlsContexts, TlsPeer
from softswitch.net.udp import UdpSocket
from softswitch.runtime.addresses import TRANSPORTS
from softswitch.runtime.log import get_logger
from softswitch.sip.flow import Flow

_LOG = get_logger("net")


class Transports:
    """Turns sockets into messages with flows, and flows into sockets.

    Args:
        loop: where the sockets are watched.
        readers: where those are that datagrams come by.
        on_message: takes each message with the flow it came by.
        on_closed: told of a flow that can carry nothing any more: its connection closed, or sending failed.
        end_turn: called after each batch of the two above, except for datagrams.
        limits: what peers may take of connections.
        tls: the contexts of TLS and secure WebSocket; None where neither is served nor dialled.
        leg_of: finds the leg that a message belongs to, for the log.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        readers: Readers,
        on_message: Callable[[bytes, Flow], None],
        on_closed: Callable[[Flow], None],
        end_turn: Callable[[], None],
        limits: StreamLimits | None = None,
        tls: TlsContexts | None = None,
        leg_of: LegOf = nobodys,
    ) -> None:
        self._loop = loop
        self._readers = readers
        self._on_message = on_message
        self._on_closed = on_closed
        self._end_turn = end_turn
        self._leg_of = leg_of
        self._udp: dict[tuple[str, int], UdpSocket] = {}
        self._streams = {
            name: StreamTransport(
                name,
                loop,
                on_message=on_message,
                on_closed=on_closed,
                end_turn=end_turn,
                limits=limits,
                tls=tls,
                leg_of=leg_of,
            )
            for name in TRANSPORTS
            if name != "udp"
        }

    def add_udp(self, bound: socket.socket, *, listens: bool = True) -> None:
        """Serve a bound UDP socket; this object owns it from now on.

        Args:
            bound: the socket.
            listens: whether it is read, too; else only sent from until :meth:`listen`.
        """
        added = UdpSocket(
            self._loop,
            self._readers,
            bound,
            on_message=self._on_message,
            on_failed=self._failed,
            leg_of=self._leg_of,
            listens=listens,
        )
        self._udp[added.local] = added
        _LOG.info("socket.served", transport="udp", local=added.local)

    def listen(self) -> None:
        """Begin to read from the UDP sockets that were only sent from."""
        for each in self._udp.values():
            each.listen()

    async def add_listener(self, listener: socket.socket, transport: str = "tcp") -> None:
        """Serve a listening socket of that transport; this object owns it from now on."""
        _LOG.info("socket.served", transport=transport, local=listener.getsockname()[:2])
        await self._streams[transport].listen(listener)

    def know_peer(self, remote: tuple[str, int], peer: TlsPeer) -> None:
        """Note what the certificate of a peer that may be dialled by TLS must say."""
        self._streams["tls"].know_peer(remote, peer)

    def send(self, flow: Flow, data: bytes) -> None:
        """Send a message to the flow's peer from the flow's local address; never blocks, never raises."""
        if flow.transport != "udp":
            self._streams[flow.transport].send(data, flow)
            return
        sender = self._udp.get(flow.local) or self._stand_in_for(flow)
        if sender is None:
            self._loop.call_soon(self._failed, flow)
        else:
            sender.send(data, flow)

    def local_for(self, transport: str, host: str) -> tuple[str, int] | None:
        """Return the address from which a host is reached by a transport; None where there is no way there."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect((host, 9))  # asks the routing table, sends nothing
            except OSError:
                return None
            local = str(probe.getsockname()[0])
        if transport != "udp":
            return local, 0
        own = [address for address in self._udp if address[0] == local]
        same_family = [address for address in self._udp if (":" in address[0]) == (":" in host)]
        return next(iter(own or same_family), None)

    def udp_addresses(self) -> tuple[tuple[str, int], ...]:
        """Return the addresses on which UDP is served."""
        return tuple(self._udp)

    def drops(self) -> dict[str, int]:
        """Return what each UDP socket lost because it was full, by its address."""
        return {f"udp:{host}:{port}": each.drops() for (host, port), each in self._udp.items()}

    def connections(self) -> int:
        """Return how many connections are open."""
        return sum(map(len, self._streams.values()))

    async def close(self) -> None:
        """Close every socket."""
        for each in self._udp.values():
            each.close()
        self._udp.clear()
        for stream in self._streams.values():
            await stream.close()

    def _stand_in_for(self, flow: Flow) -> UdpSocket | None:
        """Find a socket of the same family: the flow may be of a time when the machine had another address."""
        six = ":" in flow.local[0]
        same_family = [each for local, each in self._udp.items() if (":" in local[0]) == six]
        loopback = flow.remote[0].startswith("127.") or flow.remote[0] == "::1"
        same_family.sort(key=lambda each: (each.local[0].startswith("127.") or each.local[0] == "::1") != loopback)
        return same_family[0] if same_family else None

    def _failed(self, flow: Flow) -> None:
        self._on_closed(flow)
        self._end_turn()
