"""Voicemail: a message is recorded for a box, lights a lamp, goes out by mail, and is heard and deleted by phone."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from softswitch.app.brain_settings import BrainSettings
from softswitch.app.voicemail_desk import VoicemailDesk
from softswitch.calls.voicemail.facts import (
    VoicemailDeleted,
    VoicemailDropped,
    VoicemailFileDeleted,
    VoicemailGreetingSet,
    VoicemailHeard,
    VoicemailLeft,
)
from softswitch.calls.voicemail.state import Message
from softswitch.core.errors import CommandError
from softswitch.directory.site import Group, Trunk
from softswitch.queues.agents.inputs import RefuseCalls, SetForward
from softswitch.scenario.errands import ErrandOver
from softswitch.simulation.behaviour import behaviour
from softswitch.simulation.death import Death
from softswitch.simulation.phone_call import Call, CallState
from softswitch.simulation.world import Setting, World
from tests.component.test_scenario import calling, ends, heard, press, scenario, sounds

LEAVE = """
  - voicemail: {box: boris, file: leave.wav, most_s: 30, silence_s: 5}
  - play: {file: thanks.wav}
  - hang_up: {}
"""
MAIL = {"host": "mail.example.net", "port": 25, "tls": "none", "username": "", "password_env": "", "sender": "pbx@x"}
BOX: dict[str, dict[str, object]] = {"boris": {"voicemail": True, "voicemail_pin": "1234", "email": "b@example.net"}}


def leaving(steps: str = LEAVE, **more: object) -> Setting:
    settings = BrainSettings(mail=MAIL, voicemail_keep_s=float(str(more.pop("keep_s", 0))))
    return replace(scenario(steps), users=BOX, settings=settings, **more)  # type: ignore[arg-type]  # by name


def messages(world: World, box: str = "boris") -> list[Message]:
    return world.switch.brain.voicemail.boxes.messages(box)


async def at_the_tone(world: World) -> Call:
    """Anna calls, hears the prompt and the tone, and has begun to speak."""
    sounds(world, leave=3, thanks=2)
    call = await calling(world)
    await call.until(CallState.UP)
    await asyncio.sleep(4)
    assert [recording.limit_s for recording in world.switch.media.recordings.values()] == [30.0]
    return call


@pytest.mark.row("S-24")
@pytest.mark.parametrize("how", ["key", "silence", "limit", "hang-up"])
@behaviour(leaving())
async def test_a_message_is_recorded_until_one_of_the_ends_comes(world: World, how: str) -> None:
    call = await at_the_tone(world)
    await asyncio.sleep(6)
    if how == "key":
        press(world, "#")
    elif how == "silence":
        (leg,) = (leg for leg in world.switch.media.legs if leg.endswith(".1"))
        world.switch.media.say_nothing_more(leg)
    elif how == "hang-up":
        assert await call.hang_up() == 200
    await call.until(CallState.ENDED, limit_s=60)
    await asyncio.sleep(2)
    (message,) = messages(world)
    assert message.from_number == "101"
    assert message.seconds == pytest.approx(30 if how == "limit" else 7, abs=0.5)
    assert not message.heard
    assert heard(world)[:2] == ["leave.wav", "tone:beep"]
    assert ("thanks.wav" in heard(world)) == (how != "hang-up")
    assert ends(world) == ([] if how == "hang-up" else [{"key": "asked"}.get(how, how), "played"])


@behaviour(leaving())
async def test_who_hangs_up_at_the_tone_leaves_no_message_and_no_file(world: World) -> None:
    call = await at_the_tone(world)
    assert await call.hang_up() == 200
    await asyncio.sleep(2)
    kept = [recording for recording, _ in world.switch.media.recorded.values()]
    if kept and world.facts(VoicemailDropped):
        assert messages(world) == []
        assert [each["path"] for each in world.switch.errands.deleted.values()] == [kept[0].path]


@behaviour(leaving())
async def test_a_message_goes_out_by_mail_once(world: World) -> None:
    call = await at_the_tone(world)
    await asyncio.sleep(6)
    await call.hang_up()
    await asyncio.sleep(2)
    (mail,) = world.switch.errands.mails.values()
    assert (mail["to"], mail["subject"]) == ("b@example.net", "Voicemail from Anna 101")
    assert str(mail["path"]).endswith(messages(world)[0].path)
    assert messages(world)[0].mailed


@behaviour(leaving())
async def test_a_mail_that_does_not_go_out_is_tried_again(world: World) -> None:
    world.switch.errands.mail_over = ErrandOver(False, "refused", {})
    call = await at_the_tone(world)
    await asyncio.sleep(6)
    await call.hang_up()
    await asyncio.sleep(10)
    assert not messages(world)[0].mailed
    world.switch.errands.mail_over = ErrandOver(True, "done", {})
    await asyncio.sleep(400)
    assert messages(world)[0].mailed


LISTEN = leaving("  - hang_up: {}\n")


def put(world: World, *names: str) -> None:
    """Put messages into Boris's box."""

    def work() -> None:
        for name in names:
            fact = VoicemailLeft("boris", name, f"voicemail/boris/{name}.wav", "+79161112233", "Romashka", 5.0)
            world.switch.brain._turn.place(fact)

    world.switch.in_turn(work)
    world.switch.media.lengths_s.update({f"file:/voicemail/boris/{name}.wav": 5.0 for name in names})


