"""The jitter ring of all legs against one written for a single leg, under loss, disorder, drift and jumps."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import numpy as np
import pytest

from softswitch.media.worker.mixing.ring import JitterRing
from tests.fuzz.conftest import scale
from tests.fuzz.ring_model import NOTHING, ScalarRing
from tests.unit.media.rig import LOOPS

LEGS = 50
OCTETS = {1: 80, 2: 80, 3: 160, 4: 1}
"""Two codecs of one size, a wide one, and comfort noise."""


@dataclass
class Sender:
    """A phone whose packets come early, late, twice, out of order, or not at all."""

    random: random.Random
    timestamp: int
    stream: int
    cells: int
    jitter: float
    """Frames by which packets are late, at most."""
    drift: float
    """Frames that it sends for each of ours."""
    due: float = 0.0
    flying: list[tuple[float, int, int, int, bytes]] = field(default_factory=list)
    """When each arrives, its stream, its code, its timestamp, its payload."""

    def step(self, frame: int) -> list[tuple[int, int, int, bytes]]:
        """Send what is due in this frame; return what arrives in it, in the order of arrival."""
        while self.due <= frame:
            self.send()
            self.due += self.cells / 2 / self.drift
        arrived = [packet for packet in self.flying if packet[0] < frame + 1]
        self.flying = [packet for packet in self.flying if packet[0] >= frame + 1]
        return [packet[1:] for packet in sorted(arrived, key=lambda packet: packet[0])]

    def send(self) -> None:
        chance = self.random.random()
        if chance < 0.01:
            self.change()
        code = self.random.choice((1, 1, 1, 2, 3)) if self.stream % 2 else 1
        code = 4 if chance > 0.995 else code
        payload = self.random.randbytes(
            OCTETS[code] * (1 if code == 4 else self.cells) + self.random.choice((0, 0, 0, 7))
        )
        packet = (self.stream, code, self.timestamp, payload)
        for _ in range(self.random.choices((0, 1, 2), (2, 96, 2))[0]):
            self.flying.append((self.due + self.jitter * self.random.random() ** 3, *packet))
        self.timestamp = (self.timestamp + 80 * self.cells) % (1 << 32)

    def change(self) -> None:
        kind = self.random.randrange(6)
        if kind == 0:
            self.timestamp = self.random.getrandbits(32)
        elif kind == 1:
            self.stream += 1
            self.timestamp = self.random.getrandbits(32)
        elif kind == 2:
            self.due += self.random.randrange(30)  # a pause in which time goes on, or stands still
            self.timestamp = (self.timestamp + self.random.choice((0, 1600, 4000))) % (1 << 32)
        elif kind == 3:
            self.cells = self.random.choice((1, 2, 3, 4, 6))
        elif kind == 4:
            self.jitter = self.random.choice((0.0, 0.5, 1.0, 4.0, 12.0))
        else:
            self.timestamp = (self.timestamp + self.random.randrange(-700, 700)) % (1 << 32)


def sender(seed: int) -> Sender:
    """Make a phone whose timestamps soon wrap."""
    rolled = random.Random(seed)
    cells = rolled.choice((1, 2, 2, 2, 3, 4, 6))
    start = (1 << 32) - 160 * rolled.randrange(200)
    return Sender(rolled, start, 1, cells, rolled.choice((0.0, 0.5, 1.0, 3.0)), rolled.choice((0.99, 1.0, 1.0, 1.01)))


def put_all(ring: JitterRing, packets: np.ndarray, arrived: list[list[tuple[int, int, int, bytes]]]) -> None:
    """Put what arrived: the first packet of each leg, then the second ..."""
    for turn in range(max(map(len, arrived), default=0)):
        rows = [row for row in range(LEGS) if len(arrived[row]) > turn]
        now = [arrived[row][turn] for row in rows]
        for row, (_, _, _, payload) in zip(rows, now, strict=True):
            packets[row, 12 : 12 + len(payload)] = np.frombuffer(payload, np.uint8)
        streams, codes, timestamps, payloads = zip(*now, strict=True)
        lengths = np.array([12 + len(payload) for payload in payloads])
        indices = np.array(rows)
        ring.put(packets, indices, np.array(codes, np.uint8), np.array(timestamps), np.array(streams), lengths)


def frames_of(ring: JitterRing) -> list[list[tuple[int, bytes]]]:
    """Take a frame of all legs; return the cells of each."""
    taken = ring.take(np.arange(LEGS))
    return [
        [
            NOTHING if not code else (code, ring.payloads(code, np.array([slot]))[0].tobytes())
            for code, slot in zip(codes, slots, strict=True)
        ]
        for codes, slots in zip(taken.codes.tolist(), taken.slots.tolist(), strict=True)
    ]


@pytest.mark.parametrize("seed", range(scale(10, 100)))
def test_the_ring_of_all_legs_equals_the_ring_of_each(seed: int) -> None:
    ring = JitterRing(LEGS, OCTETS, LOOPS if seed % 2 else None)
    for row in range(LEGS):
        ring.open(row, 8000)
    models = [ScalarRing(row, OCTETS) for row in range(LEGS)]
    senders = [sender(seed * LEGS + row) for row in range(LEGS)]
    packets = np.zeros((LEGS, 2048), np.uint8)
    for frame in range(220):
        arrived = [each.step(frame) for each in senders]
        put_all(ring, packets, arrived)
        for model, theirs in zip(models, arrived, strict=True):
            for stream, code, timestamp, payload in theirs:
                model.put(code, timestamp, stream, payload)
        assert frames_of(ring) == [model.take() for model in models], frame
    assert ring.late.tolist() == [model.late for model in models]
    assert ring.missing.tolist() == [model.missing for model in models]
    assert ring.late.any()
    assert ring.missing.any()
