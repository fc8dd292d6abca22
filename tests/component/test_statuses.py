"""Statuses: set by registration, code and command; what they permit shows in the calls that are offered."""

from __future__ import annotations

import asyncio
from typing import Final

import pytest

from softswitch.core.errors import CommandError
from softswitch.directory.site import Number, Queue, Route, Trunk
from softswitch.directory.statuses import Status
from softswitch.queues.agents.inputs import ChooseStatus, EnterQueues, LeaveQueues
from softswitch.queues.agents.state import Agent
from softswitch.simulation.behaviour import behaviour
from softswitch.simulation.phone import SimulatedPhone
from softswitch.simulation.phone_call import Call, CallState
from softswitch.simulation.phone_core import Habits, Incoming
from softswitch.simulation.world import Setting, World

RIGHTS: Final = ("false", "false", "true", "true", "false", "false", "false", "false", "false")
LUNCH: Final = Status("voximplant", "lunch", "Обед", "Lunch", "7", "user", True, True, 480, *RIGHTS)
MANGO: Final = Setting(
    users={"boris": {"preset": "mango"}},
    numbers=(Number("+74950000001", "user", "boris"),),
    trunks=(Trunk("pstn", "192.0.2.99", 5060, "udp", any_port=False),),
)
QUEUES: Final = (Queue("support", "700", ("anna", "boris")), Queue("sales", "701", ("anna",)))


def agent(world: World, user: str) -> Agent:
    return world.switch.brain.agents.agents[user]


async def refused(phone: SimulatedPhone, number: str) -> Call:
    call = await phone.dial(number)
    await call.until(CallState.ENDED)
    return call


@behaviour()
async def test_the_first_registration_sets_the_login_status_and_the_end_of_the_last_sets_offline(world: World) -> None:
    desk = await world.registered("boris", name="desk")
    mobile = await world.registered("boris", name="mobile")
    assert agent(world, "boris").status == "online"
    assert await desk.unregister() == 200
    assert agent(world, "boris").status == "online"
    assert await mobile.unregister() == 200
    assert (agent(world, "boris").status, agent(world, "boris").away_because) == ("offline", "unregistered")


@pytest.mark.row("V-3", "V-80")
@behaviour()
async def test_a_login_sets_online_and_a_registration_that_runs_out_sets_offline(world: World) -> None:
    boris = world.phone("boris")
    assert "boris" not in world.switch.brain.agents.agents
    await boris.register(60)
    assert agent(world, "boris").status == "online"
    await asyncio.sleep(61)
    assert (agent(world, "boris").status, agent(world, "boris").away_because) == ("offline", "expired")


@pytest.mark.parametrize(("away_s", "status"), [(590, "unavailable"), (610, "online")])
@behaviour()
async def test_a_return_within_ten_minutes_restores_the_status_of_before(
    world: World, away_s: float, status: str
) -> None:
    boris = await world.registered("boris")
    world.command(ChooseStatus("boris", "unavailable", "api"))
    await boris.unregister()
    await asyncio.sleep(away_s)
    await boris.register()
    assert agent(world, "boris").status == status


@pytest.mark.row("V-4")
@behaviour()
async def test_the_time_in_a_status_counts_from_the_moment_it_began(world: World) -> None:
    await world.registered("boris")
    await asyncio.sleep(100)
    world.command(ChooseStatus("boris", "ready", "api"))
    began_s = world.clock.wall()
    await asyncio.sleep(30)
    world.command(ChooseStatus("boris", "ready", "api"))
    assert agent(world, "boris").since_s == pytest.approx(began_s, abs=1)


@pytest.mark.row("M-15", "M-16")
@behaviour(MANGO)
async def test_do_not_disturb_refuses_calls_of_colleagues_and_customers_at_once_and_lets_call_out(
    world: World,
) -> None:
    boris = await world.registered("boris")
    anna = await world.registered("anna", habits=Habits(incoming=Incoming.ANSWER))
    assert agent(world, "boris").status == "on_line"
    world.command(ChooseStatus("boris", "dnd", "api"))
    call = await refused(anna, "102")
    assert (call.status, call.reasons) == (486, ['Q.850;cause=17;text="Status Do not disturb"'])
    customer = world.phone("customer", host="192.0.2.99")
    call = await refused(customer, "+74950000001")
    assert (call.status, call.reasons) == (486, ['Q.850;cause=17;text="Status Do not disturb"'])
    assert not boris.calls
    call = await boris.dial("101")
    await call.until(CallState.UP)
    await call.hang_up()


