"""What the API shows of the brain, and the one thing it changes there: the loaded site."""

from __future__ import annotations

import asyncio
import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import accumulate
from pathlib import Path

from softswitch import __version__
from softswitch.api.view import (
    BanView,
    CallView,
    LegView,
    MessageView,
    MetricsView,
    ProcessView,
    QualityView,
    RegistrationView,
    StatusView,
    TrunkView,
    WorkerView,
)
from softswitch.app.brain import Brain
from softswitch.app.conference_view import BrainConferences
from softswitch.app.control_view import state_word
from softswitch.app.facts_view import BrainFacts
from softswitch.app.journal_watch import LATE_S
from softswitch.app.message_trace import Traced
from softswitch.app.people_view import BrainPeople
from softswitch.app.phones_view import BrainPhones
from softswitch.app.queues_view import BrainQueues
from softswitch.app.recordings_view import BrainRecordings
from softswitch.app.slices import in_slices
from softswitch.app.trunk_view import trunk_views
from softswitch.app.voicemail_view import BrainVoicemail
from softswitch.calls.description import codec_of_leg
from softswitch.calls.state import Conversation, Leg
from softswitch.core.clock import Clock, iso_utc
from softswitch.core.errors import CommandError, ConfigurationError, Problem
from softswitch.directory.bans import Ban, source_of
from softswitch.directory.compiled_site import reading
from softswitch.directory.difference import comparing
from softswitch.directory.location import Binding
from softswitch.directory.site import Site
from softswitch.directory.store import write_site
from softswitch.journal.ring import RingState
from softswitch.media.engine import Quality
from softswitch.media.worker_health import LATENESS_STEPS_MS, WorkerHealth
from softswitch.runtime.addresses import HostPort
from softswitch.runtime.log import get_logger

_LOG = get_logger("site")


