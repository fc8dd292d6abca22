"""Mixing in loops: what phones hear is what they would hear with numpy, to the octet."""

from __future__ import annotations

import random
from collections import Counter
from types import SimpleNamespace
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from softswitch.media.engine import Format, Stream
from softswitch.media.loops.found import Loops
from softswitch.media.worker.mixing.desk import Desk
from softswitch.media.worker.mixing.mixer import Block, Mixer
from softswitch.media.worker.mixing.plan import Party
from softswitch.media.worker.mixing.ring import JitterRing
from tests.unit.media.rig import LOOPS, PCMA, PCMU, Rig, Way, rtp

G722 = Format("G722", 8000, 1, 9, 9)
RING_STATE = ("codes", "_head", "_turn", "_stream", "_least", "_most", "_shift", "_late", "_astray", "_empty", "late")
HOUSES = (((3, (PCMU,)), (2, (PCMU,))), ((2, (PCMU, PCMA)), (2, (PCMU, G722))))
"""Of each room the people, and the formats of one after the other."""


class Used:
    """Loops that are counted where they did the work."""

    def __init__(self) -> None:
        self.times: Counter[str] = Counter()
        self.loops = SimpleNamespace(**{name: self._counted(name) for name in vars(LOOPS)})

    def _counted(self, name: str) -> Any:  # noqa: ANN401  # a function of any kind
        def call(*given: Any) -> Any:  # noqa: ANN401
            done = getattr(LOOPS, name)(*given)
            self.times[name] += done is not False
            return done

        return call


class Phones:
    """Some phones that send a packet each frame, nearly always."""

    def __init__(self, seed: int, count: int, irregular: float) -> None:
        self.chance = random.Random(seed)
        self.timestamps = [self.chance.getrandbits(32) for _ in range(count)]
        self.streams = [1] * count
        self._irregular = irregular

    def speak(self, phone: int) -> list[int]:
        """Return the time stamps of what a phone's packets say in this frame."""
        chance = self.chance
        self.timestamps[phone] = self.timestamps[phone] + 160 & 0xFFFF_FFFF
        now = self.timestamps[phone]
        if chance.random() >= self._irregular:
            return [now]
        kind = chance.randrange(4)
        if kind == 0:
            self.timestamps[phone] = chance.getrandbits(32)
            self.streams[phone] += 1
        return ([self.timestamps[phone]], [], [now, now], [now - 1600 & 0xFFFF_FFFF])[kind]


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1 << 32), irregular=st.sampled_from((0.0, 0.002, 0.05)), legs=st.sampled_from((1, 8)))
def test_rings_hold_and_give_the_same(seed: int, irregular: float, legs: int) -> None:
    used, rows = Used(), np.arange(legs)
    both = JitterRing(legs, {1: 80, 2: 160, 4: 1}), JitterRing(legs, {1: 80, 2: 160, 4: 1}, used.loops)
    for ring in both:
        for row in range(legs):
            ring.open(row, 8000)
    phones, packets = Phones(seed, legs, irregular), np.zeros((legs, 2048), np.uint8)
    code = 1 + seed % 2
    for _ in range(240):
        said = {row: phones.speak(row) for row in range(legs)}
        for turn in range(max(map(len, said.values()))):
            there = [row for row in said if turn < len(said[row])]
            packets[there, :400] = np.frombuffer(phones.chance.randbytes(400), np.uint8)
            of = np.array(there)
            times, streams = np.array([said[row][turn] for row in there]), np.array([phones.streams[r] for r in there])
            for ring in both:
                octets = np.full(len(there), 12 + 2 * int(ring.octets[code]))
                ring.put(packets, of, np.full(len(there), code, np.uint8), times, streams, octets)
        first, second = (ring.take(rows) for ring in both)
        assert np.array_equal(first.codes, second.codes)
        assert first.skipped.tolist() == second.skipped.tolist()
        full = first.codes == code
        assert np.array_equal(both[0].payloads(code, first.slots[full]), both[1].payloads(code, second.slots[full]))
    for name in (*RING_STATE, "missing"):
        assert np.array_equal(getattr(both[0], name), getattr(both[1], name)), name
    assert irregular or (used.times["put_alike"] > 200 and used.times["take_whole"] > 100)


def test_a_clock_that_is_slower_than_cells_harms_nobody() -> None:
    packets = np.zeros((1, 2048), np.uint8)
    for loops in (None, LOOPS):
        ring = JitterRing(1, {1: 80}, loops)
        ring.open(0, 50)
        assert ring.counts_at(0, 50)
        for time in range(5):
            one = np.array([0]), np.array([1], np.uint8), np.array([time]), np.array([1]), np.array([172])
            ring.put(packets, *one)
            assert ring.take(np.array([0])).codes.shape == (1, 2)


