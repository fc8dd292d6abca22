"""What supervisors are told unasked, by mail, by webhook and in the API, and that nothing of it is lost."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any, Final

import pytest

from softswitch.app.brain_settings import BrainSettings
from softswitch.app.queues_view import BrainQueues
from softswitch.directory.site import Number, Queue, Route, Trunk
from softswitch.queues.agents.inputs import EnterQueues
from softswitch.scenario.errands import ErrandOver
from softswitch.simulation.behaviour import behaviour
from softswitch.simulation.errands import Answer
from softswitch.simulation.phone import SimulatedPhone
from softswitch.simulation.phone_call import CallState
from softswitch.simulation.phone_core import Habits, Incoming
from softswitch.simulation.world import Setting, World

MAIL: Final = {
    "host": "mail.example.net", "port": 25, "tls": "none", "username": "", "password_env": "",
    "sender": "pbx@example.net",
}  # fmt: skip
HOOK: Final = "https://hooks.example.net/queue"


def setting(**more: Any) -> Setting:  # noqa: ANN401  # of any field of a queue
    queue = Queue("support", "700", ("boris",), sla_s=20.0, supervisors=("vera",), **more)
    return Setting(
        settings=BrainSettings(mail=MAIL),
        queues=(queue,),
        trunks=(Trunk("pstn", "192.0.2.99", 5060, "udp", any_port=True),),
        routes=(Route("pstn", "pstn", r"^\+?[0-9]{10,15}$"),),
        numbers=(Number("+74950000001", "queue", "support"),),
    )


async def customer(world: World, number: str = "+79160000001", port: int = 5060) -> SimulatedPhone:
    phone = world.phone(number, host="192.0.2.99", port=port)
    await phone.dial("+74950000001")
    await phone.call.until(CallState.UP)
    return phone


def told(world: World) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(each.kind, each.number, each.pending) for each in BrainQueues(world.switch.brain, world.clock).notices()]


@pytest.mark.row("C-35")
@behaviour(setting(notify_mail=("vera@example.net",), notify_webhook=HOOK))
async def test_a_lost_call_is_told_by_mail_by_webhook_and_in_the_api(world: World) -> None:
    world.switch.errands.answers = (Answer(HOOK),)
    caller = await customer(world)
    await asyncio.sleep(12)
    await caller.call.hang_up()
    await asyncio.sleep(2)
    assert told(world) == [("lost", "+79160000001", ())]
    (mail,) = world.switch.errands.mails.values()
    assert (mail["to"], mail["subject"]) == ("vera@example.net", "support: lost call of +79160000001")
    (notice,) = BrainQueues(world.switch.brain, world.clock).notices()
    assert notice.conversation_id
    assert f"softswitch why {notice.conversation_id}\n" in mail["text"]
    assert set(world.switch.errands.asked.values()) == {HOOK}
    hasty = await customer(world, "+79160000002", 5070)
    await hasty.call.hang_up()
    await asyncio.sleep(2)
    assert len(told(world)) == 1, "who hangs up at once is no lost call"


@pytest.mark.parametrize("away", [False, True])
@behaviour(setting(notify_mail=("vera@example.net",), callback_key="2", callback_tries=1, callback_expires_s=600.0))
async def test_a_callback_that_is_given_up_is_told(world: World, away: bool) -> None:
    caller = await customer(world)
    caller.habits = Habits(incoming=Incoming.BUSY)
    for key in ("2", "1"):
        world.switch.media.press(next(iter(world.switch.brain.calls.legs)), key)
        await asyncio.sleep(0.5)
    await caller.call.until(CallState.ENDED)
    await asyncio.sleep(30)
    assert not told(world)
    if away:
        await asyncio.sleep(600)  # no agent comes
    else:
        await world.registered("boris", habits=Habits(incoming=Incoming.ANSWER))
        world.command(EnterQueues("boris", "", "api"))
        await caller.until_called()
        await asyncio.sleep(10)
    assert [each for each in told(world) if each[0] != "sla"] == [("callback", "+79160000001", ())]
    (mail,) = [each for each in world.switch.errands.mails.values() if "called back" in each["subject"]]
    assert mail["subject"] == "support: +79160000001 was not called back"
    assert "Why: softswitch why " in mail["text"]


@pytest.mark.row("C-26")
@behaviour(setting(notify_mail=("vera@example.net",)))
async def test_who_waits_longer_than_the_service_level_is_told_once_in_a_while(world: World) -> None:
    caller = await customer(world)
    second = await customer(world, "+79160000002", 5070)
    await asyncio.sleep(19)
    assert not told(world)
    await asyncio.sleep(4)
    assert told(world) == [("sla", "+79160000001", ())], "one notice for a while, not one a caller"
    (mail,) = world.switch.errands.mails.values()
    assert mail["subject"] == "support: +79160000001 waits too long"
    await caller.call.hang_up()
    await second.call.hang_up()


@behaviour(setting(notify_mail=("vera@example.net",), notify_webhook=HOOK))
async def test_servers_of_mail_and_webhooks_that_are_down_delay_nothing_and_are_asked_again(world: World) -> None:
    world.switch.errands.mail_over = ErrandOver(False, "ConnectionRefusedError", {})
    world.switch.errands.answers = (Answer(HOOK, after_s=1e6),)  # it takes the request and never answers
    boris = await world.registered("boris", habits=Habits(incoming=Incoming.ANSWER))
    caller = await customer(world)
    await asyncio.sleep(12)
    await caller.call.hang_up()
    await asyncio.sleep(3)
    world.command(EnterQueues("boris", "", "api"))
    second = await customer(world, "+79160000002", 5070)
    await boris.until_called(limit_s=1)
    await second.call.hang_up()
    await asyncio.sleep(5)
    assert told(world) == [("lost", "+79160000001", ("mail:vera@example.net", "webhook"))]
    (notice,) = BrainQueues(world.switch.brain, world.clock).notices()
    assert notice.problems == {"mail:vera@example.net": "ConnectionRefusedError"}, "why it is pending"
    world.switch.errands.mail_over = ErrandOver(True, "done", {})
    world.switch.errands.answers = (Answer(HOOK),)
    await asyncio.sleep(200)
    assert told(world) == [("lost", "+79160000001", ())]
    (notice,) = BrainQueues(world.switch.brain, world.clock).notices()
    assert notice.problems == {}


@behaviour(replace(setting(notify_mail=("vera@example.net",)), settings=BrainSettings()))
async def test_a_mail_for_which_there_is_no_server_is_told_of_in_the_api(world: World) -> None:
    caller = await customer(world)
    await asyncio.sleep(12)
    await caller.call.hang_up()
    await asyncio.sleep(2)
    (notice,) = BrainQueues(world.switch.brain, world.clock).notices()
    assert (notice.kind, notice.pending) == ("lost", ())
    assert notice.problems == {"mail:vera@example.net": "no mail server: [mail] has no host"}


@behaviour(setting(notify_mail=("vera@example.net",)))
async def test_a_restart_tells_nobody_twice_of_a_long_wait(world: World) -> None:
    caller = await customer(world)
    second = await customer(world, "+79160000002", 5070)
    await asyncio.sleep(19.9)
    world.switch.refold()
    await asyncio.sleep(4)
    world.switch.refold()
    await asyncio.sleep(1)
    assert told(world) == [("sla", "+79160000001", ())]
    await caller.call.hang_up()
    await second.call.hang_up()
