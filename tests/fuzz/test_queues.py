"""Queues with telephones under random people: whatever they do, nobody is stuck and no entry is left."""

from __future__ import annotations

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from softswitch.core.errors import CommandError
from softswitch.directory.site import Number, Queue, Trunk
from softswitch.queues.agents.inputs import ChooseStatus, EndWrapUp, EnterQueues, Input, LeaveQueues, Unblock
from softswitch.queues.agents.working import Work
from softswitch.simulation.behaviour import run_once
from softswitch.simulation.death import Death
from softswitch.simulation.phone_call import CallState
from softswitch.simulation.world import Setting, World
from tests.fuzz.conftest import scale

AGENTS = ("boris", "vera", "gleb")
STRATEGIES = ("longest_idle", "ring_all", "three_random", "round_robin")

deeds = st.tuples(
    st.sampled_from([0.0, 0.0, 0.01, 0.03, 0.5, 4.0, 16.0]),
    st.sampled_from(AGENTS),
    st.sampled_from(
        ["call"] * 3
        + ["answer"] * 3
        + ["gives-up"] * 2
        + ["decline", "hang-up", "unregister", "register", "in", "out", "ready", "away", "unblock", "done"]
    ),
)


def command(world: World, given_: Input) -> None:
    try:
        world.command(given_)
    except CommandError:
        return


async def do(world: World, name: str, deed: str) -> None:  # noqa: C901  # a case for each deed
    phone = world.phones[name]
    call = phone.calls[-1] if phone.calls else None
    if deed == "call":
        caller = world.phone(f"7{len(world.phones)}", host="192.0.2.99", port=5060 + len(world.phones))
        await caller.dial("+74950000001")
    elif deed == "gives-up":
        callers = [each for each in world.phones.values() if each.address[0] == "192.0.2.99" and not each.call.over]
        if callers:
            await callers[0].call.hang_up()
    elif deed == "unregister":
        await phone.unregister()
    elif deed == "register":
        await phone.register()
    elif deed in {"in", "out"}:
        command(world, (EnterQueues if deed == "in" else LeaveQueues)(name, "", "api"))
    elif deed in {"ready", "away"}:
        command(world, ChooseStatus(name, "ready" if deed == "ready" else "unavailable", "api"))
    elif deed in {"unblock", "done"}:
        command(world, (Unblock if deed == "unblock" else EndWrapUp)(name, "api"))
    elif call is not None and deed == "hang-up" and call.state is CallState.UP:
        await call.hang_up()
    elif call is not None and call.state in {CallState.INCOMING, CallState.RINGING} and deed in {"answer", "decline"}:
        (call.answer if deed == "answer" else call.decline)()


@settings(max_examples=scale(25), deadline=None)
@given(
    st.sampled_from(STRATEGIES),
    st.lists(deeds, max_size=25),
    st.integers(0, 2**32),
    st.integers(0, 60),
    st.booleans(),
)
def test_whatever_people_do_nobody_is_stuck_and_no_entry_is_left(
    strategy: str, script: list[tuple[float, str, str]], seed: int, refold_at: int, lose: bool
) -> None:
    queue = Queue("support", "700", AGENTS, strategy, wrap_up_s=5.0)
    setting = Setting(
        queues=(queue,),
        trunks=(Trunk("pstn", "192.0.2.99", 5060, "udp", any_port=True),),
        numbers=(Number("+74950000001", "queue", "support"),),
    )

    async def play(world: World) -> None:
        for name in AGENTS:
            await world.registered(name)
            world.command(EnterQueues(name, "", "api"))
        for later_s, name, deed in script:
            await asyncio.sleep(later_s)
            await do(world, name, deed)
        await world.release()
        await asyncio.sleep(100)
        brain = world.switch.brain
        assert not brain.queues.state.entries
        assert not any(slot.entry for slot in brain.queues.state.agents.values())
        for agent in brain.agents.agents.values():
            assert agent.work in {Work.IDLE, Work.BLOCKED}, f"{agent.user} is stuck: {agent.work.value}"
            free = not brain.queues.why_not_free(agent.user)
            assert brain.queues.state.slot(agent.user).free == free

    deaths = [Death(refold_at, lets_out=0 if lose else None)] if refold_at else ()
    outcome = run_once(play, setting, seed, deaths)
    if not outcome.in_exchange:
        assert outcome.failure is None, outcome.failure
