"""What an operator presses by mistake, or in an order of the phone's own: nothing surprising comes of it."""

from __future__ import annotations

import asyncio

import pytest

from softswitch.core.errors import CommandError
from softswitch.directory.site import Room
from softswitch.simulation.behaviour import behaviour
from softswitch.simulation.phone_call import CallState
from softswitch.simulation.world import Setting, World
from tests.component.controlled import MUSIC, leg, order, phones, sounds_of, talk


@behaviour()
async def test_whoever_is_to_be_transferred_is_not_rung_at_the_phone_they_talk_at(world: World) -> None:
    anna, boris = await phones(world, "anna", "boris")
    _, there = await talk(world, "anna", "boris", "102")
    assert await there.refer("101") == 202
    await boris.until(lambda: there.progress == [603], "the NOTIFY")
    own = leg(world, "boris")
    for command, number, error_id in (
        ("transfer", "101", "not-transferable"),
        ("consult", "101", "same-phone"),
        ("consult", "102", "same-phone"),
    ):
        with pytest.raises(CommandError) as refused:
            order(world, command, own, number)
        assert (refused.value.error_id, refused.value.field) == (error_id, "number")
    assert (world.hears(anna), world.hears(boris)) == ({"boris"}, {"anna"})
    assert [len(phone.calls) for phone in (anna, boris)] == [1, 1]
    await anna.call.hang_up()


@behaviour()
async def test_a_call_that_is_transferred_to_oneself_rings_at_ones_own_phone(world: World) -> None:
    anna, boris = await phones(world, "anna", "boris")
    _, there = await talk(world, "anna", "boris", "102")
    assert await there.refer("102") == 202
    again = await boris.until_called(times=2)
    again.answer()
    await there.until(CallState.ENDED)
    await asyncio.sleep(1)
    assert (world.hears(anna), world.hears(boris)) == ({"boris"}, {"anna"})
    await anna.call.hang_up()


@behaviour()
async def test_a_target_that_means_nothing_leaves_the_talk_and_is_told(world: World) -> None:
    anna, boris = await phones(world, "anna", "boris")
    _, there = await talk(world, "anna", "boris", "102")
    targets = ("sip:", "sip:199@example.net", "sip:103@example.net?Replaces=nonsense", "sip:*99@example.net")
    for target in targets:
        assert await there.refer(target) == 202
        await asyncio.sleep(1)
        assert (world.hears(anna), world.hears(boris)) == ({"boris"}, {"anna"})
    assert len(there.progress) == len(targets)
    assert min(there.progress) >= 400
    for headers in ((), (("Refer-To", "<sip:103@example.net>"), ("Refer-To", "<sip:104@example.net>"))):
        assert (await there.attempt("REFER", (headers, b"")).final).status == 400
    await anna.call.hang_up()


@behaviour(loses="one of the phone's notices")
async def test_of_two_presses_of_the_transfer_key_the_first_counts(world: World) -> None:
    anna, boris, vera, gleb = await phones(world, "anna", "boris", "vera", "gleb")
    _, there = await talk(world, "anna", "boris", "102")
    assert (await there.refer("103"), await there.refer("104")) == (202, 202)
    (await vera.until_called()).answer()
    await there.until(CallState.ENDED)
    await asyncio.sleep(1)
    assert sorted(there.progress) == [100, 180, 200, 603]
    assert (world.hears(anna), world.hears(boris), gleb.calls) == ({"vera"}, set(), [])
    await anna.call.hang_up()


@behaviour()
async def test_a_phone_that_gives_up_its_second_call_and_transfers_at_once_reaches_the_target_again(
    world: World,
) -> None:
    anna, boris, vera = await phones(world, "anna", "boris", "vera")
    _, there = await talk(world, "anna", "boris", "102")
    await there.hold()
    second = await boris.dial("103")
    await second.until(CallState.RINGING)
    second.cancel()
    assert await there.refer("103") == 202
    (await vera.until_called(times=2)).answer()
    await there.until(CallState.ENDED)
    await asyncio.sleep(1)
    assert (world.hears(anna), world.hears(vera)) == ({"vera"}, {"anna"})
    await anna.call.hang_up()


@behaviour()
async def test_a_phone_may_bring_its_calls_together_from_either_and_hang_up_both_at_once(world: World) -> None:
    anna, boris, vera = await phones(world, "anna", "boris", "vera")
    _, there = await talk(world, "anna", "boris", "102")
    await there.hold()
    second = await boris.dial("103")
    (await vera.until_called()).answer()
    await second.until(CallState.UP)
    assert await second.refer("101", to_call=there) == 202
    for call in (there, second):
        if not call.over:
            call.bye()
    await asyncio.sleep(2)
    assert (world.hears(anna), world.hears(vera)) == ({"vera"}, {"anna"})
    await vera.call.hang_up()


@behaviour(Setting(rooms=(Room("meeting", "800"),)))
async def test_a_caller_is_brought_into_a_room_in_which_the_operator_is_alone(world: World) -> None:
    anna, boris, vera = await phones(world, "anna", "boris", "vera")
    _, there = await talk(world, "anna", "boris", "102")
    await there.hold()
    room = await boris.dial("800")
    await room.until(CallState.UP)
    await asyncio.sleep(1)
    assert await there.refer("800", to_call=room) == 202
    for call in (there, room):
        await call.until(CallState.ENDED)
    await (await vera.dial("800")).until(CallState.UP)
    await asyncio.sleep(1)
    assert (world.hears(anna), world.hears(vera)) == ({"vera"}, {"anna"})
    for phone in (anna, vera):
        await phone.call.hang_up()


@behaviour()
async def test_the_phones_own_resume_takes_back_whoever_waits_by_a_command(world: World) -> None:
    anna, boris = await phones(world, "anna", "boris")
    out, there = await talk(world, "anna", "boris", "102")
    own = leg(world, "boris")
    world.order(lambda lines: lines.hold(own))
    assert await there.hold() == 200
    assert sounds_of(world, out) == MUSIC
    assert await there.resume() == 200
    await asyncio.sleep(1)
    assert (world.hears(anna), world.hears(boris), sounds_of(world, out)) == ({"boris"}, {"anna"}, ())
    with pytest.raises(CommandError, match="nobody waits"):
        world.order(lambda lines: lines.connect(own))
    await anna.call.hang_up()


@behaviour()
async def test_held_twice_and_resumed_once_is_resumed(world: World) -> None:
    anna, boris = await phones(world, "anna", "boris")
    _, there = await talk(world, "anna", "boris", "102")
    assert (await there.hold(), await there.hold(), await there.resume()) == (200, 200, 200)
    assert (world.hears(anna), world.hears(boris)) == ({"boris"}, {"anna"})
    await anna.call.hang_up()


@behaviour()
async def test_a_code_whose_number_was_left_out_says_so(world: World) -> None:
    (anna,) = await phones(world, "anna")
    for code in ("*60", "*69", "*70", "*72", "*80", "*55"):
        call = await anna.dial(code)
        await call.until(CallState.ENDED)
        assert call.status == 484
        assert f"{code} and a number: the number was left out" in call.reasons[-1]
