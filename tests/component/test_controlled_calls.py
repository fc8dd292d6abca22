"""Calls that are controlled from outside: dialled, answered, held and ended by commands (RFC 3725)."""

from __future__ import annotations

import asyncio
from operator import methodcaller

import pytest

from softswitch.calls import facts
from softswitch.core.errors import CommandError
from softswitch.directory.site import Group, Route, Trunk
from softswitch.simulation.behaviour import behaviour
from softswitch.simulation.phone_call import CallState
from softswitch.simulation.phone_core import Habits, Incoming
from softswitch.simulation.world import Setting, World
from tests.component.controlled import HEADSET, MUSIC, leg, phones, sounds_of, talk

OUTSIDE = Setting(
    trunks=(
        Trunk("pstn", "192.0.2.90", 5060, "udp", any_port=False, caller_id="+74950000001"),
        Trunk("spare", "192.0.2.91", 5060, "udp", any_port=False),
        Trunk("dear", "192.0.2.92", 5060, "udp", any_port=False),
    ),
    routes=(Route("pstn", "pstn", "^\\+7"), Route("spare", "spare", "^\\+7"), Route("dear", "dear", "^\\+")),
    users={"anna": {"routes": ("pstn", "spare")}, "boris": {"routes": ()}},
    groups=(Group("sales", "600", "simultaneous", 20, None, 1, (("boris", 1), ("vera", 1))),),
)


@pytest.mark.row("I-1", "I-17")
@behaviour()
async def test_the_switch_rings_the_users_own_phone_and_then_the_number(world: World) -> None:
    anna, boris = await phones(world, "anna", "boris", anna=HEADSET)
    world.order(lambda lines: lines.dial("anna", "102"))
    own = await anna.until_called()
    assert "<sip:102@example.net>" in own.asked("From")
    await own.until(CallState.UP)
    there = await boris.until_called()
    assert '"Anna" <sip:101@example.net>' in there.asked("From")
    assert "answer-after" not in there.asked("Call-Info")
    assert sounds_of(world, own) == ("tone:ringback",)
    there.answer()
    await boris.until(lambda: there.acknowledged, "the ACK")
    await asyncio.sleep(1)
    assert (world.hears(anna), world.hears(boris)) == ({"boris"}, {"anna"})
    assert len(world.facts(facts.ConversationStarted)) == 1
    await own.hang_up()
    await there.until(CallState.ENDED)


@behaviour()
async def test_of_several_own_phones_the_first_that_answers_calls_and_the_others_fall_silent(world: World) -> None:
    anna, boris = await phones(world, "anna", "boris")
    mobile = await world.registered("anna", name="mobile")
    world.order(lambda lines: lines.dial("anna", "102", auto_answer=False))
    own = await mobile.until_called()
    await anna.until_called()
    assert own.asked("Call-Info") == ""
    own.answer()
    await anna.call.until(CallState.ENDED)
    assert any("Call completed elsewhere" in reason for reason in anna.call.reasons)
    (await boris.until_called()).answer()
    await asyncio.sleep(1)
    assert (world.hears(mobile), world.hears(boris)) == ({"boris"}, {"mobile"})
    await boris.call.hang_up()
    await own.until(CallState.ENDED)


@pytest.mark.parametrize("habit", [Incoming.BUSY, Incoming.DECLINE])
@behaviour()
async def test_a_number_that_refuses_ends_the_call_at_the_users_phone_with_the_reason(
    world: World, habit: Incoming
) -> None:
    anna, boris = await phones(world, "anna", "boris", anna=HEADSET, boris=Habits(incoming=habit))
    world.order(lambda lines: lines.dial("anna", "102"))
    own = await anna.until_called()
    await own.until(CallState.ENDED)
    assert own.ended_by == "there"
    assert any(("User busy" if habit is Incoming.BUSY else "Call rejected") in reason for reason in own.reasons)
    assert boris.call.over


@behaviour()
async def test_an_own_phone_that_refuses_or_never_answers_leaves_the_number_in_peace(world: World) -> None:
    anna, boris = await phones(world, "anna", "boris")
    world.order(lambda lines: lines.dial("anna", "102"))
    (await anna.until_called()).decline()
    await asyncio.sleep(1)
    world.order(lambda lines: lines.dial("anna", "102"))
    await anna.until_called(times=2)
    await anna.call.until(CallState.ENDED, limit_s=100)
    assert not boris.calls


