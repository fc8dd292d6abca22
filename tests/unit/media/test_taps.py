"""What is handed over to the recorder: the same packets, whether numpy or compiled loops copy them."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from softswitch.media.engine import MediaEvent, Recording, RecordingTrouble
from softswitch.media.loops.found import Loops
from softswitch.media.tap_ring import Sound, TapReader, make_memory
from softswitch.media.worker.batch import read_batch
from softswitch.media.worker.rows import HEADER_OCTETS, Rows
from softswitch.media.worker.taps import NO_ROOM, Taps
from tests.unit.media.rig import LOOPS, rtp

LEGS = 6
RECORDED = 4


@dataclass
class Leg:
    """What taps have to know of one."""

    row: int
    stream: None = None
    may_receive: bool = True


@dataclass
class Memory:
    """Stands for the recorder."""

    octets: int = 1 << 20
    reader: TapReader = field(init=False)

    def __post_init__(self) -> None:
        self._descriptor = make_memory(self.octets)
        self.reader = TapReader(self._descriptor)

    def memory(self) -> int:
        return self._descriptor

    def start(self, said: Callable[[tuple[Any, ...]], None], died: Callable[[], None]) -> Memory:
        return self

    def wake(self) -> None:
        """There is nothing to do."""

    def close(self) -> None:
        os.close(self._descriptor)

    def packets(self) -> list[tuple[Any, ...]]:
        """Return what has come: of each packet all that is told, and the payload."""
        found: list[tuple[Any, ...]] = []
        for entry in self.reader.read(self.reader.written):
            if isinstance(entry, Sound):
                told = (entry.taps, entry.heads, entry.timestamps, entry.streams, entry.lengths)
                came = entry.now_us - entry.ages_us.astype(np.int64)
                payloads = [row[:length].tobytes() for row, length in zip(entry.payloads, entry.lengths, strict=True)]
                found += zip(*(column.tolist() for column in told), came.tolist(), payloads, strict=True)
        self.reader.free(self.reader.written)
        return found


class Worker:
    """Rows into which packets come, some of which are recorded."""

    def __init__(self, loops: Loops | None, memory: Memory) -> None:
        self.state = Rows(LEGS, loops)
        self.events: list[MediaEvent] = []
        legs = {f"c.{row}": Leg(self.state.take()) for row in range(LEGS)}
        self.taps = Taps(self.state, legs, memory, self.events.append)  # type: ignore[arg-type]  # less of legs
        sides = tuple((f"c.{row}",) for row in range(RECORDED))
        self.taps.record(Recording("c-01", "/nowhere/c-01.wav", sides, 0))

    def take(self, packets: dict[int, bytes], now_us: int) -> None:
        """Let a packet come to each of these rows."""
        rows = np.array([*packets], np.intp)
        self.taps.make_room(rows)
        for row, packet in packets.items():
            self.state.octets[row, : len(packet)] = np.frombuffer(packet, np.uint8)
        lengths = np.array([len(packet) for packet in packets.values()], np.int64)
        self.taps.put(read_batch(self.state, rows, lengths), now_us)


@given(seed=st.integers(0, 1 << 32))
def test_both_ways_hand_over_the_same(seed: int) -> None:
    seen = []
    for way in (None, LOOPS):
        chance, memory = random.Random(seed), Memory()
        worker = Worker(way, memory)
        for tick in range(12):
            rows = [row for row in range(LEGS) if chance.random() < 0.6]
            worker.state.stream[:] = [chance.getrandbits(31) for _ in range(LEGS)]
            packets = {
                row: rtp(tick, chance.getrandbits(32), payload=chance.randbytes(chance.randrange(1, 200)))
                for row in rows
            }
            if packets:
                worker.take(packets, 1_000_000 + 4000 * tick)
            if chance.random() < 0.3:
                worker.taps.settle()
        worker.taps.settle()
        seen.append(sorted(memory.packets(), key=lambda packet: (packet[5], packet[0])))
        memory.close()
    assert seen[0] == seen[1]
    assert {packet[0] for packet in seen[0]} <= set(range(1, RECORDED + 1))


def test_what_the_loops_copy_and_finds_no_room_is_counted_and_told() -> None:
    memory = Memory(octets=2048)
    worker = Worker(LOOPS, memory)
    sound = rtp(1, payload=bytes(160))
    for tick in range(12):
        worker.take({0: sound, LEGS - 1: sound}, 4000 * tick)
    worker.taps.look(now=1.0)
    assert memory.reader.lost == 12 - len(memory.packets())
    assert memory.reader.lost > 0
    assert worker.events == [RecordingTrouble("c-01", NO_ROOM)]
    worker.take({0: sound}, 100_000)
    worker.taps.look(now=1.1)
    assert worker.events[1:] == [RecordingTrouble("c-01", "")]
    assert [packet[6] for packet in memory.packets()] == [sound[HEADER_OCTETS:]]
    memory.close()
