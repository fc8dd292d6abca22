"""What phones in the field do, each with where it was seen: none of it may cost a call or a lamp."""

from __future__ import annotations

import asyncio

from softswitch.simulation.behaviour import behaviour
from softswitch.simulation.phone_call import CallState
from softswitch.simulation.phone_core import Habits
from softswitch.simulation.world import World

POLY = Habits(
    user_agent="PolycomVVX-VVX_400-UA/4.1.4.7430",
    contact_parameters=';methods="INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, MESSAGE, SUBSCRIBE, NOTIFY, PRACK, REFER"',
)
CISCO = Habits(user_agent="Cisco-CP-8841-3PCC/11.0.1", contact_user="9f2c1a7e-0b3d")
SNOM = Habits(user_agent="snomD785/10.1.33.33")


@behaviour()
async def test_a_contact_with_quoted_commas_is_one_phone(world: World) -> None:
    """Polycom: kazoo-configs#55."""
    anna, boris = await world.registered("anna"), await world.registered("boris", habits=POLY)
    assert len(boris.registration.contacts) == 1
    await anna.dial("102")
    (await boris.until_called()).answer()
    await anna.call.until(CallState.UP)
    await anna.call.hang_up()


@behaviour()
async def test_every_request_to_a_phone_names_the_very_user_of_its_contact(world: World) -> None:
    """Cisco answers 404 where it is another one: usecallmanagernz/patches#19."""
    anna, boris = await world.registered("anna"), await world.registered("boris", habits=CISCO)
    lamp = await boris.watch("101")
    await boris.until(lambda: lamp.lamp == "idle", "the lamp")
    assert await anna.say("102", "hello") == 202
    await boris.until(lambda: len(boris.messages) == 1, "the message")
    await anna.dial("102")
    (await boris.until_called()).answer()
    await anna.call.until(CallState.UP)
    await anna.call.hang_up()
    asked = {request.uri for request in (*lamp.notified, *boris.asked_by)}
    assert asked == {boris.contact_uri}
    assert "9f2c1a7e-0b3d" in boris.contact_uri


@behaviour()
async def test_a_phone_that_takes_seconds_for_each_notify_shows_how_it_is_in_the_end(world: World) -> None:
    """Snom: 1 to 5 s, NethServer/dev#8122."""
    anna, boris = await world.registered("anna"), await world.registered("boris")
    vera = await world.registered("vera", habits=SNOM)
    lamp = await vera.watch("102")
    lamp.answer_after_s = 4.0
    for _ in range(3):
        await anna.dial("102")
        await asyncio.sleep(1)
        boris.call.answer()
        await anna.call.until(CallState.UP)
        await asyncio.sleep(1)
        await anna.call.hang_up()
        await asyncio.sleep(1)
    await vera.until(lambda: lamp.lamp == "idle" and len(lamp.notified) > 2, "the dark lamp")
    await asyncio.sleep(15)
    assert lamp.lamp == "idle"
    assert len(lamp.notified) < 9  # what changed while one was under way was told once
    assert lamp.sequence == sorted(set(lamp.sequence))


T38 = (
    "v=0\r\no=- 9 9 IN IP4 192.0.2.11\r\ns=-\r\nc=IN IP4 192.0.2.11\r\nt=0 0\r\n"
    "m=image 6000 udptl t38\r\na=T38FaxVersion:0\r\na=T38FaxRateManagement:transferredTCF\r\n"
)


@behaviour()
async def test_an_adapter_that_hears_a_fax_and_asks_for_t38_is_refused_and_goes_on_with_g711(world: World) -> None:
    """Grandstream HT: freeswitch#2436, asterisk#1880; freeswitch#66 shows what else comes after the refusal."""
    anna = await world.registered("anna", habits=Habits(user_agent="Grandstream HT802 1.0.29.8"))
    boris = await world.registered("boris")
    call = await anna.dial("102")
    (await boris.until_called()).answer()
    await call.until(CallState.UP)
    await asyncio.sleep(1)
    for _ in range(2):
        response = await call.attempt("INVITE", ((("Content-Type", "application/sdp"),), T38.encode())).final
        assert response.status == 488
    await asyncio.sleep(1)
    assert (world.hears(anna), world.hears(boris)) == ({"boris"}, {"anna"})
    await call.hang_up()
    await boris.call.until(CallState.ENDED)
