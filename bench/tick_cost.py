"""What a media worker's ticks cost, in one process: relay, rooms, conversion, recording and playing, packet by packet.

The plane, its sockets and its system calls are the product's; phones are sockets of the same process that send each
frame before the tick by which it has to be there, and time is virtual. So every run is the same packets at the same
ticks. Calls of functions are counted, which do not hang on what else the machine does. Processor time is that of the
ticks alone, told apart by kernel (the ring's system calls) and the rest; the least and the median frame are printed.

With ``--cold`` other memory is read before each tick: a worker on a machine that does something else between its ticks
finds nothing of what it needs in the processor's caches, and this is what that costs.

Usage: python -m bench.tick_cost [--only NAME ...] [--legs N] [--frames N] [--cold] [--profile [SORT]]
"""

from __future__ import annotations

import argparse
import cProfile
import gc
import json
import os
import pstats
import random
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count, cycle
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from bench.brain_cost import CountMeter, VirtualClock
from softswitch.core.ids import Entropy
from softswitch.media.engine import EVERYBODY, Format, Hear, LegOpened, MediaEvent, OpenLeg, Playing, Recording, Stream
from softswitch.media.loops.found import find_loops
from softswitch.media.tap_ring import TapReader, make_memory
from softswitch.media.worker.loop import SocketPoller
from softswitch.media.worker.plane import MediaPlane
from softswitch.media.worker.ports import PortPool
from softswitch.media.worker.rows import FRAME_TICKS, HEADER_OCTETS, TICK_US, Indices, Lengths, Rows
from softswitch.media.worker.uring import UringBackend

SWITCH, PHONES = "127.0.61.1", "127.0.61.2"
PCMU = Format("PCMU", 8000, 1, 0, 0)
PCMA = Format("PCMA", 8000, 1, 0, 0)
G722 = Format("G722", 8000, 1, 0, 0)
"""All three with the number that phones write here."""
EVENTS = Format("telephone-event", 8000, 1, 101, 101)
PACKET = HEADER_OCTETS + 160
SETTLING_FRAMES = 60
COLD_OCTETS = 8 << 20
SOUND = Path(__file__).parents[1] / "scenarios" / "small-office" / "scenarios" / "welcome.ogg"


@dataclass(frozen=True)
class Case:
    """What legs do."""

    people: int = 2
    formats: tuple[Format, ...] = (PCMU,)
    recorded: bool = False
    playing: bool = False
    """Whether each hears a file, as callers of voice menus do: every leg is elsewhere in it, and one a frame begins
    anew."""
    silent: bool = False
    """Whether phones send nothing, so that nobody learns where their packets come from."""


CASES = {
    "relay": Case(),
    "recorded": Case(recorded=True),
    "three": Case(3),
    "hundred": Case(100),
    "g722": Case(formats=(PCMU, G722)),
    "playing": Case(1, playing=True),
    "playing_silent": Case(1, playing=True, silent=True),
}


class TimedBackend(UringBackend):
    """Tells how long its system calls took."""

    def __init__(self, rows: Rows) -> None:
        super().__init__(rows)
        self.kernel_ns = 0

    def _enter(self, count: int) -> None:
        began = time.thread_time_ns()
        super()._enter(count)
        self.kernel_ns += time.thread_time_ns() - began


class Memory:
    """Stands for the recorder: reads nothing, gives all room back."""

    def __init__(self) -> None:
        self._descriptor = make_memory()

    def memory(self) -> int:
        return self._descriptor

    def start(self, said: Callable[[tuple[Any, ...]], None], died: Callable[[], None]) -> Memory:
        del said, died
        self._reader = TapReader(self._descriptor)
        return self

    def wake(self) -> None:
        """There is nothing to do."""

    def empty(self) -> None:
        """Give room back."""
        self._reader.free(self._reader.written)


class Phones:
    """As many as there are legs; each sends when its phase of the frame has come, and reads what comes."""

    def __init__(self, legs: int) -> None:
        self.sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(legs)]
        self._rows = Rows(legs)
        self._io = UringBackend(self._rows)
        self._all = np.arange(legs)
        for row, sock in enumerate(self.sockets):
            sock.setblocking(False)
            sock.bind((PHONES, 0))
            self._io.attach(row, sock)
        self._rows.octets[:, :PACKET] = np.random.default_rng(1).integers(0, 256, (legs, PACKET), np.uint8)
        self._lengths: Lengths = np.full(legs, PACKET, np.int64)

    def send(self, phase: int, frame: int) -> int:
        """Let those of one phase send their packet of a frame; return how many they are."""
        rows: Indices = self._all[phase::FRAME_TICKS]
        words = np.empty((len(rows), 3), np.uint32)
        words[:, 0], words[:, 1], words[:, 2] = 0x8000_0000 | (frame & 0xFFFF), 160 * frame, 0x1000 + rows
        self._rows.write_headers(rows, words)
        failed = self._io.send(rows, rows, self._lengths[rows])
        return len(rows) - len(failed)

    def read(self) -> int:
        """Read what has come, one packet each at most; return how many got one."""
        return len(self._io.receive(self._all).rows)


