"""Where callers go whom a queue gives up: to people, groups, mailboxes, scenarios; and who of them comes first."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import pytest

from softswitch.app.queues_view import BrainQueues
from softswitch.directory.site import Contact, Group, Number, Queue, Route, ScenarioText, Trunk
from softswitch.queues.agents.inputs import EnterQueues
from softswitch.queues.router.facts import QueueAnswered, QueueEntered, QueueLeft
from softswitch.simulation.behaviour import behaviour
from softswitch.simulation.phone import SimulatedPhone
from softswitch.simulation.phone_call import CallState
from softswitch.simulation.phone_core import Habits, Incoming
from softswitch.simulation.world import Setting, World

PSTN: Final = (Trunk("pstn", "192.0.2.99", 5060, "udp", any_port=True),)
SUPPORT: Final = Number("+74950000001", "queue", "support")


def setting(*queues: Queue, numbers: tuple[Number, ...] = (SUPPORT,), **more: Any) -> Setting:  # noqa: ANN401
    return Setting(queues=queues, trunks=PSTN, numbers=numbers, **more)


def patient(overflow_to: str, **more: Any) -> Queue:  # noqa: ANN401  # of any field
    return Queue("support", "700", ("boris",), max_wait_s=10.0, overflow_to=overflow_to, **more)


async def customer(world: World, number: str = "+79160000001", dialled: str = "+74950000001") -> SimulatedPhone:
    phone = world.phone(number, host="192.0.2.99", port=5060 + len(world.phones))
    await phone.dial(dialled)
    return phone


async def agent(world: World, user: str, incoming: Incoming = Incoming.ANSWER) -> SimulatedPhone:
    phone = await world.registered(user, habits=Habits(incoming=incoming))
    world.command(EnterQueues(user, "", "api"))
    return phone


def entered(world: World) -> list[tuple[str, int]]:
    return [(each.queue, each.priority) for each in world.facts(QueueEntered) if isinstance(each, QueueEntered)]


@pytest.mark.parametrize("dialled", ["+74950000001", "+74950000002", "+74950000003"])
@behaviour(
    setting(
        patient("forward:vera"),
        Queue("sales", "701", ("boris",), max_wait_s=10.0, overflow_to="group:desk"),
        Queue("vip", "702", ("boris",), max_wait_s=10.0, overflow_to="scenario:late"),
        numbers=(SUPPORT, Number("+74950000002", "queue", "sales"), Number("+74950000003", "queue", "vip")),
        groups=(Group("desk", "600", "simultaneous", 20, None, 1, (("vera", 1),)),),
        scenarios=(ScenarioText("late", "/nowhere/late.yaml", "name: late\nsteps:\n  - employee: {name: vera}\n"),),
    )
)
async def test_who_has_waited_too_long_goes_to_a_colleague_a_group_or_a_scenario(world: World, dialled: str) -> None:
    vera = await world.registered("vera", habits=Habits(incoming=Incoming.ANSWER))
    caller = await customer(world, dialled=dialled)
    await caller.call.until(CallState.UP)
    await asyncio.sleep(9)
    assert not vera.calls
    await asyncio.sleep(6)
    assert world.hears(caller) == {"vera"}
    await vera.call.hang_up()
    await caller.call.until(CallState.ENDED)


@behaviour(setting(patient("scenario:*number/+79169998877"), routes=(Route("pstn", "pstn", r"^\+?[0-9]{10,15}$"),)))
async def test_who_has_waited_too_long_goes_to_a_number_outside(world: World) -> None:
    mobile = world.phone("+79169998877", host="192.0.2.99", port=5060)
    caller = await customer(world, "+79160000002")
    await caller.call.until(CallState.UP)
    await asyncio.sleep(9)
    assert not mobile.calls
    rings = await mobile.until_called()
    rings.answer()
    await rings.until(CallState.UP)
    await asyncio.sleep(1)
    assert world.hears(caller) == {mobile.name}
    await rings.hang_up()
    await caller.call.until(CallState.ENDED)


@behaviour(setting(patient("scenario:*voicemail/vera"), users={"vera": {"voicemail": True}}))
async def test_who_has_waited_too_long_leaves_a_message(world: World) -> None:
    caller = await customer(world)
    await caller.call.until(CallState.UP)
    await asyncio.sleep(40)
    await caller.call.hang_up()
    await asyncio.sleep(2)
    assert [each.from_number for each in world.switch.brain.voicemail.boxes.messages("vera")] == ["+79160000001"]


@behaviour(
    setting(
        Queue("support", "700", ("boris",), leave_without_agents=True, overflow_to="queue:sales"),
        Queue("sales", "701", ("vera",), leave_without_agents=True, overflow_to="queue:support"),
    )
)
async def test_queues_that_send_callers_to_each_other_do_so_once_and_then_say_that_nobody_is_there(
    world: World,
) -> None:
    caller = await customer(world)
    await caller.call.until(CallState.ENDED)
    assert caller.call.reasons == ['Q.850;cause=20;text="Nobody is there to answer"']
    assert [each.how for each in world.facts(QueueLeft) if isinstance(each, QueueLeft)] == ["no-agents"] * 2


@behaviour(
    setting(
        patient("queue:sales"),
        Queue("sales", "701", ("vera",)),
        numbers=(
            SUPPORT,
            Number("+74950000002", "queue", "support", priority=7),
            Number("+74950000003", "scenario", "vip"),
        ),
        contacts=(Contact("Romashka", ("+79161112233",), priority=20),),
        scenarios=(
            ScenarioText("vip", "/nowhere/vip.yaml", "name: vip\nsteps:\n  - queue: {name: support, priority: 50}\n"),
        ),
    )
)
async def test_callers_are_served_by_what_number_contact_and_scenario_say_and_keep_it_in_the_next_queue(
    world: World,
) -> None:
    usual = await customer(world)
    await asyncio.sleep(1)
    by_number = await customer(world, "+79160000002", "+74950000002")
    await asyncio.sleep(1)
    contact = await customer(world, "+79161112233")
    await asyncio.sleep(1)
    by_step = await customer(world, "+79160000004", "+74950000003")
    await asyncio.sleep(2)
    assert entered(world) == [("support", 0), ("support", 7), ("support", 20), ("support", 50)]
    await asyncio.sleep(20)
    assert sorted(entered(world)[4:]) == [("sales", 0), ("sales", 7), ("sales", 20), ("sales", 50)]
    seen = BrainQueues(world.switch.brain, world.clock).queue("sales")
    assert seen.waiting_entries[0].number == "+79160000004"
    vera = await agent(world, "vera")
    for phone in (by_step, contact, by_number, usual):
        await asyncio.sleep(2)
        assert world.hears(phone) == {"vera"}
        await phone.call.hang_up()
        await asyncio.sleep(1)
    assert len(vera.calls) == 4
    order = [each.entry for each in world.facts(QueueAnswered) if isinstance(each, QueueAnswered)]
    assert len(order) == 4
