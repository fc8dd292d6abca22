"""Numbers that are answered by scenarios: what callers hear, which keys count, whom the steps ring and for how long."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime

import pytest

from softswitch.app.brain_settings import BrainSettings
from softswitch.calls.facts import ConversationEnded
from softswitch.calls.guide_facts import AttemptStarted
from softswitch.directory.site import Contact, Group, Number, Route, ScenarioText, Trunk
from softswitch.scenario.facts import ScenarioEnded, StepBegun, StepEnded
from softswitch.simulation.behaviour import behaviour
from softswitch.simulation.phone import SimulatedPhone
from softswitch.simulation.phone_call import Call, CallState
from softswitch.simulation.phone_core import Habits, Incoming
from softswitch.simulation.world import Setting, World

NUMBER = "74950000001"


def scenario(steps: str, **others: str) -> Setting:
    """A site whose number is answered by these steps; further scenarios by name."""
    texts = {"main": steps, **others}
    return Setting(
        numbers=(Number(f"+{NUMBER}", "scenario", "main"),),
        scenarios=tuple(
            ScenarioText(name, f"/site/scenarios/{name}.yaml", f"name: {name}\nsteps:\n{text}")
            for name, text in texts.items()
        ),
    )


RESPONSIBLE = replace(
    scenario("  - responsible: {ring_s: 20}\n  - employee: {name: vera}\n"),
    contacts=(Contact("Romashka", ("+79161112233", "101"), "boris"),),
)
"""Anna's extension stands for a customer's number."""


def sounds(world: World, **lengths_s: float) -> None:
    """Say how long the audio files of the scenarios last; others cannot be played."""
    world.switch.media.lengths_s.update({f"file:/site/scenarios/{k}.wav": v for k, v in lengths_s.items()})


def heard(world: World) -> list[str]:
    """What was played to callers, in order, repetitions after a restart left out."""
    names = [sound.rpartition("/")[2] for _, played in world.switch.media.played for sound in played]
    return [name for place, name in enumerate(names) if not place or names[place - 1] != name]


async def calling(world: World) -> Call:
    anna = await world.registered("anna")
    return await anna.dial(NUMBER)


def press(world: World, keys: str) -> None:
    (leg,) = (leg for leg in world.switch.media.legs if leg.endswith(".1"))
    for key in keys:
        world.switch.media.press(leg, key)


def paths(world: World) -> list[str]:
    return [fact.path for fact in world.facts(StepBegun) if isinstance(fact, StepBegun)]


def ends(world: World) -> list[str]:
    return [fact.how for fact in world.facts(StepEnded) if isinstance(fact, StepEnded)]


HOURS = """
  - play: {file: welcome.wav}
  - employee: {name: boris, ring_s: 15}
  - employee: {name: vera}
  - hang_up: {reason: no_answer}
"""


@pytest.mark.row("S-4", "S-10")
@behaviour(scenario(HOURS))
async def test_steps_run_in_order_until_somebody_takes_the_call(world: World) -> None:
    sounds(world, welcome=6)
    boris, vera = await world.registered("boris"), await world.registered("vera")
    call = await calling(world)
    await call.until(CallState.UP)
    await boris.until_called()
    assert paths(world) == ["1", "2"]
    await asyncio.sleep(14)
    assert not vera.calls
    (await vera.until_called()).answer()
    await boris.call.until(CallState.ENDED)
    await vera.until(lambda: vera.call.acknowledged, "the ACK")
    await asyncio.sleep(5)
    assert world.hears(vera) == {"anna"}
    assert heard(world) == ["welcome.wav", "tone:ringback", "tone:ringback"][: len(heard(world))]
    assert ends(world) == ["played", "no-answer"]
    assert await call.hang_up() == 200
    await vera.call.until(CallState.ENDED)
    assert world.facts(ScenarioEnded) == [ScenarioEnded("taken")]
    assert world.facts(ConversationEnded) == [ConversationEnded("completed", 200)]


@pytest.mark.row("S-26")
@behaviour(scenario("  - employee: {name: boris, ring_s: 20}\n  - hang_up: {reason: busy}\n"))
async def test_a_caller_who_was_not_answered_gets_the_reason_of_the_hang_up(world: World) -> None:
    boris = await world.registered("boris")
    call = await calling(world)
    await boris.until_called()
    await call.until(CallState.RINGING)
    await call.until(CallState.ENDED)
    assert (call.status, call.reasons) == (486, ['Q.850;cause=17;text="User busy"'])
    assert ends(world) == ["no-answer"]


MENU = """
  - menu:
      file: menu.wav
      wait_s: 8
      retries: 1
      keys:
        "1": [{employee: {name: boris}}]
        "2": [{scenario: {name: other}}, {hang_up: {reason: rejected}}]
  - employee: {name: vera}
