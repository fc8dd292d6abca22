"""A day of a contact centre through the whole switch: every call with its SIP octets, on virtual time.

Usage: python -m bench.queue_day [--calls N] [--agents N] [--queues N] [--seed N]

Callers come over a trunk, wait, are given to agents whose phones ring and answer, talk, or hang up when they have
waited for as long as they wanted to. All datagrams of both ways and all facts go into two digests: the same seed gives
the same octets.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Coroutine
from dataclasses import asdict, dataclass
from hashlib import blake2b
from random import Random
from typing import Final, NamedTuple

from bench.measuring import report
from softswitch.app.brain_settings import BrainSettings
from softswitch.core.facts import name_in
from softswitch.directory.bans import GuardLimits
from softswitch.directory.site import Number, Queue, Site, Trunk, make_site
from softswitch.queues.agents.inputs import EnterQueues
from softswitch.simulation.network import Address
from softswitch.simulation.phone import SimulatedPhone
from softswitch.simulation.phone_call import Call, CallState
from softswitch.simulation.phone_core import Habits, Incoming
from softswitch.simulation.virtual_loop import VirtualLoop, run_virtually
from softswitch.simulation.world import DOMAIN, Setting, World, make_user

TRUNK: Final = "192.0.2.99"
QUEUES_EACH: Final = 3
RING_S, TALK_S, PATIENCE_S, WRAP_UP_S = 3.0, 240.0, 120.0, 15.0


@dataclass(frozen=True, slots=True)
class Day:
    """What kind of day it is."""

    calls: int = 20_000
    agents: int = 200
    queues: int = 30
    hours: float = 10.0
    seed: int = 2


class Caller(NamedTuple):
    """Somebody who calls."""

    at_s: float
    queue: int
    talk_s: float
    patience_s: float


class Result(NamedTuple):
    """What a day came to."""

    calls: int
    answered: int
    abandoned: int
    datagrams: int
    octets: int
    facts: int
    datagrams_digest: str
    facts_digest: str
    cpu_s: float
    wall_s: float


def callers(day: Day) -> list[Caller]:
    """Draw who calls, in order."""
    chance = Random(day.seed)  # noqa: S311  # a reproducible run is wanted
    moments = sorted(chance.uniform(0, day.hours * 3600) for _ in range(day.calls))
    return [
        Caller(at_s, chance.randrange(day.queues), chance.expovariate(1 / TALK_S), chance.expovariate(1 / PATIENCE_S))
        for at_s in moments
    ]


def site_of(day: Day) -> Site:
    """Make the site: each agent serves three queues, each queue has a number."""
    names = [f"agent{n}" for n in range(day.agents)]
    serves = {name: {(n + k) % day.queues for k in range(QUEUES_EACH)} for n, name in enumerate(names)}
    queues = [
        Queue(
            f"q{q}",
            str(700 + q),
            tuple(name for name in names if q in serves[name]),
            wrap_up_s=WRAP_UP_S,
            announce_every_s=60.0,
        )
        for q in range(day.queues)
    ]
    numbers = [Number(f"+7495{q:07}", "queue", f"q{q}") for q in range(day.queues)]
    users = [make_user(name, str(1000 + n)) for n, name in enumerate(names)]
    return make_site(DOMAIN, users, numbers, [Trunk("pstn", TRUNK, 5060, "udp", any_port=True)], queues=queues)


class Centre:
    """One day.

    Args:
        world: the switch and the network.
        day: of what kind.
    """

    def __init__(self, world: World, day: Day) -> None:
        self._world = world
        self._day = day
        self._free: list[SimulatedPhone] = []
        self._lines = self._talks = 0
        self._taken: dict[str, asyncio.Future[None]] = {}
        self._callers: dict[str, Caller] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._told, self._facts = blake2b(digest_size=16), blake2b(digest_size=16)
        self._datagrams = self._octets = self._fact_count = self._answered = self._abandoned = 0
        self._transmit = world.network.transmit
        world.network.transmit = self._watched  # type: ignore[method-assign]  # the network is watched

    def _watched(self, source: Address, target: Address, data: bytes) -> None:
        self._told.update(data)
        self._datagrams += 1
        self._octets += len(data)
        self._transmit(source, target, data)

    def _keep_facts(self) -> None:
        for record in self._world.switch.journal.take():
            self._facts.update(record)
            self._fact_count += 1
            name = name_in(record)
            self._answered += name == "queue.answered"
            self._abandoned += name == "queue.left"

    async def run(self) -> None:
        """Let the day pass."""
        for n in range(self._day.agents):
            await self._begin_agent(n)
        for caller in callers(self._day):
            await asyncio.sleep(max(0.0, 60.0 + caller.at_s - self._world.loop.time()))
            self._start(self._calls(caller))
            self._keep_facts()
        while self._talks:  # noqa: ASYNC110  # virtual time costs nothing
            await asyncio.sleep(10)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.sleep(200)  # every timer of RFC 3261 has run out
        self._keep_facts()

    def _start(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # Agents

    async def _begin_agent(self, number: int) -> None:
        user = f"agent{number}"
        phone = self._world.phone(
            user,
            host=f"10.1.{number // 250}.{number % 250 + 1}",
            habits=Habits(incoming=Incoming.ANSWER, act_after_s=RING_S),
        )
        await phone.registration.register(3600, keep=True)
        self._world.command(EnterQueues(user, "", "api"))
        self._start(self._serves(phone))

    async def _serves(self, phone: SimulatedPhone) -> None:
        while True:
            call = await phone.until_called(limit_s=1e9)
            await phone.until(lambda call=call: call.state in {CallState.UP, CallState.ENDED}, "an end", limit_s=1e9)  # type: ignore[misc]  # bound now
            if not call.over:
                await self._talks_with(call)
            await phone.until(lambda call=call: call.over, "its end", limit_s=1e9)  # type: ignore[misc]  # as above
            phone.calls.clear()
            phone.log.clear()

    async def _talks_with(self, call: Call) -> None:
        """Talk for as long as this caller wants to, then hang up."""
        number = call.asked("From").partition("<sip:")[2].partition("@")[0]
        taken = self._taken.get(number)
        if taken is not None and not taken.done():
            taken.set_result(None)
            await asyncio.sleep(self._callers[number].talk_s)
            if not call.over:
                await call.hang_up()

    # Callers

    async def _calls(self, caller: Caller) -> None:
        self._talks += 1
        phone = self._free.pop() if self._free else self._new_line()
        number = phone.account.user
        taken = self._taken[number] = self._world.loop.create_future()
        self._callers[number] = caller
        call = await phone.dial(f"+7495{caller.queue:07}")
        try:
            async with asyncio.timeout(caller.patience_s):
                await taken
        except TimeoutError:
            if not call.over:
                await call.hang_up()
        await phone.until(lambda: call.over, "its end", limit_s=1e9)
        phone.calls.clear()
        phone.log.clear()
        self._free.append(phone)
        self._talks -= 1

    def _new_line(self) -> SimulatedPhone:
        self._lines += 1
        return self._world.phone(f"7916{self._lines:07}", host=TRUNK, port=20_000 + self._lines)

    def result(self, cpu_s: float, wall_s: float) -> Result:
        """Return what it came to."""
        told = (self._datagrams, self._octets, self._fact_count, self._told.hexdigest(), self._facts.hexdigest())
        return Result(self._day.calls, self._answered, self._abandoned, *told, cpu_s, wall_s)


def run_day(day: Day) -> Result:
    """Let a day pass; raises where anything is left of it in the switch."""
    setting = Setting(
        settings=BrainSettings(guard=GuardLimits(), calls_each_source=100_000),
        ports=range(16384, 60_000, 2),
    )

    async def run(loop: VirtualLoop) -> Centre:
        world = World(loop, day.seed, setting, site=site_of(day))
        centre = Centre(world, day)
        await centre.run()
        world.switch.at_rest()
        queues = world.switch.brain.queues.state
        if queues.entries or any(slot.entry for slot in queues.agents.values()):
            raise RuntimeError(f"entries are left: {sorted(queues.entries)}")
        return centre

    cpu_s, wall_s = time.process_time(), time.monotonic()
    centre = run_virtually(run)
    return centre.result(time.process_time() - cpu_s, time.monotonic() - wall_s)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, value in asdict(Day()).items():
        parser.add_argument(f"--{name}", type=type(value), default=value)
    report("queue_day", run_day(Day(**vars(parser.parse_args())))._asdict())


if __name__ == "__main__":
    main()
