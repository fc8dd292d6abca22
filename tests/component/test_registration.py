from __future__ import annotations

import asyncio

import pytest

from softswitch.directory.location import RegistrationBound, RegistrationRemoved
from softswitch.simulation.behaviour import behaviour
from softswitch.simulation.phone_core import Habits
from softswitch.simulation.world import Setting, World


def contacts(world: World, user: str) -> list[str]:
    return [binding.contact for binding in world.switch.brain.locations.contacts_of(user)]


@behaviour()
async def test_a_phone_registers_after_one_challenge(world: World) -> None:
    phone = world.phone("anna")
    assert await phone.register() == 200
    assert [str(line) for line in phone.log] == ["> REGISTER", "< 401 REGISTER", "> REGISTER", "< 200 REGISTER"]
    assert phone.registration.granted_s == 3600
    assert contacts(world, "anna") == ["sip:101@192.0.2.11:5060"]


@behaviour()
async def test_a_phone_refreshes_without_a_challenge_and_stays_one_binding(world: World) -> None:
    phone = world.phone("anna")
    await phone.registration.register(120, keep=True)
    await asyncio.sleep(600)
    assert phone.registration.refreshes >= 9
    assert contacts(world, "anna") == ["sip:101@192.0.2.11:5060"]
    phone.registration.stop()


@behaviour()
async def test_a_registration_that_nobody_refreshes_expires(world: World) -> None:
    phone = world.phone("anna")
    await phone.register(120)
    await asyncio.sleep(119)
    assert contacts(world, "anna")
    await asyncio.sleep(2)
    assert not contacts(world, "anna")
    (removed,) = world.facts(RegistrationRemoved)
    assert isinstance(removed, RegistrationRemoved)
    assert removed.reason == "expired"


@behaviour()
async def test_a_phone_that_unregisters_is_gone(world: World) -> None:
    phone = await world.registered("anna")
    assert await phone.unregister() == 200
    assert not contacts(world, "anna")


@behaviour()
async def test_contact_star_removes_every_phone_of_the_user(world: World) -> None:
    phone = await world.registered("anna")
    await world.registered("anna", name="second")
    assert len(contacts(world, "anna")) == 2
    assert await phone.registration.unregister(everybody=True) == 200
    assert not contacts(world, "anna")


@behaviour()
async def test_a_wrong_password_is_challenged_and_never_let_in(world: World) -> None:
    phone = world.phone("anna", password="wrong")
    assert await phone.register() == 401
    assert not contacts(world, "anna")


@behaviour()
async def test_an_unknown_user_is_answered_exactly_as_a_wrong_password(world: World) -> None:
    known, unknown = world.phone("anna", password="wrong"), world.phone("mallory")
    assert await known.register() == await unknown.register() == 401
    assert [line.what for line in known.log] == [line.what for line in unknown.log]
    for phone in (known, unknown):
        assert phone.last_response is not None
    assert known.last_response is not None
    assert unknown.last_response is not None
    names = [name for name, _ in known.last_response.headers]
    assert names == [name for name, _ in unknown.last_response.headers]


@behaviour(Setting(users={"anna": {"sha256": True}}))
async def test_who_is_offered_sha256_may_be_a_user_or_nobody(world: World) -> None:
    offers: dict[str, int] = {}
    for name in ("anna", "boris", *(f"nobody{number}" for number in range(30))):
        phone = world.phone(name, password="wrong")
        assert await phone.register() == 401
        assert phone.last_response is not None
        offers[name] = len(phone.last_response.get_all("WWW-Authenticate"))
    assert (offers.pop("anna"), offers.pop("boris")) == (2, 1)
    assert set(offers.values()) == {1, 2}


@behaviour()
async def test_too_brief_an_interval_is_423_and_the_phone_asks_for_more(world: World) -> None:
    phone = world.phone("anna")
    assert await phone.register(10) == 200
    assert "< 423 REGISTER" in [str(line) for line in phone.log]
    assert phone.registration.granted_s == 60


@behaviour()
async def test_too_long_an_interval_is_shortened(world: World) -> None:
    phone = world.phone("anna")
    assert await phone.register(86_400) == 200
    assert phone.registration.granted_s == 3600


@behaviour()
async def test_asking_without_a_contact_tells_who_is_registered(world: World) -> None:
    phone = await world.registered("anna")
    await world.registered("anna", name="second")
    found = await phone.registration.fetch()
    assert {str(address.uri) for address in found} == {"sip:101@192.0.2.11:5060", "sip:101@192.0.2.12:5060"}


@pytest.mark.parametrize("instance", ["", "11111111-2222-3333-4444-555555555555"], ids=["no-instance", "instance"])
@behaviour()
async def test_a_rebooted_phone_replaces_its_own_stale_contact_where_it_can_be_recognised(
    world: World, instance: str
) -> None:
    phone = await world.registered("anna", habits=Habits(instance=instance))
    phone.reboot(port=5060 if not instance else 5099)
    assert await phone.register() == 200
    assert contacts(world, "anna") == [phone.contact_uri]


@behaviour()
async def test_at_the_limit_the_oldest_phone_goes(world: World) -> None:
    for number in range(12):
        await world.registered("anna", name=f"phone {number}")
    assert contacts(world, "anna") == [f"sip:101@192.0.2.{11 + number}:5060" for number in range(2, 12)]


@behaviour()
async def test_a_contact_with_its_transport_in_capitals_is_kept_as_it_was_written(world: World) -> None:
    phone = await world.registered("anna", habits=Habits(transport_in_capitals=True))
    assert contacts(world, "anna") == ["sip:101@192.0.2.11:5060;transport=UDP"]
    assert phone.registration.granted_s == 3600


@behaviour()
async def test_a_stale_nonce_costs_one_more_round_and_no_refusal(world: World) -> None:
    phone = await world.registered("anna")
    await asyncio.sleep(3000)
    assert await phone.register() == 200
    assert [line.what for line in phone.log].count("401 REGISTER") == 2
    assert phone.last_response is not None


@behaviour()
async def test_a_step_of_the_wall_clock_lets_no_timer_fire_twice(world: World) -> None:
    phone = world.phone("anna")
    await phone.register(600)
    world.clock.step_wall(-300)
    await asyncio.sleep(1000)
    assert len(world.facts(RegistrationBound)) == 1
    assert len(world.facts(RegistrationRemoved)) == 1


@behaviour()
async def test_a_flood_of_options_is_answered_and_leaves_nothing(world: World) -> None:
    phone = world.phone("anna")
    assert list(await asyncio.gather(*(phone.options() for _ in range(200)))) == [200] * 200
    assert world.switch.brain.counts()["transactions"] == 0