def house(rooms: tuple[Any, ...], loops: Loops | None) -> tuple[Rig, Desk]:
    """Return legs in rooms, and their desk."""
    Way.loops = loops
    try:
        rig = Rig(sum(people for people, _ in rooms))
    finally:
        Way.loops = None
    backend: Any = rig.backend
    desk = Desk(rig.state, rig.ledger, backend, lambda *_: True)
    legs, parties = {}, []
    for people, formats in rooms:
        rows = [rig.leg(*(form.receive_type for form in formats)) for _ in range(people)]
        for number, row in enumerate(rows):
            spoken = (formats[number % len(formats)],)
            stream = Stream("10.0.0.1", 4000, 4001, "10.0.0.1", spoken, receive=True, send=True)
            legs[row] = SimpleNamespace(row=row, stream=stream, may_receive=True, may_send=True, track=None)
        parties.append(Party(rows, rows))
    desk.set_parties(parties, legs, now=0.0)  # type: ignore[arg-type]  # all that a desk asks of a leg
    rig.relay.sound = desk
    return rig, desk


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 1 << 32), irregular=st.sampled_from((0.0, 0.02)), rooms=st.sampled_from(HOUSES))
def test_rooms_sound_the_same(seed: int, irregular: float, rooms: tuple[Any, ...]) -> None:
    used = Used()
    both = house(rooms, None), house(rooms, used.loops)
    types = [formats[number % len(formats)].receive_type for people, formats in rooms for number in range(people)]
    phones = Phones(seed, len(types), irregular)
    for frame in range(16):
        said = {row: phones.speak(row) for row in range(len(types))}
        packets = {
            row: [
                rtp(time // 160, time, payload_type=types[row], ssrc=phones.streams[row], payload=sound)
                for time in times
            ]
            for row, times in said.items()
            if (sound := phones.chance.randbytes(160))
        }
        for rig, desk in both:
            rig.relay.take(packets, now=frame / 50)
            desk.tick(now=frame / 50)
    assert both[0][0].backend.sent == both[1][0].backend.sent
    assert used.times["mix_rooms"]
    assert used.times["encode_samples"]
    assert used.times["decode_cells"] or irregular or len({*types}) > 1


@settings(max_examples=10, deadline=None)
@given(st.data())
def test_mixing_in_loops_clips_as_numpy_does(data: st.DataObject) -> None:
    people, rooms, first = (data.draw(st.integers(*least_and_most)) for least_and_most in ((2, 6), (1, 4), (0, 3)))
    chance = np.random.default_rng(data.draw(st.integers(0, 1000)))
    spoken = chance.choice(np.array([-32768, 32767, 0, 1, -20000], np.int16), (first + people * rooms, 160))
    made = [np.zeros_like(spoken), np.zeros_like(spoken)]
    for heard, loops in zip(made, (None, LOOPS), strict=True):
        Mixer([Block(first, rooms, people)], (), None).mix(spoken, heard, np.arange(len(spoken)), loops)
    assert np.array_equal(made[0], made[1])


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1000), talking=st.floats(0, 1))
def test_large_rooms_sound_the_same(seed: int, talking: float) -> None:
    chance, people = np.random.default_rng(seed), 34
    both = [Mixer([Block(1, 1, people)], (), None) for _ in range(2)]
    heard, same = np.zeros((2, people + 1, 40), np.int16), np.tile(np.arange(people + 1), (2, 1))
    for _ in range(20):
        loud = np.where(chance.random(people + 1) < talking, chance.choice((23, 24, 25, 32768), people + 1), 2)
        spoken = chance.integers(-loud[:, np.newaxis], loud[:, np.newaxis], (people + 1, 40)).astype(np.int16)
        for mixer, out, same_as, loops in zip(both, heard, same, (None, LOOPS), strict=True):
            mixer.mix(spoken, out, same_as, loops)
        assert np.array_equal(heard[0], heard[1])
        assert np.array_equal(same[0], same[1])


def test_every_octet_and_every_sample_is_looked_up() -> None:
    octets = np.arange(256, dtype=np.uint8).reshape(2, 128)
    table = np.arange(-128, 128).astype(np.int16)
    samples = np.zeros((1, 256), np.int16)
    LOOPS.decode_cells(octets, np.array([[1, 0]]), table, samples)
    assert samples[0].tolist() == [*range(128), *range(-128, 0)]
    every = np.arange(-32768, 32768).astype(np.int16).reshape(4, -1)
    by_bits = (np.arange(65536) * 7 % 251).astype(np.uint8)
    coded = np.zeros(every.shape, np.uint8)
    LOOPS.encode_samples(every, by_bits, coded)
    assert np.array_equal(coded, by_bits[every.view(np.uint16)])