class Bench:
    """A plane and its phones."""

    def __init__(self, case: Case, legs: int, *, cold: bool) -> None:
        legs -= legs % case.people
        self.clock = VirtualClock()
        self.events: list[MediaEvent] = []
        self.memory, self.poller = Memory(), SocketPoller()
        pool = PortPool(range(16384, 32768))
        state = Rows(pool.size, find_loops().loops)
        self.io = TimedBackend(state)
        self.plane = MediaPlane(
            state,
            pool,
            self.io,
            self.poller,
            clock=self.clock,
            entropy=Entropy(random.Random(1).randbytes),  # noqa: S311  # the same run each time
            emit=self.events.append,
            recorders=self.memory,
        )
        self.phones = Phones(legs)
        self._recorded = case.recorded
        self._silent = case.silent
        self._orders = count(1)
        self._hearers = cycle([f"{number}.0" for number in range(legs)]) if case.playing else None
        self._legs = legs
        self._cold = np.zeros(COLD_OCTETS // 8, np.int64) if cold else None
        self._tick = 0
        self.received = 0
        self._open(case, legs)

    def _open(self, case: Case, legs: int) -> None:
        names = [f"{number // case.people}.{number % case.people}" for number in range(legs)]
        for name in names:
            self.plane.open(OpenLeg(name, name.partition(".")[0], SWITCH))
        opened = {event.leg: event.port for event in self.events if isinstance(event, LegOpened)}
        for number, name in enumerate(names):
            sock = self.phones.sockets[number]
            sock.connect((SWITCH, opened[name]))
            spoken = (case.formats[number % case.people % len(case.formats)], EVENTS)
            own = sock.getsockname()[1]
            self.plane.set_stream(name, Stream(PHONES, own, own + 1, PHONES, spoken, receive=True, send=True))
        for first in range(0, legs, case.people):
            people = names[first : first + case.people]
            self.plane.set_room(str(first), [Hear(name, (EVERYBODY,)) for name in people])
            if case.recorded:
                sides = tuple((name,) for name in people)
                self.plane.record(Recording(str(first), f"/nowhere/{first}.wav", sides, 0))
        if self._hearers is not None:
            for number in range(legs):
                self._play(next(self._hearers), 20 * (7 * number % 150))

    def _play(self, leg: str, at_ms: int) -> None:
        order = Playing(next(self._orders), (f"file:{SOUND}",), repeat=True, moves=1, sound=0, at_ms=at_ms)
        self.plane.play(leg, order)

    def frame(self, meter: Callable[[Callable[[], None]], None]) -> int:
        """Let 20 ms pass; return how many packets the phones sent."""
        sent = 0
        if self._hearers is not None:
            self._play(next(self._hearers), 0)
        for phase in range(FRAME_TICKS):
            if not self._silent:
                sent += self.phones.send(phase, self._tick // FRAME_TICKS)
            self._single_packets()
            if self._cold is not None:
                self._cold.sum()
            self._tick += 1
            self.clock.now += TICK_US / 1e6
            meter(lambda: self.plane.tick(self._tick, missed=0))
            self.plane.finish_turn()
        self.received += self.phones.read()
        if self._recorded:
            self.memory.empty()
        return self._legs if self._silent else sent

    def _single_packets(self) -> None:
        while descriptors := self.poller.wait(0):
            for descriptor in descriptors:
                self.poller.call(descriptor)
        self.plane.finish_turn()


class Meter:
    """Adds up the thread's processor time."""

    def __init__(self) -> None:
        self.spent_ns = 0

    def __call__(self, work: Callable[[], None]) -> None:
        began = time.thread_time_ns()
        work()
        self.spent_ns += time.thread_time_ns() - began


def measure(case: Case, legs: int, frames: int, *, cold: bool) -> dict[str, float]:
    """Return figures for one packet in and one out."""
    bench = Bench(case, legs, cold=cold)
    for _ in range(SETTLING_FRAMES):
        bench.frame(lambda work: work())
    counts, counted = CountMeter(instructions=False), 10
    for _ in range(counted):
        bench.frame(counts)
    gc.collect()
    gc.freeze()
    gc.disable()
    whole, kernel = [], []
    bench.received = sent_in_all = 0
    for _ in range(frames):
        meter = Meter()
        before = bench.io.kernel_ns
        sent = bench.frame(meter)
        sent_in_all += sent
        kernel.append((bench.io.kernel_ns - before) / sent / 1000)
        whole.append(meter.spent_ns / sent / 1000)
    gc.enable()
    rest = [total - part for total, part in zip(whole, kernel, strict=True)]
    return {
        "python_calls_a_frame": counts.python / counted,
        "native_calls_a_frame": counts.native / counted,
        "us_least": min(whole),
        "us_median": median(whole),
        "kernel_us_least": min(kernel),
        "kernel_us_median": median(kernel),
        "rest_us_least": min(rest),
        "rest_us_median": median(rest),
        "lost_percent": 100 * (1 - bench.received / sent_in_all),
    }


def profile(case: Case, legs: int, frames: int, order: str) -> None:
    """Print where the time goes."""
    bench = Bench(case, legs, cold=False)
    for _ in range(SETTLING_FRAMES):
        bench.frame(lambda work: work())
    found = cProfile.Profile()
    for _ in range(frames):
        bench.frame(lambda work: found.runcall(work))
    pstats.Stats(found).sort_stats(order).print_stats(50)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=CASES)
    parser.add_argument("--legs", type=int, default=1000)
    parser.add_argument("--frames", type=int, default=200)
    parser.add_argument("--cold", action="store_true")
    parser.add_argument("--core", type=int, default=-1, help="stay on this one")
    parser.add_argument("--profile", nargs="?", const="tottime", default="")
    given = parser.parse_args()
    if given.core >= 0:
        os.sched_setaffinity(0, {given.core})
    for name in given.only or CASES:
        if given.profile:
            profile(CASES[name], given.legs, given.frames, given.profile)
        else:
            figures = measure(CASES[name], given.legs, given.frames, cold=given.cold)
            print(json.dumps({name: {key: round(value, 2) for key, value in figures.items()}}, indent=2), flush=True)


if __name__ == "__main__":
    main()
