"""Whatever people do around a conference, in whatever order: nothing sticks, and who talks hears whom they should."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from softswitch.core.errors import CommandError, SimulationError
from softswitch.simulation.behaviour import run_once
from softswitch.simulation.death import Death
from softswitch.simulation.phone import SimulatedPhone
from softswitch.simulation.phone_call import CallState
from softswitch.simulation.world import Setting, World
from tests.component.test_conferences import people, up

NAMES = ("anna", "boris", "vera", "gleb")
ACTS = (
    "first press",
    "second press",
    "invite",
    "mute",
    "listen",
    "barge",
    "hang up by command",
    "hang up anna",
    "hang up boris",
    "hang up vera",
    "hold anna",
    "hold boris",
    "resume boris",
    "refer boris",
    "worker dies",
    "end",
)
PLAN = st.lists(st.tuples(st.integers(0, 400), st.sampled_from(ACTS)), min_size=2, max_size=10)
SUPERVISED = Setting(users={"gleb": {"supervises": ("anna", "boris", "vera")}})


def command(world: World, act: str) -> None:
    """Give a command about the first call of anna's; one that does not fit is refused."""
    brain = world.switch.brain
    legs = [leg for leg in brain.calls.legs.values() if leg.user == "anna" and leg.is_live]
    if not legs:
        return
    leg = legs[0].leg
    works: dict[str, Callable[[], object]] = {
        "first press": lambda: brain.conferences.press(leg, "103"),
        "second press": lambda: brain.conferences.press(leg),
        "invite": lambda: brain.conferences.press(leg, "104"),
        "mute": lambda: brain.conferences.mute(leg, wanted=True),
        "listen": lambda: brain.supervision.supervise("gleb", leg, "listen", "conversation"),
        "barge": lambda: brain.supervision.supervise("gleb", leg, "barge", "agent"),
        "hang up by command": lambda: brain.lines.hang_up(leg),
        "end": lambda: brain.end_conversation(legs[0].conversation_id, "test"),
    }
    with contextlib.suppress(CommandError):
        world.switch.in_turn(lambda: brain.command(works[act]))


async def act(world: World, what: str) -> None:
    verb, _, name = what.rpartition(" ")
    if what == "worker dies":
        world.switch.in_turn(world.switch.media.lose_worker)
    elif name in NAMES:
        phone = world.phones[name]
        if phone.calls and phone.call.state is CallState.UP:
            call = phone.call
            works: dict[str, Callable[[], Awaitable[object]]] = {
                "hang up": call.hang_up,
                "hold": call.hold,
                "resume": call.resume,
                "refer": lambda: call.refer("104"),
            }
            await works[verb]()
    else:
        command(world, what)


def hears_rightly(world: World, phones: list[SimulatedPhone]) -> None:
    """Whoever is in a conference hears its people, and perhaps the supervisor, whose own other call may be heard."""
    for conversation in world.switch.brain.calls.conversations.values():
        if conversation.conference is not None:
            members = {conversation.legs[name].user for name in conversation.conference.members}
            loud = {user for user in members if user}
            for phone in phones:
                if phone.name in loud - {"gleb"}:
                    assert world.hears(phone) <= (loud | {"gleb"}) - {phone.name}


ORDERS: Final = int(40 * float(os.environ.get("FUZZ_SCALE", "1")))


@settings(max_examples=ORDERS, deadline=None)
@given(plan=PLAN, refold_at=st.none() | st.integers(10, 60), lose_effects=st.booleans(), seed=st.integers(0, 1000))
def test_nothing_sticks_whoever_comes_goes_holds_and_presses_when(
    plan: list[tuple[int, str]], refold_at: int | None, lose_effects: bool, seed: int
) -> None:
    async def script(world: World) -> None:
        phones = list(await people(world))
        await up(await phones[0].dial("102"))

        async def later(delay_ms: int, what: str) -> None:
            await asyncio.sleep(delay_ms / 100)
            with contextlib.suppress(SimulationError):
                await act(world, what)

        await asyncio.gather(*(later(*each) for each in plan))
        await asyncio.sleep(40)
        hears_rightly(world, phones)
        assert world.switch.brain.breaches() == []

    deaths = [] if refold_at is None else [Death(refold_at, lets_out=0 if lose_effects else None)]
    outcome = run_once(script, SUPERVISED, seed, deaths)
    if outcome.failure is not None and not outcome.in_exchange:
        raise outcome.failure


@settings(max_examples=ORDERS, deadline=None)
@given(
    answers=st.integers(0, 200),
    leaves=st.integers(0, 300),
    presses=st.integers(0, 300),
    who=st.sampled_from(["anna", "anna", "boris", "vera"]),
    seed=st.integers(0, 10_000),
    death=st.none() | st.builds(Death, st.integers(20, 90), lets_out=st.none() | st.integers(0, 2)),
)
def test_the_caller_hangs_up_between_the_two_presses(
    answers: int, leaves: int, presses: int, who: str, seed: int, death: Death | None
) -> None:
    async def script(world: World) -> None:
        anna, boris, vera, _ = [await world.registered(name) for name in NAMES]
        await anna.dial("102")
        (await boris.until_called()).answer()
        await up(anna.call)

        def press(number: str = "") -> None:
            brain = world.switch.brain
            leg = next(iter(world.legs_of("boris")), "")
            with contextlib.suppress(CommandError):
                world.switch.in_turn(lambda: brain.command(lambda: brain.conferences.press(leg, number)))

        async def later(moment_ms: int, what: Callable[[], object]) -> None:
            await asyncio.sleep(moment_ms / 1000)
            with contextlib.suppress(SimulationError):
                done = what()
                if isinstance(done, Awaitable):
                    await done

        def answer() -> None:
            if vera.calls and vera.call.state is CallState.RINGING:
                vera.call.answer()

        press("103")
        await asyncio.gather(
            later(answers, answer),
            later(leaves, lambda: world.phones[who].call.hang_up() if world.phones[who].calls else None),
            later(presses, press),
        )
        await asyncio.sleep(5)
        answer()
        await asyncio.sleep(2)
        together_or_alone(world, anna, boris, vera)
        await asyncio.sleep(70)
        together_or_alone(world, anna, boris, vera)

    outcome = run_once(script, Setting(), seed, [death] if death is not None else ())
    if outcome.failure is not None and not outcome.in_exchange:
        raise outcome.failure


def together_or_alone(world: World, *phones: SimulatedPhone) -> None:
    """Whoever hears somebody is heard by them, all who are together hear the same, and nothing has lost its owner."""
    assert world.switch.brain.breaches() == []
    world.switch.check()
    heard = {phone.name: world.hears(phone) for phone in phones}
    for name, others in heard.items():
        for other in others:
            assert heard[other] | {other} == others | {name}, heard
    for conversation in world.switch.brain.calls.conversations.values():
        up_now = [leg for leg in conversation.legs.values() if leg.is_live]
        assert len(up_now) >= 2 or conversation.deadline_s is not None
