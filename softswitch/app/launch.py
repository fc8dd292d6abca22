"""From settings to running processes: the folders, the sockets, and the plan that the supervisor goes by.

``softswitch run`` becomes the supervisor, so there is one parent process and signals reach it directly. Before that it
leaves a small child behind, which waits for the word that all is ready and prints the welcome.
"""

from __future__ import annotations

import fcntl
import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final, NoReturn

from softswitch.core.errors import CommandError, ConfigurationError, Problem
from softswitch.net.local_addresses import local_addresses
from softswitch.net.opening import open_tcp, open_udp, open_unix, refusal
from softswitch.runtime.addresses import HostPort
from softswitch.runtime.settings import Settings

_SUPERVISOR: Final = Path(__file__).with_name("supervisor.py")
_PROGRAMS: Final = {"brain": "brain_start", "worker": "worker_process", "writer": "writer_process"}


@dataclass(slots=True)
class OpenSockets:
    """Descriptors of the switch's sockets, in the form of the supervisor's plan."""

    sip: list[dict[str, Any]] = field(default_factory=list)
    api: list[int] = field(default_factory=list)
    api_unix: int = -1

    def descriptors(self) -> list[int]:
        """Return every descriptor."""
        return [*(line["descriptor"] for line in self.sip), *self.api, self.api_unix]


def reserve_ring(octets: int) -> int:
    """Return the memory of the fact ring, all of which is there from now on.

    Memory that is only promised is looked for when it is first written: by the brain, in the middle of a call, which
    costs it time, and its life where there is none.

    Raises:
        ConfigurationError: there is not so much.
    """
    if octets > _available_octets():  # to ask for more has the system kill programs for it
        found = f"this machine has no {octets >> 20} MB of memory left for facts that wait for the disk"
        raise ConfigurationError([Problem("journal.ring_mb", found, "less; 64 is the default")])
    ring = os.memfd_create("softswitch-facts", os.MFD_CLOEXEC)
    os.posix_fallocate(ring, 0, octets)
    return ring


def _available_octets() -> int:
    """Return how much memory programs can still have, by /proc/meminfo."""
    lines = (line.split() for line in Path("/proc/meminfo").read_text().splitlines())
    return next(int(words[1]) << 10 for words in lines if words[0] == "MemAvailable:")


def prepare_folders(directory: Path) -> None:
    """Make the storage directory and ``run`` in it, for this account only.

    Raises:
        ConfigurationError: they cannot be made or written.
    """
    for folder in (directory, directory / "run"):
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.chmod(0o700)
        except OSError as error:
            cure = "storage.directory with a folder that this account may write"
            raise ConfigurationError([Problem(str(folder), f"cannot be used: {error.strerror}", cure)]) from None


