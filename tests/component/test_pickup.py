"""Pickup by a dialled code: ``*8`` and a number, or ``*8`` alone; and its races, of which everyone has one winner."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from softswitch.calls import facts
from softswitch.directory.site import Group, Number, Trunk
from softswitch.simulation.behaviour import behaviour, run_once
from softswitch.simulation.death import Death
from softswitch.simulation.phone import SimulatedPhone
from softswitch.simulation.phone_call import CallState
from softswitch.simulation.phone_core import Habits, Incoming
from softswitch.simulation.world import Setting, World

ELSEWHERE: Final = 'SIP;cause=200;text="Call completed elsewhere"'
GROUPS: Final = Setting(
    groups=(
        Group("sales", "600", "simultaneous", 30, None, 1, (("boris", 1), ("vera", 1))),
        Group("service", "601", "ordered", 30, None, 1, (("boris", 1),)),
    ),
    numbers=(Number("+74950000001", "group", "sales"),),
    trunks=(Trunk("pstn", "192.0.2.99", 5060, "udp", any_port=False),),
)


async def phones(world: World, **habits: Incoming) -> Sequence[SimulatedPhone]:
    return [
        await world.registered(name, habits=Habits(incoming=habits.get(name, Incoming.RING)))
        for name in ("anna", "boris", "vera", "gleb")
    ]


async def refused(phone: SimulatedPhone, number: str) -> tuple[int, list[str]]:
    call = await phone.dial(number)
    await call.until(CallState.ENDED)
    return call.status, call.reasons


@pytest.mark.row("I-11")
@behaviour()
async def test_a_code_takes_the_call_that_rings_at_a_number_and_the_phone_there_shows_no_missed_call(
    world: World,
) -> None:
    anna, boris, vera, _ = await phones(world)
    await anna.dial("102")
    rings = await boris.until_called()
    await anna.call.until(CallState.RINGING)
    picked = await vera.dial("*8102")
    await picked.until(CallState.UP)
    await anna.call.until(CallState.UP)
    await rings.until(CallState.ENDED)
    assert (rings.status, rings.reasons) == (487, [ELSEWHERE])
    await asyncio.sleep(1)
    assert (world.hears(anna), world.hears(vera)) == ({"vera"}, {"anna"})
    assert len(world.facts(facts.ConversationStarted)) == 1
    await picked.hang_up()
    await anna.call.until(CallState.ENDED)


@behaviour()
async def test_where_one_of_two_phones_has_refused_the_call_of_the_other_is_taken(world: World) -> None:
    anna, boris, vera, _ = await phones(world, boris=Incoming.BUSY)
    mobile = await world.registered("boris", name="mobile")
    await anna.dial("102")
    await mobile.until_called()
    await boris.until(lambda: boris.call.over, "the refusal")
    await (await vera.dial("*8102")).until(CallState.UP)
    await mobile.call.until(CallState.ENDED)
    assert mobile.call.reasons == [ELSEWHERE]
    await anna.call.until(CallState.UP)
    await anna.call.hang_up()


@pytest.mark.parametrize("code", ["*8", "*8600", "*8103"])
@behaviour(GROUPS)
async def test_a_call_to_a_group_is_taken_by_its_number_by_a_members_and_by_the_bare_code(
    world: World, code: str
) -> None:
    anna, boris, vera, gleb = await phones(world)
    customer = world.phone("customer", host="192.0.2.99")
    await customer.dial("+74950000001")
    await boris.until_called()
    await vera.until_called()
    second = await world.registered("boris", name="second")
    await (await second.dial(code)).until(CallState.UP)
    for loser in (boris, vera):
        await loser.call.until(CallState.ENDED)
        assert loser.call.reasons == [ELSEWHERE]
    await customer.call.until(CallState.UP)
    await asyncio.sleep(1)
    assert world.hears(customer) == {"second"}
    assert not (anna.calls or gleb.calls)
    await customer.call.hang_up()


@behaviour(GROUPS)
async def test_the_bare_code_takes_the_call_that_has_waited_longest_of_the_users_own_groups(world: World) -> None:
    anna, boris, vera, gleb = await phones(world)
    await gleb.dial("601")
    await boris.until_called()
    await asyncio.sleep(2)
    await anna.dial("600")
    await vera.until_called()
    await (await vera.dial("*8")).until(CallState.UP)
    await anna.call.until(CallState.UP)
    assert gleb.call.state is CallState.RINGING
    await anna.call.hang_up()
    await gleb.call.hang_up()


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("*8102", "No call rings at 102"),
        ("*8999", "No call rings at 999"),
        ("*8", "No call rings at a group of yours"),
    ],
)
@behaviour(GROUPS)
async def test_where_nothing_rings_the_user_is_told_so(world: World, code: str, reason: str) -> None:
    _, _, vera, _ = await phones(world)
    assert await refused(vera, code) == (404, [f'Q.850;cause=1;text="{reason}"'])


@behaviour(GROUPS)
async def test_a_call_that_is_answered_and_one_of_ones_own_are_not_picked_up(world: World) -> None:
    anna, boris, vera, gleb = await phones(world)
    await anna.dial("102")
    (await boris.until_called()).answer()
    await anna.call.until(CallState.UP)
    assert (await refused(vera, "*8102"))[0] == 404
    await vera.dial("104")
    await gleb.until_called()
    other = await world.registered("vera", name="other")
    assert (await refused(other, "*8104"))[0] == 404
    assert world.hears(anna) == {"boris"}
    await anna.call.hang_up()
    await vera.call.hang_up()


@behaviour()
async def test_of_two_who_pick_up_one_has_the_call(world: World) -> None:
    anna, boris, vera, gleb = await phones(world)
    await anna.dial("102")
    await boris.until_called()
    calls = [await vera.dial("*8102"), await gleb.dial("*8102")]
    await asyncio.sleep(5)
    assert [call.state for call in calls].count(CallState.UP) == 1
    (loser,) = (call for call in calls if call.over)
    assert loser.status in {404, 487}
    await anna.call.hang_up()


MOMENTS: Final = st.integers(0, 60)


@settings(max_examples=25, deadline=None)
@given(
    first=st.sampled_from(["answer", "decline", "nothing"]),
    acts_ms=MOMENTS,
    picks_ms=MOMENTS,
    gives_up_ms=st.none() | MOMENTS,
    refold_at=st.none() | st.integers(10, 26),
    lose_effects=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_a_pickup_that_races_with_an_answer_a_refusal_and_the_callers_hang_up_leaves_one_winner_and_no_orphan(
    first: str,
    acts_ms: int,
    picks_ms: int,
    gives_up_ms: int | None,
    refold_at: int | None,
    lose_effects: bool,
    seed: int,
) -> None:
    async def script(world: World) -> None:
        anna, boris, vera, _ = await phones(world)
        await anna.dial("102")
        await boris.until_called()
        await anna.call.until(CallState.RINGING)

        async def act() -> None:
            await asyncio.sleep(acts_ms / 1000)
            if not boris.call.over and first != "nothing":
                boris.call.answer() if first == "answer" else boris.call.decline()

        async def pick() -> None:
            await asyncio.sleep(picks_ms / 1000)
            await vera.dial("*8102")

        async def give_up() -> None:
            if gives_up_ms is not None:
                await asyncio.sleep(gives_up_ms / 1000)
                await anna.call.hang_up()

        await asyncio.gather(act(), pick(), give_up())
        await asyncio.sleep(40)
        up = [phone.name for phone in (boris, vera) if phone.call.state is CallState.UP]
        assert len(up) == (1 if anna.call.state is CallState.UP else 0)
        assert world.hears(anna) == set(up)
        assert up or gives_up_ms is not None or first == "decline"
        if vera.name not in up and gives_up_ms is None:
            assert vera.call.status in {404, 481, 487}
        assert world.switch.brain.breaches() == []

    deaths = [] if refold_at is None else [Death(refold_at, lets_out=0 if lose_effects else None)]
    outcome = run_once(script, Setting(), seed, deaths)
    if outcome.failure is not None and not outcome.in_exchange:
        raise outcome.failure
