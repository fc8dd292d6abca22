"""Runs the tests of scenarios: simulated callers and phones, the real switch, virtual time."""

from __future__ import annotations

import gc
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Final

import soundfile

from softswitch.app.brain_settings import BrainSettings
from softswitch.core.errors import SimulationError
from softswitch.directory.loader import load_paths
from softswitch.directory.site import Number, Site, Trunk, make_site
from softswitch.scenario.library import scenario_of
from softswitch.scenario.site_check import check_scenarios
from softswitch.simulation.errands import Answer
from softswitch.simulation.scenario_names import wrong_names
from softswitch.simulation.scenario_player import CALLER_HOST, ScenarioPlayer
from softswitch.simulation.scenario_script import Action, Case
from softswitch.simulation.switch import simulated_settings
from softswitch.simulation.virtual_loop import VirtualLoop, run_virtually
from softswitch.simulation.world import DOMAIN, SWITCH, Setting, World, make_user

_SETTING: Final = Setting(settings=simulated_settings(BrainSettings(), DOMAIN, SWITCH))


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What became of one test."""

    case: Case
    problem: str
    """Empty when all went as expected; else ``file:line: what``, and what was heard and done until then."""
    took_s: float
    """Virtual seconds."""
    reached: frozenset[tuple[str, str]]
    """Scenario and path of each step that was reached."""


def run_case(case: Case, site: Site, *, seed: int = 1) -> CaseResult:
    """Run one test in a world of its own.

    Args:
        case: the test.
        site: the loaded site; its passwords are replaced, they are not needed to try a scenario.
        seed: decides all that chance decides.
    """
    wrong = wrong_names(case, site)
    if wrong:
        return CaseResult(case, "\n".join(map(str, wrong)), 0.0, frozenset())
    return _run(case, site, lambda player: _play(player, case), seed)


def play(
    folder: Path | str,
    script: Callable[[ScenarioPlayer], Awaitable[None]],
    *,
    scenario: str = "main",
    at: str | None = None,
    phones: Sequence[str] | None = None,
    outside: Sequence[str] = (),
    answers: Sequence[Answer] = (),
    seed: int = 1,
) -> CaseResult:
    """Play a script in Python against a site's scenario, in a world of its own.

    Args:
        folder: with ``site.yaml`` and ``scenarios/``.
        script: gets the player; what it expects in vain, and its own assertions, are the result's problem.
        scenario: which the usual number leads to.
        at: local time at which it begins, ``2026-11-23 10:00``.
        phones: users whose phones are registered; None for all.
        outside: numbers outside that somebody answers.
        answers: of programs elsewhere.
        seed: decides all that chance decides.
    """
    at_s = None if at is None else datetime.fromisoformat(at).timestamp()
    named = None if phones is None else tuple(phones)
    case = Case(scenario, scenario, str(folder), 0, at_s, named, (), tuple(answers), tuple(outside))

    async def run(player: ScenarioPlayer) -> str:
        await player.prepare(case.phones)
        try:
            await script(player)
        except (SimulationError, AssertionError) as error:
            return f"{folder}: {str(error) or 'an assertion failed'}\n{player.story()}"
        return ""

    return _run(case, load_site(Path(folder)), run, seed)


@lru_cache(maxsize=16)
def load_site(folder: Path) -> Site:
    """Load a site to try its scenarios; a folder is read once.

    Raises:
        ConfigurationError: something in it is wrong.
    """
    return load_paths([folder], domain=DOMAIN, scenarios=check_scenarios).site


def _run(case: Case, site: Site, work: Callable[[ScenarioPlayer], Awaitable[str]], seed: int) -> CaseResult:
    worlds: list[World] = []

    async def script(loop: VirtualLoop) -> CaseResult:
        made, lengths_s = _prepared(_Loaded(site))
        # Phones that register anew in each test would cost as much as the calls that are tried.
        there = [user for user in made.users if case.phones is None or user in case.phones]
        world = World(loop, seed, _SETTING, site=made, start_wall_s=case.at_s, registered=there)
        worlds.append(world)
        world.switch.media.lengths_s.update(lengths_s)
        world.switch.errands.answers = case.answers
        player = ScenarioPlayer(world, site, case.scenario, case.outside)
        problem = await work(player)
        took_s = loop.time()
        await world.release()
        return CaseResult(case, problem, took_s, player.reached())

    # The garbage collector is kept away: a run leaves one world behind, and all that is young is of that world. To let
    # several worlds lie about is dearer than to clear up each, for the next one finds its memory in the cache.
    was_on = gc.isenabled()
    gc.disable()
    try:
        return run_virtually(script)
    finally:
        for world in worlds:
            world.take_apart()
        gc.collect(0)
        if was_on:
            gc.enable()


class _Loaded:
    """A site that is the same only as itself, so that what is made of it can be kept."""

    __slots__ = ("site",)

    def __init__(self, site: Site) -> None:
        self.site = site

    def __hash__(self) -> int:
        return id(self.site)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Loaded) and other.site is self.site


@lru_cache(maxsize=16)
def _prepared(loaded: _Loaded) -> tuple[Site, Mapping[str, float]]:
    """Return the site with which tests are run, and how long its sounds are; a site's tests are run one by one."""
    return _test_site(loaded.site), _lengths_s(loaded.site)