"""
OTHER = "  - play: {file: other.wav}\n"


@pytest.mark.row("S-22")
@behaviour(scenario(MENU, other=OTHER))
async def test_a_key_ends_the_prompt_and_takes_its_branch(world: World) -> None:
    sounds(world, menu=30, other=4)
    boris = await world.registered("boris")
    call = await calling(world)
    await call.until(CallState.UP)
    await asyncio.sleep(2)
    press(world, "1")
    (await boris.until_called(limit_s=2)).answer()
    await boris.until(lambda: boris.call.acknowledged, "the ACK")
    assert paths(world) == ["1", "1.keys.1.1"]
    assert await call.hang_up() == 200


@behaviour(scenario(MENU, other=OTHER))
async def test_a_sub_scenario_comes_back_and_the_branch_goes_on(world: World) -> None:
    sounds(world, menu=3, other=4)
    call = await calling(world)
    await call.until(CallState.UP)
    await asyncio.sleep(5)
    press(world, "2")
    await call.until(CallState.ENDED)
    assert paths(world) == ["1", "1.keys.2.1", "1", "1.keys.2.2"]
    assert ends(world) == ["key 2", "entered", "played"]
    assert heard(world) == ["menu.wav", "other.wav"]
    assert call.ended_by == "there"


@behaviour(scenario(MENU, other=OTHER))
async def test_a_wrong_key_asks_again_and_silence_leads_to_the_next_step(world: World) -> None:
    sounds(world, menu=3)
    vera = await world.registered("vera")
    call = await calling(world)
    await call.until(CallState.UP)
    await asyncio.sleep(1)
    press(world, "7")
    await vera.until_called()
    assert ends(world) == ["no key"]
    assert paths(world) == ["1", "2"]
    assert await call.hang_up() == 200
    await vera.call.until(CallState.ENDED)


DIGITS = "  - digits: {file: enter.wav, wait_s: 5}\n  - employee: {name: vera}\n"


@pytest.mark.row("S-6", "S-7")
@pytest.mark.parametrize("keys", ["102", "102#"])
@behaviour(scenario(DIGITS))
async def test_digits_of_an_extension_ring_it(world: World, keys: str) -> None:
    sounds(world, enter=10)
    boris = await world.registered("boris")
    call = await calling(world)
    await call.until(CallState.UP)
    await asyncio.sleep(1)
    press(world, keys)
    await boris.until_called(limit_s=2)
    assert await call.hang_up() == 200
    await boris.call.until(CallState.ENDED)


@pytest.mark.row("S-8")
@behaviour(scenario(DIGITS))
async def test_a_wrong_extension_leads_to_the_next_step(world: World) -> None:
    sounds(world, enter=10)
    vera = await world.registered("vera")
    call = await calling(world)
    await call.until(CallState.UP)
    press(world, "999")
    await vera.until_called(limit_s=2)
    assert ends(world) == ["wrong number 999"]
    assert await call.hang_up() == 200
    await vera.call.until(CallState.ENDED)


@behaviour(scenario("  - play: {file: nowhere.wav}\n  - employee: {name: boris}\n"))
async def test_a_file_that_cannot_be_played_does_not_hold_the_caller(world: World) -> None:
    boris = await world.registered("boris")
    call = await calling(world)
    await boris.until_called()
    assert ends(world) == ["not played"]
    assert await call.hang_up() == 200
    await boris.call.until(CallState.ENDED)


LENGTHS = """
  - play: {file: short.wav, duration_s: 6}
  - play: {file: long.wav, duration_s: 6}
  - hang_up: {}
