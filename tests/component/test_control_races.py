"""Commands that race with what phones do: in any order there is one outcome, and no leg without an owner.

Each is tried in orders that hypothesis chooses, to the millisecond, often with the brain thrown away in the middle.
``FUZZ_SCALE`` multiplies the number of orders.
"""

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
from softswitch.simulation.phone_call import CallState
from softswitch.simulation.world import Setting, World
from tests.component.controlled import HEADSET, phones, talk

ORDERS: Final = int(40 * float(os.environ.get("FUZZ_SCALE", "1")))
MOMENTS: Final = st.integers(0, 80)
SEEDS: Final = st.integers(0, 10_000)
DEATHS: Final = st.none() | st.builds(Death, st.integers(20, 90), lets_out=st.none() | st.integers(0, 2))
"""At which turn the brain dies, and how many of that turn's messages are sent before."""

Act = Callable[[], Awaitable[object]]


async def at(moment_ms: int, act: Act) -> None:
    """Do something at a moment; what is refused, or comes too late for a call that is over, is no failure."""
    await asyncio.sleep(moment_ms / 1000)
    with contextlib.suppress(CommandError, SimulationError, IndexError):
        await act()


def order(world: World, name: str, leg: Callable[[], str], *more: str) -> Act:
    async def act() -> None:
        world.order(lambda lines: getattr(lines, name)(leg(), *more))

    return act


def race(script: Callable[[World], Awaitable[None]], seed: int, death: Death | None) -> None:
    """Run a race; a brain that dies while a request other than INVITE waits for its answer may lose that request."""

    async def run(world: World) -> None:
        await script(world)

    outcome = run_once(run, Setting(), seed, [death] if death is not None else ())
    if outcome.failure is not None and not outcome.in_exchange:
        raise outcome.failure


def check(world: World, *, most_talks: int = 1) -> None:
    """See that whoever is in a call hears at most one, who hears them too, and that nothing has lost its owner."""
    assert world.switch.brain.breaches() == []
    world.switch.check()
    heard = {phone.name: world.hears(phone) for phone in world.phones.values()}
    for name, others in heard.items():
        assert len(others) <= 1, heard
        for other in others:
            assert heard[other] == {name}, heard
    assert sum(map(len, heard.values())) <= 2 * most_talks
    for conversation in world.switch.brain.calls.conversations.values():
        up = [leg for leg in conversation.legs.values() if leg.is_live]
        assert len(up) >= 2 or conversation.deadline_s is not None


def first_leg(world: World, user: str) -> Callable[[], str]:
    return lambda: world.legs_of(user)[0]


def last_leg(world: World, user: str) -> Callable[[], str]:
    return lambda: world.legs_of(user)[-1]


@settings(max_examples=ORDERS, deadline=None)
@given(
    how=st.sampled_from(["command", "code"]),
    port_ms=st.sampled_from([0, 0, 5, 40]),
    picks=MOMENTS,
    acts=MOMENTS,
    act=st.sampled_from(["answer", "decline", "cancel", "answer-order"]),
    seed=SEEDS,
    death=DEATHS,
)
def test_a_pickup_races_with_whoever_answers_refuses_or_gives_up_also_while_it_waits_for_its_port(
    how: str, port_ms: int, picks: int, acts: int, act: str, seed: int, death: Death | None
) -> None:
    async def script(world: World) -> None:
        anna, boris, vera = await phones(world, "anna", "boris", "vera", vera=HEADSET)
        await anna.dial("102")
        rings = await boris.until_called()
        await anna.call.until(CallState.RINGING)

        async def other() -> None:
            if act == "cancel":
                await anna.call.hang_up()
            elif act == "answer-order":
                world.order(lambda lines: lines.answer(world.legs_of("boris")[0]))
            elif not rings.over:
                rings.answer() if act == "answer" else rings.decline()

        async def pick() -> None:
            if how == "code":
                await vera.dial("*8102")
            else:
                world.order(lambda lines: lines.pick_up("vera", "102"))

        world.switch.media.slow_s = port_ms / 1000
        await asyncio.gather(at(picks, pick), at(acts, other))
        await asyncio.sleep(5)
        check(world)
        up = [phone.name for phone in (boris, vera) if any(call.state is CallState.UP for call in phone.calls)]
        assert len(up) == (1 if anna.call.state is CallState.UP else 0)
        assert world.hears(anna) == set(up)

    race(script, seed, death)


@settings(max_examples=ORDERS, deadline=None)
@given(
    command=st.sampled_from(["confirm", "cancel", "toggle"]),
    commands=MOMENTS,
    who=st.sampled_from(["anna", "boris", "vera"]),
    leaves=MOMENTS,
    answers=st.none() | st.integers(0, 60),
    seed=SEEDS,
    death=DEATHS,
)
def test_somebody_hangs_up_as_a_consultation_is_confirmed_cancelled_or_toggled(
    command: str, commands: int, who: str, leaves: int, answers: int | None, seed: int, death: Death | None
) -> None:
    async def script(world: World) -> None:
        _, _, vera = await phones(world, "anna", "boris", "vera")
        await talk(world, "anna", "boris", "102")
        world.order(lambda lines: lines.consult(world.legs_of("boris")[0], "103"))
        there = await vera.until_called()

        async def answer() -> None:
            if not there.over:
                there.answer()

        async def leave() -> None:
            await world.phones[who].call.hang_up()

        if answers is None:
            await answer()
            await asyncio.sleep(1)
        acts = [at(commands, order(world, command, first_leg(world, "boris"))), at(leaves, leave)]
        if answers is not None:
            acts.append(at(answers, answer))
        await asyncio.gather(*acts)
        await asyncio.sleep(5)
        check(world)
        await asyncio.sleep(70)  # whoever is rung again does not come
        check(world)

    race(script, seed, death)