def _test_site(site: Site) -> Site:
    """Give every user a known password, every scenario a number, and let the test's caller in as a trunk."""
    users = [
        replace(user, ha1_md5=known.ha1_md5, ha1_sha256=known.ha1_sha256)
        for user in site.users.values()
        for known in (make_user(user.name, user.extension),)
    ]
    called = {number.target for number in site.numbers.values() if number.kind == "scenario"}
    inner = [Number(f"+9990000{n:05}", "scenario", name) for n, name in enumerate(site.scenarios) if name not in called]
    caller = Trunk("caller", CALLER_HOST, None, "udp", any_port=True)
    made = make_site(DOMAIN, users, (*site.numbers.values(), *inner), [caller])
    return replace(site, domain=DOMAIN, users=made.users, numbers=made.numbers, trunks={**site.trunks, **made.trunks})


def _lengths_s(site: Site) -> Mapping[str, float]:
    found: dict[str, float] = {}
    for text in site.scenarios.values():
        scenario = scenario_of(text)
        for placed in scenario.walk() if scenario is not None else ():
            for name in placed.step.audio().values():
                found.update(_lengths_of(str(Path(text.file).parent), name))
    return found


@lru_cache(maxsize=4096)
def _lengths_of(folder: str, name: str) -> Mapping[str, float]:
    """Return the length of a file, and of the same in folders of languages; what cannot be played is left out."""
    paths = [(Path(folder) / name).resolve(), *(path.resolve() for path in Path(folder).glob(f"[a-z][a-z]/{name}"))]
    lengths = {f"file:{path}": _length_s(str(path)) for path in paths}
    return {sound: length_s for sound, length_s in lengths.items() if length_s}


def _length_s(path: str) -> float:
    try:
        return float(soundfile.info(path).duration)
    except (soundfile.LibsndfileError, OSError):
        return 0.0


async def _play(player: ScenarioPlayer, case: Case) -> str:
    """Play the lines of a case; return what was not as expected, or an empty text."""
    await player.prepare(case.phones)
    for action in case.actions:
        try:
            await _DOES[action.kind](player, action)
        except SimulationError as error:
            what = str(error).partition("\n")[0]
            return f"{case.file}:{action.line}: {action.kind}: {what}\n{player.story()}"
    return ""


def _seconds(text: str) -> float:
    return float(text.removesuffix("s"))


_DOES: Final[dict[str, Callable[[ScenarioPlayer, Action], Awaitable[None]]]] = {
    "call": lambda player, a: player.call(a.keys.get("from", "+70000000000"), a.keys.get("to", "")),
    "hear": lambda player, a: player.hear(a.value),
    "press": lambda player, a: player.press(a.value),
    "wait": lambda player, a: player.wait(_seconds(a.value)),
    "rings": lambda player, a: player.rings(a.value),
    "silent": lambda player, a: player.silent(a.value),
    "answer": lambda player, a: player.answer(a.value),
    "decline": lambda player, a: player.decline(a.value),
    "busy": lambda player, a: player.busy(a.value),
    "talks": lambda player, a: player.talks(a.value),
    "hang_up": lambda player, a: player.hang_up(a.value),
    "ended": lambda player, a: player.ended(int(a.keys["status"]) if "status" in a.keys else None),
    "message": lambda player, a: player.message(a.value),
    "asked": lambda player, a: player.asked(a.value),
}


def steps_of(site: Site) -> Sequence[tuple[str, str, str]]:
    """Return all steps of a site's scenarios: scenario, path, label."""
    return [
        (name, placed.path, placed.step.label())
        for name, text in site.scenarios.items()
        for scenario in (scenario_of(text),)
        if scenario is not None
        for placed in scenario.walk()
    ]
