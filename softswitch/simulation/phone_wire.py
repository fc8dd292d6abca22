"""A simulated phone's network side: whole SIP messages over datagrams or over one stream to its server."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from softswitch.core.errors import SipError
from softswitch.simulation.network import Address, DatagramSocket, Network
from softswitch.simulation.streams import StreamEnd, StreamNetwork
from softswitch.sip.message import Message, Request, Response
from softswitch.sip.parse import parse_message

OnMessage = Callable[[Request | Response, Address], None]

_LENGTH: Final = re.compile(rb"(?im)^(?:content-length|l)[ \t]*:[ \t]*(\d+)")


class Wire:
    """Where a phone is on the network.

    Args:
        network: the datagram network.
        streams: the stream network.
        address: the phone's host and port; streams leave from the ports above, each from another one.
        server: to whom a stream is opened, at its first message.
        transport: ``udp`` or ``tcp``.
        on_message: called with each message and its source.
    """

    def __init__(
        self,
        network: Network,
        streams: StreamNetwork,
        address: Address,
        server: Address,
        *,
        transport: str,
        on_message: OnMessage,
    ) -> None:
        self.address = address
        self.transport = transport
        self.pings = 0
        """Keep-alives received: packets of nothing but line ends."""
        self.unreadable: list[bytes] = []
        self._streams = streams
        self._server = server
        self._on_message = on_message
        self._stream: StreamEnd | None = None
        self._port = address[1]
        self._buffer = b""
        self._socket: DatagramSocket | None = None
        if transport == "udp":
            self._socket = network.bind(address, self._take)

    @property
    def reliable(self) -> bool:
        """Whether the transport retransmits by itself."""
        return self.transport != "udp"

    def send(self, message: Message, target: Address) -> None:
        """Send a message; over a stream the target is always the server."""
        if self._socket is not None:
            self._socket.send(message.to_bytes(), target)
        else:
            self._connected().send(message.to_bytes())

    def close(self) -> None:
        """Take the phone off the network."""
        if self._socket is not None:
            self._socket.close()
        if self._stream is not None:
            self._stream.close()

    def drop_stream(self) -> None:
        """Close the stream; the next message opens a new one."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _connected(self) -> StreamEnd:
        if self._stream is None or self._stream.closed:
            self._port += 1
            self._stream = self._streams.connect((self.address[0], self._port), self._server)
            self._stream.on_data = self._take_piece
            self._buffer = b""
        return self._stream

    def _take_piece(self, data: bytes) -> None:
        self._buffer += data
        while True:
            text = self._buffer.lstrip(b"\r\n")
            self.pings += (len(self._buffer) - len(text)) // 4
            self._buffer = text
            head, found, rest = text.partition(b"\r\n\r\n")
            length = _LENGTH.search(head)
            size = int(length[1]) if length else 0
            if not found or len(rest) < size:
                return
            whole = len(head) + 4 + size
            self._buffer = text[whole:]
            self._take(text[:whole], self._server)

    def _take(self, data: bytes, source: Address) -> None:
        if not data.strip():
            self.pings += 1
            return
        try:
            message = parse_message(data)
        except SipError:
            self.unreadable.append(data)
            return
        self._on_message(message, source)