def lock_directory(directory: Path) -> int:
    """Take the storage directory for this switch alone, until the returned descriptor is closed.

    Raises:
        CommandError: a switch runs on it.
    """
    descriptor = os.open(directory / "run" / "switch.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        pid = os.pread(descriptor, 32, 0).decode(errors="replace").strip()
        os.close(descriptor)
        message = f"a switch already runs on {directory} (process {pid}); stop it with: kill {pid}"
        raise CommandError(message, status=409, error_id="already-running") from None
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    return descriptor


def open_sockets(settings: Settings) -> OpenSockets:
    """Open everything that phones, programs and pages reach the switch by.

    A UDP wildcard is opened once for each local address. One TCP listener serves a wildcard, because a connection
    knows the address that it came to.

    Raises:
        ConfigurationError: an address or port cannot be had; says who has it, and the cure.
    """
    opened = OpenSockets()
    for line in settings.sip.listen:
        hosts = local_addresses(line.host) if line.wildcard and line.transport == "udp" else (line.host,)
        for host in hosts:
            opened.sip.append(_open_sip(line.transport, host, line.port))
    host, port = settings.api.listen
    try:
        opened.api.append(open_tcp(host, port).detach())
    except OSError as error:
        raise refusal(error, "tcp", host, port, "api.listen") from None
    path = api_socket(settings.storage.directory)
    try:
        opened.api_unix = open_unix(path).detach()
    except OSError as error:
        cure = "storage.directory with a shorter path (100 characters at most)"
        raise ConfigurationError([Problem(str(path), f"cannot be opened: {error}", cure)]) from None
    return opened


def _open_sip(transport: str, host: str, port: int) -> dict[str, Any]:
    try:
        made = open_udp(host, port) if transport == "udp" else open_tcp(host, port)
    except OSError as error:
        raise refusal(error, transport, host, port, "sip.listen") from None
    return {"transport": transport, "host": host, "port": port, "descriptor": made.detach()}


def reachable_at(opened: OpenSockets) -> list[tuple[str, str]]:
    """Pair each address with its transports, for people: other machines' ways first, loopback last."""
    places: dict[tuple[str, int], list[str]] = {}
    for line in opened.sip:
        wildcard = ip_address(line["host"]).is_unspecified
        for host in local_addresses(line["host"]) if wildcard else (line["host"],):
            places.setdefault((host, line["port"]), []).append(line["transport"].upper())
    in_order = sorted(places.items(), key=lambda place: ip_address(place[0][0]).is_loopback)
    return [(str(HostPort(*address)), ", ".join(transports)) for address, transports in in_order]


def api_socket(directory: Path) -> Path:
    """Return where the CLI finds the running switch."""
    return directory / "run" / "switch.sock"


def worker_count(settings: Settings) -> int:
    """Return how many media workers to start: what the settings say, else one per core less one, at least one."""
    return settings.media.workers or max(1, len(os.sched_getaffinity(0)) - 1)


def make_plan(settings: Settings, config: Path | None, opened: OpenSockets, ready: int, ring: int) -> dict[str, Any]:
    """Write down what the supervisor shall do (its module's docstring tells the form)."""
    return {
        "ready": ready,
        "sip": opened.sip,
        "api": opened.api,
        "api_unix": opened.api_unix,
        "ring": ring,
        "workers": worker_count(settings),
        "drain_s": settings.stop.drain_s,
        "programs": {
            role: [sys.executable, "-P", "-X", "faulthandler", "-m", f"softswitch.app.{module}"]
            for role, module in _PROGRAMS.items()
        },
        "options": {
            "settings": settings.dump(),
            "config": None if config is None else str(config.absolute()),
            "workers": worker_count(settings),
        },
    }


def launch(settings: Settings, config: Path | None, lock: int, welcome: Callable[[OpenSockets], None]) -> NoReturn:
    """Open the sockets and become the supervisor; this program ends with its exit code.

    Args:
        settings: as loaded.
        config: the file that they came from.
        lock: what :func:`lock_directory` returned; the supervisor keeps it.
        welcome: called in a process of its own once the switch is ready.

    Raises:
        ConfigurationError: a socket cannot be opened, or the memory for facts is not there.
    """
    opened = open_sockets(settings)
    ring = reserve_ring(settings.journal.ring_mb << 20)
    reader, writer = os.pipe()
    if os.fork() == 0:
        _welcome_when_ready(reader, [writer, lock, ring, *opened.descriptors()], lambda: welcome(opened))
    os.close(reader)
    plan = os.memfd_create("softswitch-plan")
    os.write(plan, json.dumps(make_plan(settings, config, opened, writer, ring)).encode())
    os.lseek(plan, 0, os.SEEK_SET)
    for descriptor in (plan, writer, lock, ring, *opened.descriptors()):
        os.set_inheritable(descriptor, True)
    sys.stdout.flush()
    # Isolated and without site-packages: the supervisor is standard library only.
    os.execv(sys.executable, [sys.executable, "-I", "-S", str(_SUPERVISOR), str(plan)])  # noqa: S606  # our own program


def _welcome_when_ready(reader: int, not_ours: list[int], welcome: Callable[[], None]) -> NoReturn:
    """Wait for the supervisor's word in the forked child; end without one when it failed."""
    for descriptor in not_ours:
        os.close(descriptor)
    if os.read(reader, 16):
        welcome()
        sys.stdout.flush()
    os._exit(0)
