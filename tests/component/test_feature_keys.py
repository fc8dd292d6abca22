"""Feature keys (``as-feature-event``): do-not-disturb and forwards are set at the phone, and shown there."""

from __future__ import annotations

import asyncio

from softswitch.directory.site import Queue
from softswitch.queues.agents import inputs
from softswitch.simulation.behaviour import behaviour
from softswitch.simulation.phone_call import CallState
from softswitch.simulation.world import Setting, World

KIND = "application/x-as-feature-event+xml"
CSTA = 'xmlns="http://www.ecma-international.org/standards/ecma-323/csta/ed3"'
# As Yealink's and Poly's manuals of feature key synchronisation show them.
DND = f'<?xml version="1.0"?><SetDoNotDisturb {CSTA}><device/><doNotDisturbOn>%s</doNotDisturbOn></SetDoNotDisturb>'
FORWARD = (
    f'<?xml version="1.0"?><SetForwarding {CSTA}><device/><forwardingType>forwardImmediate</forwardingType>'
    "<activateForward>%s</activateForward><forwardDN>%s</forwardDN></SetForwarding>"
)


@behaviour()
async def test_the_key_sets_do_not_disturb_and_its_lamp_follows_the_switch(world: World) -> None:
    anna, boris = await world.registered("anna"), await world.registered("boris")
    key = await boris.watch("102", "as-feature-event")
    await boris.until(lambda: "doNotDisturb=false" in key.shown, "the key")
    assert key.shown.count("=off") == 3
    assert await key.subscribe(body=(DND % "true").encode(), content_type=KIND) == 200
    await boris.until(lambda: "doNotDisturb=true" in key.shown, "the lit key")
    await anna.dial("102")
    await anna.call.until(CallState.ENDED)
    assert anna.call.status == 486
    world.command(inputs.RefuseCalls("boris", wanted=False, by="api"))
    await boris.until(lambda: "doNotDisturb=false" in key.shown, "the dark key")


@behaviour()
async def test_the_key_forwards_calls_and_ends_it(world: World) -> None:
    anna, boris = await world.registered("anna"), await world.registered("boris")
    vera = await world.registered("vera")
    key = await boris.watch("102", "as-feature-event")
    assert await key.subscribe(body=(FORWARD % ("true", "103")).encode(), content_type=KIND) == 200
    await boris.until(lambda: "forwardImmediate=103" in key.shown, "the lit key")
    await anna.dial("102")
    await vera.until_called()
    await anna.call.hang_up()
    assert boris.calls == []
    assert await key.subscribe(body=(FORWARD % ("false", "")).encode(), content_type=KIND) == 200
    await boris.until(lambda: "forwardImmediate=off" in key.shown, "the dark key")


@behaviour()
async def test_what_cannot_be_set_changes_nothing_and_the_key_shows_how_it_is(world: World) -> None:
    boris = await world.registered("boris")
    key = await boris.watch("102", "as-feature-event")
    for body in (FORWARD % ("true", "nobody"), "<nonsense/>", "<SetForwarding>"):
        assert await key.subscribe(body=body.encode(), content_type=KIND) == 200
        await asyncio.sleep(1)
        assert key.shown.count("=off") == 3
    assert (await boris.watch("101", "as-feature-event")).status == 403


AGENT = (
    f'<?xml version="1.0"?><SetAgentState {CSTA}><device/><requestedAgentState>%s</requestedAgentState>'
    "<agentID/><password/></SetAgentState>"
)


@behaviour(Setting(queues=(Queue("support", "700", ("boris",), wrap_up_s=20.0),)))
async def test_the_agents_key_logs_in_and_out_pauses_and_shows_what_the_agent_does(world: World) -> None:
    anna, boris = await world.registered("anna"), await world.registered("boris")
    key = await boris.watch("102", "as-feature-event")

    async def press(wanted: str, shown: str) -> None:
        assert await key.subscribe(body=(AGENT % wanted).encode(), content_type=KIND) == 200
        await boris.until(lambda: f"agent={shown}" in key.shown, shown)

    await boris.until(lambda: "agent=LoggedOff" in key.shown, "the key")
    await press("loggedOn", "Ready")
    await press("notReady", "NotReady")
    await press("ready", "Ready")
    await anna.dial("700")
    (await boris.until_called()).answer()
    await asyncio.sleep(5)
    await anna.call.hang_up()
    await boris.until(lambda: "agent=WorkingAfterCall" in key.shown, "the wrap-up")
    await press("ready", "Ready")
    await press("loggedOff", "LoggedOff")
    assert "agent=" not in (await anna.watch("101", "as-feature-event")).shown