class BrainView(BrainPeople, BrainConferences, BrainPhones, BrainQueues, BrainRecordings, BrainVoicemail, BrainFacts):
    """Implements :class:`softswitch.api.view.SwitchView`.

    Args:
        brain: what is shown.
        clock: gives the age of things.
        directory: the storage directory, where a newly loaded site is kept.
        pids: tells the processes of the switch by name.
        ring: tells how the journal is.
        journal_late_s: tells how long facts have waited for the disk.
        in_turn: does something in the brain and ends the turn.
        restarts: tells how often processes died, by role.
        drops: tells what full sockets lost, by address.
        workers: tells how the media workers do.
        database: the URL of the call records; empty: the embedded ones.
    """

    def __init__(
        self,
        brain: Brain,
        clock: Clock,
        *,
        directory: Path,
        pids: Callable[[], Mapping[str, int]],
        ring: Callable[[], RingState],
        journal_late_s: Callable[[], float],
        in_turn: Callable[[Callable[[], None]], None],
        restarts: Callable[[], Mapping[str, int]],
        drops: Callable[[], Mapping[str, int]],
        workers: Callable[[], Sequence[WorkerHealth]],
        database: str = "",
    ) -> None:
        super().__init__(brain, clock, in_turn)
        self._directory = directory
        self._database = database
        self._pids = pids
        self._ring = ring
        self._journal_late_s = journal_late_s
        self._restarts = restarts
        self._drops = drops
        self._workers = workers
        self._started_at = iso_utc(clock.wall())
        self._loading = asyncio.Lock()

    def ready(self) -> bool:
        """Tell whether calls can be taken: the switch does not stop, and there is somebody to carry their sound."""
        return not self._brain.desk.draining and bool(self._workers())

    def status(self) -> StatusView:
        """Count what is going on."""
        counts = self._brain.counts()
        processes = tuple(ProcessView(name.partition("-")[0], pid) for name, pid in self._pids().items())
        alarms = (
            *_alarms(self._ring(), self._journal_late_s()),
            *_overload(self._workers()),
            *_bad_phones(self._brain.phone_quality.bad()),
            *self._brain.recording.alarms(),
        )
        return StatusView(
            calls=counts["calls"],
            legs=counts["legs"],
            dialogs=counts["dialogs"],
            transactions=counts["transactions"],
            ports=counts["ports"],
            timers=counts["timers"],
            registrations=counts["registrations"],
            processes=processes,
            version=__version__,
            started_at=self._started_at,
            alarms=alarms,
            subscriptions=counts["subscriptions"],
        )

    def metrics(self) -> MetricsView:
        """Return what is measured."""
        ring = self._ring()
        qualities = [found for leg in self._brain.calls.legs if (found := self._brain.quality_of(leg)) is not None]
        return MetricsView(
            status=self.status(),
            ready=self.ready(),
            journal_lag_octets=ring.waiting_octets,
            journal_lag_facts=max(0, ring.last_sequence - ring.synced_sequence),
            journal_late_s=self._journal_late_s(),
            journal_lost_facts=ring.records_lost,
            invariant_breaches=self._brain.breached,
            restarts=self._restarts(),
            socket_drops=self._drops(),
            workers=tuple(_worker_view(worker) for worker in self._workers()),
            mos_in=_mean(quality.mos_in for quality in qualities),
            mos_out=_mean(quality.mos_out for quality in qualities),
            bad_phones=len(self._brain.phone_quality.bad()),
        )

    def registrations(self) -> Sequence[RegistrationView]:
        """List the registered phones."""
        wall_s = self._clock.wall()
        return [self._registration(binding, wall_s) for binding in self._brain.locations]

    def trunks(self) -> Sequence[TrunkView]:
        """List the trunks."""
        brain = self._brain
        return trunk_views(brain.desk.site, brain.trunk_registrations, brain.calls, wall_s=self._clock.wall())

    def calls(self) -> Sequence[CallView]:
        """List the conversations."""
        quality_of = self._brain.quality_of
        return [_call(conversation, quality_of) for conversation in self._brain.calls.conversations.values()]

    def trace(self, conversation_id: str) -> Sequence[MessageView]:
        """List the SIP messages of a conversation."""
        found = self._brain.trace.of(conversation_id)
        if not found:
            text = f"There are no messages of {conversation_id} in memory."
            raise CommandError(text, status=404, error_id="no-messages", field="conversation_id")
        return [_message(each) for each in found]

    def bans(self) -> Sequence[BanView]:
        """List the sources that are shut out now."""
        return [_ban(ban) for ban in self._brain.bans.standing(self._clock.wall())]

    def lift_ban(self, source: str) -> BanView:
        """Let a source in again."""
        known = {ban.source: ban for ban in self._brain.bans.standing(self._clock.wall())}
        found = known.get(source) or known.get(_network_of(source))
        if found is None:
            raise CommandError(f"{source} is not shut out.", status=404, error_id="not-banned", field="source")
        self._brain.lift_ban(found.source)
        self._brain.end_turn()
        _LOG.info("source.freed", source=found.source)
        return _ban(found)

    async def load_site(self, compiled: bytes, *, dry_run: bool) -> Sequence[str]:
        """Put another site in place of the loaded one, one load after the other; keeps it on disk first.

        Reading, comparing and looking after everybody's status come in slices, and a thread waits for the disk: calls
        go on meanwhile.

        Raises:
            ConfigurationError: it cannot be read, or is for another domain.
        """
        async with self._loading:
            return await self._load(compiled, dry_run=dry_run)

    async def _load(self, compiled: bytes, *, dry_run: bool) -> Sequence[str]:
        site = await self._read(compiled)
        lines = [line for line in await in_slices(comparing(self._brain.desk.site, site)) if line]
        if not dry_run:
            await asyncio.to_thread(write_site, self._directory, site, compiled)
            before = self._brain.desk.site.entries()
            self._in_turn(lambda: self._brain.swap_site(site))
            await in_slices(_let_go(before))
            await in_slices(self._followed())
            _LOG.info("site.loaded", users=len(site.users), changes=len(lines))
        return lines

    async def _read(self, compiled: bytes) -> Site:
        *_, found = await in_slices(reading(compiled))
        if found is None:
            raise ConfigurationError([Problem("the compiled site", "it is empty", "softswitch load PATH")])
        before = self._brain.desk.site
        if found.site.domain != before.domain:
            what = f"the site was compiled for {found.site.domain}, the switch serves {before.domain}"
            raise ConfigurationError([Problem("sip.domain", what, "the same --config for load as for run")])
        return found.site

    def _followed(self) -> Iterator[None]:
        """Bring everybody to what the site says, some users a turn."""
        steps = self._brain.follow_site()
        more = True

        def step() -> None:
            nonlocal more
            more = next(steps, False)

        while more:
            self._in_turn(step)
            yield

    def _registration(self, binding: Binding, wall_s: float) -> RegistrationView:
        user = self._brain.desk.site.users.get(binding.user)
        return RegistrationView(
            extension=user.extension if user else binding.user,
            contact=binding.contact,
            source=f"{binding.flow.transport}:{HostPort(*binding.flow.remote)}",
            expires_s=max(0, round(binding.expires_at_s - wall_s)),
        )


