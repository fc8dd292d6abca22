"""Steps that decide: variables, conditions, counters, digits, programs that are asked, names, languages."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from softswitch.directory.connectors import Crm
from softswitch.directory.site import Contact, Group, Room
from softswitch.queues.agents.inputs import RefuseCalls
from softswitch.scenario.facts import Counted, ErrandOver, StepEnded
from softswitch.simulation.behaviour import behaviour
from softswitch.simulation.errands import Answer
from softswitch.simulation.phone_call import Call, CallState
from softswitch.simulation.world import Setting, World
from tests.component.test_scenario import calling, ends, heard, press, scenario, sounds

VIP = """
  - set: {name: tariff, value: basic}
  - if:
      is: ["101", "+79161112233"]
      steps: [{set: {name: tariff, value: "gold of {caller}"}}]
      else: [{hang_up: {reason: rejected}}]
  - if: {value: "{tariff}", starts: gold, steps: [{employee: {name: boris}}]}
  - employee: {name: vera}
"""


async def reach(world: World, user: str, call: Call) -> None:
    await world.phones[user].until_called(limit_s=5)
    assert await call.hang_up() == 487
    await world.phones[user].call.until(CallState.ENDED)


@behaviour(scenario(VIP))
async def test_a_caller_on_the_list_takes_another_way(world: World) -> None:
    await world.registered("boris")
    call = await calling(world)
    await reach(world, "boris", call)
    assert ends(world) == ["set", "yes", "set", "yes"]


@behaviour(scenario(VIP))
async def test_a_caller_who_is_not_on_the_list_takes_the_other_branch(world: World) -> None:
    vera = await world.registered("vera")
    call = await vera.dial("74950000001")
    await call.until(CallState.ENDED)
    assert call.status == 603


COUNT = """
  - count: {name: calls, into: calls_today}
  - if: {value: "{calls_today}", above: 2, steps: [{hang_up: {reason: busy}}]}
  - hang_up: {reason: no_answer}
"""


@behaviour(scenario(COUNT))
async def test_a_counter_of_the_day_counts_each_callers_calls_and_outlives_the_brain(world: World) -> None:
    anna, boris = await world.registered("anna"), await world.registered("boris")
    statuses = []
    for phone in (anna, anna, boris, anna):
        call = await phone.dial("74950000001")
        await call.until(CallState.ENDED)
        statuses.append(call.status)
    assert statuses == [480, 480, 480, 486]
    counted = [fact for fact in world.facts(Counted) if isinstance(fact, Counted)]
    assert [(fact.key, fact.count) for fact in counted] == [("101", 1), ("101", 2), ("102", 1), ("101", 3)]


COLLECT = """
  - collect:
      {into: account, file: enter.wav, least: 4, most: 6, wait_s: 5, retries: 1, failed: [{hang_up: {}}]}
  - if: {value: "{account}", is: "1234", steps: [{employee: {name: boris}}]}
  - employee: {name: vera}
"""


@pytest.mark.parametrize(("keys", "user"), [("1234#", "boris"), ("987654", "vera"), ("12#1234#", "boris")])
@behaviour(scenario(COLLECT))
async def test_digits_are_kept_in_a_variable(world: World, keys: str, user: str) -> None:
    sounds(world, enter=10)
    await world.registered(user)
    call = await calling(world)
    await call.until(CallState.UP)
    press(world, keys)
    await world.phones[user].until_called(limit_s=8)
    assert await call.hang_up() == 200
    await world.phones[user].call.until(CallState.ENDED)


@behaviour(scenario(COLLECT))
async def test_too_few_digits_ask_again_and_then_lead_to_what_is_for_them(world: World) -> None:
    sounds(world, enter=2)
    call = await calling(world)
    await call.until(CallState.UP)
    press(world, "12")
    await call.until(CallState.ENDED, limit_s=30)
    assert ends(world) == ["no digits"]
    assert heard(world) == ["enter.wav"]


HTTP = """
  - http:
      url: "https://crm.example.net/contacts?phone={caller}"
      token_env: CRM_TOKEN
      into: {manager: customer.manager, debt: "invoices.0.debt"}
      timeout_s: 3
      failed: [{employee: {name: vera}}, {hang_up: {reason: busy}}]
  - if: {value: "{debt}", above: 100, steps: [{employee: {name: gleb}}]}
  - if: {value: "{manager}", is: boris, steps: [{employee: {name: boris}}]}
