"""Rooms of any size and keys, half of whose members live in another worker."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from softswitch.media.engine import EVERYBODY, DigitPressed, Format, Hear
from tests.integration.media.linked import LinkedPlanes
from tests.integration.media.talkers import G722, PCMA, PCMU, Talker, decibels
from tests.integration.media.test_keys_passed_on import KEYS, EventPresser, told
from tests.integration.media.test_playing import heard_by, keys_in

pytestmark = pytest.mark.network


@pytest.fixture
def planes() -> Iterator[LinkedPlanes]:
    with LinkedPlanes() as made:
        yield made


@pytest.mark.parametrize("size", [3, 8, 100])
def test_each_hears_all_others_and_not_itself_across_a_link(planes: LinkedPlanes, size: int) -> None:
    tones = [400 + 25 * number for number in range(size)]
    codecs = itertools.cycle((PCMU, PCMA, G722) if size < 100 else (PCMU, PCMA))
    loud = 20000 / size
    with ExitStack() as stack:
        people = [
            stack.enter_context(Talker(planes.planes[number % 2], f"c.{number}", next(codecs), (tone,), amplitude=loud))
            for number, tone in enumerate(tones)
        ]
        planes.set_room([Hear(person.leg, (EVERYBODY,)) for person in people], people)
        planes.talk(people, 1.5)
        for number in range(0, size, max(1, size // 8)):
            listener = people[number]
            for speaker, tone in zip(people, tones, strict=True):
                level = decibels(listener.level(tone), of=loud)
                assert (level < -20) if speaker is listener else (abs(level) < 2), (listener.leg, tone, level)


@pytest.mark.parametrize(
    ("form", "events"),
    [
        pytest.param(PCMU, True, id="one codec"),
        pytest.param(G722, True, id="two codecs"),
        pytest.param(PCMU, False, id="one codec, one knows no events"),
        pytest.param(PCMA, False, id="two codecs, one knows no events"),
    ],
)
def test_keys_cross_a_link_once_each_in_the_way_that_the_partner_understands(
    planes: LinkedPlanes, form: Format, *, events: bool
) -> None:
    one, other = planes.planes
    with EventPresser(one, "c.1", PCMU, (500,)) as anna, Talker(other, "d.1", form) as boris:
        if not events:
            boris.formats = (form,)
            boris.aim()
        people = (anna, boris)
        planes.set_room((Hear("c.1", ("d.1",)), Hear("d.1", ("c.1",))), people)
        planes.talk(people, 0.4)
        anna.press(KEYS)
        planes.talk(people, 2.4)
        assert "".join(event.digit for event in planes.events() if isinstance(event, DigitPressed)) == KEYS
        assert (told(boris) if events else keys_in(heard_by(boris))) == KEYS


def test_in_a_room_of_three_nobody_is_sent_keys_across_a_link(planes: LinkedPlanes) -> None:
    one, other = planes.planes
    with (
        EventPresser(one, "c.1", PCMU, (500,)) as anna,
        Talker(other, "c.2", PCMU, (700,)) as boris,
        Talker(other, "c.3", PCMA, (900,)) as vera,
    ):
        people = (anna, boris, vera)
        planes.set_room([Hear(person.leg, (EVERYBODY,)) for person in people], people)
        planes.talk(people, 0.4)
        anna.press(KEYS)
        planes.talk(people, 1.5)
        assert (told(boris), told(vera)) == ("", "")
        assert (keys_in(heard_by(boris)), keys_in(heard_by(vera))) == ("", "")
        assert decibels(boris.level(900)) > -1


def test_who_only_listens_hears_a_talk_in_another_worker(planes: LinkedPlanes) -> None:
    one, other = planes.planes
    with (
        Talker(one, "c.1", PCMU, (500,)) as anna,
        Talker(one, "c.2", PCMA, (700,)) as boris,
        Talker(other, "c.3", PCMU, (900,)) as vera,
    ):
        people = (anna, boris, vera)
        rows = (Hear("c.1", ("c.2",)), Hear("c.2", ("c.1",)), Hear("c.3", ("c.1", "c.2")))
        planes.set_room(rows, people)
        planes.talk(people, 1.5)
        assert [abs(decibels(vera.level(tone))) < 2 for tone in (500, 700)] == [True, True]
        assert decibels(anna.level(900)) < -20
