"""Keys on calls through trunks: which telephone events are agreed upon, which INFOs are believed, which are sent."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from softswitch.directory.key_policy import AUTO, CHOICES, INBAND, INFO, RFC4733
from softswitch.directory.site import Number
from softswitch.simulation.behaviour import behaviour
from softswitch.simulation.phone import SimulatedPhone
from softswitch.simulation.phone_call import Call, CallState
from softswitch.simulation.phone_core import Habits
from softswitch.simulation.world import Setting, World
from tests.component.test_info_keys import RELAY
from tests.component.test_trunks_out import NUMBER, ROUTES, TRUNK, carrier

EVENT = "telephone-event"
WITHOUT_EVENTS = Habits(payloads=((0, "PCMU/8000"), (8, "PCMA/8000")))


def setting(how: str) -> Setting:
    trunk = replace(TRUNK, dtmf=how, codecs=())
    return Setting(trunks=(trunk,), routes=ROUTES, numbers=(Number("74950000001", "user", "anna"),))


SETTINGS = {how: setting(how) for how in CHOICES}


async def out(world: World, habits: Habits | None = None) -> tuple[SimulatedPhone, Call]:
    """Let Anna talk with somebody outside; return her phone and the carrier's call."""
    anna, there = await world.registered("anna", habits=habits), carrier(world)
    await anna.dial(NUMBER)
    call = await there.until_called()
    call.answer()
    await anna.call.until(CallState.UP)
    await asyncio.sleep(1)
    return anna, call


def streams(world: World) -> tuple[bool, ...]:
    """Return of each leg, the caller's first, whether the media plane is to tell and to hear keys there."""
    found = [world.switch.media.legs[leg].stream for leg in sorted(world.switch.media.legs)]
    return tuple(stream is not None and stream.keys for stream in found)


@behaviour(SETTINGS[AUTO])
async def test_by_default_the_carrier_is_offered_the_phones_events_and_may_tell_keys_by_info(world: World) -> None:
    anna, call = await out(world)
    assert EVENT in call.offered
    assert await call.info(RELAY, "Signal=5\r\n") == 200
    await asyncio.sleep(1)
    assert [key for _, key in world.switch.media.keys_sent] == ["5"]
    assert streams(world) == (True, True)
    await anna.call.hang_up()


@behaviour(SETTINGS[RFC4733])
async def test_events_are_offered_also_where_the_callers_phone_knows_none_and_infos_are_not_believed(
    world: World,
) -> None:
    anna, call = await out(world, WITHOUT_EVENTS)
    assert EVENT in call.offered
    assert await call.info(RELAY, "Signal=5\r\n") == 200
    await asyncio.sleep(1)
    assert world.switch.media.keys_sent == []
    assert streams(world) == (True, True)
    await anna.call.hang_up()


@behaviour(SETTINGS[INBAND])
async def test_events_are_not_offered_where_keys_are_in_the_sound_and_the_phone_keeps_its_own(world: World) -> None:
    anna, call = await out(world)
    assert EVENT not in call.offered
    assert EVENT in anna.call.answered
    assert await call.info(RELAY, "Signal=5\r\n") == 200
    await asyncio.sleep(1)
    assert world.switch.media.keys_sent == []
    assert streams(world) == (True, True)
    await anna.call.hang_up()


@behaviour(SETTINGS[INFO], loses="a key")
async def test_keys_go_by_info_and_come_by_info_and_the_sound_has_none(world: World) -> None:
    anna, call = await out(world)
    assert EVENT not in call.offered
    assert EVENT in anna.call.answered
    (leg,) = (leg for leg in world.switch.media.legs if leg.endswith(".1"))
    world.switch.media.press(leg, "7")
    await asyncio.sleep(1)
    world.order(lambda lines: lines.keys(leg, "1#"))
    await asyncio.sleep(1)
    assert [info.split() for info in call.infos] == [[f"Signal={key}", "Duration=160"] for key in "71#"]
    assert world.switch.media.keys_sent == []
    assert await call.info(RELAY, "Signal=5\r\n") == 200
    await asyncio.sleep(1)
    assert world.switch.media.keys_sent == [(leg, "5")]
    assert streams(world) == (True, False)
    await anna.call.hang_up()


@pytest.mark.parametrize("how", CHOICES)
def test_a_caller_from_a_trunk_is_answered_as_the_trunk_says(how: str) -> None:
    @behaviour(SETTINGS[how])
    async def comes_in(world: World) -> None:
        anna, there = await world.registered("anna"), carrier(world)
        await there.dial("74950000001")
        (await anna.until_called()).answer()
        await there.call.until(CallState.UP)
        assert (EVENT in there.call.answered) is (how in {AUTO, RFC4733})
        await there.call.hang_up()
        await anna.call.until(CallState.ENDED)

    comes_in(run=0)
