"""What is heard in rooms that are mixed: content, by tones and their spectra, over real sockets."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import ExitStack

import numpy as np
import pytest

from softswitch.media.engine import EVERYBODY, Format, Hear
from tests.integration.media.rig import Phone, PlaneRig
from tests.integration.media.talkers import G722, L16, PCMA, PCMU, Talker, decibels, everybody, talk
from tests.own_network import own

pytestmark = pytest.mark.network

LOUD_DB = 1.0
"""A tone that is heard arrives within so many dB of its level."""
QUIET_DB = -40.0
"""One that is not heard stays below this."""


@pytest.fixture
def rig() -> Iterator[PlaneRig]:
    with PlaneRig("") as made:
        yield made


@pytest.mark.parametrize(
    ("one", "other"),
    [pair for pair in itertools.product((PCMU, PCMA, G722, L16), repeat=2) if pair[0] is not pair[1]],
    ids=lambda form: form.encoding,
)
def test_two_tones_arrive_from_each_codec_in_each_other(rig: PlaneRig, one: Format, other: Format) -> None:
    with Talker(rig, "c.1", one, (500, 1900)) as anna, Talker(rig, "c.2", other, (700, 2300)) as boris:
        rig.plane.set_room("c", everybody(anna, boris))
        talk(rig, (anna, boris), 2.0)
        for tone in (500, 1900):
            assert abs(decibels(boris.level(tone))) < LOUD_DB
            assert decibels(anna.level(tone)) < QUIET_DB
        for tone in (700, 2300):
            assert abs(decibels(anna.level(tone))) < LOUD_DB
            assert decibels(boris.level(tone)) < QUIET_DB


@pytest.mark.parametrize("size", [3, 8, 100])
def test_each_hears_all_others_and_not_itself(rig: PlaneRig, size: int) -> None:
    tones = [400 + 25 * number for number in range(size)]
    codecs = itertools.cycle((PCMU, PCMA, G722) if size < 100 else (PCMU, PCMA))
    with ExitStack() as stack:
        people = [
            stack.enter_context(Talker(rig, f"c.{number}", next(codecs), (tone,), amplitude=20000 / size))
            for number, tone in enumerate(tones)
        ]
        rig.plane.set_room("c", everybody(*people))
        talk(rig, people, 1.5)
        for number in range(0, size, max(1, size // 8)):
            listener = people[number]
            for speaker, tone in zip(people, tones, strict=True):
                level = decibels(listener.level(tone), of=20000 / size)
                assert (level < -20) if speaker is listener else (abs(level) < 2), (listener.leg, tone, level)


def test_a_whisper_is_heard_by_one_side_only(rig: PlaneRig) -> None:
    with (
        Talker(rig, "c.1", PCMU, (600,)) as customer,
        Talker(rig, "c.2", PCMA, (1000,)) as agent,
        Talker(rig, "c.3", G722, (1500,)) as coach,
    ):
        people = (customer, agent, coach)
        rows = (Hear("c.1", ("c.2",)), Hear("c.2", ("c.1", "c.3"), (1.0, 0.5)), Hear("c.3", ("c.1", "c.2")))
        rig.plane.set_room("c", rows)
        talk(rig, people, 2.0)
        assert abs(decibels(customer.level(1000))) < LOUD_DB
        assert decibels(customer.level(1500)) < QUIET_DB
        assert abs(decibels(agent.level(600))) < LOUD_DB
        assert abs(decibels(agent.level(1500)) + 6.02) < LOUD_DB
        assert abs(decibels(coach.level(600))) < LOUD_DB
        assert abs(decibels(coach.level(1000))) < LOUD_DB


def test_one_who_is_muted_is_not_heard_and_hears(rig: PlaneRig) -> None:
    with (
        Talker(rig, "c.1", PCMU, (600,)) as muted,
        Talker(rig, "c.2", PCMU, (1000,)) as loud,
        Talker(rig, "c.3", PCMU, (1500,)) as third,
    ):
        people = (muted, loud, third)
        rows = (Hear("c.1", (EVERYBODY,), voice=0.0), Hear("c.2", (EVERYBODY,), voice=2.0), Hear("c.3", (EVERYBODY,)))
        rig.plane.set_room("c", rows)
        talk(rig, people, 2.0)
        assert abs(decibels(muted.level(1000)) - 6.02) < LOUD_DB
        assert abs(decibels(muted.level(1500))) < LOUD_DB
        assert decibels(loud.level(600)) < QUIET_DB
        assert decibels(third.level(600)) < QUIET_DB


def test_packets_of_all_lengths_meet_in_one_room(rig: PlaneRig) -> None:
    with ExitStack() as stack:
        people = [
            stack.enter_context(Talker(rig, f"c.{ms}", form, (400 + 10 * ms,), ptime_ms=ms))
            for ms, form in zip((10, 20, 30, 40, 60), (PCMU, PCMA, G722, PCMU, PCMA), strict=True)
        ]
        rig.plane.set_room("c", everybody(*people))
        talk(rig, people, 3.0)
        for listener, speaker in itertools.product(people, repeat=2):
            level = decibels(listener.level(speaker.tones[0]))
            assert level < QUIET_DB if speaker is listener else abs(level) < LOUD_DB, (listener.leg, speaker.leg)
            sizes = {len(packet.payload) for packet in listener.got[5:]}
            assert sizes == {8 * listener.ptime_ms}


class Rough(Talker):
    """A phone whose packets are lost, swapped, doubled and late."""

    def packets(self) -> list[bytes]:
        packet = self.packet()
        turn = self.sequence % 25
        if turn == 7:
            return []
        if turn == 12:
            self.held = packet
            return []
        return [packet, self.held, packet] if turn == 13 else [packet]


def test_losses_and_disorder_are_covered(rig: PlaneRig) -> None:
    with Rough(rig, "c.1", PCMU, (600,)) as rough, Talker(rig, "c.2", G722, (1000,)) as other:
        rig.plane.set_room("c", everybody(rough, other))
        talk(rig, (rough, other), 3.0)
        assert abs(decibels(other.level(600))) < LOUD_DB
        assert abs(decibels(rough.level(1000))) < LOUD_DB


def test_a_room_of_two_becomes_one_of_three_and_two_again_in_one_stream_each(rig: PlaneRig) -> None:
    with (
        Talker(rig, "c.1", PCMU, (600,)) as anna,
        Talker(rig, "c.2", PCMU, (1000,)) as boris,
        Talker(rig, "c.3", PCMU, (1500,)) as vera,
    ):
        people = (anna, boris, vera)
        rig.plane.set_room("c", everybody(anna, boris))
        talk(rig, people, 1.0)
        sizes = len(anna.got)
        rig.plane.set_room("c", everybody(*people))
        talk(rig, people, 2.0)
        assert abs(decibels(anna.level(1500))) < LOUD_DB
        assert abs(decibels(anna.level(1000))) < LOUD_DB
        rig.plane.set_room("c", everybody(anna, boris))
        talk(rig, people, 2.0)
        assert decibels(anna.level(1500)) < QUIET_DB
        assert abs(decibels(anna.level(1000))) < LOUD_DB
        changes = [place for place, packet in enumerate(anna.got) if packet.marker]
        assert len(changes) == 3, "one at the start, one at each change"
        steps = [after.timestamp - before.timestamp for before, after in itertools.pairwise(anna.got)]
        usual = [step % (1 << 32) for place, step in enumerate(steps, 1) if place not in changes]
        assert set(usual) == {160}
        assert all(0 < steps[place - 1] % (1 << 32) <= 800 for place in changes[1:])
        assert sizes > 40


def test_any_codec_of_those_agreed_upon_may_come_at_any_packet(rig: PlaneRig) -> None:
    with (
        Talker(rig, "c.1", PCMU, (600,), formats=(PCMU, PCMA, G722)) as anna,
        Talker(rig, "c.2", PCMU, (1000,)) as boris,
    ):
        rig.plane.set_room("c", everybody(anna, boris))
        talk(rig, (anna, boris), 1.0)
        for form in (PCMA, G722, PCMU):
            anna.use(form)
            talk(rig, (anna, boris), 1.5)
            assert abs(decibels(boris.level(600))) < LOUD_DB
        assert {packet.payload_type for packet in boris.got} == {0}


def test_in_a_large_room_all_who_are_silent_hear_those_who_speak(rig: PlaneRig) -> None:
    with ExitStack() as stack:
        people = [
            stack.enter_context(Talker(rig, f"c.{number}", form, (500 + 200 * number,) if number < 3 else ()))
            for number, form in zip(range(40), itertools.cycle((PCMU, PCMA, G722)), strict=False)
        ]
        rig.plane.set_room("c", tuple(Hear(person.leg, (EVERYBODY,)) for person in people))
        talk(rig, people, 1.5)
        for listener in (*people[:6], people[-1]):
            for speaker in people[:3]:
                level = decibels(listener.level(speaker.tones[0]))
                assert level < QUIET_DB if speaker is listener else abs(level) < LOUD_DB, (listener.leg, speaker.leg)


def test_a_phone_that_pauses_with_comfort_noise_is_heard_as_noise(rig: PlaneRig) -> None:
    noise = Format("CN", 8000, 1, 13, 13)
    with (
        Talker(rig, "c.1", PCMU, (600,), formats=(PCMU,)) as anna,
        Talker(rig, "c.2", PCMA, (1000,)) as boris,
    ):
        anna.formats = (*anna.formats, noise)
        anna.aim()
        rig.plane.set_room("c", everybody(anna, boris))
        talk(rig, (anna, boris), 1.0)
        anna.silent = True
        header = anna.packet(13)[:12]
        anna.phone.sock.sendto(header + bytes([40]), anna.at)
        talk(rig, (anna, boris), 1.5)
        sound = boris.sound(1.0)
        assert decibels(boris.level(600)) < QUIET_DB
        level_db = 10 * np.log10(np.mean(sound**2) / 32768**2)
        assert abs(level_db + 40) < 2


def test_one_who_is_held_hears_nothing_and_is_not_heard_till_it_is_over(rig: PlaneRig) -> None:
    with Talker(rig, "c.1", PCMU, (600,)) as anna, Talker(rig, "c.2", PCMA, (1000,)) as boris:
        rig.plane.set_room("c", everybody(anna, boris))
        talk(rig, (anna, boris), 1.0)
        anna.aim(receive=False, send=False)
        talk(rig, (anna, boris), 1.0)
        heard = len(anna.got)
        assert decibels(boris.level(600, last_s=0.5)) < QUIET_DB
        talk(rig, (anna, boris), 0.5)
        assert len(anna.got) == heard
        anna.aim()
        talk(rig, (anna, boris), 1.5)
        assert abs(decibels(boris.level(600))) < LOUD_DB
        assert abs(decibels(anna.level(1000))) < LOUD_DB


def test_strangers_are_not_heard_in_a_room(rig: PlaneRig) -> None:
    with (
        Talker(rig, "c.1", PCMU, (600,)) as anna,
        Talker(rig, "c.2", PCMA, (1000,)) as boris,
        Phone(own("41.66")) as stranger,
    ):
        rig.plane.set_room("c", everybody(anna, boris))
        for _ in range(100):
            stranger.sock.sendto(anna.packet()[:12] + bytes(range(160)), anna.at)
            talk(rig, (anna, boris), 0.02)
        anna.silent = True
        for _ in range(50):
            stranger.sock.sendto(anna.packet()[:12] + bytes(range(160)), anna.at)
            talk(rig, (anna, boris), 0.02)
        assert np.abs(boris.sound(0.5)).max() < 20