def played(world: World) -> list[str]:
    return [name for name in heard(world) if not name.startswith("tone:") and name in {"one.wav", "two.wav"}]


@pytest.mark.row("S-24")
@behaviour(LISTEN)
async def test_messages_are_heard_and_deleted_by_phone_after_the_code(world: World) -> None:
    boris = await world.registered("boris")
    put(world, "one", "two")
    call = await boris.dial("*97")
    await call.until(CallState.UP)
    press(world, "1234#")
    await asyncio.sleep(9)
    press(world, "3")
    await asyncio.sleep(2)
    press(world, "2")
    await call.until(CallState.ENDED, limit_s=30)
    assert played(world) == ["one.wav", "two.wav"]
    assert [message.message for message in messages(world)] == ["two"]
    assert messages(world)[0].heard
    assert len(world.facts(VoicemailDeleted)) == 1
    assert [each["path"] for each in world.switch.errands.deleted.values()] == ["/voicemail/boris/one.wav"]


@behaviour(LISTEN)
async def test_a_wrong_code_is_asked_for_again_and_the_third_ends_the_call(world: World) -> None:
    boris = await world.registered("boris")
    put(world, "one")
    call = await boris.dial("*97")
    await call.until(CallState.UP)
    for _ in range(3):
        press(world, "9999#")
        await asyncio.sleep(8)
    await call.until(CallState.ENDED)
    assert played(world) == []
    assert world.facts(VoicemailHeard) == []
    assert ends(world) == ["wrong code"]


@behaviour(LISTEN)
async def test_an_own_box_without_a_code_needs_none_and_says_that_it_is_empty(world: World) -> None:
    anna = await world.registered("anna")
    call = await anna.dial("*97")
    await call.until(CallState.ENDED, limit_s=60)
    assert call.status == 200
    assert "net-soobshcheniy" in " ".join(heard(world))


OUTSIDE = leaving("  - mailbox: {}\n", trunks=(Trunk("pstn", "198.51.100.5", 5060, "udp", any_port=False),))


@behaviour(OUTSIDE)
async def test_a_box_is_reached_from_outside_by_its_extension_and_code(world: World) -> None:
    put(world, "one")
    caller = world.phone("+79161112233", name="caller", host="198.51.100.5")
    call = await caller.dial("74950000001")
    await call.until(CallState.UP)
    press(world, "102#1234#")
    await asyncio.sleep(8)
    press(world, "1")
    await asyncio.sleep(3)
    press(world, "0")
    await call.until(CallState.ENDED, limit_s=20)
    assert len([1 for _, each in world.switch.media.played for sound in each if sound.endswith("/one.wav")]) >= 2
    assert ends(world) == ["left"]


