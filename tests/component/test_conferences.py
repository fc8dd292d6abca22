"""Conferences: who hears whom as people come, are muted and go, by commands and in rooms that are dialled."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

import pytest

from softswitch.calls import facts
from softswitch.calls.conference_facts import ConferenceEnded, ConferenceInvitationEnded
from softswitch.core.errors import CommandError
from softswitch.directory.site import Number, Room, Trunk
from softswitch.simulation.behaviour import behaviour
from softswitch.simulation.phone import SimulatedPhone
from softswitch.simulation.phone_call import Call, CallState
from softswitch.simulation.phone_core import Habits, Incoming
from softswitch.simulation.world import Setting, World
from tests.component.controlled import MUSIC, sounds_of

ROOMS: Final = Setting(
    rooms=(Room("meeting", "800"), Room("board", "801", pin="4711")),
    numbers=(Number("+74950000008", "room", "meeting"),),
    trunks=(Trunk("pstn", "192.0.2.99", 5060, "udp", any_port=False),),
)


async def people(world: World, **habits: Incoming) -> Sequence[SimulatedPhone]:
    return [
        await world.registered(name, habits=Habits(incoming=habits.get(name, Incoming.ANSWER)))
        for name in ("anna", "boris", "vera", "gleb")
    ]


async def up(call: Call) -> Call:
    await call.until(CallState.UP)
    await asyncio.sleep(0.5)
    return call


def leg_of(world: World, call: Call) -> str:
    assert call.remote is not None
    found = world.switch.media.leg_at(call.remote.address, call.remote.port)
    assert found is not None
    return found


def press(world: World, call: Call, number: str = "") -> None:
    """Press the conference button for a call."""
    brain = world.switch.brain
    leg = leg_of(world, call)
    world.switch.in_turn(lambda: world.switch.brain.command(lambda: brain.conferences.press(leg, number)))


def all_hear_all(world: World, *phones: SimulatedPhone) -> None:
    names = {phone.name for phone in phones}
    assert {phone.name: world.hears(phone) for phone in phones} == {name: names - {name} for name in names}


async def three(world: World) -> Sequence[SimulatedPhone]:
    """Anna brings Boris and Vera together."""
    if not world.phones:
        await people(world)
    anna, boris, vera, gleb = (world.phones[name] for name in ("anna", "boris", "vera", "gleb"))
    first = await up(await anna.dial("102"))
    await first.hold()
    second = await up(await anna.dial("103"))
    press(world, first)
    await asyncio.sleep(1)
    assert first.over
    assert not second.over
    return anna, boris, vera, gleb


@pytest.mark.row("I-14", "I-15", "I-16")
@behaviour()
async def test_held_parties_come_in_one_after_the_other_and_each_hears_all_others(world: World) -> None:
    anna, boris, vera, gleb = await people(world)
    held = []
    for number in ("102", "103"):
        call = await up(await anna.dial(number))
        await call.hold("inactive")
        held.append(call)
    await up(await anna.dial("104"))
    press(world, held[0])
    await asyncio.sleep(1)
    all_hear_all(world, anna, boris, gleb)
    assert world.hears(vera) == set()
    press(world, held[1])
    await asyncio.sleep(1)
    all_hear_all(world, anna, boris, vera, gleb)
    assert [call.over for call in held] == [True, True]
    await anna.call.hang_up()
    await asyncio.sleep(1)
    all_hear_all(world, boris, vera, gleb)
    for phone in (boris, vera):
        await phone.call.hang_up()
    await gleb.call.until(CallState.ENDED)


@behaviour()
async def test_two_who_are_left_are_in_a_call_again_that_can_be_transferred(world: World) -> None:
    anna, boris, vera, gleb = await three(world)
    all_hear_all(world, anna, boris, vera)
    await boris.call.hang_up()
    await asyncio.sleep(1)
    all_hear_all(world, anna, vera)
    assert len(world.facts(ConferenceEnded)) == 1
    assert await anna.call.refer("104") == 202
    await anna.call.until(CallState.ENDED)
    await asyncio.sleep(2)
    all_hear_all(world, vera, gleb)
    await vera.call.hang_up()
    await gleb.call.until(CallState.ENDED)


@behaviour()
async def test_a_number_is_called_into_a_conference_and_stays_when_the_moderator_leaves(world: World) -> None:
    anna, boris, vera, gleb = await three(world)
    press(world, anna.call, "104")
    await up(gleb.call if gleb.calls else await gleb.until_called())
    all_hear_all(world, anna, boris, vera, gleb)
    await anna.call.hang_up()
    await asyncio.sleep(1)
    all_hear_all(world, boris, vera, gleb)
    for phone in (vera, gleb):
        await phone.call.hang_up()
    await boris.call.until(CallState.ENDED)


@behaviour()
async def test_whoever_is_there_already_is_not_called_in_again(world: World) -> None:
    anna, boris, vera, _ = await three(world)
    with pytest.raises(CommandError, match="boris takes part already"):
        press(world, anna.call, "102")
    all_hear_all(world, anna, boris, vera)
    await anna.call.hang_up()
    await boris.call.hang_up()
    await vera.call.until(CallState.ENDED)


@pytest.mark.row("I-12", "I-13")
@behaviour()
async def test_the_first_press_lets_the_other_wait_and_the_second_joins_the_three(world: World) -> None:
    anna, boris, vera, _ = await people(world)
    await up(await anna.dial("102"))
    press(world, anna.call, "103")
    await up(await vera.until_called())
    all_hear_all(world, anna, vera)
    assert world.hears(boris) == set()
    assert sounds_of(world, boris.call) == MUSIC
    press(world, anna.call)
    await asyncio.sleep(1)
    all_hear_all(world, anna, boris, vera)
    assert sounds_of(world, boris.call) == ()
    await boris.call.hang_up()
    await vera.call.hang_up()
    await anna.call.until(CallState.ENDED)


@behaviour()
async def test_who_waits_and_hangs_up_before_the_second_press_leaves_a_call_of_two(world: World) -> None:
    anna, boris, vera, _ = await people(world)
    await up(await anna.dial("102"))
    press(world, anna.call, "103")
    with pytest.raises(CommandError, match="has not answered"):
        press(world, anna.call)
    await up(await vera.until_called())
    await boris.call.hang_up()
    await asyncio.sleep(1)
    all_hear_all(world, anna, vera)
    with pytest.raises(CommandError, match="no other call"):
        press(world, anna.call)
    all_hear_all(world, anna, vera)
    await anna.call.hang_up()
    await vera.call.until(CallState.ENDED)


@behaviour()
async def test_whoever_does_not_come_leaves_the_others_as_they_were(world: World) -> None:
    anna, boris, vera, gleb = await people(world, gleb=Incoming.DECLINE)
    await three(world)
    press(world, anna.call, "104")
    await gleb.until_called()
    await asyncio.sleep(1)
    all_hear_all(world, anna, boris, vera)
    assert [fact.status for fact in world.facts(ConferenceInvitationEnded)] == [603]  # type: ignore[attr-defined]
    for phone in (boris, anna):
        await phone.call.hang_up()
    await vera.call.until(CallState.ENDED)


@pytest.mark.row("V-11")
@behaviour()
async def test_one_who_is_muted_hears_and_is_not_heard_and_one_who_holds_is_not_heard_either(world: World) -> None:
    anna, boris, vera, _ = await three(world)
    brain, leg = world.switch.brain, leg_of(world, boris.call)
    world.switch.in_turn(lambda: brain.command(lambda: brain.conferences.mute(leg, wanted=True)))
    await vera.call.hold()
    await asyncio.sleep(1)
    assert world.hears(anna) == set()
    assert world.hears(boris) == {"anna"}
    brain = world.switch.brain
    world.switch.in_turn(lambda: brain.command(lambda: brain.conferences.mute(leg, wanted=False)))
    await vera.call.resume()
    await asyncio.sleep(1)
    all_hear_all(world, anna, boris, vera)
    await anna.call.hang_up()
    await boris.call.hang_up()
    await vera.call.until(CallState.ENDED)


@behaviour()
async def test_what_does_not_fit_is_refused_with_a_reason_and_changes_nothing(world: World) -> None:
    anna, boris, _, _ = await people(world)
    call = await up(await anna.dial("102"))
    with pytest.raises(CommandError, match="no other call"):
        press(world, call)
    with pytest.raises(CommandError, match="Unallocated number") as refused:
        press(world, call, "999")
    assert refused.value.field == "number"
    all_hear_all(world, anna, boris)
    await call.hang_up()


@behaviour()
async def test_a_worker_that_dies_leaves_a_conference_together_on_new_ports(world: World) -> None:
    anna, boris, vera, _ = await three(world)
    world.switch.in_turn(world.switch.media.lose_worker)
    await asyncio.sleep(5)
    all_hear_all(world, anna, boris, vera)
    await anna.call.hang_up()
    await boris.call.hang_up()
    await vera.call.until(CallState.ENDED)


@behaviour(ROOMS)
async def test_a_room_is_dialled_from_inside_and_outside_and_lasts_until_the_last_one_leaves(world: World) -> None:
    anna, boris, _, _ = await people(world)
    customer = world.phone("customer", host="192.0.2.99")
    await up(await anna.dial("800"))
    assert world.hears(anna) == set()
    await up(await boris.dial("800"))
    await up(await customer.dial("+74950000008"))
    await asyncio.sleep(1)
    all_hear_all(world, anna, boris, customer)
    await anna.call.hang_up()
    await boris.call.hang_up()
    await asyncio.sleep(1)
    assert customer.call.state is CallState.UP
    await up(await boris.dial("800"))
    await asyncio.sleep(1)
    all_hear_all(world, boris, customer)
    await boris.call.hang_up()
    await customer.call.hang_up()


def key(world: World, call: Call, keys: str) -> None:
    for each in keys:
        world.switch.media.press(leg_of(world, call), each)


@behaviour(ROOMS)
async def test_a_room_with_a_pin_takes_whoever_knows_it(world: World) -> None:
    anna, boris, _, _ = await people(world)
    for phone in (anna, boris):
        await up(await phone.dial("801"))
        key(world, phone.call, "4711")
        await asyncio.sleep(1)
    while world.hears(anna) != {"boris"}:  # a key may count twice where the brain died over it
        assert not (anna.call.over or boris.call.over)
        key(world, (anna if sounds_of(world, anna.call) != MUSIC else boris).call, "#4711")
        await asyncio.sleep(1)
    all_hear_all(world, anna, boris)
    await anna.call.hang_up()
    await boris.call.hang_up()


@behaviour(ROOMS)
async def test_three_wrong_pins_and_silence_end_the_call(world: World) -> None:
    anna, boris, _, _ = await people(world)
    call = await up(await anna.dial("801"))
    key(world, call, "0000" * 3)
    await call.until(CallState.ENDED)
    assert call.reasons == ['Q.850;cause=21;text="Wrong PIN"']
    call = await up(await boris.dial("801"))
    await call.until(CallState.ENDED, limit_s=30)
    assert call.reasons == ['Q.850;cause=18;text="No PIN was pressed"']
    assert [fact.reason for fact in world.facts(facts.ConversationEnded)] == ["wrong-pin", "no-pin"]  # type: ignore[attr-defined]
