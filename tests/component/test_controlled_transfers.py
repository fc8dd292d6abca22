"""Transfers by command: at once, or after a consultation; and what becomes of them when somebody leaves."""

from __future__ import annotations

import asyncio
from operator import methodcaller

import pytest

from softswitch.calls import facts
from softswitch.calls.control_facts import ConsultationEnded
from softswitch.core.errors import CommandError
from softswitch.directory.site import Group
from softswitch.simulation.behaviour import behaviour
from softswitch.simulation.phone import SimulatedPhone
from softswitch.simulation.phone_call import Call, CallState
from softswitch.simulation.phone_core import Habits, Incoming
from softswitch.simulation.world import Setting, World
from tests.component.controlled import HEADSET, MUSIC, leg, phones, sounds_of, talk

GROUPS = Setting(groups=(Group("sales", "600", "ordered", 20, None, 1, (("gleb", 1), ("vera", 1))),))


async def asking(world: World, operator: str = "boris", **habits: Habits) -> tuple[SimulatedPhone, ...]:
    """Let the operator ask vera while the other one waits; return anna, boris and vera."""
    found = await phones(world, "anna", "boris", "vera", **habits)
    await talk(world, "anna", "boris", "102")
    world.order(lambda lines: lines.consult(leg(world, operator), "103"))
    return tuple(found)


async def advised(world: World, operator: str = "boris") -> tuple[SimulatedPhone, ...]:
    """Let vera answer as well."""
    anna, boris, vera = await asking(world, operator)
    (await vera.until_called()).answer()
    await vera.until(lambda: vera.call.acknowledged, "the ACK")
    await asyncio.sleep(1)
    return anna, boris, vera


def outcome(world: World) -> list[str]:
    return [fact.outcome for fact in world.facts(ConsultationEnded) if isinstance(fact, ConsultationEnded)]


async def all_over(world: World, *calls: Call) -> None:
    for call in calls:
        await call.until(CallState.ENDED)
    await asyncio.sleep(1)
    assert world.switch.brain.breaches() == []


# At once


@pytest.mark.row("I-8", "V-32")
@pytest.mark.parametrize("operator", ["anna", "boris"])
@behaviour()
async def test_a_transfer_at_once_lets_the_operator_go_and_the_target_ring(world: World, operator: str) -> None:
    anna, boris, vera = await phones(world, "anna", "boris", "vera")
    await talk(world, "anna", "boris", "102")
    party = boris if operator == "anna" else anna
    world.order(lambda lines: lines.transfer(leg(world, operator), "103"))
    there = await vera.until_called()
    await world.phones[operator].call.until(CallState.ENDED)
    assert sounds_of(world, party.call) == ("tone:ringback",)
    number = "102" if operator == "anna" else "101"
    assert f"sip:{number}@example.net" in there.asked("From")
    assert there.asked("Referred-By") == f"<sip:{'101' if operator == 'anna' else '102'}@example.net>"
    there.answer()
    await asyncio.sleep(1)
    assert (world.hears(party), world.hears(vera)) == ({"vera"}, {party.name})
    assert len(world.facts(facts.ConversationStarted)) == 1
    await party.call.hang_up()
    await all_over(world, there)


@pytest.mark.row("V-47")
@pytest.mark.parametrize("habit", [Incoming.DECLINE, Incoming.BUSY, Incoming.RING])
@behaviour()
async def test_a_transfer_at_once_does_not_come_back(world: World, habit: Incoming) -> None:
    anna, boris, vera = await phones(world, "anna", "boris", "vera", vera=Habits(incoming=habit))
    await talk(world, "anna", "boris", "102")
    world.order(lambda lines: lines.transfer(leg(world, "boris"), "103"))
    await vera.until_called()
    await anna.call.until(CallState.ENDED, limit_s=100)
    assert len(boris.calls) == 1
    await all_over(world, boris.call, vera.call)


