"""Compiled loops write what numpy writes: the same octets, the same gaps, and the same is told."""

from __future__ import annotations

import errno
import json
import os
import random
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from softswitch.media.loops import recording as loops
from softswitch.media.loops.found import Loops
from softswitch.media.recorder.scribe import Scribe
from softswitch.media.tap_ring import TapReader, TapWriter, make_memory
from tests.fuzz.conftest import scale
from tests.unit.media.rig import LOOPS

FORMATS = [("PCMU", 8000, 1, 0), ("PCMA", 8000, 1, 8), ("L16", 16000, 1, 96), ("G722", 8000, 1, 9)]
G711 = FORMATS[:2]
ROUND_US, FRAME_US, FRAME = 100_000, 20_000, 160
Packet = tuple[int, tuple[int, ...], bytes]
"""When it came; tap, head, timestamp, stream, octets; the payload."""


@dataclass
class Phone:
    """Sends packets that are mostly regular."""

    chance: random.Random
    tap: int
    due_us: int
    irregular: float
    sequence: int = 0
    timestamp: int = 0
    stream: int = 1
    payload_type: int = 0
    octets: int = FRAME

    def speak(self, until_us: int) -> list[Packet]:
        said: list[Packet] = []
        while self.due_us < until_us:
            came_us = self.due_us + self.chance.randrange(3000)
            if self.chance.random() < self.irregular:
                came_us += self._change()
            if self.chance.random() >= self.irregular:
                said.append(self._packet(came_us))
            self.sequence += 1
            self.timestamp += self.octets
            self.due_us += FRAME_US
        return said

    def _change(self) -> int:
        """Do something that is not usual; return how much later the packet comes."""
        chance = self.chance
        kind = chance.randrange(9)
        if kind == 0:
            self.stream += 1
            self.timestamp = chance.getrandbits(32)
        elif kind == 1:
            self.timestamp += chance.choice((-320, 80, 160, 16000))
        elif kind == 2:
            self.payload_type = chance.choice((0, 8, 9, 96, 77))
        elif kind == 3:
            self.octets = chance.choice((80, 81, 160, 240))
        elif kind == 4:
            self.due_us += chance.choice((FRAME_US, 5 * FRAME_US, 1_500_000))
        elif kind == 5:
            self.sequence += chance.choice((1, 2, 40000))
        elif kind == 6:
            return chance.choice((10_000, 25_000, 250_000))
        elif kind == 7:
            self.due_us -= chance.choice((5_000, 10_000))
        else:
            self.timestamp = 0xFFFF_FFFF - chance.randrange(400)
            self.stream += 1
        return 0

    def _packet(self, came_us: int) -> Packet:
        marker = self.chance.randrange(2) << 23
        head = 0x8000_0000 | marker | self.payload_type << 16 | self.sequence & 0xFFFF
        payload = self.chance.randbytes(self.octets)
        return came_us, (self.tap, head, self.timestamp & 0xFFFF_FFFF, self.stream, len(payload)), payload


@dataclass
class Round:
    """What comes in one."""

    orders: list[tuple[Any, ...]]
    packets: list[Packet]
    full: bool
    """Whether the disk is."""
    lost: bool


def story(seed: int, irregular: float, mixed: float) -> list[Round]:
    """Make up some seconds of some calls."""
    chance = random.Random(seed)
    rounds = [Round([], [], chance.random() < irregular / 2, chance.random() < irregular) for _ in range(25)]
    for call in range(5):
        began_us, channels = 1_000_000 + chance.randrange(400_000), chance.choice((1, 2, 2, 2))
        formats = FORMATS if chance.random() < mixed else G711
        taps = [10 * call + 1, 10 * call + 2][:channels]
        first = (began_us - 1_000_000) // ROUND_US
        silence_s = chance.choice((0.0, 0.0, 1.0))
        phones = [Phone(chance, tap, began_us + chance.randrange(FRAME_US), irregular) for tap in taps]
        moved = chance.randrange(first + 1, len(rounds)) if chance.random() < irregular else 0
        for number in range(first, len(rounds)):
            turn = rounds[number]
            if number in {first, moved}:
                if number == moved:
                    taps = [*taps[:-1], 10 * call + 3]
                    phones[-1] = Phone(chance, taps[-1], 1_000_000 + number * ROUND_US, irregular)
                order = [[tap] for tap in taps], dict.fromkeys(taps, formats)
                turn.orders.append(("record", f"{call}-01", *order, f"{call}-01.wav", began_us, "", 0.0, silence_s))
            turn.packets += [packet for phone in phones for packet in phone.speak(1_000_000 + (number + 1) * ROUND_US)]
        ended_us = 1_000_000 + len(rounds) * ROUND_US - chance.randrange(50_000)
        about = {"conversation_id": str(call), "interval": {"number": 1, "file": f"{call}-01.wav"}}
        rounds[-1].orders.append(("end", f"{call}-01", ended_us, json.dumps(about)))
    for turn in rounds:
        turn.packets.sort(key=lambda packet: packet[0])
    return rounds


