"""Phones read their configuration again, each told in its own words. An order is no fact: no brain repeats it."""

from __future__ import annotations

import pytest

from softswitch.core.errors import CommandError
from softswitch.simulation.behaviour import try_straight
from softswitch.simulation.phone_core import Habits
from softswitch.simulation.world import Setting, World


def test_each_phone_of_a_user_gets_the_event_that_its_vendor_wants() -> None:
    try_straight(_orders, Setting(), seed=1)


async def _orders(world: World) -> None:
    desk = await world.registered("anna", habits=Habits(user_agent="Yealink SIP-T46G 28.72.0.1"))
    home = await world.registered("anna", name="home", habits=Habits(user_agent="snomD785/10.1.33.33"))
    told: list[tuple[str, str]] = []

    def order(reboot: bool, contact: str) -> None:  # a test's own
        told.extend(world.switch.brain.resync_phones("101", reboot=reboot, contact=contact))

    world.switch.in_turn(lambda: order(False, ""))
    await desk.until(lambda: desk.events == ["check-sync;reboot=false"], "the NOTIFY")
    await home.until(lambda: home.events == ["check-sync;reboot=false"], "the NOTIFY")
    world.switch.in_turn(lambda: order(True, home.contact_uri))
    await home.until(lambda: home.events[-1:] == ["check-sync;reboot=true"], "the NOTIFY")
    assert desk.events == ["check-sync;reboot=false"]
    assert len(told) == 3


def test_without_a_phone_there_is_an_error() -> None:
    try_straight(_vain_orders, Setting(), seed=1)


async def _vain_orders(world: World) -> None:
    for extension, error_id in (("999", "unknown-extension"), ("101", "offline")):
        with pytest.raises(CommandError) as refused:
            world.switch.brain.resync_phones(extension, reboot=False, contact="")
        assert refused.value.error_id == error_id
