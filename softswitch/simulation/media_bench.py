"""How many legs a media worker of this machine carries: real processes, real packets over loopback.

A worker gets more and more legs, and as many phones talk to it from another process, until packets are lost or the
worker says that it is full; or until the phones themselves are too slow, which is said.
"""

from __future__ import annotations

import json
import select
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Final, cast

from softswitch.core.errors import SimulationError
from softswitch.media.engine import (
    EVERYBODY,
    Format,
    Hear,
    LegOpened,
    LegRefused,
    MediaEvent,
    OpenLeg,
    Stream,
)
from softswitch.media.engine_process import WorkerEngine
from softswitch.simulation.phone_load import Counted, Wanted

SWITCH: Final = "127.0.93.1"
PHONES: Final = "127.0.93.2"
_FIRST_PORT: Final = 16384
_FIRST_PHONE: Final = 20000
_REPORTS_PORT: Final = 19999
_STEPS: Final = (100, 200, 400, 600, 800, 1000, 1300, 1600, 2000, 2500, 3000)
_WARM_UP_S: Final = 1.5
_MOST_LOST: Final = 0.005
_MOST_LATE: Final = 0.02
"""Of what the phones send: so much may be late before it is they who are too slow."""
_PATIENCE_S: Final = 120.0
_PCMU: Final = (Format("PCMU", 8000, 1, 0, 0),)
_WORKER: Final = (
    "import sys;from softswitch.runtime.log import configure_logging;configure_logging('worker-0',level='error');"
    "from softswitch.media.worker.main import run;"
    "run(int(sys.argv[1]),number=0,ports=range(int(sys.argv[2]),int(sys.argv[3])),realtime=True)"
)

KINDS: Final = {"relay": 2, "rooms": 3}
"""What is measured, and how many legs hear each other there: two are relayed, three are mixed."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What one step showed."""

    kind: str
    legs: int
    core_percent: float
    """Of one core, used by the worker."""
    us_per_packet: float
    """CPU microseconds for each packet that was received, mixed or relayed, and sent."""
    lost_percent: float
    full: bool
    """Whether the worker was too busy for new calls."""
    phones_too_slow: bool

    @property
    def clean(self) -> bool:
        """Whether the legs were carried as they should be."""
        return self.lost_percent <= 100 * _MOST_LOST and not self.full and not self.phones_too_slow


def measure(kind: str, *, seconds: float, most: int = _STEPS[-1]) -> Iterator[Figures]:
    """Yield the figures of more and more legs, the last ones being the first that were not clean.

    Args:
        kind: of :data:`KINDS`.
        seconds: of counting a step.
        most: legs.

    Raises:
        SimulationError: the worker or the phones did not start.
    """
    for step in _STEPS:
        if step > most:
            return
        figures = measure_step(kind, step - step % KINDS[kind], seconds=seconds)
        yield figures
        if not figures.clean:
            return


def measure_step(kind: str, legs: int, *, seconds: float) -> Figures:
    """Let so many phones talk.

    Raises:
        SimulationError: the worker or the phones did not start.
    """
    with _Worker(legs) as worker:
        ports = worker.open(legs, together=KINDS[kind])
        counted, used_s = _talk(Wanted(PHONES, _FIRST_PHONE, SWITCH, ports, _WARM_UP_S, seconds), worker.cpu_s)
        worker.listen()
        full = worker.engine.health()[0].full
    return Figures(
        kind,
        legs,
        core_percent=round(100 * used_s / seconds, 1),
        us_per_packet=round(1e6 * used_s / max(1, counted.sent), 2),
        lost_percent=round(100 * max(0, counted.sent - counted.received) / max(1, counted.sent), 3),
        full=full,
        phones_too_slow=counted.late > _MOST_LATE * counted.sent,
    )


def _talk(wanted: Wanted, cpu_s: Callable[[], float]) -> tuple[Counted, float]:
    """Return what the phones counted, and what the worker used meanwhile."""
    command = [sys.executable, "-m", "softswitch.simulation.phone_load"]
    phones = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603  # ours
    with phones, cast("IO[str]", phones.stdin) as order, cast("IO[str]", phones.stdout) as answer:
        order.write(json.dumps(asdict(wanted)))
        order.close()
        answer.readline()
        before = cpu_s()
        time.sleep(wanted.seconds)
        used_s = cpu_s() - before
        told = answer.readline()
    if phones.returncode or not told:
        raise SimulationError("the phones could not be started: see above")
    return Counted(**json.loads(told)), used_s


class _Worker:
    """A media worker's process, and the engine that drives it."""

    def __init__(self, legs: int) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        arguments = map(str, (theirs.fileno(), _FIRST_PORT, _FIRST_PORT + 2 * legs + 200))
        command = [sys.executable, "-c", _WORKER, *arguments]
        self._process = subprocess.Popen(command, pass_fds=[theirs.fileno()])  # noqa: S603  # our own program
        theirs.close()
        self._socket = ours
        self._reports = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._reports.bind((PHONES, _REPORTS_PORT))  # takes the reports of all legs, as phones would; never read
        self._events: list[MediaEvent] = []
        self.engine = WorkerEngine([ours], self._events.append)

    def __enter__(self) -> _Worker:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
        self._reports.close()
        self._process.terminate()
        self._process.wait(10)

    def open(self, legs: int, *, together: int) -> tuple[int, ...]:
        """Open legs, so many in a room; return their ports."""
        names = [f"{number // together}.{number % together}" for number in range(legs)]
        for name in names:
            self.engine.open(OpenLeg(name, name.partition(".")[0], SWITCH))
        self.engine.flush()
        opened = self._opened(legs)
        for number, name in enumerate(names):
            stream = Stream(PHONES, _FIRST_PHONE + number, _REPORTS_PORT, PHONES, _PCMU, receive=True, send=True)
            self.engine.set_stream(name, stream)
        for first in range(0, legs, together):
            people = names[first : first + together]
            self.engine.set_room(str(first // together), [Hear(name, (EVERYBODY,)) for name in people])
        self.engine.flush()
        return tuple(opened[name] for name in names)

    def listen(self) -> bool:
        """Take what the worker tells; return whether it lives."""
        return self.engine.readable(0)

    def cpu_s(self) -> float:
        """Return the CPU seconds of all its threads."""
        tasks = Path(f"/proc/{self._process.pid}/task").glob("*/schedstat")
        return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9

    def _opened(self, legs: int) -> dict[str, int]:
        deadline = time.monotonic() + _PATIENCE_S
        opened: dict[str, int] = {}
        while len(opened) < legs:
            if time.monotonic() > deadline or not self.listen():
                raise SimulationError("the media worker could not be started, or did not open its ports: see above")
            opened |= {event.leg: event.port for event in self._events if isinstance(event, LegOpened)}
            refused = next((event for event in self._events if isinstance(event, LegRefused)), None)
            if refused is not None:
                raise SimulationError(f"the media worker opened {len(opened)} of {legs} ports: {refused.reason}")
            self._events.clear()
            select.select([self._socket], [], [], 0.2)
        return opened
