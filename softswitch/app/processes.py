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
BRAIN_LOCK: Final = "brain.lock"
"""A file in ``run`` of the storage directory that is locked as long as a brain lives."""


@dataclass(frozen=True, slots=True)
class SipSocket:
    """A SIP socket that the supervisor opened: bound for UDP, listening for TCP."""

    transport: str
    host: str
    port: int
    descriptor: int


@dataclass(frozen=True, slots=True)
class WorkerSocket:
    """One end of the socket pair (SEQPACKET) between the brain and a worker."""

    number: int
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
    controls: tuple[WorkerSocket, ...]
    """The brain's ends, one a worker; a worker's own end.

    A worker that takes another one's place comes over ``news``, with a new pair."""
    news: int
    """The brain's socket (SEQPACKET) to the supervisor (see :mod:`softswitch.app.supervisor_link`)."""
    sip: tuple[SipSocket, ...]
    api: tuple[int, ...]
    """Listening TCP sockets of the HTTP API."""
    api_unix: int
    """The listening unix socket of the HTTP API."""
    options: Mapping[str, Any]
    """What :mod:`softswitch.app.launch` wants the process to know, as JSON."""
    pids: Mapping[str, int]
    """The other processes by name (``supervisor``, ``writer``, ``worker-0``) when this one was started."""
    retiring: tuple[int, ...]
    """Numbers of the workers that shall get no further calls."""
    restarts: Mapping[str, int]
    """How often a process of each role died and was started again."""

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
    given["controls"] = tuple(WorkerSocket(**line) for line in given["controls"])
    given["api"] = tuple(given["api"])
    given["retiring"] = tuple(given["retiring"])
    _outlived_by_the_supervisor()
    return Inherited(**given)


def _outlived_by_the_supervisor() -> None:
    """Let a machine without memory kill this process before the supervisor, which starts it again."""
    path = Path("/proc/self/oom_score_adj")
    with suppress(OSError, ValueError):
        path.write_text(str(min(1000, max(-500, int(path.read_text()) + 100))))


def name_process(name: str) -> None:
    """Let ``ps`` and ``top`` show what this process is (15 characters at most)."""
    with suppress(OSError):
        Path("/proc/self/comm").write_text(name[:15])