def _let_go(entries: list[object]) -> Iterator[None]:
    """Free entries one by one: thousands at once take as long as a call is set up in."""
    while entries:
        entries.pop()
        yield


def _message(traced: Traced) -> MessageView:
    flow = traced.flow
    return MessageView(
        iso_utc(traced.wall_s),
        traced.sent,
        flow.transport,
        str(HostPort(*flow.local)),
        str(HostPort(*flow.remote)),
        traced.data.decode("utf-8", "replace"),
    )


def _ban(ban: Ban) -> BanView:
    return BanView(ban.source, iso_utc(ban.until_s), ban.reason, ban.times)


def _network_of(source: str) -> str:
    try:
        return source_of(source)
    except ValueError:
        return source


QualityOf = Callable[[str], Quality | None]


def _call(conversation: Conversation, quality_of: QualityOf) -> CallView:
    return CallView(
        conversation_id=conversation.conversation_id,
        state=conversation.state.value,
        legs=tuple(_leg(conversation, leg, quality_of(leg.leg)) for leg in conversation.legs.values()),
        started_at=iso_utc(conversation.started_at_s),
    )


def _leg(conversation: Conversation, leg: Leg, quality: Quality | None) -> LegView:
    told = None if quality is None else QualityView(**asdict(quality))
    return LegView(leg.leg, leg.user, leg.number, state_word(conversation, leg), codec_of_leg(leg), told)


def _mean(scores: Iterable[float]) -> float:
    measured = [score for score in scores if score]
    return round(sum(measured) / len(measured), 2) if measured else 0.0


def _bad_phones(mos_of: Mapping[str, float]) -> list[str]:
    return [f"the last calls of {user} sounded bad (MOS {mos:.1f})" for user, mos in mos_of.items()]


def _alarms(ring: RingState, late_s: float) -> list[str]:
    alarms = []
    if ring.disk_errno:
        alarms.append(f"the journal cannot be written: {os.strerror(ring.disk_errno)}; facts wait in memory")
    elif late_s >= LATE_S:
        alarms.append(f"facts wait for the disk since {late_s:.0f} s: the journal's writer stands still or is too slow")
    if ring.database_failing:
        alarms.append("the database takes no call records; they wait in the journal")
    if ring.records_lost:
        alarms.append(f"{ring.records_lost} facts found no room in memory and are lost")
    elif ring.alarm and not alarms:
        alarms.append("three quarters of the memory for facts are full: the journal's writer is too slow")
    return alarms


def _worker_view(worker: WorkerHealth) -> WorkerView:
    bounds = [*(step_ms / 1000 for step_ms in LATENESS_STEPS_MS), math.inf]
    ticks = tuple(zip(bounds, accumulate(worker.ticks), strict=True)) if worker.ticks else ()
    return WorkerView(worker.worker, worker.legs, worker.late_ms, worker.missed_ticks, worker.full, ticks)


def _overload(workers: Sequence[WorkerHealth]) -> list[str]:
    full = [str(worker.worker) for worker in workers if worker.full]
    if not full:
        return []
    refused = "new calls are refused" if len(full) == len(workers) else "new calls go to the others"
    return [f"media worker {', '.join(full)} is too busy: {refused}"]
