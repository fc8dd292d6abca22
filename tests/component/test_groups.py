"""Groups: dial lists that ring now. Modes, members who cannot be rung, and what the caller is told."""

from __future__ import annotations

import asyncio
from typing import Final, TypeVar

import pytest

from softswitch.directory.site import Group, Number, Trunk
from softswitch.queues.agents.inputs import ChooseStatus
from softswitch.queues.groups.facts import GroupCalled, GroupGivenUp, GroupTried
from softswitch.simulation.behaviour import behaviour
from softswitch.simulation.phone import SimulatedPhone
from softswitch.simulation.phone_call import Call, CallState
from softswitch.simulation.phone_core import Habits, Incoming
from softswitch.simulation.world import Setting, World

ELSEWHERE: Final = 'SIP;cause=200;text="Call completed elsewhere"'
MEMBERS: Final = (("boris", 1), ("vera", 1), ("gleb", 1))


def group(mode: str, *, rounds: int = 1, most: int | None = None, ring_s: float = 20) -> Setting:
    return Setting(
        groups=(Group("sales", "600", mode, ring_s, most, rounds, MEMBERS),),
        numbers=(Number("+74950000001", "group", "sales"),),
        trunks=(Trunk("pstn", "192.0.2.99", 5060, "udp", any_port=False),),
    )


FactT = TypeVar("FactT")


def kept(world: World, kind: type[FactT]) -> list[FactT]:
    """Return the facts of one type."""
    return [fact for fact in world.facts(kind) if isinstance(fact, kind)]


async def ready(
    world: World, boris: Incoming = Incoming.RING, vera: Incoming = Incoming.RING, gleb: Incoming = Incoming.RING
) -> tuple[SimulatedPhone, SimulatedPhone, SimulatedPhone, SimulatedPhone]:
    return (
        await world.registered("anna"),
        await world.registered("boris", habits=Habits(incoming=boris)),
        await world.registered("vera", habits=Habits(incoming=vera)),
        await world.registered("gleb", habits=Habits(incoming=gleb)),
    )


async def over(call: Call, limit_s: float = 300) -> tuple[int, list[str]]:
    await call.until(CallState.ENDED, limit_s=limit_s)
    return call.status, call.reasons


@pytest.mark.row("V-35", "V-36")
@behaviour(group("simultaneous"))
async def test_all_ring_at_once_and_who_loses_shows_no_missed_call(world: World) -> None:
    anna, boris, vera, gleb = await ready(world)
    await anna.dial("600")
    for phone in (boris, vera, gleb):
        await phone.until_called()
    vera.call.answer()
    await anna.call.until(CallState.UP)
    for loser in (boris, gleb):
        await loser.call.until(CallState.ENDED)
        assert (loser.call.status, loser.call.reasons) == (487, [ELSEWHERE])
    await asyncio.sleep(1)
    assert world.hears(anna) == {"vera"}
    await anna.call.hang_up()


@behaviour(group("simultaneous"))
async def test_a_number_from_outside_reaches_a_group(world: World) -> None:
    _, boris, _, _ = await ready(world)
    customer = world.phone("customer", host="192.0.2.99")
    await customer.dial("+74950000001")
    (await boris.until_called()).answer()
    await customer.call.until(CallState.UP)
    await customer.call.hang_up()


@behaviour(group("simultaneous"))
async def test_two_answers_in_the_same_moment_give_one_call(world: World) -> None:
    anna, boris, vera, _ = await ready(world)
    await anna.dial("600")
    (await boris.until_called()).answer()
    (await vera.until_called()).answer()
    await anna.call.until(CallState.UP)
    await asyncio.sleep(5)
    assert sorted(phone.call.state.value for phone in (boris, vera)) == ["ended", "up"]
    await anna.call.hang_up()


@behaviour(group("simultaneous", rounds=2))
async def test_nobody_answers_in_any_round_and_the_caller_hears_so(world: World) -> None:
    anna, boris, _, _ = await ready(world)
    began_s = world.loop.time()
    status, reasons = await over(await anna.dial("600"))
    assert (status, reasons) == (480, ['Q.850;cause=19;text="No answer from user"'])
    assert world.loop.time() - began_s == pytest.approx(40, abs=1.5)
    assert len(boris.calls) == 2


@behaviour(group("simultaneous", rounds=3))
async def test_where_all_have_refused_they_are_not_asked_again(world: World) -> None:
    anna, boris, vera, gleb = await ready(world, Incoming.DECLINE, Incoming.DECLINE, Incoming.BUSY)
    status, _ = await over(await anna.dial("600"))
    assert status == 603
    assert [len(phone.calls) for phone in (boris, vera, gleb)] == [1, 1, 1]