@behaviour()
async def test_a_user_who_hangs_up_while_the_number_rings_is_rid_of_it(world: World) -> None:
    anna, boris = await phones(world, "anna", "boris", anna=HEADSET)
    world.order(lambda lines: lines.dial("anna", "102"))
    await boris.until_called()
    await anna.call.hang_up()
    await boris.call.until(CallState.ENDED)
    assert boris.call.status == 487


@pytest.mark.row("I-22")
@behaviour(OUTSIDE)
async def test_the_user_chooses_the_route_or_takes_the_first_that_fits(world: World) -> None:
    (anna,) = await phones(world, "anna", anna=HEADSET)
    trunks = {name: world.phone(name, host=f"192.0.2.{number}") for name, number in (("pstn", 90), ("spare", 91))}
    for route, reached in (("", "pstn"), ("spare", "spare")):
        world.order(methodcaller("dial", "anna", "+7 (916) 111-22-33", route=route))
        there = await trunks[reached].until_called()
        assert there.asked("To").startswith("<sip:+79161112233@")
        there.answer()
        await asyncio.sleep(1)
        assert world.hears(anna) == {reached}
        await anna.call.hang_up()
        await there.until(CallState.ENDED)


@pytest.mark.row("I-23")
@pytest.mark.parametrize(
    ("user", "number", "route", "status", "field", "error_id"),
    [
        ("anna", "+79161112233", "dear", 403, "route", "forbidden-route"),
        ("anna", "+79161112233", "none", 404, "route", "unknown-route"),
        ("anna", "102", "pstn", 409, "route", "route-mismatch"),
        ("boris", "+79161112233", "", 403, "number", "forbidden-route"),
    ],
)
@behaviour(OUTSIDE)
async def test_a_route_that_is_not_the_users_is_refused_and_nothing_rings(
    world: World, user: str, number: str, route: str, status: int, field: str, error_id: str
) -> None:
    anna, boris = await phones(world, "anna", "boris")
    before = len(world.switch.journal.records())
    with pytest.raises(CommandError) as refused:
        world.order(lambda lines: lines.dial(user, number, route=route))
    assert (refused.value.status, refused.value.field, refused.value.error_id) == (status, field, error_id)
    await asyncio.sleep(1)
    assert not (anna.calls or boris.calls)
    assert len(world.switch.journal.records()) == before


@behaviour(OUTSIDE)
async def test_a_dialled_group_rings_by_its_own_rules(world: World) -> None:
    anna, boris, vera = await phones(world, "anna", "boris", "vera", anna=HEADSET)
    world.order(lambda lines: lines.dial("anna", "600"))
    await boris.until_called()
    (await vera.until_called()).answer()
    await boris.call.until(CallState.ENDED)
    await asyncio.sleep(1)
    assert (world.hears(anna), world.hears(vera)) == ({"vera"}, {"anna"})
    await anna.call.hang_up()
    await vera.call.until(CallState.ENDED)


# Answering


@behaviour(loses="the pressing of the phone's key")
async def test_a_phone_that_lets_itself_be_told_answers(world: World) -> None:
    anna, boris = await phones(world, "anna", "boris", boris=Habits(takes_talk=True))
    await anna.dial("102")
    rings = await boris.until_called()
    await anna.call.until(CallState.RINGING)
    world.order(lambda lines: lines.answer(leg(world, "boris")))
    await rings.until(CallState.UP)
    assert (rings.pressed, len(boris.calls)) == (1, 1)
    await anna.call.until(CallState.UP)
    await anna.call.hang_up()


@behaviour(loses="the pressing of the phone's key")
async def test_a_phone_that_rang_before_a_restart_lets_itself_be_told_too(world: World) -> None:
    anna, boris = await phones(world, "anna", "boris", boris=Habits(takes_talk=True))
    await anna.dial("102")
    rings = await boris.until_called()
    await anna.call.until(CallState.RINGING)
    world.switch.refold()
    world.order(lambda lines: lines.answer(leg(world, "boris")))
    await rings.until(CallState.UP)
    assert rings.pressed == 1
    await anna.call.until(CallState.UP)
    await anna.call.hang_up()


