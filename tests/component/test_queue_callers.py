"""Callers who wait: what they are told, the callback that they ask for, and how it comes."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import pytest

from softswitch.directory.site import Number, Queue, Route, Trunk
from softswitch.queues.agents.inputs import EnterQueues
from softswitch.queues.router.facts import CallbackAsked, CallbackFailed, CallerMoved, QueueAnswered, QueueFinished
from softswitch.simulation.behaviour import behaviour
from softswitch.simulation.phone import SimulatedPhone
from softswitch.simulation.phone_call import CallState
from softswitch.simulation.phone_core import Habits, Incoming
from softswitch.simulation.world import Setting, World

CUSTOMER: Final = "+79160000001"


def setting(**more: Any) -> Setting:  # noqa: ANN401  # of any field of a queue
    members = more.pop("members", ("boris",))
    return Setting(
        queues=(Queue("support", "700", members, "priority", **more),),
        trunks=(Trunk("pstn", "192.0.2.99", 5060, "udp", any_port=True),),
        routes=(Route("pstn", "pstn", r"^\+?[0-9]{10,15}$"),),
        numbers=(Number("+74950000001", "queue", "support"),),
    )


async def customer(world: World, number: str = CUSTOMER, port: int = 5060) -> SimulatedPhone:
    phone = world.phone(number, host="192.0.2.99", port=port)
    await phone.dial("+74950000001")
    await phone.call.until(CallState.UP)
    return phone


async def agent(world: World, user: str, incoming: Incoming = Incoming.RING) -> SimulatedPhone:
    phone = await world.registered(user, habits=Habits(incoming=incoming))
    world.command(EnterQueues(user, "", "api"))
    return phone


def press(world: World, keys: str) -> None:
    leg = next(iter(world.switch.brain.calls.legs))
    for key in keys:
        world.switch.media.press(leg, key)


def phases(world: World) -> list[str]:
    return [fact.phase for fact in world.facts(CallerMoved) if isinstance(fact, CallerMoved)]


def heard(world: World) -> list[str]:
    """What the first caller hears now, as names of recordings."""
    leg = next(iter(world.switch.brain.calls.legs.values()))
    return [sound.rpartition("/")[2].removesuffix(".ogg") for sound in leg.sounds]


@behaviour(setting(announce_every_s=60.0, language="ru"))
async def test_a_caller_is_told_the_place_in_the_line_between_the_music(world: World) -> None:
    caller = await customer(world)
    assert heard(world) == ["music:"]
    await asyncio.sleep(59)
    assert heard(world) == ["music:"]
    await asyncio.sleep(1.5)
    assert "telling" in phases(world)
    await asyncio.sleep(30)
    assert heard(world) == ["music:"]
    await caller.call.hang_up()


@pytest.mark.row("C-31", "C-32", "C-37")
@behaviour(setting(callback_key="2"))
async def test_a_caller_who_presses_2_and_confirms_the_number_is_let_go_and_called_back_at_their_place(
    world: World,
) -> None:
    caller = await customer(world)
    later = await customer(world, "+79160000002", 5070)
    press(world, "2")
    await asyncio.sleep(0.5)
    assert phases(world)[-1] == "confirming"
    press(world, "1")
    await caller.call.until(CallState.ENDED)
    (asked,) = [fact for fact in world.facts(CallbackAsked) if isinstance(fact, CallbackAsked)]
    assert asked.number == CUSTOMER
    boris = await agent(world, "boris")
    rings = await boris.until_called()
    assert not later.call.over
    rings.answer()
    again = await caller.until_called()
    again.answer()
    await again.until(CallState.UP)
    await asyncio.sleep(1)
    assert world.hears(caller) == {"boris"}
    await again.hang_up()
    (await boris.until_called(times=2)).answer()
    await asyncio.sleep(2)
    answered = [fact.entry for fact in world.facts(QueueAnswered) if isinstance(fact, QueueAnswered)]
    assert answered == [1, 2], "the callback kept its place"
    await later.call.hang_up()
    await asyncio.sleep(1)
    assert len(world.facts(QueueFinished)) == 2


@pytest.mark.row("C-33")
@behaviour(setting(callback_key="2"))
async def test_another_number_is_typed_read_back_and_confirmed(world: World) -> None:
    caller = await customer(world)
    press(world, "2")
    await asyncio.sleep(0.2)
    press(world, "2")
    await asyncio.sleep(0.2)
    press(world, "89169998877#")
    await asyncio.sleep(0.2)
    assert phases(world)[-1] == "confirming"
    press(world, "1")
    await caller.call.until(CallState.ENDED)
    (asked,) = [fact for fact in world.facts(CallbackAsked) if isinstance(fact, CallbackAsked)]
    assert asked.number == "89169998877"


@pytest.mark.row("C-34")
@behaviour(setting(callback_key="2", callback_offer_s=60.0))
async def test_after_a_while_the_callback_is_offered_unasked_and_once(world: World) -> None:
    caller = await customer(world)
    await asyncio.sleep(59)
    assert "offering" not in phases(world)
    await asyncio.sleep(600)
    assert phases(world).count("offering") == 1
    await caller.call.hang_up()


@behaviour(setting(callback_key="2", callback_tries=2, callback_retry_s=120.0))
async def test_a_customer_who_does_not_answer_is_tried_again_later_and_then_given_up(world: World) -> None:
    caller = await customer(world)
    press(world, "2")
    await asyncio.sleep(0.2)
    press(world, "1")
    await caller.call.until(CallState.ENDED)
    caller.habits = Habits(incoming=Incoming.BUSY)
    boris = await agent(world, "boris", Incoming.ANSWER)
    await caller.until_called()
    await asyncio.sleep(5)
    (failed,) = [fact for fact in world.facts(CallbackFailed) if isinstance(fact, CallbackFailed)]
    assert (failed.tries, failed.user) == (1, "boris")
    assert len(boris.calls) == 1
    await caller.until_called(times=2, limit_s=200)
    await asyncio.sleep(200)
    assert not world.switch.brain.queues.state.entries
    assert len(boris.calls) == 2
    assert world.switch.brain.agents.agents["boris"].status == "ready"


@behaviour(setting(callback_key="2", ring_s=15.0, members=("boris", "vera")))
async def test_an_agent_who_does_not_answer_for_a_callback_is_blocked_and_the_next_is_rung(world: World) -> None:
    caller = await customer(world)
    press(world, "2")
    await asyncio.sleep(0.2)
    press(world, "1")
    await caller.call.until(CallState.ENDED)
    boris, vera = await agent(world, "boris"), await agent(world, "vera", Incoming.ANSWER)
    await boris.until_called()
    await asyncio.sleep(16)
    assert world.switch.brain.agents.agents["boris"].status == "blocked"
    await vera.until_called()
    (await caller.until_called()).answer()
    await asyncio.sleep(2)
    assert world.hears(caller) == {"vera"}
    await vera.call.hang_up()