@behaviour(group("simultaneous"))
async def test_one_who_declines_speaks_for_all_phones_of_theirs_and_for_nobody_else(world: World) -> None:
    anna, boris, vera, _ = await ready(world, boris=Incoming.SILENT)
    other = await world.registered("boris", name="other")
    await anna.dial("600")
    (await other.until_called()).decline()
    await boris.call.until(CallState.ENDED)
    (await vera.until_called()).answer()
    await anna.call.until(CallState.UP)
    await anna.call.hang_up()


@pytest.mark.row("V-37")
@behaviour(group("simultaneous", most=10, ring_s=60))
async def test_an_eleventh_unanswered_call_is_refused_until_one_is_answered(world: World) -> None:
    boris = await world.registered("boris")
    customer = world.phone("customer", host="192.0.2.99")
    await customer.dial("+74950000001")
    callers = [await world.registered("anna", name=f"anna {n}") for n in range(9)]
    for caller in callers:
        await caller.dial("600")
    await boris.until_called(times=10)
    refused = await world.registered("anna", name="eleventh")
    status, reasons = await over(await refused.dial("600"))
    assert (status, reasons) == (486, ['Q.850;cause=17;text="10 calls to the group wait for an answer"'])
    boris.calls[0].answer()
    await customer.call.until(CallState.UP)
    await boris.calls[0].hang_up()
    await asyncio.sleep(5)
    again = await refused.dial("600")
    await boris.until_called(times=11)
    await again.hang_up()
    for caller in callers:
        await caller.call.hang_up()


@pytest.mark.row("V-38", "V-39")
@behaviour(group("longest_idle_once"))
async def test_only_the_one_who_has_not_answered_for_the_longest_time_is_rung_and_then_it_ends(world: World) -> None:
    anna, boris, vera, gleb = await ready(world)
    for number, phone in (("104", gleb), ("102", boris)):
        await anna.dial(number)
        (await phone.until_called()).answer()
        await anna.call.until(CallState.UP)
        await anna.call.hang_up()
        await asyncio.sleep(5)
    status, _ = await over(await anna.dial("600"))
    assert status == 480
    assert [len(phone.calls) for phone in (boris, vera, gleb)] == [1, 1, 1]
    await anna.dial("103")
    (await vera.until_called(times=2)).answer()
    await anna.call.until(CallState.UP)
    await anna.call.hang_up()
    await asyncio.sleep(5)
    await anna.dial("600")
    await gleb.until_called(times=2)
    await anna.call.hang_up()


@behaviour(group("ordered", ring_s=15))
async def test_in_the_given_order_each_has_their_time_and_then_it_ends(world: World) -> None:
    anna, boris, vera, gleb = await ready(world)
    began_s = world.loop.time()
    await anna.dial("600")
    await boris.until_called()
    assert not vera.calls
    await vera.until_called()
    assert world.loop.time() - began_s == pytest.approx(15, abs=1)
    await boris.call.until(CallState.ENDED)
    assert boris.call.reasons == ['Q.850;cause=19;text="No answer from user"']
    status, _ = await over(anna.call)
    assert status == 480
    assert world.loop.time() - began_s == pytest.approx(45, abs=2)
    assert [len(phone.calls) for phone in (boris, vera, gleb)] == [1, 1, 1]


@behaviour(group("ordered"))
async def test_one_who_is_busy_or_declines_is_passed_at_once(world: World) -> None:
    anna, boris, vera, gleb = await ready(world, Incoming.BUSY, Incoming.DECLINE)
    await anna.dial("600")
    (await gleb.until_called(limit_s=3)).answer()
    await anna.call.until(CallState.UP)
    assert (boris.call.status, vera.call.status) == (486, 603)
    await anna.call.hang_up()


@pytest.mark.row("V-40", "V-41")
@behaviour(group("sequential_until_answer", rounds=3, ring_s=10))
async def test_one_after_the_other_and_again_from_the_top_at_most_three_times(world: World) -> None:
    anna, boris, vera, gleb = await ready(world)
    await vera.unregister()
    await anna.dial("600")
    await gleb.until_called()
    (await boris.until_called(times=2)).answer()
    await anna.call.until(CallState.UP)
    await anna.call.hang_up()
    await asyncio.sleep(5)
    status, _ = await over(await anna.dial("600"))
    assert status == 480
    assert (len(boris.calls), len(vera.calls), len(gleb.calls)) == (5, 0, 4)
    tried = kept(world, GroupTried)
    assert all(("vera", "offline") in fact.skipped for fact in tried if fact.users == ("gleb",))