"""


@pytest.mark.row("S-5")
@behaviour(scenario(LENGTHS))
async def test_a_time_cuts_a_longer_file_and_is_silence_after_a_shorter_one(world: World) -> None:
    sounds(world, short=2, long=20)
    call = await calling(world)
    await call.until(CallState.UP)
    began = world.loop.time()
    await call.until(CallState.ENDED)
    assert world.loop.time() - began == pytest.approx(12, abs=1)
    assert ends(world) == ["time", "time"]


@pytest.mark.row("S-32")
@behaviour(scenario("  - employee: {name: boris, ring_s: 5}\n  - employee: {name: vera, ring_s: 5}\n"))
async def test_steps_that_run_out_end_the_call_with_a_cause(world: World) -> None:
    boris = await world.registered("boris")
    call = await calling(world)
    await boris.until_called()
    await call.until(CallState.ENDED)
    assert call.status == 480
    assert call.reasons == ['Q.850;cause=31;text="The scenario has no further steps"']
    assert ends(world) == ["no-answer", "unreachable"]
    assert world.facts(ConversationEnded) == [ConversationEnded("ran-out", 480)]


ANYONE = """
  - employee: {name: boris, ring_s: 5}
  - menu: {wait_s: 1, keys: {"1": [{employee: {name: boris}}, {employee: {name: vera}}]}}
  - anyone_above: {wait_s: 60}
  - hang_up: {reason: busy}
