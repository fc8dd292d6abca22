"""A phone's "network conference" key (RFC 4579), and who is in a conference as others see it (RFC 4575)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from xml.etree import ElementTree

import pytest

from softswitch.directory.site import Room
from softswitch.simulation.behaviour import behaviour
from softswitch.simulation.phone import SimulatedPhone
from softswitch.simulation.phone_call import Call, CallState
from softswitch.simulation.phone_core import Habits, Incoming
from softswitch.simulation.phone_events import Watching
from softswitch.simulation.world import Setting, World

ROOMS = Setting(rooms=(Room("meeting", "800"), Room("board", "801", pin="4711")))
SPACE = "{urn:ietf:params:xml:ns:conference-info}"


async def people(world: World, **habits: Incoming) -> Sequence[SimulatedPhone]:
    return [
        await world.registered(name, habits=Habits(incoming=habits.get(name, Incoming.ANSWER)))
        for name in ("anna", "boris", "vera", "gleb")
    ]


async def dialled(phone: SimulatedPhone, number: str) -> Call:
    call = await phone.dial(number)
    await call.until(CallState.UP)
    await asyncio.sleep(0.5)
    return call


def all_hear_all(world: World, *phones: SimulatedPhone) -> None:
    names = {phone.name for phone in phones}
    assert {phone.name: world.hears(phone) for phone in phones} == {name: names - {name} for name in names}


def users(watching: Watching) -> dict[str, str]:
    """Who is there, and how, as the last document says."""
    document = ElementTree.fromstring(watching.bodies[-1])
    found = document.findall(f"{SPACE}users/{SPACE}user")
    count = document.find(f"{SPACE}conference-state/{SPACE}user-count")
    assert count is not None
    assert int(count.text or "") == len(found)
    return {
        (user.get("entity") or "").removeprefix("sip:").partition("@")[0]: (
            user.findtext(f"{SPACE}endpoint/{SPACE}status") or ""
        )
        for user in found
    }


def focus(phone: SimulatedPhone, call: Call) -> str:
    """The conference's URI, which the Contact of the answer told."""
    response = phone.last_response
    assert response is not None
    [contact] = response.contacts
    assert "isfocus" in contact.parameters
    assert str(contact.uri) == call.target
    return call.target


@behaviour()
async def test_the_key_makes_a_conference_to_which_the_phone_sends_both_its_calls(world: World) -> None:
    """RFC 4579 §5.6: a REFER to each of the parties, whom the switch moves itself."""
    anna, boris, vera, _ = await people(world)
    first = await dialled(anna, "102")
    await first.hold()
    second = await dialled(anna, "103")
    await second.hold()
    own = await dialled(anna, "conference")
    uri = focus(anna, own)
    assert uri.startswith("sip:conference-")
    assert await first.refer(uri) == 202
    assert await second.refer(uri) == 202
    await first.until(CallState.ENDED)
    await second.until(CallState.ENDED)
    await asyncio.sleep(1)
    all_hear_all(world, anna, boris, vera)
    await own.hang_up()
    await asyncio.sleep(1)
    all_hear_all(world, boris, vera)
    await boris.call.hang_up()
    await vera.call.hang_up()


@behaviour()
async def test_the_focus_is_asked_to_take_over_the_phones_calls(world: World) -> None:
    """RFC 4579 §5.5 with Replaces, within the dialog and outside of it."""
    anna, boris, vera, _ = await people(world)
    first = await dialled(anna, "102")
    await first.hold()
    second = await dialled(anna, "103")
    await second.hold()
    own = await dialled(anna, "conference")
    uri = focus(anna, own)
    assert await own.refer("102", to_call=first) == 202
    await first.until(CallState.ENDED)
    replaces = f"{second.sip_call_id}%3Bto-tag%3D{second.remote_tag}%3Bfrom-tag%3D{second.local_tag}"
    asked = await anna.refer(f"sip:103@example.net?Replaces={replaces}", uri=uri)
    assert asked.status == 202
    await second.until(CallState.ENDED)
    await anna.until(lambda: asked.is_over, "the last NOTIFY")
    await asyncio.sleep(1)
    assert asked.progress == [200]
    assert own.progress in ([200], [])  # a brain that died before it was said
    all_hear_all(world, anna, boris, vera)
    for phone in (anna, boris, vera):
        await phone.call.hang_up() if phone.call.state is CallState.UP else None


