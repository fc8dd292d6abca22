"""Keys that are pressed in the sound itself, by phones that have agreed upon no telephone events."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import cached_property

import numpy as np
import pytest

from softswitch.media.dsp.tones import render_keys
from softswitch.media.engine import DigitPressed, Hear, Playing
from softswitch_codecs import BatchCodec
from tests.integration.media.rig import PlaneRig
from tests.integration.media.talkers import G722, PCMA, PCMU, Talker, talk

pytestmark = pytest.mark.network

KEYPAD = "0123456789*#ABCD"


class Presser(Talker):
    """A phone that presses keys in its sound; some of its packets get lost."""

    keys = np.zeros(0, np.float32)
    lost: float = 0.0

    @cached_property
    def keypad(self) -> BatchCodec:
        return type(self.codec)()

    def press(self, digits: str, *, lost: float = 0.0) -> None:
        """Begin to press keys."""
        self.keys = render_keys(digits, self.codec.sample_rate_hz, key_ms=120, pause_ms=100).astype(np.float32)
        self.lost, self.chance = lost, np.random.default_rng(16)

    def __enter__(self) -> Presser:
        return self

    def packets(self) -> list[bytes]:
        count = self.codec.sample_rate_hz * self.ptime_ms // 1000
        frame, self.keys = self.keys[:count], self.keys[count:]
        sound = np.pad(frame, (0, count - len(frame)))
        packet = self.packet()[:12] + self.keypad.encode(sound[np.newaxis])[0].tobytes()
        return [] if self.lost and self.chance.random() < self.lost else [packet]


@pytest.fixture
def rig() -> Iterator[PlaneRig]:
    with PlaneRig("") as made:
        yield made


def without_events(phone: Presser) -> None:
    phone.formats = (phone.form,)
    phone.aim()


def without_keys(rig: PlaneRig, leg: str) -> None:
    """Have a leg neither told keys nor listened to for them."""
    (stream,) = (state.stream for state in rig.plane.states() if state.leg == leg)
    assert stream is not None
    rig.plane.set_stream(leg, replace(stream, keys=False))


def pressed(rig: PlaneRig, leg: str) -> str:
    return "".join(event.digit for event in rig.of(DigitPressed) if event.leg == leg)


@pytest.mark.parametrize("lost", [0.0, 0.02, 0.05])
def test_all_keys_are_told_once_each_whatever_gets_lost(rig: PlaneRig, lost: float) -> None:
    forms = (PCMU, PCMA, G722)
    with ExitStack() as stack:
        phones = [stack.enter_context(Presser(rig, f"c.{number}", form)) for number, form in enumerate(forms)]
        for phone in phones:
            without_events(phone)
        talk(rig, phones, 0.3)
        for number, phone in enumerate(phones):
            phone.press(KEYPAD[number:] + KEYPAD[:number], lost=lost)
        talk(rig, phones, 4.2)
        assert [pressed(rig, f"c.{number}") for number in range(len(forms))] == [
            KEYPAD[n:] + KEYPAD[:n] for n in range(len(forms))
        ]


def test_keys_are_heard_beneath_what_the_switch_plays_and_not_while_one_talks_with_another(rig: PlaneRig) -> None:
    with Presser(rig, "c.1", PCMU) as anna, Talker(rig, "c.2", PCMU, (700,)) as boris:
        people = (anna, boris)
        without_events(anna)
        rig.plane.play("c.1", Playing(1, ("music:",), repeat=True))
        talk(rig, people, 0.3)
        anna.press("12")
        talk(rig, people, 0.8)
        assert pressed(rig, "c.1") == "12"
        rig.plane.play("c.1", None)
        rig.plane.set_room("c", (Hear("c.1", ("c.2",)), Hear("c.2", ("c.1",))))
        anna.press("34")
        talk(rig, people, 0.8)
        assert pressed(rig, "c.1") == "12"  # it is boris who is meant
        rig.plane.set_room("c", ())
        talk(rig, people, 0.3)
        anna.press("56")
        talk(rig, people, 0.8)
        assert pressed(rig, "c.1") == "1256"


def test_a_phone_that_can_tell_keys_beside_the_sound_is_not_listened_to(rig: PlaneRig) -> None:
    with Presser(rig, "c.1", PCMU) as anna:
        talk(rig, (anna,), 0.2)
        anna.press("12")
        talk(rig, (anna,), 0.8)
        assert pressed(rig, "c.1") == ""


def test_a_phone_that_is_told_keys_in_another_way_is_not_listened_to(rig: PlaneRig) -> None:
    with Presser(rig, "c.1", PCMU) as anna:
        without_events(anna)
        without_keys(rig, "c.1")
        talk(rig, (anna,), 0.2)
        anna.press("12")
        talk(rig, (anna,), 0.8)
        assert pressed(rig, "c.1") == ""