"""


async def busy_with_each_other(world: World, first: SimulatedPhone, second: SimulatedPhone) -> None:
    await first.dial("104")
    (await second.until_called()).answer()
    await first.call.until(CallState.UP)
    await second.until(lambda: second.call.acknowledged, "the ACK")


@pytest.mark.row("S-21")
@behaviour(scenario(ANYONE))
async def test_anyone_above_rings_each_once_and_whoever_becomes_free(world: World) -> None:
    vera, gleb = await world.registered("vera"), await world.registered("gleb")
    await busy_with_each_other(world, vera, gleb)
    call = await calling(world)
    await asyncio.sleep(20)
    assert len(vera.calls) == 1
    assert await vera.call.hang_up() == 200
    (await vera.until_called(limit_s=5)).answer()
    await vera.until(lambda: vera.call.acknowledged, "the ACK")
    assert len(world.facts(AttemptStarted)) == 1
    assert await call.hang_up() == 200


@pytest.mark.row("S-21")
@behaviour(scenario(ANYONE))
async def test_anyone_above_ends_at_once_when_nobody_has_a_phone(world: World) -> None:
    call = await calling(world)
    await call.until(CallState.ENDED, limit_s=10)
    assert ends(world) == ["unreachable", "no key", "nobody reachable"]


@pytest.mark.row("S-11")
@behaviour(RESPONSIBLE)
async def test_a_known_caller_reaches_the_responsible_manager_first(world: World) -> None:
    boris, vera = await world.registered("boris"), await world.registered("vera")
    call = await calling(world)
    await boris.until_called()
    await asyncio.sleep(19)
    assert not vera.calls
    await vera.until_called(limit_s=5)
    assert await call.hang_up() == 487
    await vera.call.until(CallState.ENDED)


@pytest.mark.row("S-12")
@behaviour(RESPONSIBLE)
async def test_a_responsible_manager_who_is_offline_is_passed_over(world: World) -> None:
    vera = await world.registered("vera")
    call = await calling(world)
    await vera.until_called(limit_s=2)
    assert ends(world) == ["unreachable"]
    assert await call.hang_up() == 487
    await vera.call.until(CallState.ENDED)


@pytest.mark.row("S-11")
@behaviour(replace(RESPONSIBLE, contacts=()))
async def test_an_unknown_caller_goes_to_the_next_step(world: World) -> None:
    vera = await world.registered("vera")
    call = await calling(world)
    await vera.until_called(limit_s=2)
    assert ends(world) == ["unknown caller"]
    assert await call.hang_up() == 487
    await vera.call.until(CallState.ENDED)


WHEN = '  - when: {from: "22:00", to: "06:00", steps: [{employee: {name: boris}}]}\n  - employee: {name: vera}\n'


@pytest.mark.row("S-23")
@behaviour(scenario(WHEN))
async def test_a_step_of_time_runs_in_its_range_only(world: World) -> None:
    hour = datetime.fromtimestamp(world.clock.wall()).hour  # noqa: DTZ006  # the range is local time
    night = hour >= 22 or hour < 6
    rung = await world.registered("boris" if night else "vera")
    other = await world.registered("vera" if night else "boris")
    call = await calling(world)
    await rung.until_called()
    assert not other.calls
    assert await call.hang_up() == 487
    await rung.call.until(CallState.ENDED)


@behaviour(scenario(HOURS))
async def test_a_caller_who_hangs_up_during_the_welcome_leaves_nothing(world: World) -> None:
    sounds(world, welcome=6)
    call = await calling(world)
    await call.until(CallState.UP)
    await asyncio.sleep(2)
    assert await call.hang_up() == 200
    assert world.facts(ScenarioEnded) == [ScenarioEnded("completed")]


@behaviour(scenario("  - employee: {name: boris}\n"))
async def test_a_phone_that_declines_leads_to_the_next_step_at_once(world: World) -> None:
    boris = await world.registered("boris", habits=Habits(incoming=Incoming.DECLINE))
    call = await calling(world)
    await call.until(CallState.ENDED, limit_s=5)
    assert boris.calls
    assert ends(world) == ["declined"]


@behaviour(scenario("  - scenario: {name: main}\n"))
async def test_scenarios_that_lead_to_each_other_for_ever_end_the_call(world: World) -> None:
    call = await calling(world)
    await call.until(CallState.ENDED, limit_s=5)
    assert call.reasons == ['Q.850;cause=41;text="The scenario takes too many steps"']


CARRIER = "198.51.100.5"
MOBILE = "+79990000001"


def leaving(steps: str, *, mobile: tuple[str, ...] = (MOBILE,)) -> Setting:
    """A site with a trunk, by which Boris's calls may leave; he has these mobile numbers."""
    return replace(
        scenario(steps),
        trunks=(Trunk("pstn", CARRIER, 5060, "udp", any_port=False, caller_id="+74950000001"),),
        routes=(Route("out", "pstn", r"^\+?[0-9]{10,15}$"),),
        users={"boris": {"mobile": mobile}},
        contacts=(Contact("Romashka", ("101",), "boris"),),
    )


def carrier(world: World) -> SimulatedPhone:
    return world.phone("carrier", name="carrier", host=CARRIER)


def dialled(phone: SimulatedPhone) -> str:
    exchange = phone.call.invite_exchange
    assert exchange is not None
    return exchange.request.uri


@pytest.mark.row("S-14", "S-15")
@behaviour(leaving("  - employee: {name: boris, mobile: true}\n", mobile=(MOBILE, "+79990000002")))
async def test_who_does_not_answer_for_20_seconds_is_called_on_the_first_mobile_number(world: World) -> None:
    boris, out = await world.registered("boris"), carrier(world)
    call = await calling(world)
    await boris.until_called()
    began = world.loop.time()
    (await out.until_called()).answer()
    assert world.loop.time() - began == pytest.approx(20, abs=0.2)
    assert dialled(out) == f"sip:{MOBILE}@{CARRIER}:5060"
    await call.until(CallState.UP)
    await asyncio.sleep(1)
    assert world.hears(out) == {"anna"}
    assert await call.hang_up() == 200


