"""A large site is loaded while calls are set up: how long it takes, and what calls and sound notice of it.

Usage: python -m bench.site_load [--users N] [--queues N] [--scenarios N] [--loads N] [--rate CALLS_PER_S]

SIPp calls through the switch to SIPp all the time, and sees after how long its phone is told that it rings. Stretches
without a load and with one take turns, because other work on the machine comes and goes. Loads take turns between two
sites that differ in every tenth user, so that each has something to do. The latest media tick is what the worker tells
of its last five seconds.
"""

from __future__ import annotations

import argparse
import signal
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from bench.ivr import ticks
from bench.measuring import report
from bench.sip_load import CALLER, PROGRAM, SCENARIOS, SWITCH, USERS, called_phone, running_switch, sipp

_WARM_S: Final = 6.0
_QUIET_S: Final = 4.0
"""How long the stretches without a load are."""
_STEPS: Final = """\
name: {name}
steps:
  - when: {{days: mon-fri, from: "18:00", to: "09:00", steps: [{{voicemail: {{box: u2001}}}}, {{hang_up: {{}}}}]}}
  - play: {{file: welcome.wav, interrupt: true}}
  - menu:
      file: welcome.wav
      retries: 1
      keys:
        "1": [{{queue: {{name: {queue}}}}}]
        "2": [{{employee: {{name: {user}, mobile: true}}}}]
        "0": [{{digits: {{wait_s: 10}}}}]
  - if: {{value: "{{caller}}", starts: ["+7495", "+7499"], steps: [{{employee: {{name: {user}}}}}]}}
  - anyone_above: {{wait_s: 60}}
  - hang_up: {{reason: no_answer}}
"""


@dataclass(frozen=True, slots=True)
class Size:
    """Of a site."""

    users: int
    queues: int
    scenarios: int


def write_site(directory: Path, size: Size, *, changed: bool) -> None:
    """Write a site of that size; with ``changed`` every tenth user has another display name."""
    names = [f"u{n}" for n in range(2000, 2000 + size.users)]
    lines = ["users:"]
    for number, name in enumerate(names):
        shown = f"{name} {'two' if changed and number % 10 == 0 else 'one'}"
        lines.append(
            f'  - {{name: {name}, extension: "{name[1:]}", password: secret-{name[1:]}, display_name: {shown}}}'
        )
    lines.append("queues:")
    for number in range(size.queues):
        members = ", ".join(f"{{user: {names[(number * 25 + n) % size.users]}}}" for n in range(25))
        lines.append(f'  - {{name: q{number}, extension: "{90000 + number}", members: [{members}]}}')
    lines += ["trunks:", f"  - {{name: load, host: {CALLER}, port: 5090, transport: udp}}", "numbers:"]
    lines.append('  - {number: "5000", user: u2000}')
    lines += [f'  - {{number: "+7495{n:07}", scenario: s{n}}}' for n in range(size.scenarios)]
    (directory / "site.yaml").write_text("\n".join(lines) + "\n")
    folder = directory / "scenarios"
    folder.mkdir()
    (folder / "welcome.wav").write_bytes(b"RIFF")
    for n in range(size.scenarios):
        text = _STEPS.format(name=f"s{n}", queue=f"q{n % size.queues}", user=names[n % size.users])
        (folder / f"s{n}.yaml").write_text(text)


