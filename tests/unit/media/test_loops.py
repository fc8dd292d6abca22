"""The loops do what numpy does, packet by packet: the same octets leave, and the same is counted."""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from softswitch.media.loops import found, packets
from softswitch.media.loops import packets as loops
from softswitch.media.worker.batch import Batch
from softswitch.media.worker.ledger import In, Out
from softswitch.media.worker.rows import FRAME_TICKS, Indices, Known
from tests.unit.media.rig import LOOPS, Rig, Way, rtp

LEGS = 6


@dataclass
class Phone:
    """Sends packets that are mostly regular."""

    chance: random.Random
    sequence: int
    ssrc: int
    payload_type: int = 0

    def speak(self, irregular: float) -> list[bytes]:
        """Return the packets of a frame: usually one."""
        chance = self.chance
        self.sequence += 1
        if chance.random() >= irregular:
            return [self._packet(self.sequence)]
        kind = chance.randrange(8)
        if kind == 0:
            self.ssrc = chance.getrandbits(32)
        elif kind == 1:
            self.payload_type = chance.choice((0, 8, 101, 77))
        elif kind == 2:
            self.sequence += chance.choice((2, 5, 3000, 40000))
        elif kind == 3:
            return [self._packet(self.sequence)] * 2
        elif kind == 4:
            return [self._packet(self.sequence - chance.randrange(120))]
        elif kind == 5:
            return [self._packet(self.sequence)[: chance.randrange(14)]]
        elif kind == 6:
            return [chance.randbytes(40)]
        return [] if kind == 7 else [self._packet(self.sequence)]

    def _packet(self, sequence: int) -> bytes:
        return rtp(
            sequence, payload_type=self.payload_type, ssrc=self.ssrc, payload=self.chance.randbytes(20), marker=False
        )


class Heard:
    """Sees sound."""

    def __init__(self) -> None:
        self.seen: list[tuple[list[int], ...]] = []

    def put(self, batch: Batch, now_us: int) -> None:
        columns = batch.rows, batch.lengths, batch.heads, batch.timestamps, batch.ssrcs
        self.seen.append(([now_us], *(column.tolist() for column in columns)))

    def make_room(self, rows: Indices) -> None:
        """Nothing is kept."""


def made(way: str) -> Rig:
    Way.loops = LOOPS if way == "loops" else None
    try:
        rig = Rig(LEGS)
    finally:
        Way.loops = None
    for _ in range(LEGS):
        rig.leg(0, 8, event_type=101)
    for row in range(0, LEGS - 2, 2):
        rig.hear(row, row + 1, {0: 0, 8: 8, 101: 96})
        rig.hear(row + 1, row, {0: 0, 8: 8, 101: 101})
    rig.state.due[:] = 0
    return rig


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 1 << 32), irregular=st.sampled_from((0.0, 0.05, 0.5)), listening=st.booleans())
def test_whatever_comes_both_ways_send_count_and_sweep_alike(seed: int, irregular: float, *, listening: bool) -> None:
    rigs, seen = [made("numpy"), made("loops")], []
    for rig in rigs:
        chance = random.Random(seed)
        phones = [Phone(chance, chance.randrange(1 << 16), chance.getrandbits(32)) for _ in range(LEGS)]
        heard = Heard()
        rig.relay.sound = heard if listening else None
        silent = range(chance.randrange(3 * FRAME_TICKS), chance.randrange(10, 17) * FRAME_TICKS)
        for tick in range(20 * FRAME_TICKS):
            for row, phone in enumerate(phones):
                if tick % FRAME_TICKS == row % FRAME_TICKS and not (row == LEGS - 1 and tick in silent):
                    rig.backend.waiting[row] += phone.speak(irregular)
            rig.backend.failing = {1} if chance.random() < 0.02 else set()
            rig.sweeper.sweep(tick, now=1.0 + tick / 250, catching_up=chance.random() < 0.05)
        seen.append(heard.seen)
    numpys, ours = rigs
    assert ours.backend.sent == numpys.backend.sent
    assert ours.backend.sweeps == numpys.backend.sweeps
    assert (ours.events, ours.strange, seen[1]) == (numpys.events, numpys.strange, seen[0])
    for row in range(LEGS):
        assert ours.ledger.incoming(row).tolist() == numpys.ledger.incoming(row).tolist()
        assert ours.ledger.outgoing(row).tolist() == numpys.ledger.outgoing(row).tolist()
        assert ours.ledger.pattern(row).spread() == numpys.ledger.pattern(row).spread()
    for name in ("due", "tardy", "empty_sweeps", "refused", "failed", "known"):
        assert np.array_equal(getattr(ours.state, name), getattr(numpys.state, name)), name


