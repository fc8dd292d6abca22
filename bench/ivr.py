"""Many callers at once in a voice menu, over real SIP and RTP: music, a menu, digits. No frame may be late.

Usage: python -m bench.ivr [--calls N] [--at-once N]

SIPp calls a number that a scenario answers, and presses its keys by INFO. Every tenth caller's sound is received and
looked at packet by packet; the others' goes to a socket that nobody reads. One media worker carries all of them. CPU is
that of all of the switch's processes, for one call of 14 s.
"""

from __future__ import annotations

import argparse
import json
import select
import shutil
import socket
import struct
import subprocess
import sys
import time
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Final
from urllib.request import urlopen

from bench.baseline import c_relay_us_per_packet
from bench.measuring import cpu_by_process, report
from bench.sip_load import CALLER, SWITCH, running_switch, sipp
from softswitch.app.record_projection import COLLECT_S

PROMPTS: Final = Path(__file__).parent.parent / "scenarios" / "small-office" / "scenarios"
SITE: Final = f"""\
users:
  - {{name: anna, extension: "101", password: rk47-dn2x-9wqe}}
trunks:
  - {{name: load, host: {CALLER}, port: 5090, transport: udp}}
numbers:
  - {{number: "74950000001", scenario: main}}
"""
STEPS: Final = """\
name: main
steps:
  - play: {file: welcome.ogg, duration_s: 5, repeat: true}
  - menu:
      file: menu.ogg
      wait_s: 5
      keys:
        "1":
          - collect: {into: account, file: menu.ogg, least: 4, most: 4, wait_s: 5}
          - play: {file: welcome.ogg, duration_s: 4}
          - hang_up: {}
  - hang_up: {reason: busy}
"""
_DEAF_PORT: Final = 7000
_FIRST_PORT: Final = 7100
_SO_TIMESTAMPNS: Final = 35
_PACKET_S: Final = 0.020
_LATE_S: Final = 0.020
"""A packet that comes so long after its time finds a small jitter buffer empty."""


def prepare(directory: Path) -> None:
    """Write the site."""
    (directory / "site.yaml").write_text(SITE)
    (directory / "scenarios").mkdir()
    (directory / "scenarios" / "main.yaml").write_text(STEPS)
    for name in ("welcome", "menu"):
        shutil.copy(PROMPTS / f"{name}.ogg", directory / "scenarios")


@dataclass
class Stream:
    """What one caller heard: when each packet came, by its time of sound."""

    came: list[tuple[int, int, float]] = field(default_factory=list)
    """Sequence number, timestamp, and the kernel's time of arrival."""

    def late_s(self) -> list[float]:
        """Return for each packet how long after its time it came: the earliest of a stretch was in time."""
        out: list[float] = []
        stretch: list[float] = []
        before = None
        for sequence, timestamp, came_s in self.came:
            if before is not None and (sequence, timestamp) != ((before[0] + 1) & 0xFFFF, before[1] + 160):
                out += _late(stretch)
                stretch = []
            stretch.append(came_s)
            before = sequence, timestamp
        return out + _late(stretch)

    def lost(self) -> int:
        """Count the sequence numbers that never came."""
        numbers = [sequence for sequence, _, _ in self.came]
        return sum(((after - one) & 0xFFFF) - 1 for one, after in pairwise(numbers))


def _late(came: list[float]) -> list[float]:
    offsets = [moment - number * _PACKET_S for number, moment in enumerate(came)]
    earliest = min(offsets, default=0.0)
    return [offset - earliest for offset in offsets]