@pytest.mark.row("V-30")
@pytest.mark.parametrize(("number", "status"), [("104", 409), ("999", 404), ("*99", 409)])
@behaviour()
async def test_a_target_that_cannot_be_reached_is_refused_at_once_and_the_talk_goes_on(
    world: World, number: str, status: int
) -> None:
    anna, boris, _ = await phones(world, "anna", "boris", "vera")
    await talk(world, "anna", "boris", "102")
    before = len(world.switch.journal.records())
    for command in ("transfer", "consult"):
        with pytest.raises(CommandError) as refused:
            world.order(methodcaller(command, leg(world, "boris"), number))
        assert (refused.value.status, refused.value.field) == (status, "number")
    assert len(world.switch.journal.records()) == before
    assert (world.hears(anna), world.hears(boris)) == ({"boris"}, {"anna"})
    await anna.call.hang_up()


@pytest.mark.row("V-13", "V-34")
@behaviour(GROUPS)
async def test_a_transfer_to_a_group_rings_it_by_its_own_rules(world: World) -> None:
    anna, _boris, vera, gleb = await phones(world, "anna", "boris", "vera", "gleb", gleb=Habits(incoming=Incoming.BUSY))
    own, _ = await talk(world, "anna", "boris", "102")
    world.order(lambda lines: lines.transfer(leg(world, "boris"), "600"))
    await gleb.until_called()
    (await vera.until_called()).answer()
    await asyncio.sleep(1)
    assert (world.hears(anna), world.hears(vera)) == ({"vera"}, {"anna"})
    await own.hang_up()
    await all_over(world, vera.call)


@behaviour(GROUPS)
async def test_a_phone_transfers_to_a_group_by_its_own_key(world: World) -> None:
    anna, boris, vera, _ = await phones(world, "anna", "boris", "vera", "gleb", gleb=Habits(incoming=Incoming.DECLINE))
    own, there = await talk(world, "anna", "boris", "102")
    assert await there.refer("600") == 202
    await boris.call.until(CallState.ENDED)
    (await vera.until_called()).answer()
    await asyncio.sleep(1)
    assert (world.hears(anna), world.hears(vera)) == ({"vera"}, {"anna"})
    await own.hang_up()
    await all_over(world, vera.call)


@behaviour(GROUPS)
async def test_a_group_that_nobody_answers_for_ends_the_transferred_call(world: World) -> None:
    anna, _, _ = await phones(world, "anna", "boris", "gleb", gleb=Habits(incoming=Incoming.DECLINE))
    await talk(world, "anna", "boris", "102")
    world.order(lambda lines: lines.transfer(leg(world, "boris"), "600"))
    await all_over(world, anna.call)


# With a consultation


@pytest.mark.row("I-9", "I-10", "I-24")
@pytest.mark.parametrize("operator", ["anna", "boris"])
@behaviour()
async def test_a_consultation_joins_nothing_before_it_is_confirmed(world: World, operator: str) -> None:
    anna, boris, vera = await advised(world, operator)
    party = boris if operator == "anna" else anna
    assert (world.hears(world.phones[operator]), world.hears(vera)) == ({"vera"}, {operator})
    assert (world.hears(party), sounds_of(world, party.call)) == (set(), MUSIC)
    world.order(lambda lines: lines.confirm(leg(world, operator)))
    await world.phones[operator].call.until(CallState.ENDED)
    await asyncio.sleep(1)
    assert (world.hears(party), world.hears(vera)) == ({"vera"}, {party.name})
    assert sounds_of(world, party.call) == ()
    assert outcome(world) == ["confirmed"]
    started = world.facts(facts.SegmentStarted)
    assert [fact.segment for fact in started if isinstance(fact, facts.SegmentStarted)] == [1, 2, 3]
    await party.call.hang_up()
    await all_over(world, vera.call)


