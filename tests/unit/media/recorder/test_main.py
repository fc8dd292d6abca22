from __future__ import annotations

import fcntl
import os
import resource
import socket

from softswitch.media.recorder.main import RecorderLoop
from softswitch.media.tap_ring import TapReader, TapWriter, make_memory

ABOVE_SELECT = 1100
"""``select`` knows descriptors below 1024."""


def test_a_recorder_with_nothing_to_do_waits_also_beside_a_worker_with_thousands_of_sockets() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    memory = make_memory(8192)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2 * ABOVE_SELECT), hard))
        TapWriter(memory)
        high = socket.socket(fileno=fcntl.fcntl(theirs, fcntl.F_DUPFD_CLOEXEC, ABOVE_SELECT))
        assert high.fileno() >= ABOVE_SELECT
        theirs.close()
        loop = RecorderLoop(TapReader(memory), high)
        ours.close()  # the worker is gone: that ends it
        loop.run()
        high.close()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        os.close(memory)
