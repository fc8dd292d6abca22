"""What the brain looks after from time to time, beside whatever happens to it."""

from __future__ import annotations

import asyncio
import importlib
import secrets
from collections.abc import Callable, Coroutine
from typing import Final

from softswitch.app.brain import Brain
from softswitch.app.errand_runner import ErrandRunner
from softswitch.app.garbage import IdleCollector
from softswitch.app.host_finder import HostFinder
from softswitch.app.journal_watch import JournalWatch
from softswitch.app.supervisor_link import SupervisorLink
from softswitch.core.clock import Clock
from softswitch.directory.host_names import HostName, Target, wanted_names
from softswitch.journal.ring import RingWriter
from softswitch.media.engine_process import WorkerEngine
from softswitch.net.tls import TlsContexts, TlsPeer
from softswitch.net.transports import Transports
from softswitch.runtime.log import get_logger

IDLE_LOOK_S: Final = 1.0
INVARIANTS_S: Final = 5.0
CERTIFICATE_LOOK_S: Final = 5.0


class BrainChores:
    """The endless works of a brain's process.

    Args:
        brain: whose invariants are checked and whose trunks' hosts are looked up.
        clock: for idle gaps and waits.
        in_turn: does something as a turn of the brain.
        engine: the media workers.
        link: to the supervisor, who starts and stops them.
        transports: learn whose certificate a host must show.
        tls: the certificates that are shown.
        ring: where facts wait for the disk.
        journal_watch: tells when they wait too long.
        collector: searches for garbage in idle gaps.
        errands: whose program is started once scenarios may want it.
    """

    def __init__(
        self,
        *,
        brain: Brain,
        clock: Clock,
        in_turn: Callable[[Callable[[], None]], None],
        engine: WorkerEngine,
        link: SupervisorLink,
        transports: Transports,
        tls: TlsContexts,
        ring: RingWriter,
        journal_watch: JournalWatch,
        collector: IdleCollector,
        errands: ErrandRunner,
    ) -> None:
        self._brain = brain
        self._clock = clock
        self._in_turn = in_turn
        self._engine = engine
        self._link = link
        self._transports = transports
        self._tls = tls
        self._ring = ring
        self._journal_watch = journal_watch
        self._collector = collector
        self._errands = errands

    def all(self) -> tuple[tuple[str, Coroutine[None, None, None]], ...]:
        """Return the works with their names, to be started."""
        return (
            ("garbage", self._collect_in_gaps()),
            ("workers", self._replace_workers()),
            ("invariants", self._check_invariants()),
            ("journal", self._watch_journal()),
            ("certificate", self._watch_certificate()),
            ("hosts", self._find_hosts()),
        )

    async def _collect_in_gaps(self) -> None:
        while True:
            await asyncio.sleep(IDLE_LOOK_S)
            self._collector.look(self._clock.monotonic())
            if self._brain.desk.site.scenarios:
                self._errands.prepare()

    async def _replace_workers(self) -> None:
        """Let workers go that have no leg any more, and find others for those that speak another protocol."""
        engine = self._engine
        while True:
            await asyncio.sleep(IDLE_LOOK_S)
            for number in engine.outdated():
                engine.retire([number])
                self._link.replace(number)
            for number in engine.retired():
                self._link.retired(number)

    async def _find_hosts(self) -> None:
        """Look up trunks' hosts that are names."""
        finder = HostFinder(
            lambda: importlib.import_module("softswitch.net.dns_lookup").DnsLookup(),
            lambda: wanted_names(self._brain.desk.site),
            self._host_found,
            secrets.randbelow,
            self._clock.monotonic,
            get_logger("hosts").info,
        )
        await finder.run()

    def _host_found(self, name: HostName, targets: tuple[Target, ...]) -> None:
        for target in targets:
            if target.transport == "tls":
                self._transports.know_peer((target.host, target.port), TlsPeer(name.name))
        self._in_turn(lambda: self._brain.host_found(name, targets))

    async def _watch_certificate(self) -> None:
        """Take a renewed certificate without a restart; SIGHUP need not be sent for it."""
        while True:
            await asyncio.sleep(CERTIFICATE_LOOK_S)
            self._tls.reload_if_changed()

    async def _watch_journal(self) -> None:
        while True:
            self._journal_watch.look(self._ring.state, self._clock.monotonic())
            await asyncio.sleep(IDLE_LOOK_S)

    async def _check_invariants(self) -> None:
        while True:
            await asyncio.sleep(INVARIANTS_S)
            self._in_turn(self._brain.check_invariants)
