"""A caller and the phones around a scenario, as a test speaks of them: call, hear, press, ring, answer, talk.

The lines of a test file and the tests that are written in Python are both played by :class:`ScenarioPlayer`; each
method is one kind of line. What is not as expected raises :class:`softswitch.core.errors.SimulationError` and says why.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Final

from softswitch.calls.facts import LegAdded
from softswitch.calls.guide_facts import LegKeyPressed, LegPlaying
from softswitch.core.errors import SimulationError
from softswitch.core.sealed_keys import without_sealed
from softswitch.directory.site import Site
from softswitch.scenario.facts import ScenarioEntered, StepBegun, StepEnded
from softswitch.simulation.phone import SimulatedPhone
from softswitch.simulation.phone_call import Call, CallState
from softswitch.simulation.world import World

CALLER_HOST: Final = "192.0.2.200"
PATIENCE_S: Final = 120.0
"""How long something that is expected may take unless it is said that it comes at once."""
_MOMENT_S: Final = 0.1
"""What is done takes effect within this time."""


class ScenarioPlayer:
    """Plays one test.

    Args:
        world: with the site's switch.
        site: the loaded site.
        scenario: which the usual number leads to.
        outside: numbers outside that somebody answers; others ring at nobody's.
    """

    def __init__(self, world: World, site: Site, scenario: str, outside: Sequence[str] = ()) -> None:
        self.world = world
        self._site = site
        self._scenario = scenario
        self._outside = {number.removeprefix("+"): number for number in outside}
        self._callers: dict[str, SimulatedPhone] = {}
        self._caller: SimulatedPhone | None = None
        self._call: Call | None = None
        self._heard = 0

    async def prepare(self, phones: Sequence[str] | None) -> None:
        """Register users' phones that are not there yet, everybody's where none are named; put the outside's there."""
        for user in phones if phones is not None else tuple(self._site.users):
            if user not in self.world.phones:
                await self.world.registered(user)
        if self._outside:
            for host in {trunk.host for trunk in self._site.trunks.values()}:
                self.world.phone("outside", name=f"outside {host}", host=host)

    # What is done

    async def call(self, number: str = "+70000000000", to: str = "") -> None:
        """Call the scenario, or another number, from a number outside."""
        if number not in self._callers:
            name = "caller" if not self._callers else f"caller {len(self._callers) + 1}"
            port = 5060 + len(self._callers)
            self._callers[number] = self.world.phone(number, name=name, host=CALLER_HOST, port=port)
        self._caller = self._callers[number]
        self._heard = len(self._sounds())
        self._call = await self._caller.dial(to or self._number())

    def _number(self) -> str:
        numbers = self.world.site.numbers.values()
        found = next((n.number for n in numbers if (n.kind, n.target) == ("scenario", self._scenario)), "")
        if not found:
            raise SimulationError(f"there is no scenario {self._scenario}; call: {{to: ...}} may name a number")
        return found

    async def press(self, keys: str) -> None:
        """Press keys on the caller's phone, as soon as its call is answered."""
        call = self._present()
        await call.phone.until(lambda: CallState.UP in call.history, "an answer", limit_s=PATIENCE_S)
        media = self.world.switch.media
        for leg in [leg for leg in media.legs if leg.endswith(".1")]:
            for key in keys:
                media.press(leg, key)
        await asyncio.sleep(_MOMENT_S)

    async def wait(self, seconds: float) -> None:
        """Let time pass."""
        await asyncio.sleep(seconds)

    async def answer(self, who: str) -> None:
        """Answer at somebody's phone, as soon as it rings."""
        call = await self._called(who)
        call.answer()
        await self._phone(who).until(lambda: call.acknowledged, "the call to be connected")

    async def decline(self, who: str) -> None:
        """Decline at somebody's phone."""
        (await self._called(who)).decline()
        await asyncio.sleep(_MOMENT_S)

    async def busy(self, who: str) -> None:
        """Say busy at somebody's phone."""
        (await self._called(who)).busy()
        await asyncio.sleep(_MOMENT_S)

    async def hang_up(self, who: str = "caller") -> None:
        """Hang up at the caller's, or at somebody's phone."""
        call = self._present() if who == "caller" else await self._called(who)
        await call.hang_up()
        await asyncio.sleep(_MOMENT_S)

    # What is expected

    async def hear(self, file: str) -> None:
        """Expect that the caller hears a file, named with as much of its path as tells it from others."""
        media = self.world.switch.media
        if not await media.until_played(lambda: self._next(file) >= 0, limit_s=PATIENCE_S):
            near = get_close_matches(file, map(_short, self._sounds()), n=1)
            hint = f"; {near[0]} was (did you mean that?)" if near and near[0] != file else ""
            raise SimulationError(f"{file} was not heard within {PATIENCE_S:g} s{hint}")
        self._heard = self._next(file) + 1

    def _next(self, file: str) -> int:
        sounds, end = self._sounds(), f"/{file}"
        for place in range(self._heard, len(sounds)):
            if f"/{sounds[place]}".endswith(end):
                return place
        return -1

    async def rings(self, who: str) -> None:
        """Expect that somebody's phone rings, now or soon."""
        await self._called(who)

    async def silent(self, who: str) -> None:
        """Expect that somebody's phone neither rings nor is in a call."""
        if any(not call.over for call in self._calls(who)):
            raise SimulationError(f"{who} rings or talks")

    async def talks(self, who: str) -> None:
        """Expect that somebody and the caller hear each other."""
        await asyncio.sleep(_MOMENT_S)
        caller = self._caller
        if caller is None or self.world.hears(self._phone(who)) != {caller.name}:
            raise SimulationError(f"{who} does not hear the caller")

    async def ended(self, status: int | None = None) -> None:
        """Expect that the caller's call ends, perhaps with a SIP status."""
        call = self._present()
        await call.until(CallState.ENDED, limit_s=PATIENCE_S)
        if status is not None and call.status != status:
            raise SimulationError(f"the call ended with {call.status}, not {status}")

    async def asked(self, url: str) -> None:
        """Expect that a program elsewhere was asked by a URL that begins like this."""
        asked = self.world.switch.errands.asked.values()
        if not any(each.startswith(url) for each in asked):
            raise SimulationError(f"{url} was not asked; asked: {', '.join(asked) or 'nothing'}")

    async def message(self, box: str) -> None:
        """Expect that a message is in the box of a user or a group, now or soon."""
        boxes = self.world.switch.brain.voicemail.boxes
        for _ in range(20):
            if boxes.messages(box):
                return
            await asyncio.sleep(_MOMENT_S)
        raise SimulationError(f"there is no message in the box of {box}")

    # What happened

    def reached(self) -> frozenset[tuple[str, str]]:
        """Return the steps that were reached: scenario and path."""
        within = ""
        found: set[tuple[str, str]] = set()
        for record in self.world.switch.journal.decoded():
            fact = record.fact
            if type(fact) is StepBegun:
                found.add((within, fact.path))
            elif type(fact) is ScenarioEntered:
                within = fact.name
        return frozenset(found)

    def story(self) -> str:
        """Tell what happened until now and when, for whoever has to find out why."""
        heard = [_short(sound) for sound in self._sounds()]
        lines = [f"  heard: {', '.join(heard) or 'nothing'}"]
        began_s = self.world.clock.wall() - self.world.loop.time()
        for record in self.world.switch.journal.decoded():
            told = _told(record.fact)
            if told:
                lines.append(f"  {record.wall_s - began_s:6.1f} s  {told}")
        return "\n".join(lines)

    def _sounds(self) -> list[str]:
        return self.world.switch.media.sounds_played

    # Who it is

    async def _called(self, who: str) -> Call:
        phone = self._phone(who)
        await phone.until(lambda: bool(self._open(who)), f"{who} to be called", limit_s=PATIENCE_S)
        return self._open(who)[-1]

    def _open(self, who: str) -> list[Call]:
        return [call for call in self._calls(who) if not call.over]

    def _calls(self, who: str) -> list[Call]:
        number = who.removeprefix("+")
        calls = self._phone(who).calls
        return [call for call in calls if _dialled(call) == number] if number in self._outside else list(calls)

    def _phone(self, who: str) -> SimulatedPhone:
        if who.removeprefix("+") in self._outside:
            found = [phone for name, phone in self.world.phones.items() if name.startswith("outside ")]
            called = [phone for phone in found for call in phone.calls if _dialled(call) == who.removeprefix("+")]
            if found:
                return (called or found)[0]
        phone = self.world.phones.get(who)
        if phone is None:
            cure = "phones: names who has, and outside: the numbers that somebody answers"
            raise SimulationError(f"{who or 'nobody'} has no phone in this test; {cure}")
        return phone

    def _present(self) -> Call:
        if self._call is None:
            raise SimulationError("nobody has called yet; call: comes first")
        return self._call


def _dialled(call: Call) -> str:
    exchange = call.invite_exchange
    return "" if exchange is None else exchange.request.uri.partition(":")[2].partition("@")[0].removeprefix("+")


def _short(sound: str) -> str:
    return sound.rpartition("/")[2]


def _told(fact: object) -> str:
    """Say in a line what a fact tells of a scenario; nothing of others."""
    if isinstance(fact, StepBegun):
        return f"step {fact.path} ({fact.kind}) began"
    if isinstance(fact, StepEnded):
        return f"step {fact.path} ended: {fact.how}"
    if isinstance(fact, LegPlaying):
        return f"plays {', '.join(map(_short, fact.sounds))}"
    if isinstance(fact, LegKeyPressed):
        return f"key {without_sealed(fact.key)}"
    return f"{fact.user or fact.number} is rung" if isinstance(fact, LegAdded) and fact.side == "callee" else ""