@behaviour()
async def test_the_focus_is_asked_to_call_somebody_and_to_let_them_go(world: World) -> None:
    anna, boris, vera, _ = await people(world, vera=Incoming.DECLINE)
    own = await dialled(anna, "conference")
    uri = focus(anna, own)
    assert await own.refer("102") == 202
    await (await boris.until_called()).until(CallState.UP)
    await asyncio.sleep(1)
    all_hear_all(world, anna, boris)
    assert own.progress[-1] == 200
    asked = await anna.refer("sip:103@example.net", uri=uri)
    await anna.until(lambda: asked.is_over, "the last NOTIFY")
    assert asked.progress[-1] in {603, 480}
    assert vera.call.state is CallState.ENDED
    assert (await boris.refer("sip:104@example.net", uri=uri)).status == 202
    await asyncio.sleep(1)
    assert (await boris.refer("sip:101@example.net;method=BYE", uri=uri)).status == 603
    assert await own.refer("102", method="BYE") == 202
    await boris.call.until(CallState.ENDED)
    await own.hang_up()


@behaviour()
async def test_whoever_is_in_it_watches_a_conference_and_nobody_else(world: World) -> None:
    anna, boris, vera, _ = await people(world, boris=Incoming.RING)
    own = await dialled(anna, "conference")
    name = focus(anna, own).removeprefix("sip:").partition("@")[0]
    watching = await anna.watch(name, "conference")
    assert (await vera.watch(name, "conference")).status == 403
    assert (await vera.watch("conference-none", "conference")).status == 404
    assert users(watching) == {"101": "connected"}
    assert await own.refer("102") == 202
    there = await boris.until_called()
    await asyncio.sleep(1)
    assert users(watching) == {"101": "connected", "102": "alerting"}
    there.answer()
    await asyncio.sleep(1)
    assert users(watching) == {"101": "connected", "102": "connected"}
    await there.hold()
    await asyncio.sleep(1)
    assert users(watching) == {"101": "connected", "102": "on-hold"}
    await there.hang_up()
    await asyncio.sleep(1)
    assert users(watching) == {"101": "connected"}
    await own.hang_up()
    await asyncio.sleep(1)
    assert watching.is_over or world.switch.lost_messages  # whoever has left sees nothing of those who stay


@behaviour(ROOMS)
async def test_a_room_is_watched_by_everybody_unless_it_has_a_pin(world: World) -> None:
    anna, boris, _, _ = await people(world)
    watching = await boris.watch("800", "conference")
    assert users(watching) == {}
    assert (await boris.watch("801", "conference")).status == 403
    call = await dialled(anna, "800")
    assert focus(anna, call).startswith("sip:800@")
    assert users(watching) == {"101": "connected"}
    await call.hang_up()
    await asyncio.sleep(1)
    assert users(watching) == {}


@pytest.mark.parametrize("number", ["conference-none", "conference-"])
@behaviour()
async def test_a_conference_that_is_over_is_dialled_in_vain(world: World, number: str) -> None:
    anna, _, _, _ = await people(world)
    call = await anna.dial(number)
    await call.until(CallState.ENDED)
    assert call.status == 404


@behaviour()
async def test_a_call_that_is_no_conference_has_a_contact_of_ours(world: World) -> None:
    anna, _, _, _ = await people(world)
    call = await dialled(anna, "102")
    assert call.target.startswith("sip:softswitch")
    await call.hang_up()
