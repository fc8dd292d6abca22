"""Copies of SIP messages for a Homer or another collector that speaks HEP3 (EEP), the Homer Encapsulation Protocol.

Source: "HEP3 Network Protocol Specification", revision 36 (sipcapture.org): a packet is ``HEP3``, its length, and
chunks of vendor, type, length and value. Credentials and keys are taken out first, as for a trace.
"""

from __future__ import annotations

import ipaddress
import socket
import struct
from typing import Final

from softswitch.app.message_trace import Traced, without_secrets
from softswitch.runtime.addresses import HostPort

MOST_OCTETS: Final = 60_000
"""A longer message does not fit into a packet, and is left out."""
_SIP: Final = 1
_FAMILIES: Final = {4: 2, 6: 10}
_UDP, _TCP = 17, 6


def hep_packet(message: Traced, *, agent: int) -> bytes:
    """Write one message as a packet.

    Args:
        message: what came or was sent.
        agent: the number of whoever captures.
    """
    flow = message.flow
    source, target = (flow.local, flow.remote) if message.sent else (flow.remote, flow.local)
    one, other = ipaddress.ip_address(source[0]), ipaddress.ip_address(target[0])
    seconds = int(message.wall_s)
    addresses = (3, 4) if one.version == 4 else (5, 6)
    chunks = (
        _chunk(1, struct.pack("!B", _FAMILIES[one.version])),
        _chunk(2, struct.pack("!B", _UDP if flow.transport == "udp" else _TCP)),
        _chunk(addresses[0], one.packed),
        _chunk(addresses[1], other.packed),
        _chunk(7, struct.pack("!H", source[1])),
        _chunk(8, struct.pack("!H", target[1])),
        _chunk(9, struct.pack("!I", seconds)),
        _chunk(10, struct.pack("!I", int((message.wall_s - seconds) * 1_000_000))),
        _chunk(11, struct.pack("!B", _SIP)),
        _chunk(12, struct.pack("!I", agent)),
        _chunk(15, without_secrets(message.data)),
    )
    body = b"".join(chunks)
    return b"HEP3" + struct.pack("!H", 6 + len(body)) + body


def _chunk(kind: int, value: bytes) -> bytes:
    return struct.pack("!HHH", 0, kind, 6 + len(value)) + value


class HepExporter:
    """Sends copies as datagrams; never waits, and drops what cannot be sent.

    Args:
        collector: where they go.
        agent: our number there.

    Attributes:
        dropped: how many messages could not be sent.
    """

    def __init__(self, collector: HostPort, *, agent: int = 1) -> None:
        self.dropped = 0
        self._agent = agent
        family = socket.AF_INET6 if ":" in collector.host else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._target = tuple(collector)

    def export(self, message: Traced) -> None:
        """Send a copy of one message."""
        if len(message.data) > MOST_OCTETS:
            self.dropped += 1
            return
        try:
            self._socket.sendto(hep_packet(message, agent=self._agent), self._target)
        except (OSError, ValueError):
            self.dropped += 1

    def close(self) -> None:
        """Send no more."""
        self._socket.close()