@behaviour()
async def test_the_operator_turns_from_one_to_the_other_and_back(world: World) -> None:
    anna, boris, vera = await advised(world)
    for talks, waits in ((anna, vera), (vera, anna), (anna, vera)):
        world.order(lambda lines: lines.toggle(leg(world, "boris")))
        await asyncio.sleep(1)
        assert (world.hears(boris), world.hears(talks), world.hears(waits)) == ({talks.name}, {"boris"}, set())
        assert (sounds_of(world, talks.call), sounds_of(world, waits.call)) == ((), MUSIC)
    world.order(lambda lines: lines.confirm(leg(world, "boris")))
    await boris.call.until(CallState.ENDED)
    await asyncio.sleep(1)
    assert (world.hears(anna), world.hears(vera)) == ({"vera"}, {"anna"})
    assert sounds_of(world, vera.call) == ()
    await vera.call.hang_up()
    await all_over(world, anna.call)


@pytest.mark.parametrize("when", ["rings", "talks", "waits"])
@behaviour()
async def test_a_cancelled_consultation_gives_the_caller_back(world: World, when: str) -> None:
    anna, boris, vera = await (asking if when == "rings" else advised)(world)
    if when == "waits":
        world.order(lambda lines: lines.toggle(leg(world, "boris")))
    await vera.until_called()
    world.order(lambda lines: lines.cancel(leg(world, "boris")))
    await vera.call.until(CallState.ENDED)
    await asyncio.sleep(1)
    assert (world.hears(anna), world.hears(boris)) == ({"boris"}, {"anna"})
    assert (sounds_of(world, anna.call), sounds_of(world, boris.call)) == ((), ())
    assert outcome(world) == ["cancelled"]
    await anna.call.hang_up()
    await all_over(world, boris.call)


@pytest.mark.row("V-46")
@pytest.mark.parametrize(
    ("habit", "word"), [(Incoming.BUSY, "busy"), (Incoming.DECLINE, "declined"), (Incoming.RING, "no-answer")]
)
@behaviour()
async def test_a_target_that_does_not_come_leaves_the_caller_with_the_operator_who_may_try_again(
    world: World, habit: Incoming, word: str
) -> None:
    anna, boris, vera = await asking(world, vera=Habits(incoming=habit))
    gleb = await world.registered("gleb")
    await vera.until_called()
    await vera.call.until(CallState.ENDED, limit_s=100)
    await asyncio.sleep(1)
    assert (world.hears(anna), world.hears(boris)) == ({"boris"}, {"anna"})
    assert outcome(world) == [word]
    world.order(lambda lines: lines.consult(leg(world, "boris"), "104"))
    (await gleb.until_called()).answer()
    await asyncio.sleep(1)
    world.order(lambda lines: lines.confirm(leg(world, "boris")))
    await asyncio.sleep(1)
    assert (world.hears(anna), world.hears(gleb)) == ({"gleb"}, {"anna"})
    await anna.call.hang_up()
    await all_over(world, boris.call, gleb.call)


@pytest.mark.parametrize("toggled", [False, True])
@behaviour()
async def test_a_target_that_hangs_up_gives_the_caller_back(world: World, toggled: bool) -> None:
    anna, boris, vera = await advised(world)
    if toggled:
        world.order(lambda lines: lines.toggle(leg(world, "boris")))
    await vera.call.hang_up()
    await asyncio.sleep(1)
    assert (world.hears(anna), world.hears(boris)) == ({"boris"}, {"anna"})
    assert outcome(world) == ["target-gone"]
    await boris.call.hang_up()
    await all_over(world, anna.call)


