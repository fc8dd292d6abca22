"""Keys of SRTP in descriptions: who gets one, who must have one, and that none is ever kept in clear."""

from __future__ import annotations

import asyncio
from base64 import b64decode

import pytest

from softswitch.media.engine import Srtp
from softswitch.simulation.behaviour import behaviour
from softswitch.simulation.phone import SimulatedPhone
from softswitch.simulation.phone_call import CallState
from softswitch.simulation.phone_core import Habits
from softswitch.simulation.phone_sdp import SUITE
from softswitch.simulation.world import Setting, World

FORCED = {"srtp": "optional", "srtp_without_tls": True}
BOTH = Setting(users={"anna": FORCED, "boris": FORCED})
REQUIRED = Setting(users={"boris": FORCED | {"srtp": "required"}})
ENCRYPTED = Habits(srtp="required")
EITHER = Habits(srtp="optional")


async def talk(world: World, one: Habits, other: Habits) -> tuple[SimulatedPhone, SimulatedPhone]:
    anna = await world.registered("anna", habits=one)
    boris = await world.registered("boris", habits=other)
    await anna.dial("102")
    (await boris.until_called()).answer()
    await anna.call.until(CallState.UP)
    await boris.until(lambda: boris.call.acknowledged, "the ACK")
    await asyncio.sleep(1)
    return anna, boris


def keys_of(world: World, phone: SimulatedPhone) -> Srtp | None:
    """What the media plane was told of a phone's leg."""
    remote = phone.call.remote
    assert remote is not None
    leg = world.switch.media.leg_at(remote.address, remote.port)
    assert leg is not None
    stream = world.switch.media.legs[leg].stream
    assert stream is not None
    return stream.srtp


def agrees(world: World, phone: SimulatedPhone) -> bool:
    """Whether phone and media plane know the same two keys; False where there are none."""
    told, remote = keys_of(world, phone), phone.call.remote
    assert remote is not None
    if told is None or not remote.crypto:
        assert told is None
        assert not (remote.crypto and phone.call.local.crypto)
        return False
    assert (told.suite, told.receive_key) == (SUITE, phone.call.key)
    assert told.send_key in {key for _, suite, key in remote.crypto if suite == SUITE}
    return True


@behaviour(BOTH)
async def test_two_phones_with_srtp_have_a_key_each_way_and_no_key_is_kept(world: World) -> None:
    anna, boris = await talk(world, ENCRYPTED, ENCRYPTED)
    assert (agrees(world, anna), agrees(world, boris)) == (True, True)
    of_anna, of_boris = keys_of(world, anna), keys_of(world, boris)
    assert of_anna is not None
    assert of_boris is not None
    assert len({of_anna.send_key, of_anna.receive_key, of_boris.send_key, of_boris.receive_key}) == 4
    assert anna.call.remote is not None
    assert anna.call.remote.profile == "RTP/SAVP"
    kept = b"".join(world.switch.journal.records())
    for key in (of_anna.send_key, of_anna.receive_key, of_boris.send_key, of_boris.receive_key):
        assert key.encode() not in kept
        assert b64decode(key) not in kept
    assert (world.hears(anna), world.hears(boris)) == ({"boris"}, {"anna"})
    await anna.call.hang_up()


@pytest.mark.parametrize("side", ["anna", "boris"])
@behaviour(BOTH)
async def test_a_phone_with_srtp_talks_with_one_without(world: World, side: str) -> None:
    secret = {"anna": (ENCRYPTED, Habits()), "boris": (Habits(), EITHER)}[side]
    anna, boris = await talk(world, *secret)
    assert agrees(world, world.phones[side])
    assert not agrees(world, boris if side == "anna" else anna)
    assert (world.hears(anna), world.hears(boris)) == ({"boris"}, {"anna"})
    await boris.call.hang_up()


@behaviour(BOTH)
async def test_keys_stay_through_hold_resume_and_a_worker_that_dies(world: World) -> None:
    anna, boris = await talk(world, EITHER, ENCRYPTED)
    before = keys_of(world, anna), keys_of(world, boris)
    assert await anna.call.hold() == 200
    assert await anna.call.resume() == 200
    await asyncio.sleep(1)
    assert (keys_of(world, anna), keys_of(world, boris)) == before
    world.switch.media.lose_worker()
    await asyncio.sleep(5)
    assert (agrees(world, anna), agrees(world, boris)) == (True, True)
    assert (keys_of(world, anna), keys_of(world, boris)) == before
    assert (world.hears(anna), world.hears(boris)) == ({"boris"}, {"anna"})
    await anna.call.hang_up()


@behaviour()
async def test_keys_are_not_told_over_udp_unless_that_is_forced(world: World) -> None:
    anna, boris = await talk(world, EITHER, EITHER)
    assert (agrees(world, anna), agrees(world, boris)) == (False, False)
    assert anna.call.remote is not None
    assert boris.call.remote is not None
    assert (anna.call.remote.crypto, boris.call.remote.crypto) == ((), ())
    await anna.call.hang_up()
    await anna.call.until(CallState.ENDED)


@behaviour()
async def test_a_phone_that_insists_on_srtp_where_it_is_off_is_refused(world: World) -> None:
    anna = await world.registered("anna", habits=ENCRYPTED)
    await world.registered("boris")
    call = await anna.dial("102")
    await call.until(CallState.ENDED)
    assert call.status == 488


@behaviour(REQUIRED)
async def test_where_srtp_is_required_a_phone_without_is_refused_and_one_with_is_called(world: World) -> None:
    anna = await world.registered("anna")
    boris = await world.registered("boris")
    call = await boris.dial("101")
    await call.until(CallState.ENDED)
    assert call.status == 488
    call = await anna.dial("102")  # the phone knows no SRTP and says 488 to RTP/SAVP
    await call.until(CallState.ENDED)
    assert call.status == 488


@behaviour(Setting(users={"boris": {"srtp": "required"}}))
async def test_where_srtp_is_required_a_phone_on_udp_is_neither_served_nor_called(world: World) -> None:
    anna = await world.registered("anna", habits=EITHER)
    boris = await world.registered("boris", habits=ENCRYPTED)
    call = await boris.dial("101")
    await call.until(CallState.ENDED)
    assert call.status == 488
    call = await anna.dial("102")
    await call.until(CallState.ENDED)
    assert call.status == 480
