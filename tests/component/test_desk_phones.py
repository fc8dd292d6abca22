"""A working day of each vendor's phone: everything that it is told is told in words that it understands."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from softswitch.simulation.behaviour import try_straight
from softswitch.simulation.phone_call import CallState
from softswitch.simulation.phone_core import Habits, Incoming
from softswitch.simulation.world import Setting, World
from tests.phones.desk_phones import DESK_PHONES, DeskPhone

SHOWN = {
    "PAI": '"Vera" <sip:103@example.net>',
    "number": '"Vera" <sip:103>',
    "from": 'From: "Vera" <sip:103@example.net>\r\nTo:\r\n',
    "to": 'From:\r\nTo: "Vera" <sip:103@example.net>\r\n',
}
"""What a display follows, by the way it is told."""
DIALOGS = "{urn:ietf:params:xml:ns:dialog-info}"


@pytest.mark.parametrize("vendor", DESK_PHONES)
def test_a_phone_answers_an_intercom_call_holds_in_its_form_and_shows_whom_it_is_given(vendor: str) -> None:
    async def day(world: World) -> None:
        kind: DeskPhone = DESK_PHONES[vendor]
        anna = await world.registered("anna")
        desk = await world.registered("boris", habits=kind.habits)
        vera = await world.registered("vera", habits=Habits(incoming=Incoming.ANSWER))
        assert len(desk.registration.contacts) == 1
        call = await anna.dial("*80102" if kind.answers_itself else "102")
        if not kind.answers_itself:
            (await desk.until_called()).answer()
        await call.until(CallState.UP)
        assert await desk.call.hold(kind.holds_by) == 200
        await asyncio.sleep(1)
        assert world.hears(desk) == set()
        assert await desk.call.resume() == 200
        await asyncio.sleep(1)
        assert (world.hears(anna), world.hears(desk)) == ({"boris"}, {"anna"})
        assert await call.refer("103") == 202
        await (await vera.until_called()).until(CallState.UP)
        await asyncio.sleep(1)
        assert desk.call.displays == [SHOWN[kind.told_by]] if kind.told_by in SHOWN else not desk.call.displays
        await desk.call.hang_up()
        await vera.call.until(CallState.ENDED)

    try_straight(day, Setting(), seed=1)


@pytest.mark.parametrize("vendor", [name for name, kind in DESK_PHONES.items() if kind.lamp_needs])
def test_a_phones_lamp_says_what_its_pickup_is_made_of(vendor: str) -> None:
    async def pickup(world: World) -> None:
        kind: DeskPhone = DESK_PHONES[vendor]
        anna, vera = await world.registered("anna"), await world.registered("vera")
        desk = await world.registered("boris", habits=kind.habits)
        lamp = await desk.watch("103")
        await desk.until(lambda: lamp.lamp == "idle", "the dark lamp")
        assert "idle" not in kind.lamp_needs or [bool(one.get("id")) for one in lamp.dialogs()] == [True]
        await anna.dial("103")
        rings = await vera.until_called()
        await desk.until(lambda: lamp.lamp == "early", "the blinking lamp")
        (dialog,) = lamp.dialogs()
        ends = {end for end in ("local", "remote") if dialog.find(f"{DIALOGS}{end}/{DIALOGS}target") is not None}
        assert kind.lamp_needs - {"idle"} <= dialog.attrib.keys() | ends
        picked = await desk.dial("103", headers=(("Replaces", lamp.replaces()),))
        await picked.until(CallState.UP)
        await rings.until(CallState.ENDED)
        await asyncio.sleep(1)
        assert (world.hears(anna), world.hears(desk)) == ({"boris"}, {"anna"})
        await picked.hang_up()
        await desk.until(lambda: lamp.lamp == "idle", "the dark lamp")

    try_straight(pickup, Setting(), seed=1)


@pytest.mark.parametrize("vendor", DESK_PHONES)
def test_a_phone_reads_its_configuration_again_and_starts_anew_when_it_is_told_so(vendor: str) -> None:
    async def orders(world: World) -> None:
        kind: DeskPhone = DESK_PHONES[vendor]
        desk = await world.registered("boris", habits=kind.habits)
        for reboot, event in ((False, kind.reads_again_on), (True, kind.restarts_on)):
            desk.events.clear()
            world.switch.in_turn(partial(_resync, world, reboot))
            await desk.until(lambda: len(desk.events) == 1, "the NOTIFY")
            assert desk.events == [event]

    try_straight(orders, Setting(), seed=1)


def _resync(world: World, reboot: bool) -> None:  # as the API asks
    world.switch.brain.resync_phones("102", reboot=reboot, contact="")
