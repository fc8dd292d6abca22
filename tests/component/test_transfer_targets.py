"""Whom a call can be transferred to now, how the target is named, and what is shown and heard outside and inside."""

from __future__ import annotations

import asyncio

import pytest

from softswitch.app.targets import Target
from softswitch.core.errors import CommandError
from softswitch.directory.site import Contact, Group, Number, Queue, Route, Trunk
from softswitch.queues.agents.inputs import ChooseStatus
from softswitch.simulation.behaviour import behaviour
from softswitch.simulation.phone_call import CallState
from softswitch.simulation.world import Setting, World
from tests.component.controlled import HEADSET, leg, phones, sounds_of, talk

OFFICE = Setting(
    groups=(
        Group("sales", "600", "simultaneous", 20, None, 1, (("vera", 1), ("gleb", 1))),
        Group("night", "601", "simultaneous", 20, None, 1, (("gleb", 1),)),
    ),
    queues=(Queue("support", "700", ("gleb",)),),
    contacts=(Contact("Ромашка", ("+79161112233",)), Contact("Far", ("+4930123456",))),
    trunks=(Trunk("pstn", "192.0.2.90", 5060, "udp", any_port=False, caller_id="+74950000001", identity="pai"),),
    routes=(Route("pstn", "pstn", "^\\+7"),),
    numbers=(Number("+74950000002", "group", "sales"),),
)


def targets(world: World, user: str = "boris") -> dict[str, Target]:
    return {one.name: one for one in world.switch.brain.lines.targets(user)}


@pytest.mark.row("V-27", "V-28", "V-29")
@behaviour(OFFICE)
async def test_targets_are_listed_with_whether_they_can_be_reached_now(world: World) -> None:
    await phones(world, "anna", "boris", "vera")
    found = targets(world)
    assert [(one.kind, one.name) for one in found.values()] == [
        ("user", "anna"),
        ("user", "vera"),
        ("user", "gleb"),
        ("group", "sales"),
        ("group", "night"),
        ("queue", "support"),
        ("contact", "Ромашка"),
        ("contact", "Far"),
    ]
    assert {name for name, one in found.items() if not one.why_not} == {"anna", "vera", "sales", "Ромашка"}
    assert (found["gleb"].why_not, found["gleb"].status) == ("Subscriber absent", "offline")
    assert found["night"].why_not == "none of its members can be reached"
    assert found["Far"].why_not == "no route leads there"
    world.command(ChooseStatus("vera", "unavailable", "api"))
    assert targets(world)["vera"].why_not == "Status Unavailable"
    assert targets(world)["sales"].why_not == "none of its members can be reached"
    world.command(ChooseStatus("vera", "ready", "api"))
    assert targets(world)["vera"].why_not == ""


@pytest.mark.row("V-78")
@behaviour(OFFICE)
async def test_nobody_is_transferred_to_whose_status_makes_them_unavailable(world: World) -> None:
    anna, boris, vera = await phones(world, "anna", "boris", "vera")
    await talk(world, "anna", "boris", "102")
    world.command(ChooseStatus("vera", "unavailable", "api"))
    with pytest.raises(CommandError) as refused:
        world.order(lambda lines: lines.transfer(leg(world, "boris"), "vera"))
    assert (refused.value.field, str(refused.value)) == ("number", "Status Unavailable")
    assert (world.hears(anna), world.hears(boris), vera.calls) == ({"boris"}, {"anna"}, [])
    await anna.call.hang_up()


@pytest.mark.row("V-31")
@pytest.mark.parametrize("target", ["103", "vera", "600", "sales"])
@behaviour(OFFICE)
async def test_a_target_is_named_by_its_number_or_by_its_name(world: World, target: str) -> None:
    anna, boris, vera = await phones(world, "anna", "boris", "vera")
    await talk(world, "anna", "boris", "102")
    world.order(lambda lines: lines.transfer(leg(world, "boris"), target))
    (await vera.until_called()).answer()
    await boris.call.until(CallState.ENDED)
    await asyncio.sleep(1)
    assert (world.hears(anna), world.hears(vera)) == ({"vera"}, {"anna"})
    await anna.call.hang_up()


@pytest.mark.row("V-42", "V-43", "V-44")
@behaviour(OFFICE)
async def test_a_call_goes_outside_with_a_chosen_number_a_tone_tells_of_success_and_it_leaves_the_list(
    world: World,
) -> None:
    anna, boris = await phones(world, "anna", "boris")
    outside = world.phone("pstn", host="192.0.2.90")
    await talk(world, "anna", "boris", "102")
    own = leg(world, "boris")
    world.order(lambda lines: lines.consult(own, "+79161112233", caller_id="+74950000002"))
    there = await outside.until_called()
    assert there.asked("From").startswith("<sip:+74950000002@")
    assert "+74950000002" in there.asked("P-Asserted-Identity")
    before = len(world.switch.media.played)
    there.answer()
    await asyncio.sleep(1)
    assert (own, ("tone:beep",)) in world.switch.media.played[before:]
    assert world.hears(boris) == {"pstn"}
    assert world.legs_of("boris") == [own]
    world.order(lambda lines: lines.confirm(own))
    await boris.call.until(CallState.ENDED)
    assert world.legs_of("boris") == []
    await asyncio.sleep(1)
    assert (world.hears(anna), world.hears(outside)) == ({"pstn"}, {"anna"})
    await anna.call.hang_up()


@behaviour(OFFICE)
async def test_a_number_that_is_not_the_sites_is_not_shown(world: World) -> None:
    (anna,) = await phones(world, "anna", anna=HEADSET)
    with pytest.raises(CommandError) as refused:
        world.order(lambda lines: lines.dial("anna", "+79161112233", caller_id="+79990000000"))
    assert (refused.value.status, refused.value.field) == (403, "caller_id")
    assert not anna.calls


@pytest.mark.row("V-14")
@behaviour()
async def test_keys_go_to_the_other_party_and_nowhere_while_nobody_talks(world: World) -> None:
    await phones(world, "anna", "boris")
    _, there = await talk(world, "anna", "boris", "102")
    world.order(lambda lines: lines.keys(leg(world, "anna"), "12#a"))
    sent = world.switch.media.keys_sent
    assert there.remote is not None
    assert sent == [(world.switch.media.leg_at(there.remote.address, there.remote.port), "12#A")]
    for keys, error in (("", "bad-keys"), ("12x", "bad-keys")):
        with pytest.raises(CommandError) as refused:
            world.order(lambda lines, keys=keys: lines.keys(leg(world, "anna"), keys))  # type: ignore[misc]
        assert (refused.value.error_id, refused.value.status) == (error, 422)
    world.order(lambda lines: lines.hold(leg(world, "anna")))
    with pytest.raises(CommandError) as refused:
        world.order(lambda lines: lines.keys(leg(world, "anna"), "1"))
    assert refused.value.error_id == "not-talking"
    assert sounds_of(world, there) == ("music:",)
    await there.hang_up()
