"""Who is recorded, from when to when and on which side; what a guide records of its caller."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from softswitch.app.brain import Brain
from softswitch.app.brain_settings import BrainSettings
from softswitch.calls.facts import ConversationEnded
from softswitch.calls.recording import facts
from softswitch.calls.recording.inputs import RecordCaller, RecordingInput, StopRecordingCaller
from softswitch.core.errors import CommandError
from softswitch.directory.site import Number, ScenarioText
from softswitch.media.engine import Recording
from softswitch.simulation.behaviour import behaviour
from softswitch.simulation.phone import SimulatedPhone
from softswitch.simulation.phone_call import CallState
from softswitch.simulation.world import Setting, World

NUMBER = "74950000001"


async def talking(world: World, number: str = "102") -> tuple[SimulatedPhone, SimulatedPhone]:
    anna, boris = await world.registered("anna"), await world.registered("boris")
    await anna.dial(number)
    (await boris.until_called()).answer()
    await anna.call.until(CallState.UP)
    await boris.until(lambda: boris.call.acknowledged, "the ACK")
    return anna, boris


def leg_of(world: World, phone: SimulatedPhone) -> str:
    assert phone.call.remote is not None
    leg = world.switch.media.leg_at(phone.call.remote.address, phone.call.remote.port)
    assert leg is not None
    return leg


def users(world: World, **changes: dict[str, object]) -> None:
    site = world.switch.brain.desk.site
    changed = {name: replace(site.users[name], **what) for name, what in changes.items()}  # type: ignore[arg-type]
    world.switch.load(replace(site, users={**site.users, **changed}))


def start(world: World, leg: str) -> None:
    command(world, lambda brain: brain.recording.start(leg, "api"))


def stop(world: World, leg: str) -> None:
    command(world, lambda brain: brain.recording.stop(leg, "api"))


def command(world: World, work: Callable[[Brain], None]) -> None:
    world.switch.in_turn(lambda: world.switch.brain.command(lambda: work(world.switch.brain)))


def refused(world: World, leg: str, *, starting: bool) -> str:
    def ask(brain: Brain) -> None:
        with pytest.raises(CommandError) as error:
            (brain.recording.start if starting else brain.recording.stop)(leg, "api")
        told.append(error.value.error_id)

    told: list[str] = []
    command(world, ask)
    return told[0]


def recorded(world: World) -> list[tuple[Recording, float]]:
    assert not world.switch.media.recordings
    return [world.switch.media.recorded[name] for name in sorted(world.switch.media.recorded)]


def press(world: World, leg: str, keys: str) -> None:
    for key in keys:
        world.switch.media.press(leg, key)


@pytest.mark.row("I-20", "C-27")
@behaviour()
async def test_each_interval_that_is_asked_for_is_a_file_of_that_length(world: World) -> None:
    anna, boris = await talking(world)
    leg = leg_of(world, anna)
    other = leg_of(world, boris)
    for length_s in (3.0, 7.0):
        await asyncio.sleep(2)
        start(world, leg)
        await asyncio.sleep(length_s)
        stop(world, other)
        await asyncio.sleep(1)
    found = recorded(world)
    assert [round(seconds, 3) for _, seconds in found] == [3.0, 7.0]
    assert [one.channels for one, _ in found] == [((leg,), (other,))] * 2
    names = [one.path.rpartition("/")[2] for one, _ in found]
    conversation_id = leg.partition(".")[0]
    assert names == [f"{conversation_id}-01.wav", f"{conversation_id}-02.wav"]
    await anna.call.hang_up()
    await boris.call.until(CallState.ENDED)


@behaviour()
async def test_what_does_not_fit_is_refused_with_its_reason_and_changes_nothing(world: World) -> None:
    anna, boris = await talking(world)
    leg = leg_of(world, anna)
    assert refused(world, leg, starting=False) == "not-recording"
    assert refused(world, "nobody.1", starting=True) == "unknown-leg"
    start(world, leg)
    assert refused(world, leg, starting=True) == "already-recording"
    await asyncio.sleep(2)
    await anna.call.hang_up()
    await boris.call.until(CallState.ENDED)
    ((_, seconds),) = recorded(world)
    assert seconds == pytest.approx(2.0, abs=0.2)


@pytest.mark.row("I-21")
@behaviour()
async def test_who_must_be_recorded_is_from_the_first_moment_and_only_the_right_pauses_it(world: World) -> None:
    users(world, boris={"recording": "always"}, anna={"recording": "on_demand", "recording_pause": True})
    anna, boris = await talking(world)
    leg, other = leg_of(world, anna), leg_of(world, boris)
    assert len(world.switch.media.recordings) == 1
    assert refused(world, leg, starting=True) == "already-recording"
    assert refused(world, other, starting=False) == "recording-required"
    await asyncio.sleep(4)
    stop(world, leg)
    await asyncio.sleep(5)
    start(world, leg)
    await asyncio.sleep(6)
    await boris.call.hang_up()
    await anna.call.until(CallState.ENDED)
    await asyncio.sleep(1)
    assert [seconds for _, seconds in recorded(world)] == pytest.approx([4, 6], abs=0.6)  # an answer may come twice


@behaviour(Setting(settings=BrainSettings(recording="always", recording_pause_s=30.0)))
async def test_a_pause_ends_by_itself_when_it_has_been_long_enough(world: World) -> None:
    users(world, anna={"recording_pause": True})
    anna, boris = await talking(world)
    leg = leg_of(world, anna)
    await asyncio.sleep(10)
    stop(world, leg)
    await asyncio.sleep(35)
    assert len(world.switch.media.recordings) == 1
    stop(world, leg)  # paused again, and told to go on: the end of that pause changes nothing
    await asyncio.sleep(20)
    start(world, leg)
    await asyncio.sleep(40)
    stop(world, leg)
    await asyncio.sleep(5)
    await anna.call.hang_up()
    await boris.call.until(CallState.ENDED)
    assert [seconds for _, seconds in recorded(world)] == pytest.approx([10, 5, 40], abs=0.6)


@behaviour(Setting(settings=BrainSettings(recording_pause_s=30.0)))
async def test_what_nobody_has_to_record_is_not_recorded_again(world: World) -> None:
    anna, boris = await talking(world)
    leg = leg_of(world, anna)
    start(world, leg)
    await asyncio.sleep(10)
    stop(world, leg)
    await asyncio.sleep(60)
    await anna.call.hang_up()
    await boris.call.until(CallState.ENDED)
    assert [seconds for _, seconds in recorded(world)] == pytest.approx([10], abs=0.6)


@behaviour()
async def test_who_must_not_be_recorded_is_not_whoever_else_must(world: World) -> None:
    users(world, boris={"recording": "always"}, anna={"recording": "never"})
    anna, boris = await talking(world)
    await asyncio.sleep(1)
    assert refused(world, leg_of(world, boris), starting=True) == "recording-forbidden"
    await anna.call.hang_up()
    await boris.call.until(CallState.ENDED)
    assert recorded(world) == []


@behaviour()
async def test_the_code_begins_and_ends_recording_and_other_keys_do_nothing(world: World) -> None:
    anna, boris = await talking(world)
    leg = leg_of(world, boris)
    for keys in ("3", "*", "4", "**", "5*"):
        press(world, leg, keys)
        await asyncio.sleep(0.5)
    assert not world.switch.media.recordings
    press(world, leg, "3")
    await asyncio.sleep(5)
    press(world, leg, "*")
    await asyncio.sleep(1)
    press(world, leg, "3")
    await asyncio.sleep(1)
    assert [round(seconds) for _, seconds in recorded(world)] == [6]
    await anna.call.hang_up()
    await boris.call.until(CallState.ENDED)


@behaviour()
async def test_a_recording_goes_on_across_a_transfer_and_the_new_one_takes_the_old_ones_side(world: World) -> None:
    anna, boris = await talking(world)
    vera = await world.registered("vera")
    leg, old = leg_of(world, anna), leg_of(world, boris)
    start(world, leg)
    await asyncio.sleep(3)
    assert await boris.call.refer("103") == 202
    (await vera.until_called()).answer()
    await vera.until(lambda: vera.call.acknowledged, "the ACK")
    await asyncio.sleep(4)
    new = leg_of(world, vera)
    (running,) = world.switch.media.recordings.values()
    assert running.channels == ((leg,), (new,))
    assert old != new
    await anna.call.hang_up()
    await vera.call.until(CallState.ENDED)
    await asyncio.sleep(1)
    ((_, seconds),) = recorded(world)
    assert seconds > 7


@behaviour()
async def test_a_held_call_is_recorded_on(world: World) -> None:
    anna, boris = await talking(world)
    start(world, leg_of(world, anna))
    await boris.call.hold("sendonly")
    await asyncio.sleep(3)
    await boris.call.resume()
    await asyncio.sleep(2)
    assert len(world.switch.media.recordings) == 1
    await anna.call.hang_up()
    await boris.call.until(CallState.ENDED)
    await asyncio.sleep(1)
    assert len(recorded(world)) == 1


NOTICE = "/site/this-call-is-recorded.wav"


@behaviour()
async def test_who_talks_with_somebody_who_is_recorded_is_told_so_once_and_then_hears_them(world: World) -> None:
    users(world, boris={"recording": "always", "recording_notice": NOTICE})
    world.switch.media.lengths_s[f"file:{NOTICE}"] = 3.0
    anna, boris = await talking(world)
    await asyncio.sleep(1)
    media = world.switch.media
    told = media.legs[leg_of(world, anna)].playing
    assert told is not None
    assert told.sounds == (f"file:{NOTICE}",)
    assert media.legs[leg_of(world, boris)].playing is None
    await asyncio.sleep(3)
    assert media.legs[leg_of(world, anna)].playing is None
    assert (world.hears(anna), world.hears(boris)) == ({"boris"}, {"anna"})
    await anna.call.hang_up()
    await boris.call.until(CallState.ENDED)


@behaviour()
async def test_a_disk_that_fails_lets_the_call_go_on_and_is_kept_as_a_fact(world: World) -> None:
    users(world, boris={"recording": "always"})
    anna, boris = await talking(world)
    world.switch.media.fail_to_record("No space left on device")
    await asyncio.sleep(2)
    assert world.switch.brain.recording.alarms() == ["1 recording cannot be written: No space left on device"]
    world.switch.media.fail_to_record("")
    await asyncio.sleep(2)
    assert world.switch.brain.recording.alarms() == []
    assert anna.call.state is CallState.UP
    failed = [fact for fact in world.facts(facts.RecordingFailed) if isinstance(fact, facts.RecordingFailed)]
    assert [fact.reason for fact in failed] == ["No space left on device"]
    assert len(world.facts(facts.RecordingRecovered)) == 1
    await anna.call.hang_up()
    await boris.call.until(CallState.ENDED)


@behaviour(Setting(settings=BrainSettings(recording_failure="refuse")))
async def test_where_it_is_wanted_a_call_that_must_be_recorded_and_cannot_is_ended(world: World) -> None:
    users(world, boris={"recording": "always"})
    anna, boris = await talking(world)
    await asyncio.sleep(1)
    world.switch.media.fail_to_record("No space left on device")
    await anna.call.until(CallState.ENDED)
    await boris.call.until(CallState.ENDED)
    (ended,) = (fact for fact in world.facts(ConversationEnded) if isinstance(fact, ConversationEnded))
    assert ended.reason == "recording-failed"


@behaviour()
async def test_in_a_consultation_the_caller_s_side_is_the_callers_again_when_it_is_over(world: World) -> None:
    anna, boris = await talking(world)
    vera = await world.registered("vera")
    caller, agent = leg_of(world, anna), leg_of(world, boris)
    start(world, agent)
    await asyncio.sleep(2)
    command(world, lambda brain: brain.lines.consult(agent, "103"))
    (await vera.until_called()).answer()
    await vera.until(lambda: vera.call.acknowledged, "the ACK")
    await asyncio.sleep(2)
    target = leg_of(world, vera)
    (running,) = world.switch.media.recordings.values()
    assert running.channels == ((target,), (agent,))
    command(world, lambda brain: brain.lines.confirm(agent))
    await asyncio.sleep(2)
    (running,) = world.switch.media.recordings.values()
    assert running.channels == ((caller,), (target,))
    await anna.call.hang_up()
    await vera.call.until(CallState.ENDED)


@pytest.mark.row("I-20")
@behaviour()
async def test_of_more_than_two_each_has_a_file_and_two_again_have_one(world: World) -> None:
    anna, boris = await talking(world)
    vera = await world.registered("vera")
    own = leg_of(world, anna)
    start(world, own)
    await asyncio.sleep(2)
    command(world, lambda brain: brain.conferences.press(own, "103"))
    (await vera.until_called()).answer()
    await vera.until(lambda: vera.call.acknowledged, "the ACK")
    await asyncio.sleep(2)
    command(world, lambda brain: brain.conferences.press(own, ""))
    await asyncio.sleep(3)
    media = world.switch.media
    three = {own, leg_of(world, boris), leg_of(world, vera)}
    conversation_id = own.partition(".")[0]
    running = {one.path.rpartition("/")[2]: one.channels for one in media.recordings.values()}
    assert running == {f"{conversation_id}-02-{leg}.wav": ((leg,),) for leg in three}
    await vera.call.hang_up()
    await asyncio.sleep(4)
    (two,) = media.recordings.values()
    assert two.recording == f"{conversation_id}-03"
    assert {leg for (leg,) in two.channels} == {own, leg_of(world, boris)}
    await anna.call.hang_up()
    await boris.call.until(CallState.ENDED)
    await asyncio.sleep(1)
    assert len(recorded(world)) == 5
    lengths = {name.rpartition("-")[2]: round(seconds) for name, (_, seconds) in media.recorded.items()}
    assert lengths["03"] == 4


async def led(world: World) -> tuple[SimulatedPhone, str]:
    """Anna hears an announcement; return her phone and the conversation."""
    world.switch.media.lengths_s["file:/site/scenarios/hello.wav"] = 600.0
    anna = await world.registered("anna")
    call = await anna.dial(NUMBER)
    await call.until(CallState.UP)
    await asyncio.sleep(1)
    return anna, leg_of(world, anna).partition(".")[0]


def ask(world: World, given: RecordingInput) -> None:
    """Ask for something as a guide does."""

    def decide() -> None:
        world.switch.brain._turn.look_at_clock()
        world.switch.brain._call_desk._decide_one(given)

    world.switch.in_turn(decide)


LED = Setting(
    numbers=(Number(f"+{NUMBER}", "scenario", "main"),),
    scenarios=(ScenarioText("main", "/site/scenarios/main.yaml", "name: main\nsteps:\n  - play: {file: hello.wav}\n"),),
)


@pytest.mark.parametrize("why", ["limit", "silence", "asked", "hang-up"])
@behaviour(LED)
async def test_a_guide_records_its_caller_until_one_of_the_ends_comes(world: World, why: str) -> None:
    anna, conversation_id = await led(world)
    ask(world, RecordCaller(conversation_id, "voicemail/anna/message.wav", limit_s=20.0, silence_s=5.0))
    await asyncio.sleep(4)
    ((name, running),) = world.switch.media.recordings.items()
    assert (name, running.channels) == (f"{conversation_id}-message-01", ((f"{conversation_id}.1",),))
    assert running.path.endswith("/voicemail/anna/message.wav")
    if why == "silence":
        world.switch.media.say_nothing_more(f"{conversation_id}.1")
    elif why == "asked":
        ask(world, StopRecordingCaller(conversation_id))
    elif why == "hang-up":
        await anna.call.hang_up()
    await asyncio.sleep(20 if why == "limit" else 2)
    ((_, seconds),) = recorded(world)
    assert seconds == pytest.approx(20 if why == "limit" else 4, abs=0.3)
    ended = [fact for fact in world.facts(facts.MessageEnded) if isinstance(fact, facts.MessageEnded)]
    assert [fact.why for fact in ended] == [why]
    (kept,) = (fact for fact in world.facts(facts.RecordingKept) if isinstance(fact, facts.RecordingKept))
    assert kept.seconds == pytest.approx(seconds)
    if why != "hang-up":
        await anna.call.hang_up()
