"""After a transfer both displays show who is there now, each told in the way of its maker (RFC 4916)."""

from __future__ import annotations

import asyncio

from softswitch.simulation.behaviour import behaviour
from softswitch.simulation.phone_call import CallState
from softswitch.simulation.phone_core import Habits
from softswitch.simulation.world import World

BY_UPDATE = Habits(takes_update=True)
BY_INFO = Habits(user_agent="snomD785/10.1.33.33")
DEAF = Habits(user_agent="Yealink SIP-T46G 28.72.0.1")


@behaviour()
async def test_after_a_transfer_the_displays_show_who_talks_now(world: World) -> None:
    anna = await world.registered("anna", habits=BY_UPDATE)
    boris = await world.registered("boris")
    vera = await world.registered("vera", habits=BY_INFO)
    await anna.dial("102")
    (await boris.until_called()).answer()
    await anna.call.until(CallState.UP)
    await boris.call.refer("103")
    (await vera.until_called()).answer()
    await boris.call.until(CallState.ENDED)
    await anna.until(lambda: len(anna.call.displays) == 1, "the display")
    assert anna.call.displays == ['"Vera" <sip:103@example.net>']
    await asyncio.sleep(1)
    assert vera.call.displays == []  # its phone rang with whom it talks with
    await anna.call.hang_up()


@behaviour()
async def test_a_snom_is_told_by_info_and_a_phone_that_knows_nothing_of_it_is_left_alone(world: World) -> None:
    anna = await world.registered("anna", habits=BY_INFO)
    boris, vera = await world.registered("boris"), await world.registered("vera", habits=DEAF)
    await anna.dial("102")
    (await boris.until_called()).answer()
    await anna.call.until(CallState.UP)
    await boris.dial("103")
    (await vera.until_called()).answer()
    await boris.call.until(CallState.UP)
    await boris.calls[0].refer("103", to_call=boris.calls[1])
    await anna.until(lambda: len(anna.call.displays) == 1, "the display")
    assert anna.call.displays == ['From: "Vera" <sip:103@example.net>\r\nTo:\r\n']
    await asyncio.sleep(1)
    assert vera.call.displays == []
    await anna.call.hang_up()