@behaviour(OUTSIDE)
async def test_a_box_without_a_code_is_not_reached_from_outside(world: World) -> None:
    caller = world.phone("+79161112233", name="caller", host="198.51.100.5")
    call = await caller.dial("74950000001")
    await call.until(CallState.UP)
    press(world, "101#")
    await call.until(CallState.ENDED, limit_s=5)
    assert ends(world) == ["no such box"]


@behaviour(leaving(groups=(Group("sales", "600", "ordered", 20, None, 1, (("boris", 1), ("vera", 1))),)))
async def test_a_groups_message_counts_for_each_member(world: World) -> None:
    def work() -> None:
        fact = VoicemailLeft("sales", "one", "voicemail/sales/one.wav", "+79161112233", "", 5.0)
        world.switch.brain._turn.place(fact)

    world.switch.in_turn(work)
    voicemail = world.switch.brain.voicemail
    assert [voicemail.counts(name).new for name in ("boris", "vera", "gleb")] == [1, 1, 0]
    world.switch.in_turn(lambda: voicemail.mark_heard("sales", "one", "api"))
    assert (voicemail.counts("vera").new, voicemail.counts("vera").old) == (0, 1)
    with pytest.raises(CommandError):
        voicemail.delete("sales", "two", "api")


@behaviour(leaving(keep_s=86_400))
async def test_old_messages_are_deleted(world: World) -> None:
    put(world, "one")
    world.switch.refold()
    await asyncio.sleep(86_400 + 3700)
    assert messages(world) == []
    assert [fact.by for fact in world.facts(VoicemailDeleted) if isinstance(fact, VoicemailDeleted)] == ["retention"]
    any_: Any = world.switch.errands.deleted.values()
    assert [each["path"] for each in any_] == ["/voicemail/boris/one.wav"]


def unanswered(after_s: float = 15.0, **more: object) -> Setting:
    """Boris's direct calls go to the mailbox when they are not answered."""
    return replace(LISTEN, users={"boris": {**BOX["boris"], "voicemail_after_s": after_s, **more}})


@pytest.mark.row("S-24")
@pytest.mark.parametrize("why", ["no answer", "declined", "busy", "offline", "do not disturb"])
@behaviour(unanswered())
async def test_a_direct_call_that_is_not_taken_goes_to_the_mailbox(world: World, why: str) -> None:
    anna = await world.registered("anna")
    boris = None if why == "offline" else await world.registered("boris")
    if why == "do not disturb":
        world.command(RefuseCalls("boris", True, "api"))
    call = await anna.dial("102")
    if boris is not None and why in {"declined", "busy", "no answer"}:
        rung = await boris.until_called()
        began = world.loop.time()
        if why != "no answer":
            await asyncio.sleep(2)
            (rung.decline if why == "declined" else rung.busy)()
        await call.until(CallState.UP)
        assert world.loop.time() - began == pytest.approx(15 if why == "no answer" else 2, abs=0.5)
        await rung.until(CallState.ENDED)
    await call.until(CallState.UP)
    await asyncio.sleep(12)
    assert await call.hang_up() == 200
    await asyncio.sleep(2)
    (message,) = messages(world)
    assert (message.box, message.from_number, message.from_name) == ("boris", "101", "Anna")


@behaviour(unanswered())
async def test_a_call_that_is_answered_leaves_the_mailbox_alone(world: World) -> None:
    anna, boris = await world.registered("anna"), await world.registered("boris")
    call = await anna.dial("102")
    await asyncio.sleep(14)
    boris.call.answer()
    await call.until(CallState.UP)
    await asyncio.sleep(30)
    assert world.hears(anna) == {"boris"}
    assert await call.hang_up() == 200
    assert messages(world) == []


