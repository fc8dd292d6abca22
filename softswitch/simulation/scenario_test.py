"""Runs the tests of scenarios: simulated callers and phones, the real switch, virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Final

import soundfile

from softswitch.core.errors import SimulationError
from softswitch.directory.site import Site, Trunk, make_site
from softswitch.scenario.facts import ScenarioEntered, StepBegun, StepEnded
from softswitch.scenario.library import scenario_of
from softswitch.simulation.phone import SimulatedPhone
from softswitch.simulation.phone_call import Call, CallState
from softswitch.simulation.scenario_script import Action, Case
from softswitch.simulation.virtual_loop import VirtualLoop, run_virtually
from softswitch.simulation.world import DOMAIN, Setting, World, make_user

CALLER_HOST: Final = "192.0.2.200"
_PATIENCE_S: Final = 120.0
"""How long something that is expected may take unless it is said that it comes at once."""


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

    async def script(loop: VirtualLoop) -> CaseResult:
        world = World(loop, seed, Setting(), site=_test_site(site), start_wall_s=case.at_s)
        world.switch.media.lengths_s.update(_lengths_s(site))
        player = _Player(world, case, site)
        problem = await player.play()
        took_s = loop.time()
        await world.release()
        return CaseResult(case, problem, took_s, player.reached())

    return run_virtually(script)


def _test_site(site: Site) -> Site:
    """Give every user a known password, and let the test's caller in as a trunk."""
    users = [
        replace(user, ha1_md5=known.ha1_md5, ha1_sha256=known.ha1_sha256)
        for user in site.users.values()
        for known in (make_user(user.name, user.extension),)
    ]
    made = make_site(DOMAIN, users, site.numbers.values(), [Trunk("caller", CALLER_HOST, 5060, "udp", any_port=False)])
    return replace(site, domain=DOMAIN, users=made.users, trunks={**site.trunks, **made.trunks})


def _lengths_s(site: Site) -> Mapping[str, float]:
    found = {}
    for text in site.scenarios.values():
        scenario = scenario_of(text)
        for placed in scenario.walk() if scenario is not None else ():
            for name in placed.step.audio().values():
                path = str((Path(text.file).parent / name).resolve())
                length_s = _length_s(path)
                if length_s:  # else it cannot be played, and so it is in the test
                    found[f"file:{path}"] = length_s
    return found


@lru_cache(maxsize=4096)
def _length_s(path: str) -> float:
    try:
        return float(soundfile.info(path).duration)
    except (soundfile.LibsndfileError, OSError):
        return 0.0