@pytest.mark.parametrize("when", ["rings", "talks", "waits"])
@behaviour()
async def test_a_caller_who_hangs_up_leaves_the_operator_with_the_target_and_nothing_to_confirm(
    world: World, when: str
) -> None:
    anna, boris, vera = await (asking if when == "rings" else advised)(world)
    if when == "waits":
        world.order(lambda lines: lines.toggle(leg(world, "boris")))
    await vera.until_called()
    await anna.call.hang_up()
    await asyncio.sleep(1)
    for command in ("confirm", "cancel", "toggle"):
        with pytest.raises(CommandError) as refused:
            world.order(methodcaller(command, leg(world, "boris")))
        assert refused.value.error_id == "no-consultation"
    if when == "rings":
        vera.call.answer()
        await asyncio.sleep(1)
    assert (world.hears(boris), world.hears(vera)) == ({"vera"}, {"boris"})
    assert outcome(world) == ["caller-gone"]
    await vera.call.hang_up()
    await all_over(world, boris.call)


@pytest.mark.parametrize("when", ["rings", "talks"])
@behaviour()
async def test_an_operator_who_hangs_up_while_asking_is_rung_for_the_caller(world: World, when: str) -> None:
    anna, boris, vera = await (asking if when == "rings" else advised)(world)
    await vera.until_called()
    await boris.call.hang_up()
    again = await boris.until_called(times=2)
    await vera.call.until(CallState.ENDED)
    assert sounds_of(world, anna.call) == MUSIC
    again.answer()
    await asyncio.sleep(1)
    assert (world.hears(anna), world.hears(boris)) == ({"boris"}, {"anna"})
    assert outcome(world) == ["asker-gone"]
    await anna.call.hang_up()
    await all_over(world, again)


@behaviour()
async def test_an_operator_who_has_turned_back_to_the_caller_and_hangs_up_ends_it_for_all(world: World) -> None:
    anna, boris, vera = await advised(world)
    world.order(lambda lines: lines.toggle(leg(world, "boris")))
    await boris.call.hang_up()
    await all_over(world, anna.call, vera.call)
    assert len(boris.calls) == 1


@behaviour()
async def test_a_consultation_confirmed_while_the_target_rings_lets_it_ring_on_for_the_caller(world: World) -> None:
    anna, boris, vera = await asking(world)
    there = await vera.until_called()
    world.order(lambda lines: lines.confirm(leg(world, "boris")))
    await boris.call.until(CallState.ENDED)
    assert there.state is CallState.RINGING
    assert sounds_of(world, anna.call) == ("tone:ringback",)
    there.answer()
    await asyncio.sleep(1)
    assert (world.hears(anna), world.hears(vera)) == ({"vera"}, {"anna"})
    assert outcome(world) == ["confirmed-early"]
    await there.hang_up()
    await all_over(world, anna.call)


@behaviour(GROUPS)
async def test_a_group_is_transferred_to_and_not_asked(world: World) -> None:
    anna, boris, _ = await phones(world, "anna", "boris", "vera")
    await talk(world, "anna", "boris", "102")
    with pytest.raises(CommandError) as refused:
        world.order(lambda lines: lines.consult(leg(world, "boris"), "600"))
    assert (refused.value.error_id, refused.value.field) == ("blind-only", "number")
    assert world.hears(boris) == {"anna"}
    await anna.call.hang_up()


@behaviour()
async def test_the_parties_of_two_calls_of_one_user_are_brought_together(world: World) -> None:
    anna, boris, vera = await phones(world, "anna", "boris", "vera", boris=HEADSET)
    own, _ = await talk(world, "anna", "boris", "102")
    first = leg(world, "boris")
    world.order(lambda lines: lines.hold(first))
    world.order(lambda lines: lines.dial("boris", "103"))
    (await vera.until_called()).answer()
    await asyncio.sleep(1)
    second = leg(world, "boris")
    world.order(lambda lines: lines.confirm(first, second))
    await asyncio.sleep(1)
    assert all(call.over for call in boris.calls)
    assert (world.hears(anna), world.hears(vera)) == ({"vera"}, {"anna"})
    assert len(world.switch.brain.calls.conversations) == 1
    await own.hang_up()
    await all_over(world, vera.call)
