"""The program of the brain: everything is built here, and nothing is decided."""

from __future__ import annotations

import asyncio
import fcntl
import importlib
import os
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Final

from softswitch.app.address_watch import AddressWatch
from softswitch.app.brain import Brain
from softswitch.app.brain_chores import BrainChores
from softswitch.app.brain_settings import BrainSettings
from softswitch.app.certificates import tls_files
from softswitch.app.driver import Driver
from softswitch.app.errand_runner import ErrandRunner
from softswitch.app.garbage import IdleCollector, freeze, unhindered
from softswitch.app.hep import HepExporter
from softswitch.app.history import read_history
from softswitch.app.journal_watch import JournalWatch
from softswitch.app.key_file import ensure_key
from softswitch.app.media_watch import MediaWatch
from softswitch.app.processes import BRAIN_LOCK, Inherited, inherited
from softswitch.app.supervisor_link import SupervisorLink
from softswitch.app.trunk_secrets import password_of
from softswitch.app.view import BrainView
from softswitch.calls.deadlines import Deadlines
from softswitch.core.errors import ConfigurationError
from softswitch.directory.scenario_history import find_version
from softswitch.directory.site import Site
from softswitch.directory.store import loaded_paths, read_site
from softswitch.journal.ring import RingWriter
from softswitch.media.engine import MediaEvent
from softswitch.net.paced_readers import PacedReaders
from softswitch.net.tls import TlsContexts
from softswitch.net.transports import Transports
from softswitch.runtime.addresses import parse_host_port
from softswitch.runtime.clocks import SystemClock
from softswitch.runtime.entropy import system_entropy
from softswitch.runtime.handed_settings import handed_settings
from softswitch.runtime.log import configure_logging, get_logger
from softswitch.runtime.processor_time import processor_time
from softswitch.runtime.tasks import TaskSupervisor
from softswitch.scenario.errands import ErrandOver
from softswitch.sip.call_id import call_id_in
from softswitch.sip.flow import Flow
from softswitch.speech.prompts import Prompts

if TYPE_CHECKING:
    from softswitch.app.api_service import ApiService

_LOG = get_logger("brain")
FAREWELL_S: Final = 3.0
"""How long phones may take to answer our BYEs when the switch stops."""
HURRIED_FAREWELL_S: Final = 1.0
WORKERS_S: Final = 1.5
"""How long to wait for what the workers hold. One that is later is asked to let go of what was given up."""