class _Player:
    """Does what a case says, line by line."""

    def __init__(self, world: World, case: Case, site: Site) -> None:
        self._world = world
        self._case = case
        self._site = site
        self._call: Call | None = None
        self._heard = 0
        self._does: dict[str, Callable[[Action], Awaitable[None]]] = {
            "call": self._calls,
            "hear": self._hears,
            "press": self._presses,
            "wait": self._waits,
            "rings": self._rings,
            "silent": self._silent,
            "answer": self._answers,
            "decline": self._declines,
            "busy": self._says_busy,
            "talks": self._talks,
            "hang_up": self._hangs_up,
            "ended": self._ended,
        }

    async def play(self) -> str:
        """Play the case; return what was not as expected, or an empty text."""
        for user in self._case.phones if self._case.phones is not None else tuple(self._site.users):
            await self._world.registered(user)
        for action in self._case.actions:
            try:
                await self._does[action.kind](action)
            except SimulationError as error:
                what = str(error).partition("\n")[0]
                return f"{self._case.file}:{action.line}: {action.kind}: {what}\n{self._story()}"
        return ""

    def reached(self) -> frozenset[tuple[str, str]]:
        """Return the steps that were reached."""
        names: list[str] = []
        found: set[tuple[str, str]] = set()
        for fact in self._world.facts(ScenarioEntered, StepBegun):
            if isinstance(fact, ScenarioEntered):
                names.append(fact.name)
            elif isinstance(fact, StepBegun):
                found.update((name, fact.path) for name in names[-1:])
        return frozenset(found)

    def _story(self) -> str:
        """Tell what happened until now, for whoever has to find out why."""
        lines = [f"  heard: {', '.join(self._sounds()) or 'nothing'}"]
        for fact in self._world.facts(StepBegun, StepEnded):
            if isinstance(fact, StepBegun):
                lines.append(f"  step {fact.path} ({fact.kind}) began")
            elif isinstance(fact, StepEnded):
                lines.append(f"  step {fact.path} ended: {fact.how}")
        return "\n".join(lines)

    def _sounds(self) -> list[str]:
        return [sound.rpartition("/")[2] for _, played in self._world.switch.media.played for sound in played]

    # What is done

    async def _calls(self, action: Action) -> None:
        number = action.keys.get("to") or self._number()
        caller = self._world.phone(action.keys.get("from", "+70000000000"), name="caller", host=CALLER_HOST)
        self._call = await caller.dial(number)

    def _number(self) -> str:
        numbers = self._site.numbers.values()
        found = next((n.number for n in numbers if (n.kind, n.target) == ("scenario", self._case.scenario)), "")
        if not found:
            raise SimulationError(f"no number leads to the scenario {self._case.scenario}; call: {{to: ...}} names one")
        return found

    async def _presses(self, action: Action) -> None:
        media = self._world.switch.media
        for leg in [leg for leg in media.legs if leg.endswith(".1")]:
            for key in action.value:
                media.press(leg, key)
        await asyncio.sleep(0.1)

    async def _waits(self, action: Action) -> None:
        await asyncio.sleep(float(action.value.removesuffix("s").strip() or 0))

    async def _answers(self, action: Action) -> None:
        phone = self._phone(action.value)
        (await phone.until_called(limit_s=_PATIENCE_S)).answer()
        await phone.until(lambda: phone.call.acknowledged, "the call to be connected")

    async def _declines(self, action: Action) -> None:
        (await self._phone(action.value).until_called(limit_s=_PATIENCE_S)).decline()
        await asyncio.sleep(0.1)

    async def _says_busy(self, action: Action) -> None:
        (await self._phone(action.value).until_called(limit_s=_PATIENCE_S)).busy()
        await asyncio.sleep(0.1)

    async def _hangs_up(self, action: Action) -> None:
        if action.value == "caller":
            await self._caller().hang_up()
        else:
            await self._phone(action.value).call.hang_up()
        await asyncio.sleep(0.1)

    # What is expected

    async def _hears(self, action: Action) -> None:
        media = self._world.switch.media
        if not await media.until_played(lambda: action.value in self._sounds()[self._heard :], limit_s=_PATIENCE_S):
            raise SimulationError(f"{action.value} was not heard within {_PATIENCE_S:g} s")
        self._heard = self._sounds().index(action.value, self._heard) + 1

    async def _rings(self, action: Action) -> None:
        await self._phone(action.value).until_called(limit_s=_PATIENCE_S)

    async def _silent(self, action: Action) -> None:
        if any(not call.over for call in self._phone(action.value).calls):
            raise SimulationError(f"{action.value} rings or talks")

    async def _talks(self, action: Action) -> None:
        phone = self._phone(action.value)
        await asyncio.sleep(0.1)
        if self._world.hears(phone) != {"caller"}:
            raise SimulationError(f"{action.value} does not hear the caller")

    async def _ended(self, action: Action) -> None:
        call = self._caller()
        await call.until(CallState.ENDED, limit_s=_PATIENCE_S)
        wanted = action.keys.get("status", "")
        if wanted and call.status != int(wanted):
            raise SimulationError(f"the call ended with {call.status}, not {wanted}")

    def _phone(self, name: str) -> SimulatedPhone:
        phone = self._world.phones.get(name)
        if phone is None:
            raise SimulationError(f"{name or 'nobody'} has no phone in this test; phones: names who has")
        return phone

    def _caller(self) -> Call:
        if self._call is None:
            raise SimulationError("nobody has called yet; call: comes first")
        return self._call


def steps_of(site: Site) -> Sequence[tuple[str, str, str]]:
    """Return all steps of a site's scenarios: scenario, path, label."""
    return [
        (name, placed.path, placed.step.label())
        for name, text in site.scenarios.items()
        for scenario in (scenario_of(text),)
        if scenario is not None
        for placed in scenario.walk()
    ]
