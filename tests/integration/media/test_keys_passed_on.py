"""Keys that one party of a call presses reach the other one in the way that its phone understands, once each."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator

import pytest

from softswitch.media.engine import DigitPressed, Format, PlayEnded, Playing
from softswitch.rtp.event_sender import EventSender
from softswitch.rtp.telephone_event import EventReceiver
from tests.integration.media.rig import EVENT, PlaneRig
from tests.integration.media.talkers import G722, PCMA, PCMU, Talker, everybody, talk
from tests.integration.media.test_keys_in_sound import without_keys
from tests.integration.media.test_playing import heard_by, keys_in

pytestmark = pytest.mark.network

KEYS = "159*#0"
KEYPAD = "0123456789*#ABCD"


class EventPresser(Talker):
    """A phone that presses keys beside its sound."""

    sender = EventSender(8000)
    lost = 0.0

    def lose(self, share: float) -> None:
        """Let a share of the packets get lost from now on."""
        self.lost, self.chance = share, random.Random(4)

    def press(self, digits: str) -> None:
        self.sender = EventSender(8000)
        self.sender.press(digits)

    def __enter__(self) -> EventPresser:
        return self

    def packets(self) -> list[bytes]:
        packet = self._next()
        return [] if self.lost and self.chance.random() < self.lost else [packet]

    def _next(self) -> bytes:
        packet = self.packet()
        sent = None if self.sender.is_idle else self.sender.next_packet(struct.unpack_from("!I", packet, 4)[0])
        if sent is None:
            return packet
        first, second = packet[0], sent.marker << 7 | EVENT.receive_type
        head = struct.pack("!BBHII", first, second, *struct.unpack_from("!H", packet, 2), sent.timestamp, self.ssrc)
        return head + sent.payload


@pytest.fixture
def rig() -> Iterator[PlaneRig]:
    with PlaneRig("") as made:
        yield made


def told(talker: Talker) -> str:
    """Return the keys that came as telephone events."""
    receiver = EventReceiver()
    events = [got for got in talker.got if got.payload_type == EVENT.send_type]
    return "".join(
        receiver.receive(got.payload, timestamp=got.timestamp, ssrc=got.ssrc, marker=got.marker) for got in events
    )


@pytest.mark.parametrize(
    ("form", "events"),
    [
        pytest.param(PCMU, True, id="relayed"),
        pytest.param(G722, True, id="between codecs"),
        pytest.param(PCMU, False, id="relayed to one that knows no events"),
        pytest.param(PCMA, False, id="between codecs to one that knows no events"),
    ],
)
def test_keys_reach_the_partner_once_each(rig: PlaneRig, form: Format, *, events: bool) -> None:
    with EventPresser(rig, "c.1", PCMU, (500,)) as anna, Talker(rig, "c.2", form) as boris:
        if not events:
            boris.formats = (form,)
            boris.aim()
        people = (anna, boris)
        rig.plane.set_room("c", everybody(*people))
        talk(rig, people, 0.4)
        anna.press(KEYS)
        talk(rig, people, 2.2)
        assert "".join(event.digit for event in rig.of(DigitPressed)) == KEYS
        assert (told(boris) if events else keys_in(heard_by(boris))) == KEYS
        assert rig.of(PlayEnded) == []


def test_one_who_is_told_keys_in_another_way_hears_none(rig: PlaneRig) -> None:
    with EventPresser(rig, "c.1", PCMU, (500,)) as anna, Talker(rig, "c.2", PCMU) as boris:
        boris.formats = (PCMU,)
        boris.aim()
        without_keys(rig, "c.2")
        people = (anna, boris)
        rig.plane.set_room("c", everybody(*people))
        talk(rig, people, 0.4)
        anna.press(KEYS)
        talk(rig, people, 2.2)
        assert "".join(event.digit for event in rig.of(DigitPressed)) == KEYS
        assert keys_in(heard_by(boris)) == ""


@pytest.mark.parametrize("lost", [0.0, 0.02, 0.05])
def test_all_keys_are_told_and_passed_on_once_each_whatever_gets_lost(rig: PlaneRig, lost: float) -> None:
    with EventPresser(rig, "c.1", PCMU, (500,)) as anna, Talker(rig, "c.2", PCMA) as boris:
        people = (anna, boris)
        rig.plane.set_room("c", everybody(*people))
        talk(rig, people, 0.4)
        anna.lose(lost)
        anna.press(KEYPAD)
        talk(rig, people, 4.5)
        assert "".join(event.digit for event in rig.of(DigitPressed)) == KEYPAD
        assert told(boris) == KEYPAD


def test_in_a_room_of_three_nobody_is_sent_keys(rig: PlaneRig) -> None:
    with (
        EventPresser(rig, "c.1", PCMU, (500,)) as anna,
        Talker(rig, "c.2", PCMU, (700,)) as boris,
        Talker(rig, "c.3", PCMU, (900,)) as vera,
    ):
        people = (anna, boris, vera)
        rig.plane.set_room("c", everybody(*people))
        talk(rig, people, 0.4)
        anna.press(KEYS)
        talk(rig, people, 1.5)
        assert (told(boris), told(vera)) == ("", "")


def test_one_who_hears_music_is_sent_no_keys_of_its_partner(rig: PlaneRig) -> None:
    with EventPresser(rig, "c.1", PCMU, (500,)) as anna, Talker(rig, "c.2", G722, (700,)) as boris:
        people = (anna, boris)
        rig.plane.set_room("c", everybody(*people))
        rig.plane.play("c.2", Playing(1, ("music:",), repeat=True))
        talk(rig, people, 0.4)
        anna.press(KEYS)
        talk(rig, people, 1.5)
        assert told(boris) == ""


def test_keys_that_the_brain_was_told_are_sent_like_those_that_came_beside_the_sound(rig: PlaneRig) -> None:
    with Talker(rig, "c.1", PCMU, (500,)) as anna, Talker(rig, "c.2", PCMU, (700,)) as boris:
        people = (anna, boris)
        rig.plane.set_room("c", everybody(*people))
        talk(rig, people, 0.4)
        for digit in KEYS:
            rig.plane.press("c.2", digit)
            talk(rig, people, 0.1)
        talk(rig, people, 1.2)
        assert told(boris) == KEYS
        rig.plane.press("c.2", "E")
        rig.plane.press("nobody", "1")
        assert rig.of(PlayEnded) == []


def test_an_order_to_play_takes_the_place_of_keys(rig: PlaneRig) -> None:
    with Talker(rig, "c.1", PCMA, (500,)) as anna:
        anna.formats = (PCMA,)
        anna.aim()
        talk(rig, (anna,), 0.1)
        rig.plane.press("c.1", "1")
        rig.plane.press("c.1", "2345")
        talk(rig, (anna,), 0.3)
        rig.plane.play("c.1", Playing(1, ("tone:beep",)))
        talk(rig, (anna,), 1.0)
        assert rig.of(PlayEnded) == [PlayEnded("c.1", 1)]
        assert keys_in(heard_by(anna)) in {"1", "12"}