class BrainProcess:
    """The parts of a running brain.

    Args:
        loop: the loop that all of it runs on.
        given: what the supervisor gave this process.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, given: Inherited) -> None:
        self._loop = loop
        self._given = given
        self._settings = handed_settings(given.options["settings"])
        self._directory = self._settings.storage.directory
        self._clock = SystemClock()
        self._stopping = asyncio.Event()
        self._farewell = asyncio.Event()
        self._empty = asyncio.Event()
        self._stops_asked = 0
        self._lock = lock_brain(self._directory)
        self._collector = IdleCollector()
        self._tasks = TaskSupervisor("brain")
        self._ring = RingWriter(given.ring)
        self._journal_watch = JournalWatch()
        self._tls = TlsContexts(tls_files(self._settings))
        self._readers = PacedReaders(loop, self._end_turn)
        self._transports = Transports(
            loop, self._readers, self._receive, self._flow_closed, self._end_turn, tls=self._tls, leg_of=self._leg_of
        )
        self._media = MediaWatch(loop, self._readers, on_event=self._media_event, in_turn=self._in_turn)
        self._history = read_history(self._directory / "journal", given.ring)
        self._errands = ErrandRunner(loop, self._errand_over)
        self._brain = Brain(
            clock=self._clock,
            entropy=system_entropy(),
            settings=self._brain_settings(),
            site=self._site(),
            media=self._media.engine,
            send=self._transports.send,
            journal=self._ring,
            folded=self._history.state,
            errands=self._errands,
            sequence=self._ring.last_sequence,
            log=get_logger("calls").info,
        )
        self._hep = HepExporter(parse_host_port(self._settings.sip.hep)) if self._settings.sip.hep else None
        if self._hep is not None:
            self._brain.trace.exporter = self._hep.export
        self._driver = Driver(loop, self._clock, self._brain, self._collector)
        for control in given.controls:
            self._media.add(control.number, socket.socket(fileno=control.descriptor))
        self._media.engine.retire(given.retiring)
        self._link = SupervisorLink(
            loop,
            given,
            on_gone=self._stopping.set,
            on_worker=self._media.add,
            on_retiring=self._media.engine.retire,
        )
        self._chores = BrainChores(
            brain=self._brain,
            clock=self._clock,
            in_turn=self._in_turn,
            engine=self._media.engine,
            link=self._link,
            transports=self._transports,
            tls=self._tls,
            ring=self._ring,
            journal_watch=self._journal_watch,
            collector=self._collector,
            errands=self._errands,
        )

    async def run(self) -> None:
        """Serve until told to stop."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR2):
            self._loop.add_signal_handler(number, self._signalled, number)
        self._open_udp()
        await self._resume()
        await self._serve_sip()
        self._in_turn(self._brain.serve)
        counts = self._brain.counts()
        _LOG.info("brain.answering", calls=counts["calls"], registrations=counts["registrations"], **processor_time())
        api = await self._serve_api()
        watch = AddressWatch(self._settings.sip.listen, self._transports.udp_addresses, self._add_udp)
        self._tasks.start("addresses", watch.run())
        for name, work in self._chores.all():
            self._tasks.start(name, work)
        freeze()
        self._given.say_ready()
        _LOG.info("brain.ready")
        await self._stopping.wait()
        await self._stop(api)

    # Building

    def _brain_settings(self) -> BrainSettings:
        sip = self._settings.sip
        return BrainSettings(
            domain=sip.domain,
            advertise=sip.advertise,
            local_networks=sip.local_networks,
            allow=self._settings.security.allow,
            calls_each_source=self._settings.security.calls_each_source,
            local_for=self._transports.local_for,
            password_of=password_of,
            earlier_scenario=partial(find_version, self._directory),
            trunk_probe_s=sip.trunk_probe_s,
            datagram_octets=sip.udp_octets,
            storage=str(self._directory.absolute()),
            recording=self._settings.recording.default,
            recording_failure=self._settings.recording.on_failure,
            recording_pause_s=self._settings.recording.pause_s,
            stream_ports={line.transport: line.port for line in reversed(sip.listen) if line.transport != "udp"},
            prompts=Prompts((self._directory / "prompts",)),
            language=self._settings.speech.language,
            piper_voices={code: str(path) for code, path in self._settings.speech.piper_voices.items()},
            mail=self._mail(),
            voicemail_keep_s=86_400.0 * self._settings.voicemail.keep_days,
            deadlines=Deadlines(remind_s=self._settings.calls.hold_reminder_s),
            nonce_key=ensure_key(self._directory / "nonce.key"),
            media_key=ensure_key(self._directory / "media.key"),
        )

    def _mail(self) -> Mapping[str, object]:
        mail = self._settings.mail
        names = ("host", "port", "tls", "username", "password_env", "sender")
        return {name: getattr(mail, name) for name in names} if mail.host else {}

    def _site(self) -> Site:
        found = read_site(self._directory, domain=self._settings.sip.domain)
        return found.site if found else Site(self._settings.sip.domain)

    def _open_udp(self) -> None:
        """Let a resumption say again what an earlier brain may not have said, before anything new is heard."""
        for line in self._given.sip:
            if line.transport == "udp":
                self._transports.add_udp(socket.socket(fileno=line.descriptor), listens=False)

    async def _resume(self) -> None:
        """Fold what earlier brains kept, then settle with the workers which legs there are."""
        with unhindered():
            self._brain.resume(self._history.items)
        with suppress(TimeoutError):
            async with asyncio.timeout(WORKERS_S):
                await self._media.until_all_told()
        self._in_turn(self._brain.settle_media)

    async def _serve_sip(self) -> None:
        self._transports.listen()
        for line in self._given.sip:
            if line.transport != "udp":
                await self._transports.add_listener(socket.socket(fileno=line.descriptor), line.transport)

    async def _serve_api(self) -> ApiService:
        """Load the HTTP server beside the calls that go on already: it takes longer than all the rest."""
        module = await asyncio.to_thread(_load_what_can_wait)
        view = BrainView(
            self._brain,
            self._clock,
            directory=self._directory,
            pids=self._link.pids,
            ring=lambda: self._ring.state,
            journal_late_s=lambda: self._journal_watch.late_s,
            in_turn=self._in_turn,
            restarts=lambda: self._link.restarts,
            drops=self._transports.drops,
            workers=self._media.engine.health,
            database=self._settings.storage.database,
        )
        api: ApiService = module.ApiService(view, self._settings, self._given)
        for number, server in enumerate(api.servers):
            self._tasks.start(f"api-{number}", server.run_until_stopped())
        return api

    def _add_udp(self, bound: socket.socket) -> None:
        self._link.hold("udp", bound)
        self._transports.add_udp(bound)

    # Inputs of the brain

    def _receive(self, data: bytes, flow: Flow) -> None:
        self._brain.receive(data, flow)

    def _flow_closed(self, flow: Flow) -> None:
        self._brain.flow_closed(flow)

    def _leg_of(self, message: bytes) -> str:
        return self._brain.trace.leg_of(call_id_in(message))

    def _media_event(self, event: MediaEvent) -> None:
        self._brain.media_event(event)

    def _errand_over(self, ticket: str, over: ErrandOver) -> None:
        self._in_turn(lambda: self._brain.errand_over(ticket, over))

    def _end_turn(self) -> None:
        self._driver.end_turn()
        self._see_whether_empty()

    def _in_turn(self, work: Callable[[], None]) -> None:
        self._driver.in_turn(work)
        self._see_whether_empty()

    def _see_whether_empty(self) -> None:
        if self._brain.desk.draining and not self._brain.calls.conversations:
            self._empty.set()

    # Running and ending

    def _signalled(self, number: signal.Signals) -> None:
        if number == signal.SIGHUP:
            self._tasks.start("reload", self._reload())
        elif number == signal.SIGUSR2:
            _LOG.info("brain.handed_over")
            os._exit(0)  # between two turns: whatever is to be known stands in the journal
        else:
            self._stops_asked += 1
            if number == signal.SIGINT:
                self._farewell.set()
            self._stopping.set()

    async def _reload(self) -> None:
        """Load the paths of the last load again, in a process of its own, which then hands us the result."""
        config = self._given.options["config"]
        command = [sys.executable, "-P", "-m", "softswitch.cli.main", "load", *loaded_paths(self._directory)]
        process = await asyncio.create_subprocess_exec(*command, *(["--config", config] if config else []))
        code = await process.wait()
        _LOG.info("site.reloaded", exit_code=code)

    async def _stop(self, api: ApiService) -> None:
        """Take no more calls, let those that go on come to their end, end those that do not."""
        self._brain.desk.draining = True
        self._see_whether_empty()
        _LOG.info("brain.stopping", calls=len(self._brain.calls.conversations))
        await self._until_one_of(self._farewell, self._empty, limit_s=self._settings.stop.drain_s)
        self._in_turn(self._say_farewell)
        await self._until_one_of(self._empty, limit_s=FAREWELL_S if self._stops_asked < 2 else HURRIED_FAREWELL_S)
        for server in api.servers:
            server.stop()
        await self._tasks.close()
        await self._transports.close()
        self._driver.close()
        self._errands.close()
        self._media.close()
        self._readers.close()
        self._link.close()
        if self._hep is not None:
            self._hep.close()

    async def _until_one_of(self, *events: asyncio.Event, limit_s: float) -> None:
        waits = [self._loop.create_task(event.wait()) for event in events]
        await asyncio.wait(waits, timeout=limit_s, return_when=asyncio.FIRST_COMPLETED)
        for each in waits:
            each.cancel()

    def _say_farewell(self) -> None:
        for conversation_id in list(self._brain.calls.conversations):
            self._brain.end_conversation(conversation_id, "shutdown")


