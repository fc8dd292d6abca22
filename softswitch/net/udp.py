"""SIP over UDP: one socket per local address, so that an answer leaves from the address that was asked.

A burst is drained in one wake-up and then the turn ends: what its messages caused is journaled and sent together. Two
limits keep turns short: what the first message caused does not wait for long work on the others.
"""

from __future__ import annotations

import asyncio
import socket
import sys
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from softswitch.net.concerned import LegOf, nobodys
from softswitch.net.paced_readers import Readers
from softswitch.runtime.log import about, get_logger
from softswitch.sip.flow import Flow

DATAGRAMS_A_TURN: Final = 64
TURN_S: Final = 0.01
"""After so long no other datagram is begun with in a turn."""
LARGEST_DATAGRAM_OCTETS: Final = 65535
LONGEST_QUEUE: Final = 2000
WANTED_BUFFER_OCTETS: Final = 4 << 20
_SO_MEMINFO: Final = 55  # not named either; its ninth number is what was dropped, <linux/sock_diag.h>
_DROPS_AT: Final = 32
_SO_RCVBUFFORCE: Final = 33  # not named by the socket module; Linux, <asm-generic/socket.h>

_LOG = get_logger("net.udp")


class UdpSocket:
    """One bound socket.

    Args:
        loop: where its readiness for writing is watched.
        readers: where its readiness for reading is.
        bound: the socket, which this object owns from now on.
        on_message: takes each datagram with its flow.
        on_failed: told of a flow on which sending failed; never from within :meth:`send`.
        leg_of: finds the leg that a message belongs to, for the log.
        listens: whether it reads at once; else :meth:`listen` begins, and what arrives before waits in the kernel.
        monotonic: seconds.
    """

    __slots__ = (
        "_buffer",
        "_leg_of",
        "_loop",
        "_monotonic",
        "_on_failed",
        "_on_message",
        "_readers",
        "_socket",
        "_view",
        "_waiting",
        "local",
    )

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        readers: Readers,
        bound: socket.socket,
        *,
        on_message: Callable[[bytes, Flow], None],
        on_failed: Callable[[Flow], None],
        leg_of: LegOf = nobodys,
        listens: bool = True,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        bound.setblocking(False)
        enlarge_receive_buffer(bound)
        self._loop = loop
        self._readers = readers
        self._socket = bound
        self._on_message = on_message
        self._on_failed = on_failed
        self._leg_of = leg_of
        self._monotonic = monotonic
        self._buffer = bytearray(LARGEST_DATAGRAM_OCTETS)
        self._view = memoryview(self._buffer)
        self._waiting: deque[tuple[bytes, Flow]] = deque()
        self.local: tuple[str, int] = bound.getsockname()[:2]
        if listens:
            self.listen()

    def listen(self) -> None:
        """Begin to read."""
        self._readers.add(self._socket.fileno(), self._receive_burst)

    def drops(self) -> int:
        """Return how many packets the kernel threw away because nobody read them in time."""
        try:
            numbers = self._socket.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, 64)
        except OSError:
            return 0
        return int.from_bytes(numbers[_DROPS_AT : _DROPS_AT + 4], sys.byteorder)

    def send(self, data: bytes, flow: Flow) -> None:
        """Send at once where the kernel takes it, else queue it; never blocks, never raises."""
        if self._waiting:
            self._queue(data, flow)
            return
        try:
            self._socket.sendto(data, flow.remote)
        except (BlockingIOError, InterruptedError):
            self._queue(data, flow)
        except (OSError, OverflowError) as error:
            self._sending_failed(data, flow, error)

    def close(self) -> None:
        """Stop reading and close the descriptor; queued datagrams are dropped."""
        self._readers.remove(self._socket.fileno())
        if self._waiting:
            self._loop.remove_writer(self._socket.fileno())
            self._waiting.clear()
        self._socket.close()

    def _receive_burst(self) -> bool:
        """Take what has come; return whether a limit was reached and more may wait."""
        until_s = self._monotonic() + TURN_S
        for _ in range(DATAGRAMS_A_TURN):
            try:
                size, source = self._socket.recvfrom_into(self._buffer)
            except (BlockingIOError, InterruptedError):
                return False
            except OSError as error:
                _LOG.warning("udp.receive_failed", local=self.local, error=str(error))
                return False
            self._on_message(bytes(self._view[:size]), Flow("udp", self.local, source[:2]))
            if self._monotonic() >= until_s:
                break
        return True

    def _queue(self, data: bytes, flow: Flow) -> None:
        if len(self._waiting) >= LONGEST_QUEUE:
            # SIP retransmits what a full network loses; the newest is dropped so that order is kept.
            with about("", self._leg_of(data)):
                _LOG.warning("udp.queue_full", local=self.local)
            return
        if not self._waiting:
            self._loop.add_writer(self._socket.fileno(), self._send_waiting)
        self._waiting.append((data, flow))

    def _send_waiting(self) -> None:
        while self._waiting:
            data, flow = self._waiting[0]
            try:
                self._socket.sendto(data, flow.remote)
            except (BlockingIOError, InterruptedError):
                return
            except (OSError, OverflowError) as error:
                self._sending_failed(data, flow, error)
            self._waiting.popleft()
        self._loop.remove_writer(self._socket.fileno())

    def _sending_failed(self, data: bytes, flow: Flow, error: Exception) -> None:
        with about("", self._leg_of(data)):
            _LOG.info("udp.send_failed", local=flow.local, remote=flow.remote, error=str(error))
        self._loop.call_soon(self._on_failed, flow)


def enlarge_receive_buffer(of: socket.socket) -> int:
    """Make the kernel's receive buffer as large as it lets us; return its size in octets.

    The default holds some 160 requests; a burst after a power failure brings thousands.
    """
    with suppress(OSError):
        of.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, WANTED_BUFFER_OCTETS)
    with suppress(OSError):
        of.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, WANTED_BUFFER_OCTETS)
    return of.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