def put(writer: TapWriter, packets: list[Packet], at_once: int) -> None:
    for first in range(0, len(packets), at_once):
        some = packets[first : first + at_once]
        width = max(len(payload) for _, _, payload in some)
        rows = np.array([list(payload.ljust(width, b"\0")) for _, _, payload in some], np.uint8)
        ages = np.array([some[-1][0] - came_us for came_us, _, _ in some])
        columns = tuple(np.array(column) for column in zip(*(told for _, told, _ in some), strict=True))
        assert writer.put_sound((*columns, ages), some[-1][0], width, [rows])


def written(
    rounds: Iterable[Round], folder: Path, way: Loops | None, monkeypatch: pytest.MonkeyPatch
) -> tuple[dict[str, bytes], list[Any]]:
    """Return what the files hold, and what was told of each."""
    told: list[Any] = []
    memory = make_memory(1 << 20)
    writer, reader = TapWriter(memory), TapReader(memory)
    os.close(memory)
    scribe = Scribe(told.append, way)
    for number, turn in enumerate(rounds, 1):
        put(writer, turn.packets, 7)
        orders = [
            (*each[:4], str(folder / each[4]), *each[5:]) if each[0] == "record" else each for each in turn.orders
        ]
        with monkeypatch.context() as patched:
            if turn.full:
                patched.setattr(os, "pwrite", full)
            entries = [*orders, *reader.read(reader.written)]
            scribe.write_round(entries, now_us=1_000_000 + number * ROUND_US, packets_lost=turn.lost)
        reader.free(reader.written)
    scribe.end_all()
    return {path.name: path.read_bytes() for path in folder.iterdir()}, sorted(
        told, key=lambda message: str(message[1])
    )


def full(*_: object) -> int:
    raise OSError(errno.ENOSPC, "No space left on device")


@settings(max_examples=scale(30), deadline=None)
@given(
    seed=st.integers(0, 1 << 32),
    irregular=st.sampled_from((0.0, 0.005, 0.05)),
    mixed=st.sampled_from((0.0, 0.3)),
)
def test_whatever_comes_both_ways_write_the_same_files(seed: int, irregular: float, mixed: float) -> None:
    rounds = story(seed, irregular, mixed)
    with TemporaryDirectory() as one, TemporaryDirectory() as other, pytest.MonkeyPatch.context() as patched:
        by_numpy = written(rounds, Path(one), None, patched)
        by_loops = written(rounds, Path(other), LOOPS, patched)
    assert by_loops[1] == by_numpy[1]
    assert by_loops[0].keys() == by_numpy[0].keys()
    for name, octets in by_numpy[0].items():
        assert by_loops[0][name] == octets, name


def test_usual_sound_goes_through_the_loops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def general(*_: object) -> None:
        raise AssertionError("the general way")

    monkeypatch.setattr(Scribe, "_take", general)
    files, told = written(story(1, 0.0, 0.0), tmp_path, LOOPS, monkeypatch)
    assert len([name for name in files if name.endswith(".wav")]) == 5
    assert {message[0] for message in told} == {"ended"}


def test_taps_are_found_by_number_also_where_numbers_collide() -> None:
    numbers, table = np.array([3, 67, 131, 4]), np.empty(64, np.int64)
    loops.index_taps(numbers, table)
    assert table[3:7].tolist() == [0, 1, 2, 3]
    assert np.count_nonzero(table >= 0) == 4