"""


@pytest.mark.parametrize(
    ("answer", "user", "word"),
    [
        (Answer("https://crm", body={"customer": {"manager": "boris"}, "invoices": [{"debt": 12.5}]}), "boris", "done"),
        (Answer("https://crm", body={"customer": {"manager": "boris"}, "invoices": [{"debt": 120}]}), "gleb", "done"),
        (Answer("https://crm", body={"customer": {"manager": "boris"}}), "vera", "done"),
        (Answer("https://crm", status=503), "vera", "status 503"),
        (Answer("https://crm", body={}, after_s=60), "vera", "time-out"),
        (Answer("https://other", body={}), "vera", "nobody answers that in this test"),
    ],
    ids=["found", "debt", "lacks something", "failure", "too late", "nobody there"],
)
@behaviour(scenario(HTTP))
async def test_a_program_is_asked_and_its_answer_or_its_failure_decides(
    world: World, answer: Answer, user: str, word: str
) -> None:
    world.switch.errands.answers = (answer,)
    await world.registered(user)
    call = await calling(world)
    await reach(world, user, call)
    assert [fact.word for fact in world.facts(ErrandOver) if isinstance(fact, ErrandOver)] == [word]
    assert set(world.switch.errands.asked.values()) == {"https://crm.example.net/contacts?phone=101"}


@behaviour(scenario(HTTP))
async def test_a_caller_who_hangs_up_while_a_program_is_asked_leaves_nothing(world: World) -> None:
    world.switch.errands.answers = (Answer("https://crm", body={}, after_s=2),)
    call = await calling(world)
    await asyncio.sleep(1)
    assert await call.hang_up() == 487
    assert world.facts(StepEnded) == []


GOTO = """
  - menu: {file: menu.wav, wait_s: 2, keys: {"1": [{scenario: {name: other}}]}}
  - hang_up: {reason: no_answer}
