"""What a call without sound costs its media worker, in one process: two legs opened, aimed, joined and closed.

The plane, its sockets and the messages are the product's; commands come in messages as the brain's turns bring them.
Beside processor time, calls of functions are counted, which do not hang on what else the machine does.

Usage: python -m bench.leg_cost [--calls N] [--runs N] [--profile [SORT]]
"""

from __future__ import annotations

import argparse
import json
import pstats
import random
import socket
from collections.abc import Callable
from statistics import median

from bench.brain_cost import CountMeter, CpuMeter, ProfileMeter
from softswitch.core.ids import Entropy
from softswitch.media import wire
from softswitch.media.engine import Format, Hear, OpenLeg, Stream
from softswitch.media.loops.found import find_loops
from softswitch.media.worker.backends import choose_backend
from softswitch.media.worker.control import Control
from softswitch.media.worker.loop import SocketPoller
from softswitch.media.worker.main import execute
from softswitch.media.worker.outbox import Outbox
from softswitch.media.worker.plane import MediaPlane
from softswitch.media.worker.ports import PortPool
from softswitch.media.worker.rows import Rows
from softswitch.runtime.clocks import SystemClock

ADDRESS = "127.0.60.1"
FORMATS = (Format("PCMU", 8000, 1, 0, 0), Format("telephone-event", 8000, 1, 101, 101, "0-16"))
AT_ONCE = 30
"""Calls that there are at the same time."""


class Worker:
    """A worker without its loop."""

    def __init__(self, meter: Callable[[Callable[[], None]], None]) -> None:
        self._meter = meter
        self._brain, ours = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)
        pool = PortPool(range(16384, 32768))
        state, outbox = Rows(pool.size, find_loops().loops), Outbox()
        self._plane = MediaPlane(
            state,
            pool,
            choose_backend(state),
            SocketPoller(),
            clock=SystemClock(),
            entropy=Entropy(random.Random(1).randbytes),  # noqa: S311  # the same run each time
            emit=outbox.emit,
        )
        self._control = Control(
            ours,
            number=0,
            instance="bench",
            execute=lambda command: execute(self._plane, command),
            states=self._plane.states,
            rooms=self._plane.rooms,
            names=self._plane.names,
            outbox=outbox,
        )
        self._told = 0
        self._do([])

    def _do(self, commands: list[wire.Values]) -> None:
        """Let one message of the brain's be worked off, as the worker's loop does."""
        self._brain.send(wire.pack_lists(("do", self._told), [wire.pack(command) for command in commands]))

        def turn() -> None:
            self._control.readable()
            self._plane.finish_turn()
            self._plane.finish_turn()
            self._control.flush()

        self._meter(turn)
        self._brain.setblocking(False)
        while True:
            try:
                message = wire.unpack(self._brain.recv(wire.RECEIVE_OCTETS))
            except BlockingIOError:
                return
            if message[0] == "events":
                self._told = message[1][-1][0]

    def begin(self, name: str) -> None:
        """Let a call begin and be answered."""
        one, other = f"{name}.1", f"{name}.2"
        self._do([wire.open_command(OpenLeg(leg, name, ADDRESS)) for leg in (one, other)])
        aimed = [
            wire.stream_command(leg, Stream("127.0.60.2", 6000, 6001, "127.0.60.2", FORMATS, receive=True, send=True))
            for leg in (other, one)
        ]
        self._do([*aimed, wire.room_command(name, (Hear(one, (other,)), Hear(other, (one,))))])

    def end(self, name: str) -> None:
        """Let it end."""
        self._do([wire.close_command(f"{name}.1"), wire.close_command(f"{name}.2"), wire.room_command(name, ())])


def calls(meter: Callable[[Callable[[], None]], None], count: int) -> None:
    """Make that many calls, some at once."""
    worker = Worker(meter)
    for number in range(count + AT_ONCE):
        if number < count:
            worker.begin(f"call{number}")
        if number >= AT_ONCE:
            worker.end(f"call{number - AT_ONCE}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--profile", nargs="?", const="tottime", default="")
    options = parser.parse_args()
    if options.profile:
        profiled = ProfileMeter()
        calls(profiled, options.calls)
        pstats.Stats(profiled.profile).sort_stats(options.profile).print_stats(60)
        return
    counts = CountMeter(instructions=False)
    calls(counts, 100)
    times = []
    for _ in range(options.runs):
        meter = CpuMeter()
        calls(meter, options.calls)
        times.append(1e6 * meter.spent_s / options.calls)
    figures = {"python_calls": counts.python / 100, "native_calls": counts.native / 100}
    figures |= {"cpu_us_least": min(times), "cpu_us_median": median(times)}
    print(json.dumps({"call": {key: round(value, 1) for key, value in figures.items()}}, indent=2))


if __name__ == "__main__":
    main()
