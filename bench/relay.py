"""Relay of G.711 through one media worker, beside a C program that does the least that a relay can do.

Both get the same packets from the same generator, pinned to another core, in turns (:mod:`bench.paired`). The worker's
figures: CPU seconds of the process, packets lost, delay added (from the generator's ``send`` to the arrival
at the phone, by the kernel's time stamp).

usage: python -m bench.relay [--legs 1000] [--runs 5] [--slices 4] [--jitter-us 1000] [--ppm 100] [--backend aio]
"""

from __future__ import annotations

import argparse
import os
import select
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench.measuring import interleaved, report
from bench.paired import SLICE_S, SLICE_SETTLING_S, Contender, compared, in_turns
from softswitch.media.engine import (
    EVERYBODY,
    Format,
    Hear,
    LegClosed,
    LegOpened,
    MediaEvent,
    OpenLeg,
    Srtp,
    Stream,
)
from softswitch.media.engine_process import WorkerEngine

HERE = Path(__file__).parent
SWITCH, PHONES = "127.0.48.1", "127.0.48.2"
FIRST_PORT, LAST_PORT, FIRST_PHONE, BASELINE_PORT, REPORTS_PORT = 16384, 32768, 40000, 15000, 39999
"""A worker has as many ports as one has that is alone in a switch."""
SETTLING_S, LONGEST_S = 2.0, 3600
AIMS = {"ratio": 1.7, "delay_mean_ms": 3.5, "delay_p99_ms": 8.0}
FIRST = ["chrt", "--fifo", "10"] if os.geteuid() == 0 else []
"""The worker asks for this place before other programs; the baseline and the generator get the same."""
PCMU = (Format("PCMU", 8000, 1, 0, 0),)
WORKER = (
    "from softswitch.media.worker.main import run;"
    "run({fd}, number=0, ports=range({first}, {last}), realtime=True, backend={backend!r})"
)


@dataclass(frozen=True)
class Load:
    """What the generator is asked for."""

    legs: int
    seconds: float
    jitter_us: int
    ppm: int
    settling_s: float = SETTLING_S
    """Before what counts: phones are latched, phases found."""


def compile_c(name: str, folder: Path, *words: str) -> Path:
    """Compile one of the C programs beside this file, with further words for the compiler."""
    program = folder / name
    subprocess.run(["cc", "-O2", "-Wall", "-Werror", "-o", str(program), str(HERE / f"{name}.c"), *words], check=True)
    return program


def busy_seconds(pid: int) -> float:
    """Return the CPU seconds of a process, of all its threads, to the nanosecond."""
    tasks = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9


