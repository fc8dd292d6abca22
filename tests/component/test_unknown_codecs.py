"""Phones whose codecs nobody else knows: refused with the codecs by name, and only they notice anything."""

from __future__ import annotations

import asyncio

from softswitch.simulation.behaviour import behaviour
from softswitch.simulation.phone_call import Call, CallState
from softswitch.simulation.phone_core import Habits
from softswitch.simulation.world import Setting, World
from tests.component.test_scenario import NUMBER, scenario, sounds

ODD = Habits(payloads=((18, "G729/8000"), (97, 'iLBC";x/8000'), (101, "telephone-event/8000")))
EVENTS_ONLY = Habits(payloads=((101, "telephone-event/8000"),))
ANSWERED = scenario("  - play: {file: welcome.wav}\n")


async def refused(call: Call) -> str:
    """What the phone was told with its 488."""
    await call.until(CallState.ENDED)
    assert call.status == 488
    (reason,) = call.reasons
    head, text = reason.split(";text=")
    assert head == "Q.850;cause=88"
    return text


@behaviour(ANSWERED)
async def test_a_caller_whose_codecs_the_switch_lacks_is_told_which_it_has(world: World) -> None:
    sounds(world, welcome=30.0)
    anna = await world.registered("anna", habits=ODD)
    boris = await world.registered("boris")
    other = await boris.dial(NUMBER)
    await other.until(CallState.UP)
    text = await refused(await anna.dial(NUMBER))
    offered, possible = text.strip('"').split("; possible ")
    assert offered == "No common media format: offered G729, ILBCX"
    assert possible.startswith("PCMA, PCMU, G722")
    assert other.state is CallState.UP  # another one's call goes on


@behaviour(Setting())
async def test_a_phone_that_has_none_of_the_callers_codecs_refuses_and_both_are_free_again(world: World) -> None:
    anna = await world.registered("anna", habits=ODD)
    boris = await world.registered("boris")
    call = await anna.dial("102")
    (await boris.until_called()).answer()
    assert await refused(call) == '"Incompatible destination"'
    await asyncio.sleep(1)
    assert all(call.state is CallState.ENDED for call in boris.calls)
    await boris.dial("101")  # both are free for other calls
    await anna.until_called()


@behaviour(ANSWERED)
async def test_an_offer_with_keys_and_no_voice_is_refused_at_once(world: World) -> None:
    anna = await world.registered("anna", habits=EVENTS_ONLY)
    assert await refused(await anna.dial(NUMBER)) == '"No common media format"'
