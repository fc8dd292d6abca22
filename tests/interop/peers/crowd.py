"""A crowd of RTP endpoints in one process: each sends 20 ms packets and notes when its peer's packets came.

Run as a program inside a network namespace. It reads lines of JSON on its standard input: first a list of
``[local address, local port, remote address, remote port]``, one an endpoint, in pairs that talk with each other; then
lists of ``[number of the endpoint, remote address, remote port]``, whose remote end has changed, or ``null``: from now
on lost packets count, or ``{name: number}``: it prints a line as soon as that result of each endpoint has reached the
number. The end of the input ends it. It then prints, as JSON, what each endpoint heard. A fifth value
makes an endpoint say a tone of so many Hz, a whole number, instead of marked packets; what it hears is only counted.
"""

from __future__ import annotations

import gc
import json
import os
import select
import socket
import struct
import sys
import time
from typing import Any, Final

import numpy as np

from softswitch_codecs import codec_class

PACKET_S: Final = 0.02
_SLOTS: Final = 20
"""An endpoint sends in one of this many slots, so that a packet time's sending is spread over it."""
_SO_TIMESTAMPNS: Final = 35
_RTP: Final = struct.Struct("!BBHII")
_MARK: Final = struct.Struct("!IdI")
"""Whose packet it is, when it was sent and which one it is, in the place of sound: a relayed payload arrives as it was.
"""
_SILENCE: Final = b"\xff" * (160 - _MARK.size)


class Endpoint:
    """One phone's ear and mouth."""

    def __init__(self, index: int, local: tuple[str, int], remote: tuple[str, int], tone_hz: int = 0) -> None:
        self.index = index
        self.tone = _tone(tone_hz) if tone_hz else []
        self.peer = index ^ 1
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        self.sock.bind(local)
        self.sock.connect(remote)
        self.sock.setblocking(False)
        self.sent = self.heard = self.strange = self.heard_before = self.lost = 0
        self.last_number = -1
        self.last_came_s = self.last_sent_s = self.longest_gap_s = 0.0

    def move(self, remote: tuple[str, int]) -> None:
        """Talk with another address from now on."""
        self.sock.connect(remote)
        self.heard_before = self.heard

    def speak(self) -> None:
        """Send the next packet."""
        head = _RTP.pack(0x80, 0, self.sent & 0xFFFF, self.sent * 160, self.index + 1)
        try:
            self.sock.send(head + (self.tone[self.sent % len(self.tone)] if self.tone else self._marked()))
        except OSError:
            return  # nobody listens there any more; what was not heard is counted at the other end
        self.sent += 1

    def _marked(self) -> bytes:
        return _MARK.pack(self.index, time.monotonic(), self.sent) + _SILENCE

    def listen(self) -> None:
        """Take all that came, each with the kernel's time of its arrival."""
        while True:
            try:
                data, control, _, _ = self.sock.recvmsg(2048, 64)
            except OSError:
                return
            if len(data) == 172:
                self._heard(data, control)

    def _heard(self, data: bytes, control: list[tuple[int, int, bytes]]) -> None:
        if self.tone:
            self.heard += 1
            return
        seconds, nanoseconds = struct.unpack_from("qq", control[0][2])
        came_s = seconds + nanoseconds / 1e9
        who, sent_s, number = _MARK.unpack_from(data, _RTP.size)
        if who != self.peer:
            self.strange += 1
            return
        self.heard += 1
        self.lost += number - self.last_number - 1 if number > self.last_number else -1
        self.last_number = max(self.last_number, number)
        if self.last_came_s:
            # A pause that the sender itself made is not the switch's.
            late_s = max(0.0, sent_s - self.last_sent_s - PACKET_S)
            self.longest_gap_s = max(self.longest_gap_s, came_s - self.last_came_s - late_s)
        self.last_came_s, self.last_sent_s = came_s, sent_s

    def result(self) -> dict[str, float]:
        """Return what it heard."""
        gap_ms = 1000 * self.longest_gap_s
        return {
            "sent": self.sent,
            "heard": self.heard,
            "heard_since_moved": self.heard - self.heard_before,
            "strange": self.strange,
            "lost": self.lost,
            "longest_gap_ms": gap_ms,
        }


def _tone(hertz: int) -> list[bytes]:
    """Return a second of a tone as payloads of PCMU."""
    codec = codec_class("PCMU")
    assert codec is not None
    sound = 8000 * np.sin(2 * np.pi * hertz * np.arange(8000) / 8000)
    return [packet.tobytes() for packet in codec().encode(sound.astype(np.float32)[np.newaxis])[0].reshape(50, 160)]


def _follow(crowd: list[Endpoint], changes: list[list[Any]] | None) -> None:
    for number, host, port in changes or ():
        crowd[number].move((host, port))
    if changes is None:
        for each in crowd:
            each.lost = 0


def main() -> None:
    """Talk until the input ends."""
    orders = open(0, "rb", buffering=0)  # noqa: SIM115  # a buffer would keep orders that come together from the poll
    lines = json.loads(orders.readline())
    crowd = [Endpoint(n, (line[0], line[1]), (line[2], line[3]), *line[4:]) for n, line in enumerate(lines)]
    by_descriptor = {each.sock.fileno(): each for each in crowd}
    poll = select.epoll()
    poll.register(0, select.EPOLLIN | select.EPOLLHUP)
    for descriptor in by_descriptor:
        poll.register(descriptor, select.EPOLLIN)
    gc.disable()
    os.nice(-10)
    slot, due_s = 0, time.monotonic()
    wanted: dict[str, int] = {}
    while True:
        if (
            wanted
            and slot == 0
            and all(each.result()[name] >= number for each in crowd for name, number in wanted.items())
        ):
            wanted = {}
            sys.stdout.write("heard\n")
            sys.stdout.flush()
        for descriptor, _ in poll.poll(max(0.0, due_s - time.monotonic()), 512):
            if descriptor == 0:
                line = orders.readline()
                if not line:
                    json.dump([each.result() for each in crowd], sys.stdout)
                    return
                said = json.loads(line)
                if isinstance(said, dict):
                    wanted = said
                else:
                    _follow(crowd, said)
                continue
            by_descriptor[descriptor].listen()
        if time.monotonic() >= due_s:
            for each in crowd[slot::_SLOTS]:
                each.speak()
            slot, due_s = (slot + 1) % _SLOTS, due_s + PACKET_S / _SLOTS


if __name__ == "__main__":
    main()
