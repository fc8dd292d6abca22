"""The package ``reg`` (RFC 3680): a user sees which phones of their own are registered."""

from __future__ import annotations

from softswitch.simulation.behaviour import behaviour
from softswitch.simulation.world import World


@behaviour()
async def test_a_user_sees_their_phones_come_and_go(world: World) -> None:
    anna = await world.registered("anna")
    own = await anna.watch("101", "reg")
    await anna.until(lambda: own.shown.count("<contact ") == 1, "one phone")
    home = await world.registered("anna", name="home")
    await anna.until(lambda: own.shown.count("<contact ") == 2, "two phones")
    assert home.contact_uri in own.shown
    await home.unregister()
    await anna.until(lambda: own.shown.count("<contact ") == 1, "one phone")


@behaviour()
async def test_nobody_sees_the_phones_of_others(world: World) -> None:
    vera = await world.registered("vera")
    assert (await vera.watch("101", "reg")).status == 403