"""


@behaviour(scenario(GOTO, other="  - play: {file: other.wav}\n  - goto: {scenario: main}\n"))
async def test_a_caller_who_is_sent_to_a_scenario_for_good_does_not_come_back(world: World) -> None:
    sounds(world, menu=1, other=1)
    call = await calling(world)
    await call.until(CallState.UP)
    press(world, "1")
    await call.until(CallState.ENDED, limit_s=20)
    assert heard(world) == ["menu.wav", "other.wav", "menu.wav"]
    assert ends(world) == ["key 1", "entered", "played", "gone on", "no key"]


NAMES = "  - directory: {file: spell.wav, wait_s: 5, retries: 1}\n  - employee: {name: vera}\n"


def named(setting: Setting, **names: str) -> Setting:
    return replace(setting, users={user: {"display_name": name} for user, name in names.items()})


PEOPLE = named(scenario(NAMES), boris="Борис Петров", gleb="Глеб Петухов", vera="Vera Smith", anna="Anna")


@pytest.mark.parametrize(
    ("keys", "user"),
    [("25", "boris"), ("53667", "gleb"), ("7", "vera"), ("953667", "gleb"), ("0", "vera")],
    ids=["first name", "family name", "Latin", "a second try", "away from here"],
)
@behaviour(PEOPLE)
async def test_a_name_is_spelt_with_the_keys(world: World, keys: str, user: str) -> None:
    sounds(world, spell=10)
    await world.registered(user)
    call = await calling(world)
    await call.until(CallState.UP)
    press(world, keys)
    await world.phones[user].until_called(limit_s=8)
    assert await call.hang_up() == 200
    await world.phones[user].call.until(CallState.ENDED)


def in_folder(folder: Path, steps: str, files: Iterable[str]) -> Setting:
    for file in files:
        (folder / file).parent.mkdir(exist_ok=True)
        (folder / file).write_bytes(b"RIFF")
    setting = scenario(steps)
    (text,) = setting.scenarios
    return replace(setting, scenarios=(replace(text, file=str(folder / "main.yaml")),))


def test_files_of_the_callers_language_are_played_where_there_are_any(tmp_path: Path) -> None:
    steps = "  - language: {name: ru}\n  - play: {file: welcome.wav}\n  - play: {file: bye.wav}\n  - hang_up: {}\n"
    setting = in_folder(tmp_path, steps, ["welcome.wav", "ru/welcome.wav", "bye.wav"])

    @behaviour(setting)
    async def script(world: World) -> None:
        names = ("welcome.wav", "ru/welcome.wav", "bye.wav")
        world.switch.media.lengths_s.update({f"file:{tmp_path}/{name}": 1.0 for name in names})
        call = await calling(world)
        await call.until(CallState.ENDED)
        played = [sound for _, sounds_ in world.switch.media.played for sound in sounds_]
        assert played == [f"file:{tmp_path}/ru/welcome.wav", f"file:{tmp_path}/bye.wav"]

    script(run=0)


@pytest.mark.row("S-20")
@pytest.mark.parametrize("to", ["sip:desk@198.51.100.77:5070", "sip:desk@pbx.example.org:5070"])
@behaviour(scenario("  - set: {name: x, value: y}\n"))
async def test_a_sip_address_outside_is_called(world: World, to: str) -> None:
    world.switch.errands.hosts = {"pbx.example.org": "198.51.100.77"}
    desk = world.phone("desk", name="desk", host="198.51.100.77", port=5070)
    text = f"name: main\nsteps:\n  - sip: {{to: '{to}'}}\n"
    (old,) = world.site.scenarios.values()
    world.switch.load(replace(world.site, scenarios={"main": replace(old, text=text)}))
    call = await calling(world)
    (await desk.until_called(limit_s=5)).answer()
    exchange = desk.call.invite_exchange
    assert exchange is not None
    assert exchange.request.uri == to
    await call.until(CallState.UP)
    assert await call.hang_up() == 200


@behaviour(scenario("  - sip: {to: 'sip:desk@nowhere.example.org'}\n  - hang_up: {reason: busy}\n"))
async def test_a_sip_address_whose_host_is_unknown_leads_to_the_next_step(world: World) -> None:
    call = await calling(world)
    await call.until(CallState.ENDED)
    assert call.status == 486
    assert ends(world) == ["host not found"]


CRM = Crm("bitrix", "https://crm.example.net/who?phone={caller}", "0.manager.extension", timeout_s=2)


def asking(steps: str, **settings: object) -> Setting:
    return replace(scenario(steps), crm=(CRM,), **settings)  # type: ignore[arg-type]  # by name


@pytest.mark.row("C-36", "S-11")
@pytest.mark.parametrize(
    ("body", "after_s", "user"),
    [
        ([{"manager": {"extension": 102}}], 0.5, "boris"),
        ([{"manager": {"extension": "sip:boris@example.net"}}], 0.5, "boris"),
        ([], 0.5, "vera"),
        ([{"manager": {"extension": "nobody"}}], 0.5, "vera"),
        ([{"manager": {"extension": 102}}], 5.0, "vera"),
    ],
    ids=["extension", "address", "unknown caller", "unknown employee", "too late"],
)
@behaviour(asking("  - responsible: {ring_s: 20}\n  - employee: {name: vera}\n"))
async def test_the_responsible_manager_is_looked_up_in_a_crm(
    world: World, body: object, after_s: float, user: str
) -> None:
    world.switch.errands.answers = (Answer("https://crm", body=body, after_s=after_s),)
    await world.registered(user)
    call = await calling(world)
    await reach(world, user, call)
    assert set(world.switch.errands.asked.values()) == {"https://crm.example.net/who?phone=101"}


@pytest.mark.row("C-36")
@behaviour(asking("  - responsible: {}\n", contacts=(Contact("Romashka", ("101",), "boris"),)))
async def test_the_sites_own_contacts_are_known_without_asking(world: World) -> None:
    await world.registered("boris")
    call = await calling(world)
    await reach(world, "boris", call)
    assert not world.switch.errands.asked


def group_of(most: int, *members: str) -> Setting:
    group = Group("sales", "600", "simultaneous", 20.0, most, 1, tuple((name, 1) for name in members))
    return replace(scenario("  - group: {name: sales}\n  - hang_up: {reason: busy}\n"), groups=(group,))


@behaviour(group_of(1, "boris"))
async def test_a_group_that_has_as_many_waiting_calls_as_it_may_takes_no_more_by_any_way(world: World) -> None:
    boris, vera, gleb = [await world.registered(name) for name in ("boris", "vera", "gleb")]
    first = await calling(world)
    await boris.until_called()
    by_scenario, direct = await vera.dial("74950000001"), await gleb.dial("600")
    await by_scenario.until(CallState.ENDED)
    await direct.until(CallState.ENDED)
    assert (by_scenario.status, direct.status) == (486, 486)
    assert "group full" in ends(world)
    boris.call.answer()
    await first.until(CallState.UP)
    assert await first.hang_up() == 200


@pytest.mark.row("I-11")
@behaviour(group_of(5, "boris"))
async def test_a_call_that_a_scenario_rings_a_group_for_is_picked_up_by_the_groups_number(world: World) -> None:
    await world.registered("boris")
    gleb = await world.registered("gleb")
    call = await calling(world)
    await world.phones["boris"].until_called()
    taken = await gleb.dial("*8600")
    await taken.until(CallState.UP)
    await call.until(CallState.UP)
    await world.phones["boris"].call.until(CallState.ENDED)
    assert await call.hang_up() == 200


SAY = '  - set: {name: account, value: "42"}\n  - say: {text: "Account {account}"}\n  - hang_up: {}\n'


@behaviour(scenario(SAY))
async def test_a_text_is_spoken_once_it_is_there_and_played(world: World) -> None:
    world.switch.errands.speaks = {"Account 42": "file:/var/speech/1.wav"}
    world.switch.media.lengths_s["file:/var/speech/1.wav"] = 3.0
    call = await calling(world)
    await call.until(CallState.ENDED)
    assert ends(world) == ["set", "said"]
    assert heard(world) == ["1.wav"]


@behaviour(scenario(SAY))
async def test_where_nothing_speaks_the_step_says_what_to_install_and_the_next_one_runs(world: World) -> None:
    call = await calling(world)
    await call.until(CallState.ENDED)
    assert "install a speech program (on Debian: apt install espeak-ng; or Piper" in ends(world)[1]


@behaviour(scenario('  - say: {text: "Дo свидания"}\n'.replace("Дo", "До") + "  - hang_up: {}\n"))
async def test_a_text_that_is_recorded_needs_no_program(world: World) -> None:
    call = await calling(world)
    await call.until(CallState.ENDED)
    assert heard(world)[0].startswith("do-svidaniya")
    assert not world.switch.errands.speaks


IN_ROOM = replace(
    scenario("  - play: {file: welcome.wav}\n  - room: {name: meeting}\n"), rooms=(Room("meeting", "800"),)
)


@behaviour(IN_ROOM, differs="of two who come in the same moment either may be the first")
async def test_callers_of_a_scenario_meet_in_a_room(world: World) -> None:
    sounds(world, welcome=2)
    anna, boris = await world.registered("anna"), await world.registered("boris")
    first, second = await anna.dial("74950000001"), await boris.dial("74950000001")
    await first.until(CallState.UP)
    await second.until(CallState.UP)
    await asyncio.sleep(5)
    assert world.hears(anna) == {"boris"}
    assert world.hears(boris) == {"anna"}
    assert await first.hang_up() == 200
    assert await second.hang_up() == 200
    await asyncio.sleep(1)
    assert not world.switch.brain._scenarios.state.runs


@pytest.mark.row("S-13")
@behaviour(asking("  - responsible: {}\n", contacts=(Contact("Romashka", ("101",), "boris"),)))
async def test_every_registered_phone_of_the_responsible_employee_rings(world: World) -> None:
    desk, soft = await world.registered("boris"), await world.registered("boris", name="softphone")
    call = await calling(world)
    await desk.until_called()
    (await soft.until_called()).answer()
    await desk.call.until(CallState.ENDED)
    await call.until(CallState.UP)
    assert await call.hang_up() == 200


@pytest.mark.row("S-33", "S-12")
@pytest.mark.parametrize("why", ["no phone", "do not disturb", "free"])
@behaviour(
    asking(
        "  - responsible: {mobile: false}\n  - employee: {name: vera}\n", contacts=(Contact("R", ("101",), "boris"),)
    )
)
async def test_online_is_who_has_a_live_phone_and_a_status_that_permits_the_call(world: World, why: str) -> None:
    await world.registered("vera")
    if why != "no phone":
        await world.registered("boris")
    if why == "do not disturb":
        world.command(RefuseCalls("boris", True, "api"))
    call = await calling(world)
    await reach(world, "boris" if why == "free" else "vera", call)
    assert ends(world) == ([] if why == "free" else ["unreachable"])


MODES = {
    "simultaneous": [{"boris", "vera", "gleb"}],
    "ordered": [{"boris"}, {"vera"}, {"gleb"}],
    "weighted_random": [{"gleb"}, {"boris"}, {"vera"}],
}


@pytest.mark.row("S-27")
@pytest.mark.parametrize("mode", MODES)
@behaviour(scenario("  - group: {name: sales, ring_s: 10}\n  - hang_up: {}\n"))
async def test_a_groups_mode_is_a_setting_that_decides_who_rings_when(world: World, mode: str) -> None:
    weights = {"boris": 0, "vera": 0, "gleb": 1}
    group = Group("sales", "600", mode, 20.0, None, 1, tuple(weights.items()))
    world.switch.load(replace(world.site, groups={"sales": group}))
    phones = [await world.registered(name) for name in weights]
    call = await calling(world)
    rung: list[set[str]] = []
    for _ in MODES[mode]:
        await asyncio.sleep(5)
        rung.append({phone.name for phone in phones if phone.calls and not phone.calls[-1].over})
        await asyncio.sleep(5.2)
    assert rung[0] == MODES[mode][0]
    assert sorted(map(sorted, rung)) == sorted(map(sorted, MODES[mode]))
    await call.until(CallState.ENDED)