@behaviour()
async def test_another_phone_is_called_anew_so_that_it_answers_by_itself(world: World) -> None:
    anna, boris = await phones(world, "anna", "boris", boris=HEADSET)
    await anna.dial("102")
    rings = await boris.until_called()
    await anna.call.until(CallState.RINGING)
    world.order(lambda lines: lines.answer(leg(world, "boris")))
    await anna.call.until(CallState.UP)
    assert rings.over
    assert any("Call completed elsewhere" in reason for reason in rings.reasons)
    await boris.call.until(CallState.UP)
    await asyncio.sleep(1)
    assert (world.hears(anna), world.hears(boris)) == ({"boris"}, {"anna"})
    await anna.call.hang_up()


@behaviour()
async def test_a_command_takes_the_call_that_rings_at_a_colleague(world: World) -> None:
    anna, boris, vera = await phones(world, "anna", "boris", "vera", vera=HEADSET)
    await anna.dial("102")
    rings = await boris.until_called()
    await anna.call.until(CallState.RINGING)
    world.order(lambda lines: lines.pick_up("vera", "102"))
    await anna.call.until(CallState.UP)
    assert '"Anna" <sip:101@example.net>' in vera.call.asked("From")
    await rings.until(CallState.ENDED)
    assert any("Call completed elsewhere" in reason for reason in rings.reasons)
    await asyncio.sleep(1)
    assert (world.hears(anna), world.hears(vera)) == ({"vera"}, {"anna"})
    await anna.call.hang_up()


# Hold


@pytest.mark.row("I-5", "I-7", "V-12")
@pytest.mark.parametrize("side", ["anna", "boris"])
@behaviour()
async def test_hold_lets_the_other_one_hear_music_until_the_call_is_connected_again(world: World, side: str) -> None:
    anna, boris = await phones(world, "anna", "boris")
    ends = dict(zip(("anna", "boris"), await talk(world, "anna", "boris", "102"), strict=True))
    other = "boris" if side == "anna" else "anna"
    for _ in range(2):
        world.order(lambda lines: lines.hold(leg(world, side)))
        await asyncio.sleep(1)
        assert (world.hears(anna), world.hears(boris)) == (set(), set())
        assert (sounds_of(world, ends[side]), sounds_of(world, ends[other])) == ((), MUSIC)
        world.order(lambda lines: lines.connect(leg(world, side)))
        await asyncio.sleep(1)
        assert (world.hears(anna), world.hears(boris)) == ({"boris"}, {"anna"})
        assert sounds_of(world, ends[other]) == ()
    segments = world.facts(facts.SegmentStarted, facts.SegmentEnded)
    assert [type(fact).__name__ for fact in segments] == ["SegmentStarted", "SegmentEnded"] * 2 + ["SegmentStarted"]
    await ends[other].hang_up()
    await ends[side].until(CallState.ENDED)


@pytest.mark.row("I-6", "I-18", "I-19")
@behaviour(Setting(users={"anna": {"call_waiting": False}}))
async def test_the_line_is_free_while_others_wait_and_each_call_is_commanded_by_its_own_leg(world: World) -> None:
    _, boris, vera, gleb = await phones(world, "anna", "boris", "vera", "gleb", anna=HEADSET)
    first, there = await talk(world, "anna", "boris", "102")
    assert world.switch.brain.calls.is_busy("anna")
    world.order(lambda lines: lines.hold(leg(world, "anna")))
    assert not world.switch.brain.calls.is_busy("anna")
    second, _ = await talk(world, "gleb", "anna", "101")
    world.order(lambda lines: lines.hold(leg(world, "anna")))
    world.order(lambda lines: lines.dial("anna", "103"))
    (await vera.until_called()).answer()
    await asyncio.sleep(1)
    legs = world.legs_of("anna")
    assert len(legs) == 3
    assert (world.hears(boris), world.hears(gleb), world.hears(vera)) == (set(), set(), {"anna"})
    assert (sounds_of(world, there), sounds_of(world, second)) == (MUSIC, MUSIC)
    world.order(lambda lines: lines.connect(legs[0]))  # whom anna talks with waits from now on
    await asyncio.sleep(1)
    assert (world.hears(boris), world.hears(gleb), world.hears(vera)) == ({"anna"}, set(), set())
    assert sounds_of(world, vera.call) == MUSIC
    world.order(lambda lines: lines.hang_up(legs[1]))
    await second.until(CallState.ENDED)
    assert world.hears(boris) == {"anna"}
    await first.hang_up()
    await there.until(CallState.ENDED)
    world.order(lambda lines: lines.hang_up(legs[2]))
    await vera.call.until(CallState.ENDED)


