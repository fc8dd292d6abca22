"""Packets of Opus on their way into the jitter ring."""

from __future__ import annotations

import numpy as np
import pytest

from softswitch.media.worker.batch import read_batch
from softswitch.media.worker.mixing.opening import Opener
from softswitch.media.worker.mixing.ring import JitterRing
from softswitch.media.worker.rows import Rows
from softswitch_codecs.opus import Opus
from tests.unit.media.rig import rtp

RATE_HZ, CODE = 16000, 5
TONE = (8000 * np.sin(2 * np.pi * 440 * np.arange(RATE_HZ) / RATE_HZ)).astype(np.int16).reshape(50, 320)


class Desk:
    """A ring, an opener, and a row that plays."""

    def __init__(self) -> None:
        self.state = Rows(4)
        self.row = self.state.take()
        self.state.clock_hz[self.row] = 48000
        self.state.stream[self.row] = 1
        self.ring = JitterRing(4, {CODE: 320})
        self.ring.open(self.row, 48000)
        self.opener = Opener(self.state, self.ring, Opus(), {RATE_HZ: CODE})
        self.opener.rates[self.row] = RATE_HZ
        self.packets = [Opus.encode(self._encoder, frame[np.newaxis])[0].tobytes() for frame in TONE]

    _encoder = Opus()

    def put(self, number: int) -> None:
        packet = rtp(number, 960 * number, payload=self.packets[number])
        self.state.octets[self.row, : len(packet)] = np.frombuffer(packet, np.uint8)
        rows = np.array([self.row], np.intp)
        self.opener.put(read_batch(self.state, rows, np.array([len(packet)])))

    def play(self) -> np.ndarray[tuple[int, ...], np.dtype[np.int16]]:
        taken = self.ring.take(np.array([self.row], np.intp))
        samples = self.ring.payloads(CODE, taken.slots).reshape(-1).view(">i2").astype(np.int16)
        return np.where(np.repeat(taken.codes[0], 160) == CODE, samples, np.int16(0))


def test_each_packet_is_heard_in_its_turn() -> None:
    desk, heard = Desk(), []
    for number in range(50):
        desk.put(number)
        heard.append(desk.play())
    loud = [float(np.abs(frame.astype(np.float64)).mean()) for frame in heard]
    assert loud[0] == 0.0
    assert min(loud[5:]) > 800


@pytest.mark.parametrize("lost", [1, 3])
def test_lost_packets_are_heard_where_their_turn_has_not_come(lost: int) -> None:
    desk, heard = Desk(), []
    for number in range(8):
        desk.put(number)
    for number in range(8 + lost, 30):
        desk.put(number)
        if number >= 14:
            heard.append(float(np.abs(desk.play().astype(np.float64)).mean()))
    assert min(heard[3:]) > 150


def test_what_comes_twice_or_late_or_is_no_packet_changes_nothing() -> None:
    desk = Desk()
    for number in (0, 1, 1, 0, 2):
        desk.put(number)
    desk.packets[3] = b"\x03"
    desk.put(3)
    assert desk.state.refused[desk.row] == 1
    assert int((desk.ring.codes[desk.row] == CODE).sum()) == 6
    desk.opener.forget(desk.row)
    desk.put(4)
    assert int((desk.ring.codes[desk.row] == CODE).sum()) == 8