@dataclass
class Watch:
    """Asks the worker every second how late its ticks were."""

    late_ms: list[float] = field(default_factory=list)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Ask meanwhile."""
        over = threading.Event()

        def ask() -> None:
            while not over.wait(1.0):
                self.late_ms.append(ticks()["tick_late_ms"])

        asking = threading.Thread(target=ask)
        asking.start()
        try:
            yield
        finally:
            over.set()
            asking.join()


@dataclass
class Noticed:
    """What calls and sound noticed, over several stretches of time."""

    ring_ms: list[float] = field(default_factory=list)
    late_ms: list[float] = field(default_factory=list)

    def figures(self) -> dict[str, float]:
        """Sum up."""
        taken = sorted(self.ring_ms)
        if not taken:
            raise RuntimeError("no call rang in time: the machine is too busy to measure anything")
        return {
            "calls": len(taken),
            "ring_p50_ms": statistics.median(taken),
            "ring_p99_ms": taken[int(0.99 * len(taken))],
            "ring_max_ms": taken[-1],
            "tick_late_median_ms": round(statistics.median(self.late_ms), 2),
            "tick_late_max_ms": round(max(self.late_ms), 2),
        }


def called_meanwhile(directory: Path, rate: int, work: Callable[[], None], noticed: Noticed) -> None:
    """Call all the time while something is done; note how long the phone took to ring."""
    rtt = directory / f"rtt-{time.monotonic_ns()}"
    rtt.mkdir()
    command = ["sipp", f"{SWITCH}:5060", "-sf", str(SCENARIOS / "call_timed.xml"), "-i", CALLER, "-p", "5090"]
    command += ["-nostdin", "-r", str(rate), "-d", "200", "-trace_rtt", "-rtt_freq", "1", "-m", "1000000"]
    watch = Watch()
    process = subprocess.Popen(
        command, cwd=rtt, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        with watch.running():
            time.sleep(_WARM_S)  # what the worker tells is of its last five seconds
            watch.late_ms.clear()
            work()
    finally:
        process.send_signal(signal.SIGUSR1)  # no new calls; it ends when those that there are have ended
        process.wait(60)
    (path,) = rtt.glob("*_rtt.csv")
    rows = path.read_text().splitlines()[1 + int(rate * _WARM_S) :]  # those of the work: SIPp keeps its rate
    noticed.ring_ms += [float(line.split(";")[1]) for line in rows]
    noticed.late_ms += watch.late_ms


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--users", type=int, default=5000)
    parser.add_argument("--queues", type=int, default=200)
    parser.add_argument("--scenarios", type=int, default=300)
    parser.add_argument("--loads", type=int, default=5)
    parser.add_argument("--rate", type=int, default=40)
    options = parser.parse_args()
    size = Size(options.users, options.queues, options.scenarios)
    took_s: list[float] = []
    with tempfile.TemporaryDirectory() as other_name:
        other = Path(other_name)
        write_site(other, size, changed=True)
        with running_switch(prepare=lambda made: write_site(made, size, changed=False)) as (directory, _):
            users = directory / "users.csv"
            rows = [f"{n};[authentication username={n} password=secret-{n}];" for n in range(2001, 2000 + USERS)]
            users.write_text("\n".join(["SEQUENTIAL", *rows]) + "\n")
            words = ("-inf", str(users), "-m", str(USERS - 1), "-r", "50")
            sipp(directory, *words, scenario="register.xml", address="127.0.60.4", port=5095)

            def load(path: Path) -> None:
                begun = time.monotonic()
                words = [PROGRAM, "load", str(path), "--config", str(directory / "softswitch.toml")]
                subprocess.run(words, check=True, capture_output=True)
                took_s.append(time.monotonic() - begun)

            without, within = Noticed(), Noticed()
            with called_phone(directory):
                for number in range(options.loads):
                    path = other if number % 2 == 0 else directory
                    called_meanwhile(directory, options.rate, lambda: time.sleep(_QUIET_S), without)
                    called_meanwhile(directory, options.rate, partial(load, path), within)
            before, during = without.figures(), within.figures()
            report(
                "site_load",
                {
                    "load_s": {"median": round(statistics.median(took_s), 2), "max": round(max(took_s), 2)},
                    "before": before,
                    "during": during,
                    "ring_p99_ratio": round(during["ring_p99_ms"] / before["ring_p99_ms"], 2),
                    "tick_late_ratio": round(during["tick_late_median_ms"] / before["tick_late_median_ms"], 2),
                },
            )


if __name__ == "__main__":
    main()
