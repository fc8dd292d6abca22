"""The media worker's program."""

from __future__ import annotations

import gc
import signal
import socket
from collections.abc import Callable

import numpy.ma  # noqa: F401  # np.unique imports it when it is first called: 30 ms in the middle of a tick

from softswitch.core.errors import MediaError
from softswitch.media import wire
from softswitch.media.engine import OpenLeg, Playing, Recording
from softswitch.media.loops.found import find_loops
from softswitch.media.worker.backends import choose_backend
from softswitch.media.worker.control import Control
from softswitch.media.worker.loop import SocketPoller, WorkerLoop
from softswitch.media.worker.outbox import Outbox
from softswitch.media.worker.plane import MediaPlane
from softswitch.media.worker.players import DEFAULT_COUNTRY
from softswitch.media.worker.ports import PortPool
from softswitch.media.worker.ports_ahead import PortsAhead
from softswitch.media.worker.priority import raise_priority
from softswitch.media.worker.recorders import RecorderProcesses
from softswitch.media.worker.rows import TICK_US, Rows
from softswitch.media.worker.timer import TickTimer
from softswitch.runtime.clocks import SystemClock
from softswitch.runtime.entropy import system_entropy
from softswitch.runtime.log import get_logger
from softswitch.runtime.processor_time import processor_time

_log = get_logger(__name__)


def run(
    control_fd: int,
    *,
    number: int,
    ports: range,
    realtime: bool,
    country: str = DEFAULT_COUNTRY,
    log: tuple[str, str] = ("info", "auto"),
    backend: str = "",
    on_ready: Callable[[], None] | None = None,
) -> None:
    """Run a media worker until its control socket ends or SIGTERM comes.

    The socket's other end is held by the brain and by the supervisor, so it ends when both are gone: a brain without a
    supervisor ends its calls first.

    Args:
        control_fd: the worker's end of an AF_UNIX SOCK_SEQPACKET pair.
        number: of this worker, from 0.
        ports: its slice of the port range.
        realtime: ask the system for a place before other programs; where it refuses, go on without.
        country: whose tones legs hear: RU, EU or US.
        log: level and form of the recorder's log.
        backend: ``aio`` or ``epoll``; empty for the best that works.
        on_ready: called once, when commands are taken.
    """
    control_socket = socket.socket(fileno=control_fd)
    control_socket.setblocking(False)
    poller, timer, pool = SocketPoller(), TickTimer(TICK_US / 1e6), PortPool(ports)
    loops = find_loops()
    state = Rows(pool.size, loops.loops)
    io = choose_backend(state, wanted=backend)
    entropy = system_entropy()
    outbox, ahead = Outbox(), PortsAhead(pool)
    plane = MediaPlane(
        state,
        pool,
        io,
        poller,
        clock=SystemClock(),
        entropy=entropy,
        emit=outbox.emit,
        country=country,
        recorders=RecorderProcesses(poller, number=number, level=log[0], form=log[1]),
        ahead=ahead,
    )
    control = Control(
        control_socket,
        number=number,
        instance=entropy.token(),
        execute=lambda command: execute(plane, command),
        states=plane.states,
        rooms=plane.rooms,
        names=plane.names,
        qualities=plane.qualities,
        outbox=outbox,
        ahead=ahead,
    )
    loop = WorkerLoop(plane, control, control_socket, poller, timer)
    signal.signal(signal.SIGTERM, lambda _signal, _frame: _leave())
    granted = raise_priority() if realtime else "normal"
    _log.info(
        "worker.started",
        number=number,
        backend=io.name,
        loops=loops.why_not or "compiled",
        priority=granted,
        ports=len(pool),
        **processor_time(),
    )
    gc.collect()
    gc.freeze()
    gc.disable()
    if on_ready is not None:
        on_ready()
    loop.run()
    ahead.close()
    _log.info("worker.stopped", number=number, legs=len(plane))


def execute(plane: MediaPlane, command: wire.Values) -> None:
    """Carry out one command.

    Raises:
        MediaError: no command has that name.
    """
    name, *values = command
    if name == "open":
        plane.open(OpenLeg(*values))
    elif name == "stream":
        leg, stream = values
        plane.set_stream(leg, wire.stream_of(stream))
    elif name == "room":
        room, rows = values
        plane.set_room(room, wire.hears_of(rows))
    elif name == "play":
        leg, *order = values
        plane.play(leg, Playing(*order) if order else None)
    elif name == "press":
        plane.press(*values)
    elif name == "record":
        plane.record(Recording(*values))
    elif name == "end-recording":
        plane.end_recording(*values)
    elif name in ("close", "forget"):
        plane.close(values[0], quiet=name == "forget")
    else:
        raise MediaError(f"no command is named {name}")


def _leave() -> None:
    raise SystemExit(0)
