"""Groups under random people: they answer, decline, hang up and log out whenever they like, and nothing is left."""

from __future__ import annotations

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from softswitch.directory.site import Group
from softswitch.simulation.behaviour import run_once
from softswitch.simulation.death import Death
from softswitch.simulation.phone_call import CallState
from softswitch.simulation.world import Setting, World
from tests.fuzz.conftest import scale

MODES = ("simultaneous", "ordered", "weighted_random", "longest_idle_once", "sequential_until_answer")
MEMBERS = ("boris", "vera", "gleb")

deeds = st.tuples(
    st.sampled_from([0.0, 0.0, 0.01, 0.03, 0.5, 4.0, 12.0]),
    st.sampled_from(MEMBERS),
    st.sampled_from(["answer", "decline", "busy", "unregister", "caller gives up"]),
)


@settings(max_examples=scale(40), deadline=None)
@given(st.sampled_from(MODES), st.lists(deeds, max_size=12), st.integers(0, 2**32), st.integers(0, 30))
def test_whatever_people_do_at_most_one_answers_and_nothing_is_left(
    mode: str, script: list[tuple[float, str, str]], seed: int, refold_at: int
) -> None:
    group = Group("sales", "600", mode, 10.0, 10, 2, tuple((name, place) for place, name in enumerate(MEMBERS)))
    seen: list[int] = []

    async def play(world: World) -> None:
        anna = await world.registered("anna")
        phones = {name: await world.registered(name) for name in MEMBERS}
        await anna.dial("600")
        for later_s, name, deed in script:
            await asyncio.sleep(later_s)
            phone = phones[name]
            call = phone.calls[-1] if phone.calls else None
            if deed == "unregister":
                await phone.unregister()
            elif deed == "caller gives up":
                if anna.call.state in {CallState.RINGING, CallState.UP}:
                    await anna.call.hang_up()
            elif call is not None and call.state in {CallState.INCOMING, CallState.RINGING}:
                {"answer": call.answer, "decline": call.decline, "busy": call.busy}[deed]()
        await asyncio.sleep(100)
        seen.append(sum(call.state is CallState.UP for phone in phones.values() for call in phone.calls))
        assert seen[-1] == (anna.call.state is CallState.UP)
        assert not world.switch.brain.groups.state.calls

    outcome = run_once(play, Setting(groups=(group,)), seed, [Death(refold_at)] if refold_at else ())
    if not outcome.in_exchange:
        assert outcome.failure is None, outcome.failure