def listen(ports: int) -> dict[str, float]:
    """Receive what comes to the callers who are looked at until the input ends; return what it was like."""
    deaf = _socket(_DEAF_PORT)
    socks = {sock.fileno(): sock for sock in (_socket(_FIRST_PORT + 2 * number) for number in range(ports))}
    streams: dict[tuple[int, int], Stream] = {}
    poll = select.epoll()
    for descriptor in socks:
        poll.register(descriptor, select.EPOLLIN)
    sys.stdout.write("listening\n")
    sys.stdout.flush()
    poll.register(0, select.EPOLLIN | select.EPOLLHUP)
    goes_on = True
    while goes_on:
        for descriptor, _ in poll.poll():
            if descriptor == 0:
                goes_on = False
                continue
            data, control, _, _ = socks[descriptor].recvmsg(2048, 64)
            _, _, sequence, timestamp, source = struct.unpack_from("!BBHII", data)
            whole, nanoseconds = struct.unpack_from("qq", control[0][2])
            one = streams.setdefault((descriptor, source), Stream())
            one.came.append((sequence, timestamp, whole + nanoseconds / 1e9))
    deaf.close()
    late = [late_s for one in streams.values() for late_s in one.late_s()]
    return {
        "streams": len(streams),
        "packets": len(late),
        "late_frames": sum(late_s > _LATE_S for late_s in late),
        "lost_frames": sum(one.lost() for one in streams.values()),
        "latest_ms": round(1000 * max(late, default=0.0), 2),
    }


def _socket(port: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096 if port == _DEAF_PORT else 1 << 20)
    sock.bind((CALLER, port))
    return sock


def ports_file(directory: Path, calls: int) -> Path:
    """Write which caller hears where: every tenth is looked at."""
    rows = [str(_FIRST_PORT + 2 * (n // 10) if n % 10 == 0 else _DEAF_PORT) for n in range(calls)]
    path = directory / "ports.csv"
    path.write_text("\n".join(["SEQUENTIAL", *rows]) + "\n")
    return path


def ticks() -> dict[str, float]:
    """Return what the worker says of its ticks."""
    with urlopen(f"http://{SWITCH}:8080/metrics") as answer:
        lines = answer.read().decode().splitlines()
    wanted = {"softswitch_tick_late_seconds": "tick_late_ms", "softswitch_missed_ticks_total": "missed_ticks"}
    found = {}
    for line in lines:
        name, _, rest = line.partition("{")
        if name in wanted:
            found[wanted[name]] = float(rest.rpartition(" ")[2]) * (1000 if "late" in name else 1)
    return found


def measure(directory: Path, pids: dict[str, int], *, calls: int, at_once: int) -> dict[str, float]:
    """Let callers in until so many are there at once, and all of them to their end."""
    words = [sys.executable, "-m", "bench.ivr", "--listen", str(calls // 10 + 1)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as listener:
        assert listener.stdin is not None
        assert listener.stdout is not None
        listener.stdout.readline()
        missed = ticks()["missed_ticks"]
        before = cpu_by_process(pids)
        options = ["-m", str(calls), "-l", str(at_once), "-r", str(max(10, at_once // 5)), "-inf"]
        path = ports_file(directory, calls)
        counts = sipp(directory, *options, str(path), scenario="ivr.xml", address=CALLER, port=5090, timeout_s=600)
        worst = ticks()
        time.sleep(COLLECT_S + 0.5)
        after = cpu_by_process(pids)
        listener.stdin.close()
        heard = json.loads(listener.stdout.readline())
    spent = {role: 1000 * (after[role] - before[role]) / calls for role in before}
    return {
        "calls": calls,
        "at_once": at_once,
        "failed": counts["failed"],
        "retransmissions": counts["retransmissions"],
        "cpu_ms_a_call": round(sum(spent.values()), 2),
        **{f"cpu_ms_{role}": round(value, 2) for role, value in spent.items()},
        **heard,
        "missed_ticks": worst["missed_ticks"] - missed,
        "tick_late_ms_last_5_s": worst["tick_late_ms"],
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=600)
    parser.add_argument("--at-once", type=int, default=200)
    parser.add_argument("--listen", type=int, metavar="PORTS", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.listen:
        print(json.dumps(listen(options.listen)))
        return
    with running_switch(prepare=prepare) as (directory, pids):
        measure(directory, pids, calls=20, at_once=20)
        figures = measure(directory, pids, calls=options.calls, at_once=options.at_once)
        report("ivr", {"c_relay_us_per_packet": c_relay_us_per_packet(), **figures})


if __name__ == "__main__":
    main()
