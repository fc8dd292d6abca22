"""Call forwarding, set by codes and commands: always, when busy, unanswered, offline; and do-not-disturb."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Final

import pytest

from softswitch.core.errors import CommandError
from softswitch.directory.site import Group, Number, Route, Trunk
from softswitch.queues.agents.inputs import ClearForward, RefuseCalls, SetForward
from softswitch.queues.agents.state import Forward
from softswitch.queues.forwards.facts import ForwardTried
from softswitch.simulation.behaviour import behaviour
from softswitch.simulation.phone import SimulatedPhone
from softswitch.simulation.phone_call import Call, CallState
from softswitch.simulation.phone_core import Habits, Incoming
from softswitch.simulation.world import Setting, World

SITE: Final = Setting(
    groups=(Group("sales", "600", "ordered", 10, None, 1, (("vera", 1), ("gleb", 1))),),
    numbers=(Number("+74950000001", "user", "boris"),),
    trunks=(
        Trunk("pstn", "192.0.2.99", 5060, "udp", any_port=False),
        Trunk("out", "198.51.100.5", 5060, "udp", any_port=False),
    ),
    routes=(Route("out", "out", r"^\+?[0-9]{10,15}$"),),
)


def forward(world: World, user: str, kind: str, target: str, after_s: float = 20) -> None:
    world.command(SetForward(user, kind, target, after_s, "api"))


async def code(phone: SimulatedPhone, dialled: str) -> Call:
    call = await phone.dial(dialled)
    await call.until(CallState.ENDED)
    return call


async def end(phone: SimulatedPhone, number: str) -> tuple[int, list[str]]:
    call = await phone.dial(number)
    await call.until(CallState.ENDED, limit_s=200)
    return call.status, call.reasons


@behaviour(SITE)
async def test_always_is_set_and_lifted_by_code_and_the_phone_itself_does_not_ring(world: World) -> None:
    anna, boris, vera = [await world.registered(name) for name in ("anna", "boris", "vera")]
    assert CallState.UP in (await code(boris, "*72103")).history
    await anna.dial("102")
    (await vera.until_called()).answer()
    await anna.call.until(CallState.UP)
    await asyncio.sleep(1)
    assert (world.hears(anna), boris.calls[1:]) == ({"vera"}, [])
    await anna.call.hang_up()
    assert CallState.UP in (await code(boris, "*73")).history
    await asyncio.sleep(5)
    await anna.dial("102")
    await boris.until(lambda: not boris.call.outgoing, "the call")
    assert len(vera.calls) == 1
    await anna.call.hang_up()


@behaviour(SITE)
async def test_a_call_that_is_not_answered_goes_on_after_its_time_and_says_by_whom(world: World) -> None:
    anna, boris, vera = [await world.registered(name) for name in ("anna", "boris", "vera")]
    forward(world, "boris", "no_answer", "103", after_s=15)
    began_s = world.loop.time()
    await anna.dial("102")
    await boris.until_called()
    await vera.until_called()
    assert world.loop.time() - began_s == pytest.approx(15, abs=1)
    await boris.call.until(CallState.ENDED)
    exchange = vera.call.invite_exchange
    assert exchange is not None
    told = exchange.request.get("Diversion")
    assert told == "<sip:102@example.net>;reason=no-answer;counter=1"
    vera.call.answer()
    await anna.call.until(CallState.UP)
    await anna.call.hang_up()
    tried = [fact for fact in world.facts(ForwardTried) if isinstance(fact, ForwardTried)]
    assert [(fact.user, fact.hops, fact.reason) for fact in tried] == [
        ("boris", (), ""),
        ("vera", ("boris",), "no_answer"),
    ]


@pytest.mark.parametrize("why", ["phone", "do-not-disturb", "no call waiting"])
@behaviour(Setting(groups=SITE.groups, users={"boris": {"call_waiting": False}}))
async def test_a_user_who_is_busy_forwards_whoever_says_so(world: World, why: str) -> None:
    habits = Habits(incoming=Incoming.BUSY if why == "phone" else Incoming.RING)
    anna, vera, gleb = [await world.registered(name) for name in ("anna", "vera", "gleb")]
    boris = await world.registered("boris", habits=habits)
    forward(world, "boris", "busy", "103")
    if why == "do-not-disturb":
        await code(boris, "*78")
    elif why == "no call waiting":
        await boris.dial("104")
        (await gleb.until_called()).answer()
        await boris.call.until(CallState.UP)
    await anna.dial("102")
    (await vera.until_called(limit_s=3)).answer()
    await anna.call.until(CallState.UP)
    await anna.call.hang_up()
    if why == "no call waiting":
        await boris.call.hang_up()


@behaviour(SITE)
async def test_who_is_offline_forwards_to_a_number_outside_by_routes_of_their_own(world: World) -> None:
    carrier = world.phone("carrier", host="198.51.100.5")
    customer = world.phone("customer", host="192.0.2.99")
    forward(world, "boris", "offline", "+79161112233")
    await customer.dial("+74950000001")
    (await carrier.until_called()).answer()
    await customer.call.until(CallState.UP)
    await asyncio.sleep(1)
    assert world.hears(customer) == {"carrier"}
    await customer.call.hang_up()


@behaviour(SITE)
async def test_a_group_is_searched_in_its_own_mode_and_when_it_gives_up_the_caller_is_told(world: World) -> None:
    anna, vera, gleb = [await world.registered(name) for name in ("anna", "vera", "gleb")]
    forward(world, "boris", "always", "600")
    await anna.dial("102")
    await vera.until_called()
    assert not gleb.calls
    await gleb.until_called()
    await anna.call.until(CallState.ENDED)
    assert (anna.call.status, anna.call.reasons) == (480, ['Q.850;cause=19;text="No answer from user"'])
    await anna.dial("102")
    (await vera.until_called(times=2)).answer()
    await anna.call.until(CallState.UP)
    await anna.call.hang_up()


@behaviour(SITE)
async def test_forwards_in_a_circle_end_and_reach_neither_the_caller(world: World) -> None:
    anna, boris, vera = [await world.registered(name) for name in ("anna", "boris", "vera")]
    for user, target in (("boris", "103"), ("vera", "104"), ("gleb", "102")):
        forward(world, user, "always", target)
    refused = (482, ['Q.850;cause=25;text="Calls are forwarded in a circle"'])
    assert await end(anna, "102") == refused
    forward(world, "gleb", "always", "101")
    assert await end(anna, "102") == refused
    assert (len(anna.calls), boris.calls, vera.calls) == (2, [], [])


@behaviour(SITE)
async def test_do_not_disturb_refuses_on_top_of_the_status_until_it_is_lifted(world: World) -> None:
    anna, boris = await world.registered("anna"), await world.registered("boris")
    world.command(RefuseCalls("boris", True, "api"))
    assert await end(anna, "102") == (486, ['Q.850;cause=17;text="Do not disturb"'])
    assert not boris.calls
    await code(boris, "*79")
    await anna.dial("102")
    await boris.until(lambda: not boris.call.outgoing, "the call")
    await anna.call.hang_up()


@behaviour(SITE)
async def test_a_caller_who_gives_up_is_forwarded_nowhere(world: World) -> None:
    anna, boris, vera = [await world.registered(name) for name in ("anna", "boris", "vera")]
    forward(world, "boris", "no_answer", "103")
    await anna.dial("102")
    await boris.until_called()
    await anna.call.until(CallState.RINGING)
    await anna.call.hang_up()
    await asyncio.sleep(60)
    assert not vera.calls
    assert not world.switch.brain.forwards.calls


@behaviour(SITE)
async def test_forwards_and_do_not_disturb_are_in_a_snapshot_and_last_until_they_are_cleared(world: World) -> None:
    await world.registered("boris")
    forward(world, "boris", "busy", "103")
    world.command(RefuseCalls("boris", True, "api"))
    agents = world.switch.brain.agents
    copy = type(agents)()
    copy.restore(agents.values())
    assert copy.agents["boris"].forwards == {"busy": Forward("103", 20)}
    assert copy.agents["boris"].do_not_disturb
    world.command(ClearForward("boris", "busy", "api"))
    assert not agents.agents["boris"].forwards


@pytest.mark.parametrize(
    ("given", "error_id", "field"),
    [
        (SetForward("nobody", "busy", "101", 20, "api"), "unknown-user", "user"),
        (SetForward("boris", "sometimes", "101", 20, "api"), "unknown-kind", "kind"),
        (SetForward("boris", "busy", "102", 20, "api"), "forward-loop", "target"),
        (SetForward("boris", "busy", "999", 20, "api"), "unknown-target", "target"),
        (SetForward("boris", "no_answer", "101", 1, "api"), "bad-time", "after_s"),
        (ClearForward("boris", "sometimes", "api"), "unknown-kind", "kind"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
@behaviour(SITE)
async def test_a_forward_that_cannot_be_names_the_field_and_changes_nothing(
    world: World, given: SetForward | ClearForward, error_id: str, field: str
) -> None:
    await world.registered("boris")
    before = world.switch.brain.agents.values()
    with pytest.raises(CommandError) as refused:
        world.command(given)
    assert (refused.value.error_id, refused.value.field) == (error_id, field)
    assert world.switch.brain.agents.values() == before


NARROW: Final = replace(SITE, groups=(replace(SITE.groups[0], max_unanswered=1),))


@behaviour(NARROW)
async def test_a_call_that_was_forwarded_to_a_group_waits_there_and_is_picked_up_by_the_groups_number(
    world: World,
) -> None:
    anna, vera, desk, second = [
        await world.registered(user, name=name)
        for user, name in (("anna", ""), ("vera", ""), ("gleb", "desk"), ("anna", "second"))
    ]
    forward(world, "boris", "always", "600")
    call = await anna.dial("102")
    await vera.until_called()
    assert (await end(second, "600"))[0] == 486
    assert (await end(second, "102"))[0] == 480
    taken = await desk.dial("*8600")
    await taken.until(CallState.UP)
    await call.until(CallState.UP)
    await vera.call.until(CallState.ENDED)
    assert await call.hang_up() == 200
