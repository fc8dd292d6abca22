"""The call flows of RFC 3665, with us in the place of the proxies: what each phone sends and gets, line by line.

Those of RFC 5359 and RFC 5589 stand, by their sections, in docs/conformance.md.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine

from softswitch.simulation.behaviour import try_straight
from softswitch.simulation.phone import SimulatedPhone
from softswitch.simulation.phone_call import CallState
from softswitch.simulation.phone_core import Habits, Incoming
from softswitch.simulation.world import Setting, World


def flow(script: Callable[[World], Coroutine[object, object, None]]) -> None:
    try_straight(script, Setting(), seed=1)


async def phones(world: World, boris: Incoming = Incoming.RING) -> tuple[SimulatedPhone, SimulatedPhone]:
    found = await world.registered("anna"), await world.registered("boris", habits=Habits(incoming=boris))
    for phone in found:
        phone.log.clear()
    return found


def ladder(phone: SimulatedPhone) -> str:
    """What a phone sent (>) and got (<), in one line."""
    return "  ".join(str(line) for line in phone.log)


REGISTERED = "> REGISTER  < 401 REGISTER  > REGISTER  < 200 REGISTER"
CALLED = "> INVITE  < 100 INVITE  < 180 INVITE  < 200 INVITE  > ACK"
ANSWERED = "< INVITE  > 100 INVITE  > 180 INVITE  > 200 INVITE  < ACK"


def test_rfc3665_2_1_a_new_registration() -> None:
    async def script(world: World) -> None:
        anna = world.phone("anna")
        assert await anna.register() == 200
        assert ladder(anna) == REGISTERED

    flow(script)


def test_rfc3665_2_2_and_2_4_the_list_of_contacts_grows_and_shrinks() -> None:
    async def script(world: World) -> None:
        anna = await world.registered("anna")
        mobile = await world.registered("anna", name="mobile")
        assert len(mobile.registration.contacts) == 2
        assert ladder(mobile) == REGISTERED
        anna.log.clear()
        assert await anna.unregister() == 200
        assert ladder(anna) == "> REGISTER  < 200 REGISTER"

    flow(script)


def test_rfc3665_2_5_a_wrong_password() -> None:
    async def script(world: World) -> None:
        anna = world.phone("anna", password="wrong")
        assert await anna.register() == 401
        assert ladder(anna) == "> REGISTER  < 401 REGISTER  > REGISTER  < 401 REGISTER"

    flow(script)


def test_rfc3665_3_1_and_3_2_a_session() -> None:
    async def script(world: World) -> None:
        anna, boris = await phones(world)
        call = await anna.dial("102")
        (await boris.until_called()).answer()
        await call.until(CallState.UP)
        await asyncio.sleep(1)
        await boris.call.hang_up()
        await call.until(CallState.ENDED)
        assert ladder(anna) == f"{CALLED}  < BYE  > 200 BYE"
        assert ladder(boris) == f"{ANSWERED}  > BYE  < 200 BYE"

    flow(script)


def test_rfc3665_3_3_a_session_with_authentication() -> None:
    """The challenge is 401 and not 407: we are the end of the call and no proxy."""

    async def script(world: World) -> None:
        anna = await world.registered("anna", habits=Habits(reuse_nonce=False))
        boris = await world.registered("boris")
        anna.log.clear()
        call = await anna.dial("102")
        (await boris.until_called()).answer()
        await call.until(CallState.UP)
        assert ladder(anna) == f"> INVITE  < 401 INVITE  {CALLED}"
        await call.hang_up()

    flow(script)


def test_rfc3665_3_6_a_session_whose_answer_is_in_the_ack() -> None:
    async def script(world: World) -> None:
        anna, boris = await phones(world)
        call = await anna.dial("102", offer=False)
        (await boris.until_called()).answer()
        await call.until(CallState.UP)
        await asyncio.sleep(1)
        assert ladder(anna) == CALLED
        assert (world.hears(anna), world.hears(boris)) == ({"boris"}, {"anna"})
        await call.hang_up()

    flow(script)


def test_rfc3665_3_7_a_change_of_address_by_reinvite() -> None:
    async def script(world: World) -> None:
        anna, boris = await phones(world)
        call = await anna.dial("102")
        (await boris.until_called()).answer()
        await call.until(CallState.UP)
        await asyncio.sleep(1)
        anna.log.clear()
        anna.move(("192.0.2.77", 5060))
        assert await call.resume() == 200
        await asyncio.sleep(1)
        assert ladder(anna) in {
            "> INVITE  < 200 INVITE  > ACK",
            "> INVITE  < 100 INVITE  < 200 INVITE  > ACK",
        }
        assert (world.hears(anna), world.hears(boris)) == ({"boris"}, {"anna"})
        await call.hang_up()

    flow(script)


def test_rfc3665_3_8_nobody_answers_and_the_caller_gives_up() -> None:
    async def script(world: World) -> None:
        anna, boris = await phones(world)
        call = await anna.dial("102")
        await boris.until_called()
        await asyncio.sleep(1)
        await call.hang_up()
        await call.until(CallState.ENDED)
        await boris.call.until(CallState.ENDED)
        assert ladder(anna) in {
            "> INVITE  < 100 INVITE  < 180 INVITE  > CANCEL  < 200 CANCEL  < 487 INVITE",
            "> INVITE  < 100 INVITE  < 180 INVITE  > CANCEL  < 487 INVITE  < 200 CANCEL",
        }
        assert sorted(ladder(boris).split("  ")) == sorted(
            ["< INVITE", "> 100 INVITE", "> 180 INVITE", "< CANCEL", "> 200 CANCEL", "> 487 INVITE"]
        )

    flow(script)


def test_rfc3665_3_9_the_phone_is_busy() -> None:
    async def script(world: World) -> None:
        anna, boris = await phones(world, Incoming.BUSY)
        call = await anna.dial("102")
        await call.until(CallState.ENDED)
        assert call.status == 486
        assert ladder(anna) == "> INVITE  < 100 INVITE  < 486 INVITE"
        assert ladder(boris) == "< INVITE  > 100 INVITE  > 486 INVITE"

    flow(script)


def test_rfc3665_3_10_the_phone_is_gone() -> None:
    """A proxy says 408; we say 480, for it is our call that came to nothing."""

    async def script(world: World) -> None:
        anna, boris = await phones(world)
        boris.unplug()
        call = await anna.dial("102")
        await call.until(CallState.ENDED)
        assert call.status == 480
        assert ladder(anna) == "> INVITE  < 100 INVITE  < 480 INVITE"

    flow(script)


def test_rfc3665_3_11_the_user_is_not_there_now() -> None:
    async def script(world: World) -> None:
        anna = await world.registered("anna")
        anna.log.clear()
        call = await anna.dial("102")
        await call.until(CallState.ENDED)
        assert call.status == 480
        assert ladder(anna) in {"> INVITE  < 480 INVITE", "> INVITE  < 100 INVITE  < 480 INVITE"}

    flow(script)
