"""Breaches that are forced: each is found, kept as a fact with a dump, and cleaned up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from softswitch.app.brain import Brain
from softswitch.app.invariants import Breach
from softswitch.calls.facts import InvariantBreached
from softswitch.core.errors import SimulationError
from softswitch.media.engine import Disagreement, OpenLeg
from softswitch.simulation.phone_call import CallState
from softswitch.simulation.virtual_loop import VirtualLoop, run_virtually
from softswitch.simulation.world import Setting, World


def forget_conversation(brain: Brain) -> None:
    conversation_id = next(iter(brain.calls.conversations))
    leg = next(iter(brain.calls.legs.values()))
    stray = replace(leg, leg=f"{conversation_id}.9", conversation_id="gone", port_state=leg.port_state)
    brain.calls.keep(stray)


def forget_session(brain: Brain) -> None:
    del brain._performer.sessions[next(iter(brain.calls.legs))]


def open_port(brain: Brain) -> None:
    brain._media.open(OpenLeg("nobody.1", "nobody", "192.0.2.1"))
    brain._media.flush()


def forget_leg(brain: Brain) -> None:
    leg = brain.calls.legs.pop(next(iter(brain.calls.legs)))
    del brain.calls.conversations[leg.conversation_id].legs[leg.leg]


def arm_deadline(brain: Brain) -> None:
    brain._call_desk.armed["nobody"] = 5.0
    brain._wake_ups.arm("call", "nobody", 4e9)


def drop_deadline(brain: Brain) -> None:
    conversation = next(iter(brain.calls.conversations.values()))
    conversation.talking, conversation.deadline_s = None, None


@pytest.mark.parametrize(
    ("kind", "subject", "key"),
    [("dialog", "c1.2", "leg"), ("port", "c1.2", "leg"), ("conversation", "c1", "conversation_id")],
)
def test_the_log_says_whom_a_breach_concerns(kind: str, subject: str, key: str) -> None:
    assert Breach(kind, subject, "").about == {key: subject}


BREACHES: dict[str, tuple[Callable[[Brain], None], set[str]]] = {
    "leg": (forget_conversation, {"leg", "silent-leg"}),
    "silent-leg": (forget_session, {"silent-leg", "dialog"}),
    "port": (open_port, {"port"}),
    "dialog": (forget_leg, {"dialog", "port"}),
    "deadline": (arm_deadline, {"deadline"}),
    "conversation": (drop_deadline, {"conversation"}),
}


async def talking(world: World) -> None:
    anna, boris = await world.registered("anna"), await world.registered("boris")
    await anna.dial("102")
    (await boris.until_called()).answer()
    await anna.call.until(CallState.UP)
    await asyncio.sleep(2)


def check(world: World) -> None:
    world.switch.in_turn(world.switch.brain.check_invariants)


@pytest.mark.parametrize("kind", BREACHES)
def test_a_breach_is_found_kept_and_cleaned_up(kind: str) -> None:
    force, expected = BREACHES[kind]

    async def run(loop: VirtualLoop) -> None:
        world = World(loop, 1, Setting())
        await talking(world)
        check(world)
        assert world.facts(InvariantBreached) == []
        force(world.switch.brain)
        with pytest.raises(SimulationError):
            world.switch.check()
        check(world)
        kept = [fact for fact in world.facts(InvariantBreached) if isinstance(fact, InvariantBreached)]
        assert kind in {fact.kind for fact in kept} <= expected
        assert all(fact.dump for fact in kept if fact.kind != "deadline")
        await world.release()
        await asyncio.sleep(60)
        check(world)
        assert world.switch.brain.breaches() == []
        assert not world.switch.brain.calls.legs
        assert not world.switch.media.legs
        assert world.switch.brain.counts()["dialogs"] == 0

    run_virtually(run)


def test_a_dialog_that_lost_its_leg_while_a_mute_phone_rang_is_told_of_once_and_waited_for() -> None:
    async def run(loop: VirtualLoop) -> None:
        world = World(loop, 1, Setting())
        anna, boris = await world.registered("anna"), await world.registered("boris")
        await anna.dial("102")
        await boris.until_called()
        await anna.call.until(CallState.RINGING)
        boris.unplug()
        brain = world.switch.brain
        callee = list(brain.calls.legs)[1]
        del brain.calls.conversations[brain.calls.legs.pop(callee).conversation_id].legs[callee]
        for _ in range(5):
            check(world)
            await asyncio.sleep(5)
        kinds = [fact.kind for fact in world.facts(InvariantBreached) if isinstance(fact, InvariantBreached)]
        assert sorted(kinds) == ["dialog", "port"]
        anna.call.cancel()
        await asyncio.sleep(60)
        assert world.switch.brain.breaches() == []
        assert world.switch.brain.counts()["dialogs"] == 0

    run_virtually(run)


def test_a_leg_that_its_worker_does_not_have_is_moved_and_told_of() -> None:
    async def run(loop: VirtualLoop) -> None:
        world = World(loop, 1, Setting())
        await talking(world)
        lost = next(iter(world.switch.media.legs))
        event = Disagreement(0, ("nobody.1",), (lost,))
        world.switch.in_turn(lambda: world.switch.brain.media_event(event))
        kinds = [fact.kind for fact in world.facts(InvariantBreached) if isinstance(fact, InvariantBreached)]
        assert kinds == ["worker-leg", "lost-leg"]
        await asyncio.sleep(2)
        assert world.hears(world.phones["anna"]) == {"boris"}
        await world.release()
        await world.settle()

    run_virtually(run)
