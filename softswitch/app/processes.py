"""What a process of the switch gets from the supervisor, and what it tells it.

The supervisor starts brain, workers and writer with descriptors that they inherit and one environment variable that
names them, as JSON. It stays in touch by two pipes: ``life`` ends when the supervisor does, however it died, and a
word on ``ready`` says that the process can do its work.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

VARIABLE: Final = "SOFTSWITCH_PROCESS"


@dataclass(frozen=True, slots=True)
class SipSocket:
    """A SIP socket that the supervisor opened: bound for UDP, listening for TCP."""

    transport: str
    host: str
    port: int
    descriptor: int


@dataclass(frozen=True, slots=True)
class Inherited:
    """What one process was given. Descriptors that its role does not need are -1 or missing."""

    role: str
    """``brain``, ``worker`` or ``writer``."""
    number: int
    """Which of its role it is, from 0."""
    life: int
    """A pipe's reading end: its end means that the supervisor is gone, and the process must end too."""
    ready: int
    """A pipe's writing end, see :meth:`say_ready`."""
    ring: int
    """The memory file of the fact ring (brain and writer)."""
    controls: tuple[int, ...]
    """Control sockets (SEQPACKET): the brain has one a worker, in order; a worker has its own.

    A worker that takes a dead one's place finds the same pair."""
    news: int
    """The brain's socket (SEQPACKET) on which the supervisor tells of other processes and takes sockets to hold."""
    sip: tuple[SipSocket, ...]
    api: tuple[int, ...]
    """Listening TCP sockets of the HTTP API."""
    api_unix: int
    """The listening unix socket of the HTTP API."""
    options: Mapping[str, Any]
    """What :mod:`softswitch.app.launch` wants the process to know, as JSON."""
    pids: Mapping[str, int]
    """The other processes by name (``supervisor``, ``writer``, ``worker-0``) when this one was started."""

    def say_ready(self) -> None:
        """Tell the supervisor, once, that this process can do its work."""
        os.write(self.ready, b"ready\n")
        os.close(self.ready)


def inherited() -> Inherited:
    """Read what the supervisor gave this process, and leave Ctrl-C to the supervisor.

    Ends the program with 2 when it was not started by the supervisor.
    """
    text = os.environ.pop(VARIABLE, "")
    if not text:
        print("This program is started by 'softswitch run'.", file=sys.stderr)  # noqa: T201  # there is no log yet
        raise SystemExit(2)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    given = json.loads(text)
    name_process(f"switch-{given['role']}")
    given["sip"] = tuple(SipSocket(**line) for line in given["sip"])
    given["controls"] = tuple(given["controls"])
    given["api"] = tuple(given["api"])
    return Inherited(**given)


def name_process(name: str) -> None:
    """Let ``ps`` and ``top`` show what this process is (15 characters at most)."""
    with suppress(OSError):
        Path("/proc/self/comm").write_text(name[:15])
