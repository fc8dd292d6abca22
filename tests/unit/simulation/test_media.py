from __future__ import annotations

import asyncio

from softswitch.media.engine import (
    DigitPressed,
    Hear,
    LegClosed,
    LegOpened,
    LegRefused,
    MediaEvent,
    OpenLeg,
    PlayEnded,
    Playing,
    WorkerLost,
)
from softswitch.simulation.media import SimulatedMedia
from softswitch.simulation.virtual_loop import VirtualLoop, run_virtually

ONE = OpenLeg("c.1", "c", "192.0.2.1")
TWO = OpenLeg("c.2", "c", "192.0.2.1")


def told(media: SimulatedMedia) -> list[MediaEvent]:
    events: list[MediaEvent] = []
    media.deliver = events.append
    return events


def test_nothing_happens_before_flush_and_events_come_in_the_next_turn() -> None:
    async def script(loop: VirtualLoop) -> None:
        media = SimulatedMedia(loop)
        events = told(media)
        media.open(ONE)
        assert not media.legs
        media.flush()
        assert media.leg_at("192.0.2.1", 16384) == "c.1"
        assert not events
        await asyncio.sleep(0)
        assert events == [LegOpened("c.1", "192.0.2.1", 16384)]

    run_virtually(script)


def test_commands_may_be_said_twice() -> None:
    async def script(loop: VirtualLoop) -> None:
        media = SimulatedMedia(loop)
        events = told(media)
        for command in (media.open, media.open):
            command(ONE)
        media.flush()
        media.close("c.1")
        media.close("c.1")
        media.flush()
        await asyncio.sleep(1)
        assert [type(event) for event in events] == [LegOpened, LegOpened, LegClosed, LegClosed]
        assert not media.open_legs()

    run_virtually(script)


def test_the_port_that_was_used_longest_ago_is_given_next_and_none_is_refused() -> None:
    async def script(loop: VirtualLoop) -> None:
        media = SimulatedMedia(loop, range(16384, 16388, 2))
        events = told(media)
        media.open(ONE)
        media.close("c.1")
        media.open(TWO)
        media.open(ONE)
        media.open(OpenLeg("c.3", "c", "192.0.2.1"))
        media.flush()
        await asyncio.sleep(1)
        assert [event.port for event in events if isinstance(event, LegOpened)] == [16384, 16386, 16384]
        assert events[-1] == LegRefused("c.3", "no-port")
        assert media.open_legs() == {"c.1", "c.2"}

    run_virtually(script)


def test_who_hears_whom_is_what_the_rooms_say() -> None:
    async def script(loop: VirtualLoop) -> None:
        media = SimulatedMedia(loop)
        media.set_room("c", (Hear("c.1", ("c.2",)), Hear("c.2", ("c.1", "c.3"))))
        media.flush()
        assert media.hears("c.2") == ["c.1", "c.3"]
        media.set_room("c", ())
        media.flush()
        assert media.hears("c.2") == []

    run_virtually(script)


def test_a_brain_that_died_is_followed_by_one_that_is_told_what_was_not_acknowledged() -> None:
    async def script(loop: VirtualLoop) -> None:
        media = SimulatedMedia(loop)
        events = told(media)
        media.open(ONE)
        media.flush()
        await asyncio.sleep(0)
        media.acknowledge()
        media.press("c.1", "5")
        await asyncio.sleep(0)
        media.open(TWO)
        media.brain_died()
        media.flush()
        await asyncio.sleep(1)
        key = DigitPressed("c.1", "5", 1)
        assert events == [LegOpened("c.1", "192.0.2.1", 16384), key, key]
        assert set(media.legs) == {"c.1"}

    run_virtually(script)


def test_what_is_played_stands_still_goes_on_and_moves() -> None:
    async def script(loop: VirtualLoop) -> None:
        media = SimulatedMedia(loop)
        events = told(media)
        media.lengths_s.update({"file:/a": 10.0, "file:/b": 20.0})
        sounds = ("file:/a", "file:/b")
        media.open(ONE)
        media.play("c.1", Playing(1, sounds))
        media.flush()
        begun = loop.time()
        for at_s, order in (
            (4.0, Playing(1, sounds, paused=True)),
            (100.0, Playing(1, sounds)),
            (101.0, Playing(1, sounds, moves=1, sound=1, at_ms=5000)),
            (101.0, Playing(1, sounds, moves=1, sound=1, at_ms=5000)),
        ):
            await asyncio.sleep(begun + at_s - loop.time())
            media.play("c.1", order)
            media.flush()
        await asyncio.sleep(14.9)
        assert not any(isinstance(event, PlayEnded) for event in events)
        await asyncio.sleep(0.2)
        assert events[-1] == PlayEnded("c.1", 1)

    run_virtually(script)


def test_a_worker_that_dies_takes_its_legs_and_gives_their_ports_back() -> None:
    async def script(loop: VirtualLoop) -> None:
        media = SimulatedMedia(loop, range(16384, 16386, 2))
        events = told(media)
        media.open(ONE)
        media.flush()
        media.lose_worker()
        await asyncio.sleep(1)
        assert events[-1] == WorkerLost(0, ("c.1",))
        media.open(TWO)
        media.flush()
        assert set(media.legs) == {"c.2"}

    run_virtually(script)


def test_a_port_held_ready_is_known_at_once_and_not_told_again_but_to_the_next_brain() -> None:
    async def script(loop: VirtualLoop) -> None:
        media = SimulatedMedia(loop)
        media.ahead = True
        events = told(media)
        opened = LegOpened("c.1", "192.0.2.1", 16384)
        media.open(ONE)
        assert media.take_ready() == [opened]
        assert not media.take_ready()
        media.flush()
        await asyncio.sleep(0)
        assert (set(media.legs), events) == ({"c.1"}, [])
        media.brain_died()
        await asyncio.sleep(0)
        assert events == [opened]

    run_virtually(script)


def test_a_port_that_a_brain_named_before_it_died_is_given_to_that_leg_and_else_to_the_next_one() -> None:
    async def script(loop: VirtualLoop) -> None:
        media = SimulatedMedia(loop)
        media.ahead = True
        for leg in (ONE, TWO):
            media.open(leg)
        first, second = media.take_ready()
        media.brain_died()
        assert not media.legs
        media.brain_died()  # the next one as well, before it could ask for them
        assert media.reclaim(OpenLeg("c.2", "c", "192.0.2.1", second.port))
        assert not media.reclaim(OpenLeg("c.9", "c", "192.0.2.1", 20000))
        media.open(OpenLeg("c.3", "c", "192.0.2.1"))
        media.flush()
        assert {leg: port.port for leg, port in media.legs.items()} == {"c.2": second.port, "c.3": first.port}

    run_virtually(script)