def lock_brain(directory: Path) -> int:
    """Let others see that a brain lives, until it does not; the descriptor belongs to this process alone."""
    descriptor = os.open(directory / "run" / BRAIN_LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    return descriptor


def _load_what_can_wait() -> ModuleType:
    """Load what only some calls need, so that none of these waits for it; return the HTTP server's module."""
    for name in ("softswitch.scenario.reader", "holidays", "phonenumbers"):
        importlib.import_module(name)
    importlib.import_module("softswitch.directory.presets").shipped_presets()
    importlib.import_module("softswitch.directory.phone_models").shipped_models()
    return importlib.import_module("softswitch.app.api_service")


def new_event_loop() -> asyncio.AbstractEventLoop:
    """Return a uvloop loop, or asyncio's own where uvloop is missing."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    return loop


async def _run(given: Inherited) -> None:
    await BrainProcess(asyncio.get_running_loop(), given).run()


def main() -> None:
    """Run until the supervisor says otherwise or is gone."""
    given = inherited()
    settings = handed_settings(given.options["settings"])
    configure_logging("brain", level=settings.log.level, form=settings.log.form)
    try:
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            runner.run(_run(given))
    except ConfigurationError as error:
        print(error, file=sys.stderr)  # noqa: T201  # for people, who started it a moment ago
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