@behaviour(group("sequential_until_answer", rounds=3))
async def test_members_whose_status_or_call_does_not_permit_are_passed_over(world: World) -> None:
    anna, boris, vera, gleb = await ready(world)
    world.command(ChooseStatus("boris", "unavailable", "api"))
    other = await world.registered("anna", name="other")
    await other.dial("103")
    (await vera.until_called()).answer()
    await other.call.until(CallState.UP)
    await anna.dial("600")
    await gleb.until_called(limit_s=3)
    assert not boris.calls
    assert len(vera.calls) == 1
    (tried,) = kept(world, GroupTried)
    assert tried == GroupTried(1, 3, ("gleb",), (("boris", "status"), ("vera", "busy")))
    await anna.call.hang_up()
    await other.call.hang_up()


@pytest.mark.row("M-9", "M-12")
@behaviour(
    Setting(
        groups=(Group("sales", "600", "simultaneous", 20, None, 1, MEMBERS),),
        users={name: {"preset": "mango"} for name in ("boris", "vera", "gleb")},
    )
)
async def test_in_break_and_in_outbound_calling_no_call_of_the_group_comes(world: World) -> None:
    anna, boris, vera, gleb = await ready(world)
    world.command(ChooseStatus("boris", "break", "api"))
    world.command(ChooseStatus("vera", "outbound", "api"))
    await anna.dial("600")
    await gleb.until_called()
    assert not boris.calls
    assert not vera.calls
    await anna.call.hang_up()


@pytest.mark.row("M-6")
@behaviour(
    Setting(
        groups=(Group("sales", "600", "simultaneous", 20, None, 1, MEMBERS),),
        users={"boris": {"preset": "mango"}, "vera": {"preset": "mango"}},
    )
)
async def test_on_line_and_all_calls_are_offered_the_groups_calls(world: World) -> None:
    anna, boris, vera, _ = await ready(world)
    world.command(ChooseStatus("vera", "all_calls", "api"))
    assert world.switch.brain.agents.agents["boris"].status == "on_line"
    await anna.dial("600")
    await boris.until_called()
    await vera.until_called()
    await anna.call.hang_up()


@behaviour(group("simultaneous"))
async def test_with_nobody_reachable_the_caller_is_told_at_once(world: World) -> None:
    anna = await world.registered("anna")
    status, reasons = await over(await anna.dial("600"), limit_s=3)
    assert (status, reasons) == (480, ['Q.850;cause=20;text="Nobody of the group can be reached"'])
    (given_up,) = kept(world, GroupGivenUp)
    assert given_up.skipped == (("boris", "offline"), ("vera", "offline"), ("gleb", "offline"))


@behaviour(group("ordered"))
async def test_a_member_who_calls_the_group_is_not_rung_by_it(world: World) -> None:
    _, boris, vera, _ = await ready(world)
    await boris.dial("600")
    await vera.until_called()
    assert len(boris.calls) == 1
    await boris.call.hang_up()
    await vera.call.until(CallState.ENDED)


@behaviour(group("ordered"))
async def test_a_caller_who_gives_up_stops_the_search(world: World) -> None:
    anna, boris, vera, _ = await ready(world)
    await anna.dial("600")
    await boris.until_called()
    await anna.call.until(CallState.RINGING)
    assert await anna.call.hang_up() == 487
    await boris.call.until(CallState.ENDED)
    await asyncio.sleep(60)
    assert not vera.calls
    assert not world.switch.brain.groups.state.calls


@behaviour(group("weighted_random", ring_s=10))
async def test_the_drawn_order_stands_in_the_fact_and_holds_for_the_whole_call(world: World) -> None:
    anna, *phones = await ready(world)
    status, _ = await over(await anna.dial("600"))
    assert status == 480
    (called,) = kept(world, GroupCalled)
    assert sorted(called.order) == ["boris", "gleb", "vera"]
    assert [fact.users for fact in kept(world, GroupTried)] == [(name,) for name in called.order]
    assert [len(phone.calls) for phone in phones] == [1, 1, 1]


TWO: Final = Setting(
    groups=(
        Group("sales", "600", "simultaneous", 20, None, 1, (("boris", 1), ("vera", 1))),
        Group("support", "601", "simultaneous", 20, None, 1, (("boris", 1), ("gleb", 1))),
    )
)


@pytest.mark.row("M-4")
@pytest.mark.parametrize(("extension", "other"), [("600", "vera"), ("601", "gleb")])
@behaviour(TWO)
async def test_one_employee_is_a_member_of_several_groups_and_rings_for_each(
    world: World, extension: str, other: str
) -> None:
    anna, boris, _, _ = await ready(world)
    await anna.dial(extension)
    await boris.until_called()
    await world.phones[other].until_called()
    rung = {name for name, phone in world.phones.items() if phone.calls}
    assert rung == {"anna", "boris", other}
    boris.call.answer()
    await anna.call.until(CallState.UP)
    await anna.call.hang_up()