@behaviour(unanswered())
async def test_a_forward_that_the_user_has_set_goes_before_the_mailbox(world: World) -> None:
    anna, boris, vera = [await world.registered(name) for name in ("anna", "boris", "vera")]
    world.command(SetForward("boris", "no_answer", "103", 5.0, "api"))
    call = await anna.dial("102")
    await boris.until_called()
    (await vera.until_called(limit_s=6)).answer()
    await call.until(CallState.UP)
    assert await call.hang_up() == 200
    assert messages(world) == []


@pytest.mark.row("S-24")
@behaviour(unanswered())
async def test_callers_hear_the_greeting_that_the_user_has_said_by_phone(world: World) -> None:
    anna, boris = await world.registered("anna"), await world.registered("boris")
    own = await boris.dial("*97")
    await own.until(CallState.UP)
    press(world, "1234#")
    await asyncio.sleep(3)
    press(world, "5")
    await asyncio.sleep(8)
    assert len(world.switch.media.recordings) == 1
    press(world, "3")
    await asyncio.sleep(2)
    press(world, "#")
    await asyncio.sleep(2)
    (greeting,) = [fact.path for fact in world.facts(VoicemailGreetingSet) if isinstance(fact, VoicemailGreetingSet)]
    assert world.switch.brain.voicemail.boxes.greeting("boris") == greeting
    assert greeting.startswith("voicemail/boris/greeting-")
    assert await own.hang_up() == 200
    assert messages(world) == []
    world.switch.media.lengths_s[f"file:/{greeting}"] = 4.0
    call = await anna.dial("102")
    (await boris.until_called(times=1)).busy()
    await call.until(CallState.UP)
    await asyncio.sleep(3)
    assert heard(world)[-2:] == [greeting.rpartition("/")[2], "tone:beep"]
    assert await call.hang_up() == 200


@behaviour(LISTEN)
async def test_a_greeting_is_said_again_and_taken_away_by_keys(world: World) -> None:
    boris = await world.registered("boris")
    call = await boris.dial("*97")
    await call.until(CallState.UP)
    press(world, "1234#5")
    for _ in range(2):
        await asyncio.sleep(9)
        world.switch.media.lengths_s.update(
            {f"file:{recording.path}": 4.0 for recording in world.switch.media.recordings.values()}
        )
        press(world, "#")
        await asyncio.sleep(1)
        press(world, "5")
    await asyncio.sleep(9)
    press(world, "#")
    await asyncio.sleep(1)
    press(world, "6")
    await asyncio.sleep(2)
    assert await call.hang_up() == 200
    assert world.switch.brain.voicemail.boxes.greeting("boris") == ""
    made = {fact.path for fact in world.facts(VoicemailGreetingSet) if isinstance(fact, VoicemailGreetingSet)} - {""}
    assert len(made) == 3
    assert {str(each["path"]) for each in world.switch.errands.deleted.values()} >= {f"/{path}" for path in made}


@behaviour(leaving())
async def test_the_file_of_a_deleted_message_is_deleted_also_where_a_brain_died_before_it_said_so(world: World) -> None:
    call = await at_the_tone(world)
    await asyncio.sleep(6)
    await call.hang_up()
    await asyncio.sleep(2)
    (message,) = messages(world)
    world.switch.deaths = [Death(world.switch.turns + 1, lets_out=0)]
    delete = partial(VoicemailDesk.delete, box="boris", name=message.message, by="api")
    world.switch.in_turn(lambda: world.switch.brain.command_voicemail(delete))
    await asyncio.sleep(1)
    assert messages(world) == []
    assert [each["path"].endswith(message.path) for each in world.switch.errands.deleted.values()] == [True]
    assert world.facts(VoicemailFileDeleted)
