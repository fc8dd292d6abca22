"""The recorder's program: started by a media worker, ends when that is gone and all is written."""

from __future__ import annotations

import os
import resource
import select
import signal
import socket
import sys
import time
from contextlib import suppress
from typing import Any, Final, NoReturn

import msgpack

from softswitch.media.loops.found import find_loops
from softswitch.media.recorder.scribe import Scribe
from softswitch.media.tap_ring import TapReader
from softswitch.runtime.log import configure_logging, get_logger

_log = get_logger(__name__)

ROUND_S: Final = 0.5
"""From round to round. What is killed together with its worker loses so much."""
_SEEN_BEFORE_S: Final = 0.003
"""A position of the ring is believed after so long."""
_NICE: Final = 5
_MESSAGE_OCTETS: Final = 64


class RecorderLoop:
    """Rounds, as long as the worker lives.

    Args:
        ring: from the worker.
        sock: to it, SOCK_SEQPACKET: any message wakes, its end ends us.
    """

    def __init__(self, ring: TapReader, sock: socket.socket) -> None:
        self._ring = ring
        self._sock = sock
        self._scribe = Scribe(self._tell, find_loops().loops)
        self._lost = ring.lost
        # Not select: the worker's descriptors that were open already, three a leg, make the number of ours a high one.
        self._woken = select.poll()
        self._woken.register(sock, select.POLLIN)

    def run(self) -> None:
        """Run until the worker is gone."""
        while self._wait():
            self._round()
        self._round()
        self._scribe.end_all()

    def _wait(self) -> bool:
        """Wait for the next round, without end while there is nothing to do; False when the worker is gone."""
        if self._scribe.idle and self._ring.is_empty:
            self._woken.poll()
        else:
            time.sleep(ROUND_S)
        try:
            while data := self._sock.recv(_MESSAGE_OCTETS, socket.MSG_DONTWAIT):
                del data
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    def _round(self) -> None:
        written = self._ring.written
        time.sleep(_SEEN_BEFORE_S)
        lost, self._lost = self._lost, self._ring.lost
        now_us = time.monotonic_ns() // 1000
        self._scribe.write_round(self._ring.read(written), now_us=now_us, packets_lost=self._lost > lost)
        self._ring.free(written)

    def _tell(self, message: tuple[Any, ...]) -> None:
        with suppress(OSError):  # a worker that is gone needs to know nothing
            self._sock.send(msgpack.packb(message))


def be_modest() -> None:
    """Give way to others, and open as many files as may be."""
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    os.nice(_NICE)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def main() -> NoReturn:
    """Record until the worker is gone.

    The command line has the descriptors of the ring and of the socket, the worker's number, the log's level and form.
    """
    ring, sock, number, level, form = sys.argv[1:]
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)  # the end is the worker's end
    be_modest()
    configure_logging(f"recorder-{number}", level=level, form=form)
    RecorderLoop(TapReader(int(ring)), socket.socket(fileno=int(sock))).run()
    raise SystemExit(0)


if __name__ == "__main__":
    main()