class Worker:
    """A media worker with rooms of legs that hear each other, two in each unless it is said otherwise."""

    def __init__(
        self,
        legs: int,
        backend: str,
        *,
        people: int = 2,
        formats: Sequence[Format] = PCMU,
        srtp: Srtp | None = None,
        environment: Mapping[str, str] | None = None,
        address: str = SWITCH,
    ) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        code = WORKER.format(fd=theirs.fileno(), first=FIRST_PORT, last=LAST_PORT, backend=backend)
        command = ["taskset", "-c", "0", sys.executable, "-c", code]
        self.process = subprocess.Popen(
            command,
            pass_fds=[theirs.fileno()],
            stderr=subprocess.DEVNULL,
            env={**os.environ, **(environment or {})},
        )
        theirs.close()
        self.socket = ours
        self._reports = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._reports.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._reports.bind((PHONES, REPORTS_PORT))  # takes the reports of all legs, as phones would; never read
        self.events: list[MediaEvent] = []
        self._address = address
        self.engine = WorkerEngine([ours], self.events.append)
        self.ports = self._open(legs, people, formats, srtp)

    def _open(self, legs: int, people: int, formats: Sequence[Format], srtp: Srtp | None) -> list[int]:
        names = [f"{number // people}.{number % people}" for number in range(legs)]
        for name in names:
            self.engine.open(OpenLeg(name, name.partition(".")[0], self._address))
        self.engine.flush()
        self.wait_for(LegOpened, legs)
        opened = {event.leg: event.port for event in self.events if isinstance(event, LegOpened)}
        for number, name in enumerate(names):
            spoken = (formats[number % people % len(formats)],)
            stream = Stream(
                PHONES, FIRST_PHONE + number, REPORTS_PORT, PHONES, spoken, receive=True, send=True, srtp=srtp
            )
            self.engine.set_stream(name, stream)
        for first in range(0, legs, people):
            self.engine.set_room(
                str(first // people), [Hear(name, (EVERYBODY,)) for name in names[first : first + people]]
            )
        self.engine.flush()
        return [opened[name] for name in names]

    def wait_for(self, kind: type[MediaEvent], count: int) -> None:
        """Read events until there are so many of a kind."""
        deadline = time.monotonic() + 60
        while sum(isinstance(event, kind) for event in self.events) < count:
            if time.monotonic() > deadline:
                raise SystemExit(f"the worker gave no {count} {kind.__name__}")
            select.select([self.socket], [], [], 0.2)
            self.engine.readable(0)

    def close(self) -> None:
        """Close the legs and let the worker end."""
        legs = self.engine.open_legs()
        for leg in legs:
            self.engine.close(leg)
        self.engine.flush()
        self.wait_for(LegClosed, len(legs))
        self.socket.close()
        self._reports.close()
        self.process.wait(10)


@contextmanager
def worker(
    legs: int,
    backend: str,
    *,
    people: int = 2,
    formats: Sequence[Format] = PCMU,
    srtp: Srtp | None = None,
    environment: Mapping[str, str] | None = None,
    address: str = SWITCH,
) -> Iterator[Worker]:
    """Run a worker for the length of a block."""
    running = Worker(legs, backend, people=people, formats=formats, srtp=srtp, environment=environment, address=address)
    try:
        yield running
    finally:
        running.close()


def load(
    generator: Path,
    wanted: Load,
    ports: list[int],
    pid: int,
    *,
    blind: bool = False,
    talking: tuple[int, int] = (1, 1),
    packets: tuple[Path, int] | None = None,
    address: str = SWITCH,
) -> dict[str, float]:
    """Send the packets and return what came of them, and what ``pid`` used meanwhile.

    Args:
        generator: the program.
        wanted: of it.
        ports: of the switch, one a leg.
        pid: whose CPU is measured.
        blind: what comes back is sound made anew, in which no time of sending stands; then delays mean nothing.
        talking: people of a room, and how many of them speak; the others send silence.
        packets: with ``blind``: a file of packets to send instead of the generator's, and the octets of a record in it.
        address: the switch's.
    """
    anew = ["blind", *talking, *(packets or ())] if blind else []
    frames = round(50 * wanted.settling_s)
    arguments = [PHONES, FIRST_PHONE, wanted.legs, wanted.seconds, wanted.jitter_us, wanted.ppm, frames, *anew]
    watched_s = wanted.seconds - min(0.5, 0.1 * wanted.seconds)
    command = [*FIRST, "taskset", "-c", "1", str(generator), *map(str, arguments)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("".join(f"{address} {port}\n" for port in ports))
        process.stdin.close()
        time.sleep(wanted.settling_s)
        began, before = time.monotonic(), busy_seconds(pid)
        time.sleep(watched_s)
        ended, used_s = time.monotonic(), busy_seconds(pid) - before
        generated_s = busy_seconds(process.pid)
        counts, *delays = process.stdout.read().splitlines()
    watched_s = ended - began  # a busy machine wakes us late
    sent, received = map(int, counts.split())
    mean, median, p99, worst = map(float, delays[0].split()) if delays else (0.0,) * 4
    return {
        "us_per_packet": 1e6 * used_s / (min(received, sent) / wanted.seconds * watched_s),
        "generator_percent": 100 * generated_s / (wanted.settling_s + watched_s),
        "core_percent": 100 * used_s / watched_s,
        "lost": sent - received,
        "delay_mean_ms": mean / 1000,
        "delay_p50_ms": median / 1000,
        "delay_p99_ms": p99 / 1000,
        "delay_max_ms": worst / 1000,
    }


@contextmanager
def baseline(relay: Path, legs: int) -> Iterator[tuple[int, list[int]]]:
    """Run the C program for the length of a block; give its pid and the port of each leg."""
    arguments = [SWITCH, BASELINE_PORT, PHONES, FIRST_PHONE, legs, LONGEST_S]
    command = [*FIRST, "taskset", "-c", "0", str(relay), *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield process.pid, [BASELINE_PORT + leg % 2 for leg in range(legs)]
        finally:
            process.kill()


def measure_baseline(relay: Path, generator: Path, wanted: Load) -> dict[str, float]:
    """Relay through the C program."""
    with baseline(relay, wanted.legs) as (pid, ports):
        return load(generator, wanted, ports, pid)


def measure_both(generator: Path, relay: Path, wanted: Load, backend: str, slices: int) -> dict[str, float]:
    """Relay through the worker and the C program in turns."""
    with worker(wanted.legs, backend) as running, baseline(relay, wanted.legs) as (pid, ports):
        contenders = {
            "worker": Contender(
                running.process.pid, lambda: load(generator, wanted, running.ports, running.process.pid)
            ),
            "c": Contender(pid, lambda: load(generator, wanted, ports, pid)),
        }
        return compared(in_turns(slices, contenders), "worker", "c")


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Relay of G.711 through one media worker.")
    parser.add_argument("--legs", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--slices", type=int, default=4, help="of each run and program")
    parser.add_argument("--jitter-us", type=int, default=1000)
    parser.add_argument("--ppm", type=int, default=100)
    parser.add_argument("--backend", default="")
    return parser.parse_args()


def main() -> None:
    """Measure, print a table and JSON."""
    given = arguments()
    wanted = Load(given.legs, SLICE_S, given.jitter_us, given.ppm, SLICE_SETTLING_S)
    with tempfile.TemporaryDirectory() as folder:
        generator = compile_c("c_generator", Path(folder))
        relay = compile_c("c_relay", Path(folder))
        both = partial(measure_both, generator, relay, wanted, given.backend, given.slices)
        figures = interleaved(given.runs, {"relay": both})["relay"]
    print(f"{'':20}{'median':>10}{'least':>10}{'most':>10}   (of {given.runs} runs, {given.legs} legs)")
    for key, found in figures.items():
        aim = AIMS.get(key)
        print(
            f"{key:20}{found['median']:10.2f}{found['min']:10.2f}{found['max']:10.2f}"
            + (f"   (at most {aim:g})" if aim else "")
        )
    report("relay", {"legs": given.legs, **figures})


if __name__ == "__main__":
    main()
