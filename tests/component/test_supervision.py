"""Supervision: who hears the supervisor, whom the supervisor hears, and where supervision goes when people do."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

import pytest

from softswitch.core.errors import CommandError
from softswitch.directory.site import Group, Trunk
from softswitch.simulation.behaviour import behaviour
from softswitch.simulation.phone import SimulatedPhone
from softswitch.simulation.phone_call import CallState
from softswitch.simulation.phone_core import Habits, Incoming
from softswitch.simulation.world import Setting, World
from tests.component.test_conferences import leg_of, press, up

SITE: Final = Setting(
    users={"vera": {"supervises": ("anna",)}, "boris": {"told_when_supervised": True}},
    groups=(Group("sales", "600", "simultaneous", 30, None, 1, (("boris", 1),), supervisors=("vera",)),),
    trunks=(Trunk("pstn", "192.0.2.99", 5060, "udp", any_port=False),),
)


async def people(world: World) -> Sequence[SimulatedPhone]:
    return [
        await world.registered(name, habits=Habits(incoming=Incoming.ANSWER))
        for name in ("anna", "boris", "vera", "gleb")
    ]


def supervise(world: World, of: SimulatedPhone, mode: str = "listen", follow: str = "agent", by: str = "vera") -> None:
    brain, leg = world.switch.brain, leg_of(world, of.call)
    desk = brain.supervision
    world.switch.in_turn(lambda: brain.command(lambda: desk.supervise(by, leg, mode, follow)))


def hearing(world: World, *phones: SimulatedPhone) -> dict[str, set[str]]:
    return {phone.name: world.hears(phone) for phone in phones}


@pytest.mark.row("C-21", "C-22", "C-23")
@behaviour(SITE)
async def test_a_supervisor_listens_then_whispers_then_barges_in(world: World) -> None:
    anna, _boris, vera, gleb = await people(world)
    await up(await anna.dial("104"))
    supervise(world, anna)
    await up(await vera.until_called())
    assert hearing(world, anna, gleb, vera) == {"anna": {"gleb"}, "gleb": {"anna"}, "vera": {"anna", "gleb"}}
    supervise(world, anna, "whisper")
    await asyncio.sleep(1)
    assert hearing(world, anna, gleb, vera) == {"anna": {"gleb", "vera"}, "gleb": {"anna"}, "vera": {"anna", "gleb"}}
    supervise(world, anna, "barge")
    await asyncio.sleep(1)
    everybody = {"anna", "gleb", "vera"}
    assert hearing(world, anna, gleb, vera) == {name: everybody - {name} for name in everybody}
    await vera.call.hang_up()
    await asyncio.sleep(1)
    assert hearing(world, anna, gleb) == {"anna": {"gleb"}, "gleb": {"anna"}}
    await gleb.call.hang_up()
    await anna.call.until(CallState.ENDED)


@behaviour(SITE)
async def test_a_supervisor_dials_in_chooses_by_keys_and_follows_the_agent_to_the_next_call(world: World) -> None:
    anna, boris, vera, gleb = await people(world)
    await up(await anna.dial("104"))
    await up(await vera.dial("*55101"))
    assert hearing(world, anna, gleb, vera) == {"anna": {"gleb"}, "gleb": {"anna"}, "vera": {"anna", "gleb"}}
    world.switch.media.press(leg_of(world, vera.call), "2")
    await asyncio.sleep(1)
    assert hearing(world, anna, gleb) == {"anna": {"gleb", "vera"}, "gleb": {"anna"}}
    await gleb.call.hang_up()
    await anna.call.until(CallState.ENDED)
    await asyncio.sleep(1)
    assert vera.call.state is CallState.UP
    assert world.hears(vera) == set()
    await up(await anna.dial("102"))
    assert hearing(world, anna, boris, vera) == {
        "anna": {"boris", "vera"},
        "boris": {"anna"},
        "vera": {"anna", "boris"},
    }
    await vera.call.hang_up()
    await boris.call.hang_up()
    await anna.call.until(CallState.ENDED)


@behaviour(SITE)
async def test_who_follows_the_conversation_stays_with_it_when_the_agent_transfers_it_and_ends_with_it(
    world: World,
) -> None:
    anna, boris, vera, gleb = await people(world)
    customer = world.phone("customer", host="192.0.2.99")
    await up(await gleb.dial("101"))
    await anna.until_called()
    supervise(world, anna, "whisper", "conversation")
    await up(await vera.until_called())
    assert world.hears(vera) == {"anna", "gleb"}
    assert await anna.call.refer("102") == 202
    await boris.until_called()
    await asyncio.sleep(3)
    assert world.hears(vera) == {"boris", "gleb"}
    assert sorted(world.hears(gleb) | world.hears(boris)) in (["boris", "gleb", "vera"], ["boris", "gleb"])
    await gleb.call.hang_up()
    await vera.call.until(CallState.ENDED)
    assert not customer.calls


@behaviour(SITE)
async def test_who_is_to_be_told_hears_a_tone_and_others_do_not(world: World) -> None:
    _anna, boris, vera, gleb = await people(world)
    await up(await boris.dial("104"))
    supervise(world, boris)
    await up(await vera.until_called())
    told = [leg for leg, sounds in world.switch.media.played if sounds == ("tone:beep",)]
    assert told == [leg_of(world, boris.call)]
    await vera.call.hang_up()
    await boris.call.hang_up()
    await gleb.call.until(CallState.ENDED)


@behaviour(SITE)
async def test_whoever_may_not_is_refused_with_the_field_and_the_reason(world: World) -> None:
    anna, boris, _vera, gleb = await people(world)
    await up(await anna.dial("104"))
    for words, field in (
        ((anna, "listen", "agent", "boris"), "supervisor"),
        ((anna, "listen", "agent", "nobody"), "supervisor"),
        ((gleb, "listen"), "supervisor"),
        ((anna, "shout"), "mode"),
        ((anna, "listen", "moon"), "follow"),
    ):
        with pytest.raises(CommandError) as refused:
            supervise(world, *words)
        assert refused.value.field == field
    call = await boris.dial("*55101")
    await call.until(CallState.ENDED)
    assert call.status == 403
    assert hearing(world, anna, gleb) == {"anna": {"gleb"}, "gleb": {"anna"}}
    await anna.call.hang_up()
    await gleb.call.until(CallState.ENDED)


@behaviour(SITE, differs="a phone may be told twice of its new port")
async def test_a_conference_is_supervised_too_and_a_worker_that_dies_ends_neither(world: World) -> None:
    anna, boris, vera, gleb = await people(world)
    await up(await anna.dial("104"))
    supervise(world, anna, "whisper")
    await up(await vera.until_called())
    press(world, anna.call, "102")
    await up(await boris.until_called())
    assert hearing(world, anna, boris, vera) == {
        "anna": {"boris", "vera"},
        "boris": {"anna"},
        "vera": {"anna", "boris"},
    }
    press(world, anna.call)
    await asyncio.sleep(1)
    for _ in range(2):
        assert hearing(world, anna, boris, gleb, vera) == {
            "anna": {"boris", "gleb", "vera"},
            "boris": {"anna", "gleb"},
            "gleb": {"anna", "boris"},
            "vera": {"anna", "boris", "gleb"},
        }
        world.switch.in_turn(world.switch.media.lose_worker)
        await asyncio.sleep(5)
    for phone in (vera, boris, anna):
        await phone.call.hang_up()
    await gleb.call.until(CallState.ENDED)
