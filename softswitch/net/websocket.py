"""One WebSocket connection that carries SIP messages, one a WebSocket message (RFC 7118)."""

from __future__ import annotations

from typing import Final

from websockets.frames import Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from softswitch.net.connection import Connection, ConnectionOwner
from softswitch.net.limits import StreamLimits

SUBPROTOCOL: Final = Subprotocol("sip")
_PING: Final = b"\r\n\r\n"
_DATA: Final = frozenset({Opcode.TEXT, Opcode.BINARY, Opcode.CONT})


class WebSocketConnection(Connection):
    """The protocol object of a connection that a browser or a softphone opened.

    Whoever does not speak the subprotocol ``sip`` is refused with 400 (RFC 7118 §4).
    """

    def __init__(
        self, owner: ConnectionOwner, number: int, limits: StreamLimits, *, now: float, name: str = "ws"
    ) -> None:
        super().__init__(owner, number, limits, now=now, name=name)
        self._protocol = ServerProtocol(subprotocols=[SUBPROTOCOL], max_size=limits.most_octets)
        self._parts = bytearray()

    def data_received(self, data: bytes) -> None:
        """Asyncio: octets came."""
        self.heard_at_s = self._loop.time()
        self._protocol.receive_data(data)
        messages: list[bytes] = []
        for event in self._protocol.events_received():
            if isinstance(event, Request):
                self._protocol.send_response(self._protocol.accept(event))
            elif isinstance(event, Frame) and event.opcode in _DATA:
                self._parts += event.data
                if event.fin:
                    messages.append(bytes(self._parts))
                    self._parts.clear()
        self._flush()
        if messages:
            self.has_brought_message = True
            self._owner.messages_received(self, messages)

    def eof_received(self) -> None:
        """Asyncio: the peer sends nothing any more."""
        self._protocol.receive_eof()

    def send(self, data: bytes) -> None:
        """Send one message; a keep-alive becomes a WebSocket ping (RFC 7118 §6)."""
        if self._protocol.state is not State.OPEN:
            return
        if data == _PING:
            self._protocol.send_ping(b"")
        elif _is_text(data):
            self._protocol.send_text(data)
        else:
            self._protocol.send_binary(data)
        self._flush()

    def _flush(self) -> None:
        """Let out what the protocol wants sent; an empty piece means that nothing follows."""
        for piece in self._protocol.data_to_send():
            if piece:
                super().send(piece)
            else:
                self.close()
        if self._protocol.close_expected():
            self.close()


def _is_text(data: bytes) -> bool:
    """Tell whether a message may go into a text frame, which must be UTF-8 (RFC 6455 §5.6)."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
