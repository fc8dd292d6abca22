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
        queues=(Queue("support", "700", members, more.pop("strategy", "priority"), **more),),
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


@behaviour(setting(callback_key="2"))
async def test_a_number_too_short_to_be_called_is_asked_for_again(world: World) -> None:
    caller = await customer(world)
    for keys in ("2", "2", "12#"):
        press(world, keys)
        await asyncio.sleep(0.2)
    assert phases(world)[-1] == "typing"
    press(world, "103#")
    await asyncio.sleep(0.2)
    press(world, "1")
    await caller.call.until(CallState.ENDED)
    (asked,) = [fact for fact in world.facts(CallbackAsked) if isinstance(fact, CallbackAsked)]
    assert asked.number == "103"


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


def first_customer(**more: Any) -> Setting:  # noqa: ANN401  # of any field of a queue
    return setting(callback_key="2", callback_first="customer", **more)


async def asked(world: World) -> SimulatedPhone:
    """A customer who has asked to be called back and was let go."""
    caller = await customer(world)
    press(world, "2")
    await asyncio.sleep(0.2)
    press(world, "1")
    await caller.call.until(CallState.ENDED)
    return caller


@pytest.mark.row("C-37")
@behaviour(first_customer())
async def test_where_the_customer_is_called_first_the_reserved_agent_rings_when_they_have_answered(
    world: World,
) -> None:
    caller = await asked(world)
    later = await customer(world, "+79160000002", 5070)
    boris = await agent(world, "boris")
    rings = await caller.until_called()
    await asyncio.sleep(10)
    assert not boris.calls, "the agent is rung for nobody who is not there"
    assert world.switch.brain.agents.agents["boris"].status == "ringing", "and is given nobody else meanwhile"
    assert rings.invite_exchange is not None
    rings.answer()
    await rings.until(CallState.UP)
    (await boris.until_called()).answer()
    await asyncio.sleep(2)
    assert world.hears(caller) == {"boris"}
    assert world.hears(boris) == {caller.name}
    await rings.hang_up()
    (await boris.until_called(times=2)).answer()
    await asyncio.sleep(2)
    answered = [fact.entry for fact in world.facts(QueueAnswered) if isinstance(fact, QueueAnswered)]
    assert answered == [1, 2], "the callback kept its place, and is done once"
    await later.call.hang_up()
    await asyncio.sleep(1)
    assert not world.switch.brain.queues.state.entries


@behaviour(first_customer(callback_tries=2, callback_retry_s=120.0))
async def test_a_customer_who_is_called_first_and_does_not_answer_blames_no_agent(world: World) -> None:
    caller = await asked(world)
    boris = await agent(world, "boris")
    await caller.until_called()
    await asyncio.sleep(50)
    assert not boris.calls
    assert world.switch.brain.agents.agents["boris"].status == "ready"
    await caller.until_called(times=2, limit_s=200)
    caller.call.decline()
    await asyncio.sleep(5)
    assert not world.switch.brain.queues.state.entries
    assert not boris.calls
    assert world.switch.brain.agents.agents["boris"].status == "ready"


@behaviour(first_customer(members=("boris", "vera"), retry_s=10.0))
async def test_a_customer_who_was_called_first_waits_with_music_when_the_agent_declines(world: World) -> None:
    caller = await asked(world)
    boris = await agent(world, "boris", Incoming.DECLINE)
    (await caller.until_called()).answer()
    await asyncio.sleep(3)
    assert len(boris.calls) == 1
    assert heard(world) == ["music:"]
    vera = await agent(world, "vera", Incoming.ANSWER)
    await vera.until_called()
    await asyncio.sleep(2)
    assert world.hears(caller) == {"vera"}
    await caller.call.hang_up()


@behaviour(setting(callback_key="2", members=("boris", "vera"), strategy="ring_all"))
async def test_where_all_ring_one_agent_calls_back_and_one_who_comes_later_does_not_do_it_again(world: World) -> None:
    caller = await asked(world)
    boris = await agent(world, "boris")
    await boris.until_called()
    vera = await agent(world, "vera")
    await asyncio.sleep(3)
    assert not vera.calls, "a callback is done once"
    boris.call.answer()
    (await caller.until_called()).answer()
    await asyncio.sleep(2)
    assert world.hears(caller) == {"boris"}
    assert len(caller.calls) == 2
    await caller.call.hang_up()


FILES: Final = ("/prompts/one.wav", "/prompts/two.wav")


@behaviour(setting(announce_every_s=30.0, announce_at_once=True, announce_wait=True, announce_files=FILES))
async def test_who_has_to_wait_is_told_at_once_and_hears_the_queues_own_files_in_turn(world: World) -> None:
    world.switch.media.lengths_s.update({f"file:{name}": 3.0 for name in FILES})
    caller = await customer(world)
    await asyncio.sleep(0.5)
    assert heard(world)[-1] == "one.wav"
    assert len(heard(world)) > 1, "the place in the line comes first"
    await asyncio.sleep(60)
    played = [sound for _, sounds in world.switch.media.played for sound in sounds if "/prompts/" in sound]
    assert list(dict.fromkeys(played)) == [f"file:{name}" for name in FILES]
    await caller.call.hang_up()