@pytest.mark.row("S-14", "S-18")
@behaviour(leaving("  - responsible: {}\n"))
async def test_who_is_offline_is_called_on_the_mobile_at_once(world: World) -> None:
    out = carrier(world)
    call = await calling(world)
    await out.until_called(limit_s=1)
    assert await call.hang_up() == 487
    await out.call.until(CallState.ENDED)


@pytest.mark.row("S-12", "S-18")
@behaviour(leaving("  - responsible: {}\n  - hang_up: {reason: busy}\n", mobile=()))
async def test_who_is_offline_without_a_mobile_is_passed_over(world: World) -> None:
    call = await calling(world)
    await call.until(CallState.ENDED, limit_s=2)
    assert call.status == 486


@pytest.mark.row("S-17")
@behaviour(leaving("  - employee: {name: boris, all_phones: true}\n", mobile=(MOBILE, "+79990000002")))
async def test_all_phones_ring_together_and_the_others_stop_when_one_answers(world: World) -> None:
    boris, out = await world.registered("boris"), carrier(world)
    call = await calling(world)
    await boris.until_called()
    await out.until_called(times=2, limit_s=1)
    boris.call.answer()
    await call.until(CallState.UP)
    await out.until(lambda: all(each.over for each in out.calls), "both mobiles to stop")
    assert await call.hang_up() == 200


@pytest.mark.row("S-16")
@behaviour(leaving("  - responsible: {ring_s: 5, mobile: false, additional: vera}\n"))
async def test_the_additional_employee_is_called_when_the_responsible_one_does_not_answer(world: World) -> None:
    boris, vera = await world.registered("boris"), await world.registered("vera")
    call = await calling(world)
    await boris.until_called()
    await vera.until_called(limit_s=6)
    await boris.call.until(CallState.ENDED)
    assert await call.hang_up() == 487
    await vera.call.until(CallState.ENDED)


@pytest.mark.row("S-19")
@behaviour(leaving('  - number: {to: "+74951112233", ring_s: 10}\n  - employee: {name: vera}\n'))
async def test_a_number_outside_is_called_and_no_answer_leads_to_the_next_step(world: World) -> None:
    vera, out = await world.registered("vera"), carrier(world)
    call = await calling(world)
    await out.until_called()
    assert dialled(out) == f"sip:+74951112233@{CARRIER}:5060"
    await vera.until_called(limit_s=11)
    await out.call.until(CallState.ENDED)
    assert await call.hang_up() == 487
    await vera.call.until(CallState.ENDED)


def with_group(mode: str, steps: str = "  - group: {name: sales, ring_s: 5}\n  - hang_up: {reason: busy}\n") -> Setting:
    members = (("boris", 1), ("vera", 1), ("gleb", 0))
    return replace(scenario(steps), groups=(Group("sales", "600", mode, 20.0, 10, 1, members),))


@pytest.mark.row("S-9", "S-28")
@behaviour(with_group("simultaneous"))
async def test_a_group_rings_at_once_and_nobody_leads_to_the_next_step(world: World) -> None:
    boris, vera = await world.registered("boris"), await world.registered("vera")
    call = await calling(world)
    await boris.until_called()
    await vera.until_called(limit_s=1)
    began = world.loop.time()
    await call.until(CallState.ENDED)
    assert world.loop.time() - began == pytest.approx(5, abs=1)
    assert (call.status, ends(world)) == (486, ["no-answer"])


@pytest.mark.row("S-29")
@behaviour(with_group("ordered"))
async def test_an_ordered_group_rings_one_after_the_other_for_the_time_of_the_step(world: World) -> None:
    boris, vera = await world.registered("boris"), await world.registered("vera")
    call = await calling(world)
    await boris.until_called()
    began = world.loop.time()
    (await vera.until_called()).answer()
    assert world.loop.time() - began == pytest.approx(5, abs=0.2)
    await call.until(CallState.UP)
    await boris.call.until(CallState.ENDED)
    assert await call.hang_up() == 200