def test_usual_packets_go_through_the_loops() -> None:
    rig = made("loops")
    for sequence in range(1, 4):
        for row in (0, 1):
            rig.backend.waiting[row].append(rtp(sequence))
        rig.relay.relay(*rig.backend.receive(np.array([0, 1]))[:2], now=sequence / 50)
        assert sequence == 1 or not rig.ledger._received, "numpy would have noted them"
    assert rig.ledger.incoming(0)[In.RECEIVED] == 3


def test_entries_go_around_the_end_of_a_ring() -> None:
    entries = np.arange(24, dtype=np.uint64).reshape(3, 8)
    slots = np.zeros((4, 8), np.uint64)
    loops.fill(entries, np.array([2, 0, 1]), slots, 2)
    assert [slots[place, 0] for place in (2, 3, 0)] == [16, 0, 8]
    addresses = np.array([100, 200, 300], np.uint64)
    loops.fill_sends(entries, np.array([1, 2]), np.array([0, 2]), np.array([172, 60]), addresses, 1 << 38, slots, 3)
    assert slots[3, 2:4].tolist() == [100, 172 | 1 << 38]
    assert slots[0, 2:4].tolist() == [300, 60 | 1 << 38]
    assert slots[3, 0] == 8


def test_results_are_parted_into_what_went_well_and_what_did_not() -> None:
    done = np.array([[5, 172], [6, 0xFFFF_FFF5], [7, 1 << 32 | 60], [4, 0]])
    well, ill = np.zeros((2, 4), np.int64), np.zeros((2, 4), np.int64)
    assert loops.take_results(done, 3, 4, well, ill) == 2
    assert well[:, :2].tolist() == [[5, 7], [172, 60]]
    assert ill[:, :2].tolist() == [[4, 6], [0, -11]]


class Old:
    """Compiled loops of another version."""

    @staticmethod
    def fingerprint() -> int:
        return 1


def test_loops_of_another_version_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(found, "import_module", lambda _: Old)
    assert found.find_loops() == (None, "made of another version: softswitch compile")


class Foreign:
    """Compiled loops that another machine has made."""

    @staticmethod
    def fingerprint() -> int:
        return found.fingerprint()

    @staticmethod
    def processor() -> int:
        return found.processor() + 1


def test_loops_for_another_processor_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(found, "import_module", lambda _: Foreign)
    assert found.find_loops() == (None, "made for another processor: softswitch compile")
    monkeypatch.setattr(Foreign, "processor", staticmethod(lambda: 0))
    assert not found.find_loops().why_not


def test_the_loops_columns_are_those_of_the_rows_and_the_ledger() -> None:
    prefixes = {"KNOWN_": Known, "IN_": In, "OUT_": Out}
    named = {name: number for name, number in vars(packets).items() if name.startswith(tuple(prefixes))}
    assert len(named) == 18
    for name, number in named.items():
        prefix = next(each for each in prefixes if name.startswith(each))
        assert getattr(prefixes[prefix], name.removeprefix(prefix)) == number, name


def test_without_compiled_loops_the_log_says_how_to_make_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(found, "NAME", "_none")
    assert found.find_loops() == (None, "softswitch compile would make some")
