"""What the shipped statuses permit, one by one, seen in calls and messages (docs/behaviours.md, part 6)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Final

import pytest

from softswitch.app.people_view import BrainPeople
from softswitch.calls.destinations import Refuse
from softswitch.core.errors import CommandError
from softswitch.directory.site import Group, Number, Queue, Trunk
from softswitch.queues.agents.inputs import ChooseStatus, EnterQueues
from softswitch.simulation.behaviour import behaviour
from softswitch.simulation.phone import SimulatedPhone
from softswitch.simulation.phone_call import CallState
from softswitch.simulation.world import Setting, World
from tests.component.controlled import leg, talk

OFFICE: Final = Setting(
    users={"boris": {"preset": "mango"}},
    groups=(
        Group("sales", "600", "simultaneous", 20, None, 1, (("boris", 1),)),
        Group("care", "601", "simultaneous", 20, None, 1, (("vera", 1),)),
    ),
    numbers=(
        Number("+74950000001", "user", "boris"),
        Number("+74950000002", "group", "sales"),
        Number("+74950000003", "user", "vera"),
        Number("+74950000004", "group", "care"),
    ),
    trunks=(Trunk("pstn", "192.0.2.99", 5060, "udp", any_port=False),),
)


async def office(world: World) -> tuple[SimulatedPhone, SimulatedPhone, SimulatedPhone]:
    """Return a colleague, a customer and whoever's status is tried."""
    anna, boris, vera = [await world.registered(name) for name in ("anna", "boris", "vera")]
    world.phone("customer", host="192.0.2.99")
    return anna, boris, vera


async def reaches(world: World, caller: str, number: str, called: SimulatedPhone) -> bool:
    """Call, be answered where it rings, hang up; tell whether it rang."""
    before = len(called.calls)
    call = await world.phones[caller].dial(number)
    await asyncio.sleep(1)
    rang = len(called.calls) > before
    if rang:
        called.call.answer()
        await call.until(CallState.UP)
        await called.until(lambda: called.call.acknowledged, "the ACK")
        await call.hang_up()
    await call.until(CallState.ENDED)
    await asyncio.sleep(1)
    return rang


async def calls_out(world: World, phone: SimulatedPhone) -> bool:
    call = await phone.dial("101")
    await world.phones["anna"].until_called(times=sum(not one.outgoing for one in world.phones["anna"].calls) or 1)
    await call.hang_up()
    return True


def permits_queue_calls(world: World, user: str) -> bool:
    brain = world.switch.brain
    found = brain.people.phones_for(brain.desk.site.users[user], "queue", wall_s=world.clock.wall())
    return not isinstance(found, Refuse)


@pytest.mark.row("M-7", "M-14")
@pytest.mark.parametrize("status", ["on_line", "all_calls"])
@behaviour(OFFICE)
async def test_on_line_and_all_calls_take_every_call_and_let_call_out(world: World, status: str) -> None:
    _, boris, _ = await office(world)
    world.command(ChooseStatus("boris", status, "api"))
    assert await reaches(world, "anna", "102", boris)
    assert await reaches(world, "customer", "+74950000001", boris)
    assert await reaches(world, "customer", "+74950000002", boris)
    assert await calls_out(world, boris)
    assert permits_queue_calls(world, "boris")


@pytest.mark.row("M-13")
@behaviour(OFFICE)
async def test_outbound_calling_takes_direct_and_internal_calls_and_messages_and_lets_call_out(world: World) -> None:
    anna, boris, _ = await office(world)
    world.command(ChooseStatus("boris", "outbound", "api"))
    assert await reaches(world, "anna", "102", boris)
    assert await reaches(world, "customer", "+74950000001", boris)
    assert not await reaches(world, "customer", "+74950000002", boris)
    assert not permits_queue_calls(world, "boris")
    assert await calls_out(world, boris)
    assert await anna.say("102", "Привет") == 202
    await boris.until(lambda: boris.messages == [("101", "Привет")], "the message")
    assert await boris.say("101", "И тебе") == 202
    await anna.until(lambda: anna.messages == [("102", "И тебе")], "the message")


@pytest.mark.row("V-67")
@behaviour(OFFICE)
async def test_online_takes_calls_of_colleagues_and_customers_also_by_a_group_and_transfers_but_none_of_queues(
    world: World,
) -> None:
    anna, boris, vera = await office(world)
    world.command(ChooseStatus("vera", "online", "api"))
    assert await reaches(world, "anna", "103", vera)
    assert await reaches(world, "customer", "+74950000003", vera)
    assert await reaches(world, "customer", "+74950000004", vera)
    assert not permits_queue_calls(world, "vera")
    await talk(world, "anna", "boris", "102")
    world.order(lambda lines: lines.transfer(leg(world, "boris"), "103"))
    await asyncio.sleep(1)
    vera.call.answer()
    await boris.call.until(CallState.ENDED)
    await asyncio.sleep(1)
    assert world.hears(vera) == {"anna"}
    await anna.call.hang_up()


QUEUED: Final = replace(
    OFFICE,
    queues=(Queue("support", "700", ("vera",)),),
    numbers=(*OFFICE.numbers, Number("+74950000005", "queue", "support")),
)


@pytest.mark.row("V-68")
@behaviour(QUEUED)
async def test_ready_alone_is_offered_calls_of_queues_and_is_entitled_to_their_chats(world: World) -> None:
    _, _, vera = await office(world)
    world.command(EnterQueues("vera", "", "api"))
    rows = BrainPeople(world.switch.brain, world.clock, world.switch.in_turn).statuses()
    shown = [row for row in rows if row.preset == "voximplant"]
    assert [row.name for row in shown if row.rights["chat_auto"] == "true"] == ["ready"]
    assert {row.name for row in shown if row.rights["chat_manual"] == "true"} == {"ready", "online"}
    customer = world.phones["customer"]
    for status in ("unavailable", "online", "ready"):
        world.command(ChooseStatus("vera", status, "api"))
        call = await customer.dial("+74950000005")
        await asyncio.sleep(1)
        assert len(vera.calls) == (1 if status == "ready" else 0)
        await call.hang_up()
        await asyncio.sleep(1)


@pytest.mark.row("V-69", "V-79")
@behaviour(OFFICE)
async def test_ready_is_left_for_online_or_unavailable_and_chosen_again(world: World) -> None:
    await office(world)
    for status, queue_calls in (
        ("ready", True),
        ("online", False),
        ("ready", True),
        ("unavailable", False),
        ("ready", True),
    ):
        world.command(ChooseStatus("vera", status, "api"))
        assert (world.switch.brain.agents.agents["vera"].status, permits_queue_calls(world, "vera")) == (
            status,
            queue_calls,
        )
    for system in ("ringing", "serving", "wrap_up", "blocked", "offline"):
        with pytest.raises(CommandError):
            world.command(ChooseStatus("vera", system, "api"))
