"""Turns that are paced, on a loop whose time is ours."""

from __future__ import annotations

import heapq
import itertools
import os
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from softswitch.net.paced_readers import BUSY, PACE_S, PacedReaders

PACE_MS = 1000 * PACE_S


class Timer:
    def __init__(self, at_s: float, call: Callable[[], None]) -> None:
        self.at_s, self.call, self.cancelled = at_s, call, False

    def __lt__(self, other: Timer) -> bool:
        return self.at_s < other.at_s

    def cancel(self) -> None:
        self.cancelled = True


class Loop:
    """The part of a loop that is used, with time of its own."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.watched: dict[int, Callable[[], None]] = {}
        self.told: list[object] = []
        self._timers: list[Timer] = []

    def monotonic(self) -> float:
        return self.now_s

    def add_reader(self, descriptor: int, call: Callable[[], None]) -> None:
        self.watched[descriptor] = call

    def remove_reader(self, descriptor: int) -> None:
        self.watched.pop(descriptor, None)

    def call_later(self, delay_s: float, call: Callable[[], None]) -> Timer:
        timer = Timer(self.now_s + delay_s, call)
        heapq.heappush(self._timers, timer)
        return timer

    def call_soon(self, call: Callable[[], None]) -> Timer:
        return self.call_later(0.0, call)

    def call_exception_handler(self, context: dict[str, object]) -> None:
        self.told.append(context["exception"])

    def look(self) -> None:
        """Do what a loop does at once: call what is due, and whoever has something to read (here: all watched)."""
        due = [timer for timer in self._timers if timer.at_s <= self.now_s and not timer.cancelled]
        for timer in due:
            timer.cancel()
            timer.call()
        for call in list(self.watched.values()):
            call()

    def sleep(self, seconds: float) -> None:
        """Let time pass, and do what comes due meanwhile."""
        until_s = self.now_s + seconds
        while self._timers and self._timers[0].at_s <= until_s:
            self.now_s = max(self.now_s, self._timers[0].at_s)
            timer = heapq.heappop(self._timers)
            if not timer.cancelled:
                timer.call()
        self.now_s = max(self.now_s, until_s)

    @property
    def armed(self) -> int:
        return sum(not timer.cancelled for timer in self._timers)


class Pipe:
    """Something to read from: so many letters at most, each of which takes so long."""

    def __init__(self, loop: Loop, at_most: int, letter_s: float) -> None:
        self._loop = loop
        self.descriptor, self._writer = os.pipe()
        os.set_blocking(self.descriptor, False)
        self.at_most, self.letter_s = at_most, letter_s
        self.heard: list[str] = []
        self.broken = False

    def write(self, text: str) -> None:
        os.write(self._writer, text.encode())

    def read(self) -> bool:
        if self.broken:
            raise RuntimeError("a defect")
        got = os.read(self.descriptor, self.at_most).decode()
        self._loop.now_s += self.letter_s * len(got)
        self.heard.append(got)
        return len(got) == self.at_most

    def close(self) -> None:
        os.close(self.descriptor)
        os.close(self._writer)


class Rig:
    def __init__(self) -> None:
        self.loop = Loop()
        self.turns: list[float] = []
        """When each turn ended, in milliseconds."""
        self.work_s = 0.0
        """How long each turn takes."""
        self.fails = False
        loop: Any = self.loop
        self.readers = PacedReaders(loop, self._end_turn, monotonic=self.loop.monotonic)
        self.pipes: list[Pipe] = []

    def _end_turn(self) -> None:
        self.loop.now_s += self.work_s
        if self.fails:
            raise RuntimeError("a defect")
        self.turns.append(round(1000 * (self.loop.now_s - 100.0), 3))

    def pipe(self, at_most: int = 100, letter_s: float = 0.0) -> Pipe:
        made = Pipe(self.loop, at_most, letter_s)
        self.pipes.append(made)
        self.readers.add(made.descriptor, made.read)
        return made

    def say(self, pipe: Pipe, text: str) -> None:
        pipe.write(text)
        self.loop.look()


@pytest.fixture
def rig() -> Iterator[Rig]:
    made = Rig()
    yield made
    made.readers.close()
    for pipe in made.pipes:
        pipe.close()


def test_what_comes_is_read_at_once_while_there_is_little_to_do(rig: Rig) -> None:
    rig.work_s = 0.8 * BUSY * 0.001
    pipe = rig.pipe()
    for number in range(3000):
        rig.say(pipe, str(number))
        assert pipe.heard[-1] == str(number)
        rig.loop.sleep(0.001 - rig.work_s)
    assert len(rig.turns) == 3000
    assert rig.loop.armed == 0, "nothing wakes up by itself"


def test_what_comes_is_gathered_into_turns_a_pace_apart_while_there_is_much_to_do(rig: Rig) -> None:
    pipe = rig.pipe(letter_s=1.2 * BUSY * 0.001)
    for _ in range(3000):
        rig.say(pipe, "x")
        rig.loop.sleep(0.001 - pipe.letter_s)
    rig.loop.sleep(PACE_S)
    assert "".join(pipe.heard) == 3000 * "x"
    paced = rig.turns[-50:-1]
    apart = [later - earlier for earlier, later in itertools.pairwise(paced)]
    assert apart == [pytest.approx(PACE_MS, abs=1.0)] * len(apart)


def test_a_pace_ends_when_nothing_comes_or_little_is_to_be_done(rig: Rig) -> None:
    rig.work_s = 0.2
    pipe = rig.pipe()
    rig.say(pipe, "a")
    rig.work_s = 0.0
    pipe.write("b")
    rig.loop.look()
    assert rig.loop.armed == 1
    rig.loop.sleep(1.01 * PACE_S)
    assert pipe.heard == ["a", "b"]
    assert rig.loop.armed == 0
    rig.say(pipe, "c")
    assert pipe.heard[-1] == "c", "nothing was there when its turn came"
    for _ in range(100):
        rig.say(pipe, "d")
        rig.loop.sleep(PACE_S)
    rig.say(pipe, "e")
    assert pipe.heard[-1] == "e", "turns had little to do"


@pytest.fixture
def busy(rig: Rig) -> Rig:
    """Turns are paced, and the next one comes in a pace."""
    pipe = rig.pipe()
    rig.work_s = 0.2
    rig.say(pipe, "work")
    rig.work_s = 0.0
    pipe.write("more")
    rig.loop.sleep(0.0)
    assert pipe.heard == ["work", "more"]
    assert rig.loop.armed == 1
    rig.turns.clear()
    return rig


def test_several_are_read_in_one_turn(busy: Rig) -> None:
    one, other = busy.pipe(), busy.pipe()
    one.write("a")
    other.write("b")
    busy.loop.sleep(PACE_S)
    assert (one.heard, other.heard) == (["a"], ["b"])
    assert len(busy.turns) == 1


def test_what_one_left_there_is_read_without_a_rest(busy: Rig) -> None:
    pipe = busy.pipe(at_most=1)
    pipe.write("abc")
    busy.loop.sleep(1.01 * PACE_S)
    assert pipe.heard == ["a", "b", "c"]
    assert len(set(busy.turns)) == 1


def test_a_long_turn_is_followed_by_the_next_without_a_rest(busy: Rig) -> None:
    pipe = busy.pipe()
    busy.work_s = 2 * PACE_S
    pipe.write("a")
    busy.loop.sleep(PACE_S)
    pipe.write("b")
    busy.loop.sleep(0.0)
    assert pipe.heard == ["a", "b"]


@pytest.mark.parametrize("paced", [False, True])
def test_after_a_defect_the_others_are_read_and_the_turn_ends(rig: Rig, paced: bool) -> None:
    broken, sound = rig.pipe(), rig.pipe()
    if paced:
        rig.work_s = 0.2
        rig.say(sound, "a")
    turns = len(rig.turns)
    broken.broken = True
    broken.write("x")
    rig.say(sound, "b")
    rig.loop.sleep(PACE_S)
    assert sound.heard[-1] == "b"
    assert len(rig.turns) > turns
    assert isinstance(rig.loop.told[0], RuntimeError)
    broken.broken = False
    rig.loop.look()
    rig.loop.sleep(PACE_S)
    assert broken.heard == ["x"]


@pytest.mark.parametrize("paced", [False, True])
def test_a_turn_whose_end_fails_is_not_the_last(rig: Rig, paced: bool) -> None:
    pipe = rig.pipe()
    if paced:
        rig.work_s = 0.2
        rig.say(pipe, "a")
    rig.fails = True
    pipe.write("b")
    go_on = partial(rig.loop.sleep, PACE_S) if paced else rig.loop.look
    with pytest.raises(RuntimeError):
        go_on()
    rig.fails = False
    rig.work_s = 0.0
    for _ in range(2):
        pipe.write("c")
        rig.loop.sleep(PACE_S)
        rig.loop.look()
    assert "".join(pipe.heard).endswith("bcc")


def test_one_that_is_removed_by_another_in_its_turn_is_not_read(rig: Rig) -> None:
    one, other = rig.pipe(), rig.pipe()

    def remove_both() -> bool:
        rig.readers.remove(one.descriptor)
        rig.readers.remove(other.descriptor)
        return False

    for pipe in (one, other):
        rig.readers.remove(pipe.descriptor)
        rig.readers.add(pipe.descriptor, remove_both)
        pipe.write("x")
    rig.loop.look()
    assert len(rig.turns) == 1
    rig.readers.remove(one.descriptor)
    rig.say(one, "y")
    assert (one.heard, other.heard) == ([], [])


@pytest.mark.parametrize("paced", [False, True])
def test_nothing_is_read_after_the_end(rig: Rig, paced: bool) -> None:
    pipe = rig.pipe()
    if paced:
        rig.work_s = 0.2
        rig.say(pipe, "a")
    pipe.write("b")
    rig.readers.close()
    rig.loop.sleep(PACE_S)
    rig.loop.look()
    assert "b" not in "".join(pipe.heard)
    assert rig.loop.armed == 0