@pytest.mark.row("M-10", "M-11")
@behaviour(MANGO)
async def test_a_break_takes_direct_calls_and_lets_call_out(world: World) -> None:
    boris, anna = await world.registered("boris"), await world.registered("anna")
    world.command(ChooseStatus("boris", "break", "api"))
    customer = world.phone("customer", host="192.0.2.99")
    await customer.dial("+74950000001")
    (await boris.until_called()).answer()
    await customer.call.until(CallState.UP)
    await customer.call.hang_up()
    await asyncio.sleep(5)
    await boris.dial("101")
    await anna.until_called()
    await boris.call.hang_up()


@pytest.mark.row("M-3")
@behaviour(Setting(users={"boris": {"preset": "mango", "respect_status": False}}))
async def test_with_the_switch_off_the_status_refuses_nothing(world: World) -> None:
    boris, anna = await world.registered("boris"), await world.registered("anna")
    world.command(ChooseStatus("boris", "dnd", "api"))
    await anna.dial("102")
    (await boris.until_called()).answer()
    await anna.call.until(CallState.UP)
    await anna.call.hang_up()


@pytest.mark.row("M-1")
@behaviour(MANGO)
async def test_a_status_chosen_in_a_call_leaves_that_call_alone_and_rules_the_next(world: World) -> None:
    boris, anna = await world.registered("boris"), await world.registered("anna")
    vera = await world.registered("vera")
    await anna.dial("102")
    await boris.until_called()
    world.command(ChooseStatus("boris", "dnd", "api"))
    boris.call.answer()
    await anna.call.until(CallState.UP)
    world.command(ChooseStatus("boris", "break", "api"))
    world.command(ChooseStatus("boris", "dnd", "api"))
    await asyncio.sleep(1)
    assert world.hears(anna) == {"boris"}
    call = await refused(vera, "102")
    assert (call.status, len(boris.calls)) == (486, 1)
    await anna.call.hang_up()


@pytest.mark.row("M-17")
@behaviour(Setting(statuses=(LUNCH,)))
async def test_a_status_of_the_sites_own_carries_its_own_rights(world: World) -> None:
    boris, anna = await world.registered("boris"), await world.registered("anna")
    world.command(ChooseStatus("boris", "lunch", "api"))
    call = await refused(boris, "101")
    assert (call.status, call.reasons) == (403, ['Q.850;cause=21;text="Status Lunch"'])
    await anna.dial("102")
    await boris.until_called()
    await anna.call.hang_up()
    await asyncio.sleep(5)
    code = await boris.dial("*702")
    await code.until(CallState.ENDED)
    assert agent(world, "boris").status == "ready"


OUT: Final = Trunk("out", "198.51.100.5", 5060, "udp", any_port=False)


@behaviour(
    Setting(
        statuses=(LUNCH,),
        trunks=(OUT,),
        routes=(Route("out", "out", r"^\+?[0-9]{10,15}$"),),
        emergency={"112": ("out",)},
    )
)
async def test_a_status_without_calls_out_keeps_nobody_from_calling_for_help(world: World) -> None:
    boris = await world.registered("boris")
    carrier = world.phone("carrier", host="198.51.100.5")
    world.command(ChooseStatus("boris", "lunch", "api"))
    assert (await refused(boris, "+79161112233")).status == 403
    await boris.dial("112")
    (await carrier.until_called()).answer()
    await boris.call.until(CallState.UP)
    await boris.call.hang_up()


@pytest.mark.row("M-8")
@behaviour(
    Setting(
        users={"boris": {"preset": "mango", "mobile": ("+79990000001",)}},
        numbers=MANGO.numbers,
        trunks=(*MANGO.trunks, OUT),
        routes=(Route("out", "out", r"^\+?[0-9]{10,15}$"),),
    )
)
async def test_in_a_break_direct_calls_reach_the_mobile_too_and_calls_of_colleagues_do_not(world: World) -> None:
    boris, anna = await world.registered("boris"), await world.registered("anna")
    carrier = world.phone("carrier", host="198.51.100.5")
    customer = world.phone("customer", host="192.0.2.99")
    await customer.dial("+74950000001")
    await boris.until_called()
    assert not carrier.calls
    await customer.call.hang_up()
    world.command(ChooseStatus("boris", "break", "api"))
    await asyncio.sleep(5)
    await customer.dial("+74950000001")
    await boris.until_called(times=2)
    (await carrier.until_called()).answer()
    await customer.call.until(CallState.UP)
    await asyncio.sleep(1)
    assert world.hears(customer) == {"carrier"}
    await customer.call.hang_up()
    await asyncio.sleep(5)
    await anna.dial("102")
    await boris.until_called(times=3)
    await asyncio.sleep(1)
    assert len(carrier.calls) == 1
    await anna.call.hang_up()


