"""REFER outside of any dialog (RFC 3515): a phone lets the switch dial, or transfer in a dialog that it names."""

from __future__ import annotations

import asyncio

import pytest

from softswitch.simulation.behaviour import behaviour
from softswitch.simulation.phone import SimulatedPhone
from softswitch.simulation.phone_call import Call, CallState
from softswitch.simulation.phone_core import Habits, Incoming
from softswitch.simulation.phone_events import Referring
from softswitch.simulation.world import World
from softswitch.sip.message import Header

BORIS, VERA = "sip:102@example.net", "sip:103@example.net"


async def people(world: World, boris: Incoming = Incoming.RING) -> tuple[SimulatedPhone, SimulatedPhone]:
    anna = await world.registered("anna", habits=Habits(incoming=Incoming.ANSWER))
    return anna, await world.registered("boris", habits=Habits(incoming=boris))


async def over(world: World, phone: SimulatedPhone, referring: Referring, status: int) -> None:
    """The last NOTIFY tells that status; a brain that died when it was to leave tells nothing any more."""
    await phone.until(lambda: referring.is_over or world.switch.lost_messages, "the last NOTIFY", limit_s=100)
    if not world.switch.lost_messages:
        assert referring.progress[-1] == status
        assert referring.subscription_state == "terminated;reason=noresource"


@behaviour()
async def test_the_switch_dials_for_a_phone_and_tells_it_how_it_goes(world: World) -> None:
    anna, boris = await people(world)
    asked = await anna.refer(BORIS)
    assert asked.status == 202
    call = await boris.until_called()
    await asyncio.sleep(1)
    assert asked.progress[-1] == 180
    call.answer()
    await over(world, anna, asked, 200)
    await asyncio.sleep(1)
    assert (world.hears(anna), world.hears(boris)) == ({"boris"}, {"anna"})
    await anna.call.hang_up()
    await boris.call.until(CallState.ENDED)


@pytest.mark.parametrize(("incoming", "status"), [(Incoming.BUSY, 486), (Incoming.DECLINE, 603)])
@behaviour()
async def test_a_refusal_is_told_with_its_status(world: World, incoming: Incoming, status: int) -> None:
    anna, _ = await people(world, incoming)
    asked = await anna.refer(BORIS)
    await over(world, anna, asked, status)
    await anna.call.until(CallState.ENDED)


@pytest.mark.parametrize(
    ("refer_to", "uri", "status"),
    [
        ("sip:999@example.net", "", 404),
        ("sip:104@example.net", "", 603),
        ("sip:102@pbx.example.org", "", 404),
        ("mailto:boris@example.net", "", 603),
        (VERA, BORIS, 403),
        (VERA, "sip:conference-none@example.net", 404),
    ],
)
@behaviour()
async def test_what_cannot_be_is_refused_at_once(world: World, refer_to: str, uri: str, status: int) -> None:
    anna, boris = await people(world)
    asked = await anna.refer(refer_to, uri=uri)
    assert (asked.status, asked.bodies) == (status, [])
    assert (anna.calls, boris.calls) == ([], [])


@pytest.mark.parametrize("header", [("Refer-Sub", "false"), ("Require", "nosub")])
@behaviour()
async def test_a_phone_that_wants_no_notify_gets_none(world: World, header: Header) -> None:
    anna, boris = await people(world, Incoming.ANSWER)
    asked = await anna.refer(BORIS, headers=(header,))
    assert asked.status == 202
    call = await boris.until_called()
    await call.until(CallState.UP)
    await asyncio.sleep(1)
    assert asked.bodies == []
    await anna.call.hang_up()
    await call.until(CallState.ENDED)


def named(call: Call) -> tuple[tuple[str, str], ...]:
    """Name a dialog from our end (RFC 4538)."""
    names = f"{call.sip_call_id};local-tag={call.local_tag};remote-tag={call.remote_tag}"
    return (("Target-Dialog", names), ("Require", "tdialog"))


@behaviour()
async def test_a_dialog_that_is_named_is_transferred(world: World) -> None:
    anna, boris = await people(world, Incoming.ANSWER)
    vera = await world.registered("vera", habits=Habits(incoming=Incoming.ANSWER))
    call = await anna.dial("102")
    await call.until(CallState.UP)
    asked = await anna.refer(VERA, headers=named(call))
    assert asked.status == 202
    await over(world, anna, asked, 200)
    await call.until(CallState.ENDED)
    await asyncio.sleep(1)
    assert (world.hears(vera), world.hears(boris)) == ({"boris"}, {"vera"})
    await vera.call.hang_up()
    await boris.call.until(CallState.ENDED)


@behaviour()
async def test_somebody_elses_dialog_is_not(world: World) -> None:
    anna, boris = await people(world, Incoming.ANSWER)
    vera = await world.registered("vera", habits=Habits(incoming=Incoming.ANSWER))
    call = await anna.dial("102")
    await call.until(CallState.UP)
    assert (await vera.refer(VERA, headers=named(call))).status == 403
    assert (await anna.refer(VERA, headers=(("Target-Dialog", "x;local-tag=a;remote-tag=b"),))).status == 481
    assert (world.hears(anna), world.hears(boris)) == ({"boris"}, {"anna"})
    await call.hang_up()


@behaviour()
async def test_nobody_subscribes_to_a_refer(world: World) -> None:
    anna, _ = await people(world)
    assert (await anna.watch("102", "refer")).status == 403