@behaviour()
async def test_whoever_hangs_up_while_somebody_waits_is_rung_for_them(world: World) -> None:
    anna, boris = await phones(world, "anna", "boris")
    own, there = await talk(world, "anna", "boris", "102")
    world.order(lambda lines: lines.hold(leg(world, "anna")))
    await own.hang_up()
    again = await anna.until_called()
    assert "<sip:102@example.net>" in again.asked("From")
    assert sounds_of(world, there) == MUSIC
    again.answer()
    await asyncio.sleep(1)
    assert (world.hears(anna), world.hears(boris)) == ({"boris"}, {"anna"})
    await again.hang_up()
    await there.until(CallState.ENDED)


@behaviour()
async def test_whoever_waits_and_is_not_taken_back_is_let_go_after_a_minute(world: World) -> None:
    anna, _ = await phones(world, "anna", "boris")
    own, there = await talk(world, "anna", "boris", "102")
    world.order(lambda lines: lines.hold(leg(world, "anna")))
    await own.hang_up()
    await anna.until_called()
    await there.until(CallState.ENDED, limit_s=100)
    await anna.call.until(CallState.ENDED)


@behaviour()
async def test_a_held_one_who_hangs_up_ends_the_call(world: World) -> None:
    await phones(world, "anna", "boris")
    own, there = await talk(world, "anna", "boris", "102")
    world.order(lambda lines: lines.hold(leg(world, "anna")))
    await there.hang_up()
    await own.until(CallState.ENDED)


@behaviour(loses="the pressing of the phone's key")
async def test_a_phone_that_holds_by_itself_is_asked_to_take_the_call_back(world: World) -> None:
    anna, boris = await phones(world, "anna", "boris", anna=Habits(takes_talk=True))
    own, there = await talk(world, "anna", "boris", "102")
    world.order(lambda lines: lines.hold(leg(world, "anna")))
    assert await own.hold() == 200
    world.order(lambda lines: lines.connect(leg(world, "anna")))
    await asyncio.sleep(1)
    assert own.pressed == 1
    assert sounds_of(world, there) == MUSIC
    assert await own.resume() == 200
    await asyncio.sleep(1)
    assert (world.hears(anna), world.hears(boris)) == ({"boris"}, {"anna"})
    assert sounds_of(world, there) == ()
    await own.hang_up()


@pytest.mark.parametrize("then", ["connect", "consult"])
@behaviour()
async def test_a_phone_that_lets_itself_be_told_holds_when_a_command_does_and_takes_the_call_back(
    world: World, then: str
) -> None:
    _, boris, vera = await phones(world, "anna", "boris", "vera", boris=Habits(takes_talk=True))
    there, own = await talk(world, "anna", "boris", "102")
    world.order(lambda lines: lines.hold(leg(world, "boris")))
    await boris.until(lambda: own.hold_pressed == 1 or world.switch.lost_messages, "the key")
    assert await own.hold() == 200  # as it was told
    await asyncio.sleep(1)
    assert (sounds_of(world, there), world.hears(boris)) == (MUSIC, set())
    if then == "connect":
        world.order(lambda lines: lines.connect(leg(world, "boris")))
    else:
        world.order(lambda lines: lines.consult(leg(world, "boris"), "103"))
        (await vera.until_called()).answer()
    await boris.until(lambda: own.pressed == 1 or world.switch.lost_messages, "the other key")
    assert await own.resume() == 200
    await asyncio.sleep(1)
    assert world.hears(boris) == ({"anna"} if then == "connect" else {"vera"})
    assert sounds_of(world, there) == (() if then == "connect" else MUSIC)
    world.order(lambda lines: lines.hang_up(leg(world, "boris")))
    await own.until(CallState.ENDED)


@pytest.mark.row("V-24")
@pytest.mark.parametrize("when", ["talking", "rings-here", "rings-there"])
@behaviour()
async def test_a_command_ends_a_call_on_both_sides(world: World, when: str) -> None:
    anna, boris = await phones(world, "anna", "boris")
    if when == "talking":
        await talk(world, "anna", "boris", "102")
    else:
        await anna.dial("102")
        await boris.until_called()
        await anna.call.until(CallState.RINGING)
    world.order(lambda lines: lines.hang_up(leg(world, "boris" if when == "rings-here" else "anna")))
    await anna.call.until(CallState.ENDED)
    await boris.call.until(CallState.ENDED)
    assert anna.call.status == {"talking": 200, "rings-here": 603, "rings-there": 487}[when]
