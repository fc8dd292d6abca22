"""Random scenarios under random callers and phones: whatever they are, the call ends and nothing is left."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from softswitch.directory.connectors import Crm
from softswitch.directory.site import Contact, Group, Number, Queue, Room, Route, ScenarioText, Trunk
from softswitch.directory.yaml_reader import YamlTable, read_yaml
from softswitch.scenario.checker import Surroundings, check
from softswitch.scenario.facts import ScenarioEnded
from softswitch.scenario.model import Scenario
from softswitch.scenario.reader import read_scenario
from softswitch.scenario.registry import KINDS
from softswitch.simulation.behaviour import run_once
from softswitch.simulation.death import Death
from softswitch.simulation.errands import Answer
from softswitch.simulation.phone_call import Call, CallState
from softswitch.simulation.world import Setting, World
from tests.fuzz.conftest import scale

NUMBER = "74950000001"
USERS = ("boris", "vera", "gleb")
SCENARIOS = ("main", "other", "third")
LONGEST_S = 6 * 3600.0
"""A thousand steps of some seconds each: what a scenario that leads back to itself comes to at most."""
AT_ONCE_S = 5.0

Step = dict[str, Any]

seconds = st.sampled_from([1, 2, 5])
flag = st.booleans()
user = st.sampled_from(USERS)
file = st.sampled_from(["welcome.wav", "lost.wav"])
variable = st.sampled_from(["tariff", "account"])
text = st.sampled_from(["{tariff}", "{caller}", "gold", "{account}7"])


def table(optional: Mapping[str, st.SearchStrategy[Any]], **needed: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries(dict(needed), optional=dict(optional))


def kinds(block: st.SearchStrategy[list[Step]]) -> dict[str, st.SearchStrategy[Any]]:
    """What may stand behind each kind of step; ``block`` is what stands in those that hold others."""
    ring, listen = {"ring_s": seconds}, {"file": file, "wait_s": seconds}
    employee = {**ring, "mobile": flag, "all_phones": flag, "additional": user}
    keys = st.dictionaries(st.sampled_from("12#0"), block, min_size=1, max_size=3)
    hours = {"from": st.sampled_from(["00:00", "09:00"]), "to": st.sampled_from(["12:00", "18:00"])}
    condition = {"value": text, "above": st.integers(0, 3), "contact": flag, "else": block}
    recorded = {"file": file, "silence_s": st.sampled_from([0, 2])}
    return {
        "play": table({"duration_s": seconds, "repeat": flag, "interrupt": flag, "early": flag}, file=file),
        "say": table({"interrupt": flag, "early": flag}, text=st.sampled_from(["До свидания", "Account {account}"])),
        "digits": table({**listen, **ring, "between_s": seconds}),
        "directory": table({**listen, **ring, "retries": st.integers(0, 1)}),
        "menu": table({**listen, "retries": st.integers(0, 1)}, keys=keys),
        "collect": table({**listen, "retries": st.integers(0, 1), "secret": flag, "failed": block}, into=variable),
        "when": table({"days": st.sampled_from(["mon-fri", "sat,sun"]), "zone": st.just("Asia/Tokyo")}, steps=block)
        | table({}, steps=block, **hours),
        "if": table(condition, steps=block, starts=st.sampled_from([["10"], ["7", "gold"]])),
        "set": table({}, name=variable, value=text),
        "count": table({"each": st.sampled_from(["caller", "all"])}, name=st.just("calls"), into=variable),
        "language": table({}, name=st.sampled_from(["ru", "en"])),
        "http": table(
            {"into": st.just({"tariff": "tariff"}), "file": file, "failed": block}, url=st.just("https://a/")
        ),
        "group": table(ring, name=st.sampled_from(["sales", "turns"])),
        "employee": table(employee, name=user),
        "responsible": table(employee),
        "number": table(ring, to=st.sampled_from(["+79990000001", "+79990000002"])),
        "sip": table(ring, to=st.sampled_from(["sip:desk@198.51.100.5", "sip:desk@nowhere.example.org"])),
        "anyone_above": table({**ring, "wait_s": seconds}),
        "queue": table({}, name=st.just("support")),
        "room": table({}, name=st.sampled_from(["meeting", "board"])),
        "record_name": table({**recorded, "most_s": st.sampled_from([1, 4])}),
        "voicemail": table({**recorded, "most_s": st.sampled_from([1, 10])}, box=st.sampled_from([*USERS, "sales"])),
        "mailbox": table({"file": file}),
        "fax": table({}),
        "scenario": table({}, name=st.sampled_from(SCENARIOS)),
        "goto": table({}, scenario=st.sampled_from(SCENARIOS)),
        "hang_up": table({"reason": st.sampled_from(["normal", "busy", "rejected", "no_answer"])}),
    }


def _steps(inner: st.SearchStrategy[list[Step]]) -> st.SearchStrategy[list[Step]]:
    one = st.one_of([st.fixed_dictionaries({kind: what}) for kind, what in kinds(inner).items()])
    return st.lists(one, min_size=1, max_size=4)


_END: list[Step] = [{"hang_up": {}}]
blocks = st.recursive(st.just(_END), _steps, max_leaves=6)
scenarios = st.fixed_dictionaries({name: _steps(blocks) for name in SCENARIOS})
deeds = st.tuples(
    st.sampled_from([0.0, 0.01, 0.5, 3.0, 12.0]),
    st.sampled_from(["key"] * 4 + ["answer", "decline", "busy", "unregister", "outside answers", "caller gives up"]),
    st.sampled_from(USERS),
    st.sampled_from("12340#*"),
)


def test_every_kind_of_step_is_among_them() -> None:
    assert set(kinds(blocks)) == set(KINDS)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("scenarios")
    for name in ("welcome.wav", "lost.wav"):
        (made / name).write_bytes(b"RIFF")
    return made


def written(folder: Path, given_: Mapping[str, list[Step]]) -> tuple[ScenarioText, ...]:
    """Write scenarios as files have them: JSON is YAML too, but for plain values that are no texts."""
    return tuple(
        ScenarioText(name, str(folder / f"{name}.yaml"), json.dumps({"name": name, "steps": steps}, ensure_ascii=False))
        for name, steps in given_.items()
    )


def is_valid(texts: tuple[ScenarioText, ...]) -> bool:
    """Tell whether a load would take these scenarios; what it says of them must have lines in any case."""
    read: dict[str, Scenario] = {}
    for one in texts:
        tree = read_yaml(one.text.encode(), one.file)
        assert isinstance(tree, YamlTable)
        found = read_scenario(tree, one.file)
        assert found.problems == (), found.problems
        assert found.scenario is not None
        read[one.name] = found.scenario
    names = {
        "user": frozenset(("anna", *USERS)),
        "group": frozenset(("sales", "turns")),
        "queue": frozenset(("support",)),
        "room": frozenset(("meeting", "board")),
        "route": frozenset(("out",)),
    }
    around = Surroundings(names, domain="example.net", scenarios=read, answering=frozenset(("main",)))
    findings = [finding for scenario in read.values() for finding in check(scenario, around)]
    return not any(finding.stops for finding in findings)


def setting(texts: tuple[ScenarioText, ...]) -> Setting:
    members = tuple((name, place) for place, name in enumerate(USERS))
    return Setting(
        numbers=(Number(f"+{NUMBER}", "scenario", "main"),),
        scenarios=texts,
        groups=(
            Group("sales", "600", "simultaneous", 5.0, 1, 2, members),
            Group("turns", "601", "weighted_random", 2.0, None, 1, members),
        ),
        queues=(Queue("support", "700", ("boris",), max_wait_s=20.0),),
        rooms=(Room("meeting", "800"), Room("board", "801", "12")),
        trunks=(Trunk("pstn", "198.51.100.5", 5060, "udp", any_port=False, caller_id="+74950000001"),),
        routes=(Route("out", "pstn", r"^\+?[0-9]{10,15}$"),),
        users={
            "boris": {"mobile": ("+79990000001",), "voicemail_pin": "12", "voicemail": True},
            "vera": {"mobile": ("+79990000002", "+79990000003")},
        },
        contacts=(Contact("Romashka", ("101",), "boris"),),
        crm=(Crm("crm", "https://crm.example.net/?n={caller}", "manager"),),
    )


async def do(world: World, call: Call, deed: str, name: str, key: str) -> None:
    if deed == "key":
        for leg in [leg for leg in world.switch.media.legs if leg.endswith(".1")]:
            world.switch.media.press(leg, key)
    elif deed == "unregister":
        await world.phones[name].unregister()
    elif deed == "caller gives up":
        if not call.over:
            await call.hang_up()
    else:
        phone = world.phones["carrier" if deed == "outside answers" else name]
        for rung in [one for one in phone.calls if one.state in {CallState.INCOMING, CallState.RINGING}][:1]:
            {"decline": rung.decline, "busy": rung.busy}.get(deed, rung.answer)()


async def until_over(world: World, call: Call) -> None:
    """Wait for the end; whoever talks, or is in a room, hangs up after a while."""
    since_s = world.loop.time()
    while not call.over:
        await asyncio.sleep(AT_ONCE_S)
        assert world.loop.time() - since_s < LONGEST_S, "the call never ends"
        led = list(world.switch.brain.calls.conversations.values())
        if any(one.talking is not None or one.conference is not None for one in led):
            await call.hang_up()


@settings(max_examples=scale(12), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(scenarios, st.lists(deeds, max_size=14), st.integers(0, 2**32), st.integers(0, 60), st.booleans())
def test_whatever_a_scenario_says_the_call_ends_and_nothing_is_left(
    folder: Path,
    made: dict[str, list[Step]],
    script: list[tuple[float, str, str, str]],
    seed: int,
    refold_at: int,
    lose: bool,
) -> None:
    texts = written(folder, made)
    assume(is_valid(texts))

    async def play(world: World) -> None:
        world.switch.media.lengths_s[f"file:{folder}/welcome.wav"] = 3.0
        world.switch.errands.answers = (Answer("https://a/", body={"tariff": "gold"}, after_s=1.0),)
        anna = await world.registered("anna")
        for name in USERS:
            await world.registered(name)
        world.phone("carrier", name="carrier", host="198.51.100.5")
        call = await anna.dial(NUMBER)
        for later_s, deed, name, key in script:
            await asyncio.sleep(later_s)
            await do(world, call, deed, name, key)
        await until_over(world, call)
        await asyncio.sleep(60)
        brain = world.switch.brain
        assert not brain.calls.conversations
        assert not brain._scenarios.state.runs
        assert not brain._folded.names.values()
        assert len(world.facts(ScenarioEnded)) <= 1
        assert not world.switch.media.legs

    deaths = [Death(refold_at, lets_out=0 if lose else None)] if refold_at else ()
    outcome = run_once(play, replace(setting(texts)), seed, deaths)
    if not outcome.in_exchange:
        assert outcome.failure is None, outcome.failure
