"""Many phones that talk at once, in a process of their own: they send a packet each 20 ms and count what comes back.

Run as ``python -m softswitch.simulation.phone_load`` with a :class:`Wanted` as JSON on stdin; it prints a line when it
begins to count, and a :class:`Counted` as JSON. Packets come and go by the same batched system calls as the media
worker's, so that a core full of phones can keep a core full of the worker busy.
"""

from __future__ import annotations

import json
import socket
import sys
import time
from dataclasses import asdict, dataclass
from typing import Final

import numpy as np

from softswitch.media.worker.backends import choose_backend
from softswitch.media.worker.io_backend import IoBackend
from softswitch.media.worker.priority import raise_priority
from softswitch.media.worker.rows import HEADER_OCTETS, Indices, Rows, Words

PACKET_S: Final = 0.020
_SLICES: Final = 10
"""Phones do not send in the same moment: a tenth of them each two milliseconds."""
_PAYLOAD_OCTETS: Final = 160
_FIRST_WORD: Final = 0x8000_0000  # version 2, PCMU
_MOST_PASSES: Final = 8
_LAG_SLICES: Final = 50
"""What is received is counted so much later than what is sent, 0.1 s: the switch has returned it by then."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the phones shall do."""

    address: str
    """Theirs."""
    first_port: int
    """Of the first phone; the others follow."""
    switch: str
    ports: tuple[int, ...]
    """The switch's, one a phone."""
    warm_up_s: float
    """Time before counting begins."""
    seconds: float


@dataclass(frozen=True, slots=True)
class Counted:
    """What came of it, after the warm-up."""

    sent: int
    received: int
    late: int
    """Of those sent, how many went half a packet's time late or more."""


class PhoneLoad:
    """The phones.

    Args:
        wanted: what they shall do.
    """

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        count = len(wanted.ports)
        self._sockets = [_socket(wanted, number) for number in range(count)]
        self._going, self._coming = Rows(count), Rows(count)
        self._out, self._in = self._backend(self._going), self._backend(self._coming)
        self._words: Words = np.zeros((count, 3), np.uint32)
        self._words[:, 0] = _FIRST_WORD
        self._words[:, 2] = np.arange(1, count + 1)
        self._going.octets[:, HEADER_OCTETS : HEADER_OCTETS + _PAYLOAD_OCTETS] = 0xFF
        self._slices = [np.arange(first, count, _SLICES) for first in range(_SLICES)]

    def run(self) -> Counted:
        """Talk for as long as is wanted."""
        step_s = PACKET_S / _SLICES
        first = round(self._wanted.warm_up_s / step_s)
        end = first + round(self._wanted.seconds / step_s)
        sent = received = late = 0
        begun = time.monotonic()
        for step in range(end + _LAG_SLICES):
            due = begun + step * step_s
            if (early_s := due - time.monotonic()) > 0:
                time.sleep(early_s)
            if step == first:
                _say("counting")
            came, went = self._step(step)
            if first <= step < end:
                sent += went
                late += went * (early_s < -PACKET_S / 2)
            if first <= step - _LAG_SLICES < end:
                received += came
        return Counted(sent, received, late)

    def close(self) -> None:
        """Hang up."""
        self._out.close()
        self._in.close()
        for sock in self._sockets:
            sock.close()

    def _backend(self, rows: Rows) -> IoBackend:
        backend = choose_backend(rows)
        for number, sock in enumerate(self._sockets):
            backend.attach(number, sock)
        return backend

    def _step(self, step: int) -> tuple[int, int]:
        """Let a tenth of the phones send, and the tenth that sent half a packet's time ago receive; return both."""
        going = self._slices[step % _SLICES]
        came = self._receive(self._slices[(step + _SLICES // 2) % _SLICES])
        if going.size:
            self._send(going)
        return came, len(going)

    def _send(self, rows: Indices) -> None:
        words = self._words[rows]
        words[:, 0] = _FIRST_WORD | ((words[:, 0] + 1) & 0xFFFF)
        words[:, 1] += _PAYLOAD_OCTETS
        self._words[rows] = words
        self._going.write_headers(rows, words)
        self._out.send(rows, rows, np.full(len(rows), HEADER_OCTETS + _PAYLOAD_OCTETS))

    def _receive(self, rows: Indices) -> int:
        """Take what came for these phones; return how many packets."""
        came = 0
        for _ in range(_MOST_PASSES):
            if not rows.size:
                break
            rows = self._in.receive(rows).rows
            came += len(rows)
        return came


def _socket(wanted: Wanted, number: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    sock.bind((wanted.address, wanted.first_port + number))
    sock.connect((wanted.switch, wanted.ports[number]))
    return sock


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    """Read what is wanted, talk, print what was counted."""
    values = json.load(sys.stdin)
    raise_priority()
    load = PhoneLoad(Wanted(**(values | {"ports": tuple(values["ports"])})))
    _say(json.dumps(asdict(load.run())))
    load.close()


if __name__ == "__main__":
    main()
