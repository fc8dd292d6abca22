"""The same races by the phones' own keys: REFER with and without Replaces, hold, hang-up, in any order.

As in :mod:`tests.component.test_control_races`: one outcome, no leg without an owner, to the millisecond, often with
the brain thrown away in the middle.
"""

from __future__ import annotations

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from softswitch.simulation.death import Death
from softswitch.simulation.phone import SimulatedPhone
from softswitch.simulation.phone_call import Call, CallState
from softswitch.simulation.phone_core import Habits
from softswitch.simulation.world import World
from tests.component.controlled import phones, talk
from tests.component.test_control_races import DEATHS, MOMENTS, ORDERS, SEEDS, Act, at, check, first_leg, order, race

PCMA, PCMU = Habits(payloads=((8, "PCMA/8000"),)), Habits(payloads=((0, "PCMU/8000"),))


def answers(phone: SimulatedPhone) -> Act:
    async def act() -> None:
        if phone.call.state is CallState.RINGING:
            phone.call.answer()

    return act


def hangs_up(call: Call) -> Act:
    async def act() -> None:
        await call.hang_up()

    return act


def hands_over(call: Call, to_call: Call) -> Act:
    async def act() -> None:
        await call.refer("103", to_call=to_call)

    return act


@settings(max_examples=ORDERS, deadline=None)
@given(
    answered=st.booleans(),
    refers=MOMENTS,
    acts=MOMENTS,
    act=st.sampled_from(["answer", "target", "caller", "first", "second", "resume", "refer again", "connect"]),
    seed=SEEDS,
    death=DEATHS,
)
def test_a_phone_brings_its_two_calls_together_as_somebody_answers_leaves_or_takes_back(
    answered: bool, refers: int, acts: int, act: str, seed: int, death: Death | None
) -> None:
    async def script(world: World) -> None:
        anna, boris, vera = await phones(world, "anna", "boris", "vera")
        _, first = await talk(world, "anna", "boris", "102")
        await first.hold()
        second = await boris.dial("103")
        await vera.until_called()
        await second.until(CallState.RINGING)
        if answered:
            await answers(vera)()
            await second.until(CallState.UP)
        others: dict[str, Act] = {
            "answer": answers(vera),
            "target": hangs_up(vera.call),
            "caller": hangs_up(anna.call),
            "first": hangs_up(first),
            "second": hangs_up(second),
            "resume": first.resume,
            "refer again": lambda: first.refer("103", to_call=second),
            "connect": order(world, "connect", first_leg(world, "boris")),
        }
        await asyncio.gather(at(refers, lambda: first.refer("103", to_call=second)), at(acts, others[act]))
        await asyncio.sleep(5)
        assert world.switch.brain.breaches() == []
        if not first.over:  # it was too late, and who holds by their phone's key still does
            await (first.resume() if second.over else first.hang_up())
            await asyncio.sleep(1)
        check(world)
        await asyncio.sleep(70)
        check(world)

    race(script, seed, death)


@settings(max_examples=ORDERS, deadline=None)
@given(ones=MOMENTS, others=MOMENTS, held=st.booleans(), same=st.booleans(), seed=SEEDS, death=DEATHS)
def test_both_ends_of_a_talk_bring_it_together_with_their_second_calls_at_once(
    ones: int, others: int, held: bool, same: bool, seed: int, death: Death | None
) -> None:
    async def script(world: World) -> None:
        anna, boris, vera, gleb = await phones(world, "anna", "boris", "vera", "gleb")
        ends = await talk(world, "anna", "boris", "102")
        asked = []
        for phone, target, number in ((anna, vera, "103"), (boris, vera if same else gleb, "103" if same else "104")):
            if held:
                await ends[phone is boris].hold()
            asked.append(await phone.dial(number))
            await target.until_called(times=1 + (same and phone is boris))
            target.call.answer()
            await asked[-1].until(CallState.UP)
        await asyncio.gather(at(ones, hands_over(ends[0], asked[0])), at(others, hands_over(ends[1], asked[1])))
        await asyncio.sleep(5)
        check(world, most_talks=3)

    race(script, seed, death)


@settings(max_examples=ORDERS, deadline=None)
@given(
    takes=st.integers(0, 60),
    acts=st.integers(0, 160),
    act=st.sampled_from(["refer", "hold", "hang up", "blind order", "hold order"]),
    slow_ms=st.sampled_from([0, 30]),
    seed=SEEDS,
    death=DEATHS,
)
def test_a_caller_moves_on_while_our_own_re_invite_offers_the_targets_codec(
    takes: int, acts: int, act: str, slow_ms: int, seed: int, death: Death | None
) -> None:
    async def script(world: World) -> None:
        _, boris, vera, gleb = await phones(world, "anna", "boris", "vera", "gleb", boris=PCMA, vera=PCMU)
        out, end = await talk(world, "anna", "boris", "102")
        await end.refer("103")
        await vera.until_called()
        world.switch.media.slow_s = slow_ms / 1000
        works: dict[str, Act] = {
            "refer": lambda: out.refer("104"),
            "hold": out.hold,
            "hang up": out.hang_up,
            "blind order": order(world, "transfer", first_leg(world, "anna"), "104"),
            "hold order": order(world, "hold", first_leg(world, "anna")),
        }
        await asyncio.gather(at(takes, answers(vera)), at(acts, works[act]))
        if gleb.calls:
            await answers(gleb)()
        await asyncio.sleep(5)
        assert world.switch.brain.breaches() == []
        if act == "hold" and not out.over:
            await out.resume()
            await asyncio.sleep(1)
        check(world)
        assert boris.call.over or world.hears(boris)

    race(script, seed, death)
