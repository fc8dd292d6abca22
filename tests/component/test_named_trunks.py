"""Trunks whose hosts are names: calls go where the DNS says, with fail-over, and come in from there."""

from __future__ import annotations

from dataclasses import replace

from softswitch.directory.host_names import HostName, Target
from softswitch.directory.site import Number
from softswitch.simulation.behaviour import behaviour
from softswitch.simulation.phone_call import CallState
from softswitch.simulation.phone_core import Habits, Incoming
from softswitch.simulation.world import Setting, World
from tests.component.test_trunks_out import NUMBER, ROUTES, TRUNK, carrier

NAMED = Setting(
    trunks=(replace(TRUNK, host="sip.example.com", port=None),),
    routes=ROUTES,
    numbers=(Number("+74950000001", "user", "anna"),),
)
NAME = HostName("sip.example.com", 0, "udp")


def tell(world: World, *hosts: str) -> None:
    targets = tuple(Target("udp", host, 5060) for host in hosts)
    world.switch.in_turn(lambda: world.switch.brain.host_found(NAME, targets))


@behaviour(NAMED)
async def test_a_call_goes_where_the_dns_says_and_on_to_the_next_place_where_that_fails(world: World) -> None:
    anna = await world.registered("anna")
    await anna.dial(NUMBER)
    await anna.call.until(CallState.ENDED)
    assert anna.call.status == 503  # nobody knows yet where the host is
    first = carrier(world, "198.51.100.5", Habits(incoming=Incoming.SILENT))
    second = carrier(world, "198.51.100.6")
    first.unplug()
    tell(world, "198.51.100.5", "198.51.100.6")
    await anna.dial(NUMBER)
    (await second.until_called()).answer()
    await anna.call.until(CallState.UP)
    await anna.call.hang_up()


@behaviour(NAMED)
async def test_calls_come_in_from_where_the_host_is_now_and_from_nowhere_else(world: World) -> None:
    anna = await world.registered("anna")
    old, new = carrier(world, "198.51.100.5"), carrier(world, "198.51.100.6")
    tell(world, "198.51.100.5")
    await old.dial("+74950000001")
    (await anna.until_called()).answer()
    await old.call.until(CallState.UP)
    await old.call.hang_up()
    tell(world, "198.51.100.6")
    await old.dial("+74950000001")
    await old.call.until(CallState.ENDED)
    assert old.call.status == 401
    await new.dial("+74950000001")
    (await anna.until_called(times=2)).answer()
    await new.call.until(CallState.UP)
    await new.call.hang_up()