@pytest.mark.row("S-30")
@behaviour(with_group("weighted_random"))
async def test_chance_decides_once_a_call_and_a_weight_of_zero_is_never_first(world: World) -> None:
    gleb, boris = await world.registered("gleb"), await world.registered("boris")
    vera = await world.registered("vera")
    call = await calling(world)
    await asyncio.sleep(4)
    assert not gleb.calls
    await gleb.until_called()
    assert len(boris.calls) == len(vera.calls) == 1
    assert await call.hang_up() == 487
    await gleb.call.until(CallState.ENDED)


@pytest.mark.row("S-21")
@behaviour(with_group("simultaneous", "  - group: {name: sales, ring_s: 5}\n  - anyone_above: {wait_s: 30}\n"))
async def test_anyone_above_counts_the_members_of_groups(world: World) -> None:
    boris = await world.registered("boris")
    call = await calling(world)
    await boris.until_called()
    (await boris.until_called(times=2, limit_s=10)).answer()
    await call.until(CallState.UP)
    assert await call.hang_up() == 200


TWICE = """
  - employee: {name: vera, ring_s: 5, additional: boris}
  - group: {name: sales, ring_s: 5}
  - employee: {name: vera, ring_s: 5}
  - anyone_above: {wait_s: 60}
  - employee: {name: gleb}
"""


@pytest.mark.row("S-21")
@behaviour(
    replace(
        scenario(TWICE),
        groups=(Group("sales", "600", "simultaneous", 20.0, 10, 1, (("boris", 1), ("vera", 1), ("anna", 1))),),
    )
)
async def test_anyone_above_counts_whoever_stands_there_twice_once_and_rings_whoever_becomes_free_meanwhile(
    world: World,
) -> None:
    boris, gleb, vera = [await world.registered(name) for name in ("boris", "gleb", "vera")]
    await busy_with_each_other(world, vera, gleb)
    call = await calling(world)
    await boris.until_called()
    began = world.loop.time()
    await boris.until_called(times=3, limit_s=20)
    assert world.loop.time() - began == pytest.approx(10, abs=1)
    await asyncio.sleep(3)
    assert [len(boris.calls), len(vera.calls), len(gleb.calls)] == [3, 1, 1]
    assert await vera.call.hang_up() == 200
    last = await vera.until_called(limit_s=3)
    await asyncio.sleep(2)
    assert [len(boris.calls), len(vera.calls), len(gleb.calls)] == [3, 2, 1]
    last.answer()
    await call.until(CallState.UP)
    await boris.call.until(CallState.ENDED)
    assert len(world.facts(AttemptStarted)) == 3
    assert await call.hang_up() == 200


FIRST = scenario("  - play: {file: welcome.wav}\n  - employee: {name: boris}\n")
KEPT = {text.version: text for text in FIRST.scenarios}


@pytest.mark.row("S-2")
@behaviour(replace(FIRST, settings=BrainSettings(earlier_scenario=KEPT.get)))
async def test_a_call_in_progress_keeps_the_version_that_it_began_with(world: World) -> None:
    sounds(world, welcome=10)
    boris, vera = await world.registered("boris"), await world.registered("vera")
    call = await calling(world)
    await call.until(CallState.UP)
    (text,) = world.site.scenarios.values()
    world.switch.load(replace(world.site, scenarios={"main": replace(text, text=text.text.replace("boris", "vera"))}))
    gleb = await world.registered("gleb")
    second = await gleb.dial(NUMBER)
    await boris.until_called(limit_s=12)
    await vera.until_called(limit_s=12)
    assert [len(boris.calls), len(vera.calls)] == [1, 1]
    assert await second.hang_up() == 200
    assert await call.hang_up() == 200