@settings(max_examples=ORDERS, deadline=None)
@given(
    one=st.sampled_from(["transfer", "consult", "hold", "refer"]),
    ones=MOMENTS,
    other=st.sampled_from(["transfer", "consult", "hold", "refer"]),
    others=MOMENTS,
    answers=st.integers(0, 120),
    seed=SEEDS,
    death=DEATHS,
)
def test_both_sides_of_a_talk_move_it_at_once(
    one: str, ones: int, other: str, others: int, answers: int, seed: int, death: Death | None
) -> None:
    async def script(world: World) -> None:
        _, _, vera, gleb = await phones(world, "anna", "boris", "vera", "gleb")
        ends = await talk(world, "anna", "boris", "102")

        def moved(side: int, command: str) -> Act:
            user, number = (("anna", "103"), ("boris", "104"))[side]

            async def act() -> None:
                if command == "refer":
                    await ends[side].refer(number)
                elif command == "hold":
                    world.order(lambda lines: lines.hold(world.legs_of(user)[0]))
                else:
                    await order(world, command, first_leg(world, user), number)()

            return act

        async def answer() -> None:
            for phone in (vera, gleb):
                for call in phone.calls:
                    if call.state is CallState.RINGING:
                        call.answer()

        await asyncio.gather(at(ones, moved(0, one)), at(others, moved(1, other)), at(answers, answer))
        await asyncio.sleep(5)
        check(world)

    race(script, seed, death)


@settings(max_examples=ORDERS, deadline=None)
@given(
    held=st.booleans(),
    offers=MOMENTS,
    refers=MOMENTS,
    commands=MOMENTS,
    command=st.sampled_from(["hold", "connect", "transfer", "none"]),
    seed=SEEDS,
    death=DEATHS,
)
def test_a_refer_comes_during_a_re_invite_and_a_command(
    held: bool, offers: int, refers: int, commands: int, command: str, seed: int, death: Death | None
) -> None:
    async def script(world: World) -> None:
        await phones(world, "anna", "boris", "vera")
        _, end = await talk(world, "anna", "boris", "102")
        if held:
            world.order(lambda lines: lines.hold(world.legs_of("boris")[0]))
        more = ("103",) if command == "transfer" else ()
        acts = [at(offers, end.hold), at(refers, lambda: end.refer("103"))]
        if command != "none":
            acts.append(at(commands, order(world, command, first_leg(world, "boris"), *more)))
        await asyncio.gather(*acts)
        vera = world.phones["vera"]
        if vera.calls and not vera.call.over:
            vera.call.answer()
        await asyncio.sleep(5)
        check(world)

    race(script, seed, death)


@settings(max_examples=ORDERS, deadline=None)
@given(answers=MOMENTS, retrieves=MOMENTS, early=st.booleans(), seed=SEEDS, death=DEATHS)
def test_the_target_answers_as_the_operator_takes_the_caller_back(
    answers: int, retrieves: int, early: bool, seed: int, death: Death | None
) -> None:
    async def script(world: World) -> None:
        anna, boris, vera = await phones(world, "anna", "boris", "vera")
        await talk(world, "anna", "boris", "102")
        world.order(lambda lines: lines.consult(world.legs_of("boris")[0], "103"))
        there = await vera.until_called()

        async def answer() -> None:
            if not there.over:
                there.answer()

        command = "confirm" if early else "cancel"
        await asyncio.gather(at(answers, answer), at(retrieves, order(world, command, first_leg(world, "boris"))))
        await asyncio.sleep(5)
        check(world)
        if early:
            assert (world.hears(anna), boris.call.over) == ({"vera"}, True)
        else:
            assert (world.hears(anna), there.over) == ({"boris"}, True)

    race(script, seed, death)


@settings(max_examples=ORDERS, deadline=None)
@given(
    own=st.integers(0, 60),
    answers=st.integers(0, 120),
    leaves=st.integers(0, 160),
    who=st.sampled_from(["anna", "boris", "order"]),
    seed=SEEDS,
    death=DEATHS,
)
def test_a_dialled_call_is_given_up_as_its_two_ends_answer(
    own: int, answers: int, leaves: int, who: str, seed: int, death: Death | None
) -> None:
    async def script(world: World) -> None:
        anna, boris = await phones(world, "anna", "boris")
        world.order(lambda lines: lines.dial("anna", "102"))
        mine = await anna.until_called()

        async def answer_mine() -> None:
            if not mine.over:
                mine.answer()

        async def answer_there() -> None:
            if boris.calls and not boris.call.over:
                boris.call.answer()

        async def leave() -> None:
            if who == "order":
                world.order(lambda lines: lines.hang_up(world.legs_of("anna")[0]))
            else:
                await world.phones[who].call.hang_up()

        await asyncio.gather(at(own, answer_mine), at(answers, answer_there), at(leaves, leave))
        await asyncio.sleep(5)
        check(world)
        await asyncio.sleep(120)
        check(world)

    race(script, seed, death)
