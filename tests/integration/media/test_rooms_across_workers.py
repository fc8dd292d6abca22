"""Rooms of more than two whose legs live in two or three workers: who hears whom is told by tones and spectra."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack

import pytest

from softswitch.media.engine import EVERYBODY, Format, Hear, LegClosed
from tests.integration.media.rig import PCMU
from tests.integration.media.singers import Singer, until_heard
from tests.integration.media.test_links import settle
from tests.integration.media.test_worker_process import Brain, Process

pytestmark = pytest.mark.network

PCMA = Format("PCMA", 8000, 1, 8, 8)
G722 = Format("G722", 8000, 1, 9, 9)
CODECS = (PCMU, G722, PCMA)


@pytest.fixture
def processes() -> Iterator[list[Process]]:
    made = [Process("", range(low, low + 200)) for low in (24000, 24200, 24400)]
    yield made
    for each in made:
        each.end()


def brain_of(processes: Sequence[Process]) -> Brain:
    brain = Brain(processes[0])
    for number, each in enumerate(processes[1:], 1):
        brain.add(number, each)
    return brain


class Company:
    """Singers, each in a conversation of its own, so that they are placed apart."""

    def __init__(self, brain: Brain, count: int) -> None:
        self._open = ExitStack()
        self.singers = [Singer(f"{name}.1", 400 + 330 * n, CODECS[n % 3]) for n, name in enumerate("abcdefgh"[:count])]
        for singer in self.singers:
            self._open.callback(singer.close)
        self.at = brain.open(*(singer.leg for singer in self.singers))
        for singer in self.singers:
            brain.engine.set_stream(singer.leg, singer.stream())

    def __enter__(self) -> Company:
        return self

    def __exit__(self, *error: object) -> None:
        self._open.close()

    def seat(self, brain: Brain, rows: Sequence[Hear], wanted: Mapping[str, set[str]]) -> None:
        """Say a room, and let all sing until each hears whom it shall."""
        brain.engine.set_room("c", rows)
        brain.engine.flush()
        settle(brain)
        self.sing_until(wanted)

    def sing_until(self, wanted: Mapping[str, set[str]]) -> None:
        until_heard(self.singers, self.at, wanted)


def workers_of(at: dict[str, tuple[str, int]]) -> set[int]:
    return {(port - 24000) // 200 for _, port in at.values()}


@pytest.mark.parametrize(("workers", "count"), [(3, 5)])
def test_each_hears_all_others_and_not_itself_wherever_it_lives(
    processes: list[Process], workers: int, count: int
) -> None:
    brain = brain_of(processes[:workers])
    with Company(brain, count) as company:
        assert workers_of(company.at) == set(range(workers))
        legs = {singer.leg for singer in company.singers}
        company.seat(brain, [Hear(leg, (EVERYBODY,)) for leg in sorted(legs)], {leg: legs - {leg} for leg in legs})
        fewer = legs - {"b.1"}
        wanted = {leg: fewer - {leg} if leg in fewer else set() for leg in legs}
        company.seat(brain, [Hear(leg, (EVERYBODY,)) for leg in sorted(fewer)], wanted)
        brain.engine.set_room("c", ())
        for leg in legs:
            brain.engine.close(leg)
        brain.engine.flush()
        brain.until(lambda: brain.count(LegClosed) == count)
        brain.until(lambda: all(not worker.conversations for worker in brain.engine._workers.values()))
    brain.die()


def test_a_whisper_is_heard_by_one_side_only_across_workers(processes: list[Process]) -> None:
    """Customer and third party live in other workers than agent and coach: two sums cross one boundary."""
    brain = brain_of(processes[:2])
    with Company(brain, 4) as company:
        agent, customer, third, coach = (singer.leg for singer in company.singers)
        rows = (
            Hear(agent, (customer, third, coach)),
            Hear(customer, (agent, third)),
            Hear(third, (agent, customer)),
            Hear(coach, (agent, customer, third)),
        )
        company.seat(brain, rows, {row.listener: set(row.sources) for row in rows})
        barging = (*(Hear(row.listener, (EVERYBODY,)) for row in rows),)
        legs = {singer.leg for singer in company.singers}
        company.seat(brain, barging, {leg: legs - {leg} for leg in legs})
    brain.die()


def test_a_new_brain_that_says_the_room_again_keeps_the_sound_and_closes_what_it_does_not_want(
    processes: list[Process],
) -> None:
    first = brain_of(processes[:2])
    with Company(first, 3) as company:
        legs = [singer.leg for singer in company.singers]
        rows = [Hear(leg, (EVERYBODY,)) for leg in legs]
        wanted = {leg: set(legs) - {leg} for leg in legs}
        company.seat(first, rows, wanted)
        first.die()
        company.sing_until(wanted)
        second = brain_of(processes[:2])
        second.until(lambda: len(second.states) == 2)
        for singer in company.singers:
            second.engine.set_stream(singer.leg, singer.stream())
        company.seat(second, rows, wanted)
        second.die()
        third = brain_of(processes[:2])
        third.until(lambda: len(third.states) == 2)
        third.until(lambda: not any(_ends(worker) for worker in third.engine._workers.values()))
        third.die()


def _ends(worker: object) -> list[str]:
    return [leg for leg in worker.conversations if leg.startswith("link ")]  # type: ignore[attr-defined]


def test_a_worker_that_dies_leaves_the_others_of_the_room_together(processes: list[Process]) -> None:
    brain = brain_of(processes[:3])
    with Company(brain, 5) as company:
        legs = [singer.leg for singer in company.singers]
        rows = [Hear(leg, (EVERYBODY,)) for leg in legs]
        company.seat(brain, rows, {leg: set(legs) - {leg} for leg in legs})
        lost = [leg for leg in legs if (company.at[leg][1] - 24000) // 200 == 2]
        processes[2].process.kill()
        brain.until(lambda: 2 not in brain.engine._workers)
        brain.engine.flush()
        settle(brain)
        left = set(legs) - set(lost)
        company.sing_until({leg: left - {leg} if leg in left else set() for leg in legs})
    brain.die()
