"""Short messages between users (RFC 3428): delivered at once, or when the recipient registers; none is lost."""

from __future__ import annotations

import asyncio

import pytest

from softswitch.directory.messages import MessageDelivered, MessageFailed
from softswitch.simulation.behaviour import behaviour
from softswitch.simulation.world import World


@behaviour()
async def test_a_message_reaches_all_phones_of_a_user(world: World) -> None:
    anna, boris = await world.registered("anna"), await world.registered("boris")
    mobile = await world.registered("boris", name="mobile")
    assert await anna.say("102", "Привет") == 202
    for phone in (boris, mobile):
        await phone.until(lambda phone=phone: phone.messages == [("101", "Привет")], "the message")  # type: ignore[misc]
    await asyncio.sleep(1)
    assert len(world.facts(MessageDelivered)) == 1
    assert not len(world.switch.brain.services.messages._state)


@behaviour()
async def test_messages_to_somebody_who_is_not_there_come_in_order_when_they_register(world: World) -> None:
    anna = await world.registered("anna")
    for text in ("one", "two", "three"):
        assert await anna.say("102", text) == 202
    boris = await world.registered("boris")
    await boris.until(lambda: len(boris.messages) == 3, "the messages")
    assert [text for _, text in boris.messages] == ["one", "two", "three"]
    await asyncio.sleep(1)
    assert len(world.facts(MessageDelivered)) == 3


@behaviour()
async def test_a_phone_that_does_not_answer_gets_it_the_next_time_it_registers(world: World) -> None:
    anna, boris = await world.registered("anna"), await world.registered("boris")
    boris.unplug()
    assert await anna.say("102", "later") == 202
    await asyncio.sleep(40)
    boris.reboot(port=5071)
    assert await boris.register() == 200
    await boris.until(lambda: boris.messages == [("101", "later")], "the message")


@behaviour()
async def test_a_phone_that_takes_no_messages_ends_the_matter(world: World) -> None:
    anna, boris = await world.registered("anna"), await world.registered("boris")
    boris.message_status = 405
    assert await anna.say("102", "in vain") == 202
    await asyncio.sleep(2)
    (failed,) = world.facts(MessageFailed)
    assert failed.status == 405  # type: ignore[attr-defined]


@pytest.mark.parametrize(("number", "text", "status"), [("999", "x", 404), ("102", "", 400), ("102", "x" * 9000, 413)])
@behaviour()
async def test_what_cannot_be_delivered_is_refused(world: World, number: str, text: str, status: int) -> None:
    anna = await world.registered("anna")
    assert await anna.say(number, text) == status
    assert await world.phone("mallory").say("101", "x") == 401