@behaviour()
async def test_a_code_sets_the_status_and_the_switch_takes_the_call_and_ends_it(world: World) -> None:
    boris = await world.registered("boris")
    call = await boris.dial("*703")
    await call.until(CallState.ENDED)
    assert CallState.UP in call.history
    assert call.reasons == ['Q.850;cause=16;text="Normal call clearing"']
    assert agent(world, "boris").status == "unavailable"


@behaviour()
async def test_a_code_of_no_status_says_so_and_changes_nothing(world: World) -> None:
    boris = await world.registered("boris")
    call = await refused(boris, "*709")
    assert (call.status, call.reasons) == (404, ['Q.850;cause=1;text="No status 9"'])
    assert agent(world, "boris").status == "online"


@behaviour()
async def test_a_code_dialled_without_a_registered_phone_is_refused_with_the_reason(world: World) -> None:
    boris = world.phone("boris")
    call = await refused(boris, "*702")
    assert call.status == 480
    assert call.reasons == ['Q.850;cause=21;text="boris has no registered phone, so no status can be chosen"']


@pytest.mark.row("C-17", "C-19")
@behaviour(Setting(queues=QUEUES))
async def test_a_code_logs_in_to_all_queues_at_once_and_makes_ready(world: World) -> None:
    anna = await world.registered("anna")
    await (await anna.dial("*45")).until(CallState.ENDED)
    assert agent(world, "anna").queues == {"support", "sales"}
    assert agent(world, "anna").status == "ready"


@behaviour(Setting(queues=QUEUES))
async def test_a_code_logs_out_of_all_queues(world: World) -> None:
    anna = await world.registered("anna")
    world.command(EnterQueues("anna", "", "api"))
    await (await anna.dial("*46")).until(CallState.ENDED)
    assert agent(world, "anna").queues == set()


@pytest.mark.row("C-24")
@behaviour(Setting(queues=QUEUES))
async def test_a_command_logs_in_to_and_out_of_a_single_queue(world: World) -> None:
    await world.registered("anna")
    world.command(EnterQueues("anna", "", "api"))
    world.command(LeaveQueues("anna", "sales", "api"))
    assert agent(world, "anna").queues == {"support"}
    world.command(EnterQueues("anna", "sales", "api"))
    assert agent(world, "anna").queues == {"support", "sales"}


@pytest.mark.parametrize(
    ("given", "error_id", "field"),
    [
        (ChooseStatus("nobody", "ready", "api"), "unknown-user", "user"),
        (ChooseStatus("boris", "redy", "api"), "unknown-status", "status"),
        (ChooseStatus("boris", "dnd", "api"), "unknown-status", "status"),
        (ChooseStatus("boris", "serving", "api"), "system-status", "status"),
        (ChooseStatus("vera", "ready", "api"), "not-logged-in", "user"),
        (EnterQueues("boris", "sales", "api"), "not-a-member", "queue"),
        (EnterQueues("boris", "none", "api"), "unknown-queue", "queue"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
@behaviour(Setting(queues=QUEUES))
async def test_a_command_that_fits_nothing_names_the_field_and_changes_nothing(
    world: World, given: ChooseStatus | EnterQueues, error_id: str, field: str
) -> None:
    await world.registered("boris")
    before = world.switch.brain.agents.values()
    with pytest.raises(CommandError) as refused:
        world.command(given)
    assert (refused.value.error_id, refused.value.field) == (error_id, field)
    assert world.switch.brain.agents.values() == before


async def talking(world: World) -> tuple[SimulatedPhone, SimulatedPhone]:
    anna, boris = await world.registered("anna"), await world.registered("boris")
    await anna.dial("102")
    (await boris.until_called()).answer()
    await anna.call.until(CallState.UP)
    return boris, await world.registered("vera")


@behaviour(Setting(users={"boris": {"call_waiting": False}}))
async def test_without_call_waiting_a_user_in_a_call_is_busy_and_the_phone_is_not_rung(world: World) -> None:
    boris, vera = await talking(world)
    call = await refused(vera, "102")
    assert (call.status, call.reasons) == (486, ['Q.850;cause=17;text="User busy"'])
    assert len(boris.calls) == 1
    await boris.call.hang_up()
    await vera.dial("102")
    await boris.until_called(times=2)
    await vera.call.hang_up()


@behaviour(Setting(users={"boris": {"call_waiting": True}}))
async def test_with_call_waiting_a_user_in_a_call_is_rung(world: World) -> None:
    boris, vera = await talking(world)
    await vera.dial("102")
    await boris.until_called(times=2)
    await vera.call.hang_up()
    await boris.calls[0].hang_up()
