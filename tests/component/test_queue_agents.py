"""Agents of queues: what they hear before the caller, what follows their own calls, and what supervisors may do."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import pytest

from softswitch.app.queues_view import BrainQueues
from softswitch.core.errors import CommandError
from softswitch.directory.site import Group, Number, Queue, Trunk
from softswitch.queues.agents.inputs import EnterQueues
from softswitch.simulation.behaviour import behaviour
from softswitch.simulation.phone import SimulatedPhone
from softswitch.simulation.phone_call import CallState
from softswitch.simulation.phone_core import Habits, Incoming
from softswitch.simulation.world import Setting, World
from tests.component.test_conferences import leg_of, up

PSTN: Final = (Trunk("pstn", "192.0.2.99", 5060, "udp", any_port=True),)
NAME: Final = "/prompts/support.wav"


def setting(*queues: Queue, **more: Any) -> Setting:  # noqa: ANN401  # of any field
    numbers = tuple(Number(f"+7495000000{n}", "queue", queue.name) for n, queue in enumerate(queues, start=1))
    return Setting(queues=queues, trunks=PSTN, numbers=numbers, **more)


async def customer(world: World, dialled: str = "+74950000001") -> SimulatedPhone:
    phone = world.phone(f"7916000000{len(world.phones)}", host="192.0.2.99", port=5060 + len(world.phones))
    await phone.dial(dialled)
    await phone.call.until(CallState.UP)
    return phone


async def agent(world: World, user: str, incoming: Incoming = Incoming.ANSWER) -> SimulatedPhone:
    phone = await world.registered(user, habits=Habits(incoming=incoming))
    world.command(EnterQueues(user, "", "api"))
    return phone


def status(world: World, user: str) -> str:
    return world.switch.brain.agents.agents[user].status


@behaviour(setting(Queue("support", "700", ("boris",), agent_beep=True, agent_file=NAME)))
async def test_an_agent_who_answers_hears_a_beep_and_the_queues_name_and_then_the_caller(world: World) -> None:
    world.switch.media.lengths_s[f"file:{NAME}"] = 2.0
    boris = await agent(world, "boris")
    caller = await customer(world)
    await boris.call.until(CallState.UP)
    await asyncio.sleep(1)
    (leg,) = [each for each in world.switch.brain.calls.legs.values() if each.user == "boris"]
    assert list(leg.sounds) == ["tone:beep", f"file:{NAME}"]
    assert world.hears(caller) == {"boris"}
    await asyncio.sleep(4)
    assert list(leg.sounds) == []
    assert world.hears(boris) == {caller.name}
    await caller.call.hang_up()


@pytest.mark.row("M-24")
@pytest.mark.parametrize("every", [False, True])
@behaviour(
    Setting(
        users={"boris": {"preset": "mango"}, "vera": {"preset": "mango"}},
        groups=(
            Group("desk", "600", "simultaneous", 20, None, 1, (("boris", 1),), wrap_up_s=20.0),
            Group("line", "601", "simultaneous", 20, None, 1, (("vera", 1),), wrap_up_s=20.0, wrap_up_every=True),
        ),
    )
)
async def test_wrap_up_follows_direct_and_own_calls_only_where_a_list_wants_it_after_every_call(
    world: World, every: bool
) -> None:
    name, extension = ("vera", "103") if every else ("boris", "102")
    phone = await world.registered(name, habits=Habits(incoming=Incoming.ANSWER))
    anna = await world.registered("anna", habits=Habits(incoming=Incoming.ANSWER))
    await up(await anna.dial(extension))
    await anna.call.hang_up()
    await asyncio.sleep(1)
    assert status(world, name) == ("break" if every else "on_line")
    await asyncio.sleep(25)
    assert status(world, name) == "on_line"
    await up(await phone.dial("101"))
    await phone.call.hang_up()
    await asyncio.sleep(1)
    assert status(world, name) == ("break" if every else "on_line")
    await asyncio.sleep(25)
    await phone.dial("*99")
    await phone.call.until(CallState.UP)
    await phone.call.hang_up()
    await asyncio.sleep(1)
    assert status(world, name) == "on_line", "who heard himself talked with nobody"


@behaviour(setting(Queue("support", "700", ("boris",), wrap_up_s=30.0)))
async def test_the_estimate_counts_talk_and_wrap_up(world: World) -> None:
    boris = await agent(world, "boris")
    first = await customer(world)
    await boris.call.until(CallState.UP)
    await asyncio.sleep(60)
    await first.call.hang_up()
    await asyncio.sleep(40)
    second, third = await customer(world), await customer(world)
    await asyncio.sleep(5)
    seen = BrainQueues(world.switch.brain, world.clock).queue("support")
    assert seen.mean_talk_s == pytest.approx(60, abs=3)
    assert seen.mean_handling_s == pytest.approx(90, abs=3)
    (waits,) = [each for each in seen.waiting_entries if each.position == 1]
    assert waits.estimated_wait_s == pytest.approx(90, abs=3)
    await second.call.hang_up()
    await third.call.hang_up()


def supervise(world: World, of: SimulatedPhone, mode: str) -> None:
    brain, leg = world.switch.brain, leg_of(world, of.call)
    world.switch.in_turn(lambda: brain.command(lambda: brain.supervision.supervise("vera", leg, mode)))


def refused(world: World, of: SimulatedPhone, mode: str) -> CommandError:
    with pytest.raises(CommandError) as found:
        supervise(world, of, mode)
    return found.value


@pytest.mark.row("C-20")
@behaviour(
    setting(
        Queue("support", "700", ("boris",), supervisors=("vera",), supervision=("listen", "whisper")),
        Queue("sales", "701", ("boris",)),
    )
)
async def test_each_queue_says_what_its_supervisors_may_do_and_only_in_its_own_calls(world: World) -> None:
    boris, vera = await agent(world, "boris"), await world.registered("vera", habits=Habits(incoming=Incoming.ANSWER))
    caller = await customer(world)
    await boris.call.until(CallState.UP)
    await asyncio.sleep(1)
    assert refused(world, boris, "barge").field == "mode"
    supervise(world, boris, "listen")
    await up(await vera.until_called())
    assert world.hears(vera) == {"boris", caller.name}
    assert refused(world, boris, "barge").status == 403
    for key, heard in (("3", {caller.name}), ("2", {caller.name, "vera"})):
        world.switch.media.press(leg_of(world, vera.call), key)
        await asyncio.sleep(1)
        assert world.hears(boris) == heard
    await caller.call.hang_up()
    await asyncio.sleep(1)
    other = await customer(world, "+74950000002")
    await boris.until_called(times=2)
    await asyncio.sleep(2)
    assert world.hears(boris) == {other.name}
    assert world.hears(vera) == set(), "the call of another queue"
    await vera.call.hang_up()
    await asyncio.sleep(1)
    assert refused(world, boris, "listen").field == "supervisor"
    await other.call.hang_up()
