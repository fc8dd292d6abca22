"""The program of the journal's writer: from the ring to the disk, and from there into the database.

It never gives up: a disk that fails leaves the facts in the ring, a database that fails leaves them in the files, and
both are tried again.
"""

from __future__ import annotations

import fcntl
import os
import select
import signal
from dataclasses import dataclass
from errno import EIO
from typing import TYPE_CHECKING, Final, NoReturn

from softswitch.app.garbage import IdleCollector, freeze
from softswitch.app.processes import BRAIN_LOCK, inherited
from softswitch.app.record_projection import RecordProjection
from softswitch.app.records_rebuild import ever_kept
from softswitch.app.upkeep_runner import UpkeepRunner
from softswitch.app.webhook_runner import WebhookRunner
from softswitch.core.clock import Clock
from softswitch.journal.drain import DiskTrouble, Drain
from softswitch.journal.ring import RingReader
from softswitch.journal.segments import SegmentWriter
from softswitch.runtime.clocks import SystemClock
from softswitch.runtime.handed_settings import handed_settings
from softswitch.runtime.log import configure_logging, get_logger
from softswitch.storage.record_store import RecordStore, default_url, put_rebuilt_in_place, rebuilt_file

if TYPE_CHECKING:
    from softswitch.runtime.settings import Settings

JOURNAL_FOLDER: Final = "journal"
LONGEST_TURN_S: Final = 0.2
ENDING_TURN_S: Final = 0.02
"""While the last facts go to the disk, and then into the database."""
COLLECTION_S: Final = 10.0
"""So often it looks for garbage: a batch of records leaves hardly any."""
IDLE_TURN_S: Final = 1.0
"""So often it looks at files and garbage while no fact comes; for facts it looks at every turn."""
RETRY_S: Final = 0.5
STOP_PATIENCE_S: Final = 5.0
"""How long a failing disk or database may delay the end."""

_YOUNG: Final = 200_000
"""Objects of one batch of records, which all go without being looked for; gaps come often here."""

_LOG = get_logger("journal")


@dataclass(frozen=True, slots=True)
class _Files:
    """What exists once the disk could be opened."""

    segments: SegmentWriter
    drain: Drain


class WriterProcess:
    """The loop around ring, files and database.

    Args:
        ring: descriptor of the shared memory.
        life: descriptor that becomes readable when the supervisor is gone.
        settings: where to, how often synced, how long kept.
        clock: paces the syncs.
    """

    def __init__(self, ring: int, life: int, settings: Settings, clock: Clock) -> None:
        self._reader = RingReader(ring)
        self._life = life
        self._settings = settings.journal
        directory = settings.storage.directory
        self._journal = directory / JOURNAL_FOLDER
        self._brain_lock = directory / "run" / BRAIN_LOCK
        self._clock = clock
        self._upkeep = UpkeepRunner(self._journal, settings, now=clock.monotonic())
        self._webhooks = WebhookRunner(directory, settings)
        self._close_segment_at = 0.0
        url = settings.storage.database or default_url(directory)
        own = not settings.storage.database
        self._projection = RecordProjection(
            self._journal,
            lambda: RecordStore(url),
            is_rebuilt=lambda: own and rebuilt_file(directory).exists(),
            put_in_place=lambda: own and put_rebuilt_in_place(directory),
            ever_kept=ever_kept,
        )
        self._files: _Files | None = None
        self._failing = False
        self._turn_s = min(LONGEST_TURN_S, settings.journal.sync_ms / 1000)
        """As long as facts may wait for their sync; waking more often costs more than the work that is done then."""
        self._stop_at: float | None = None
        self._told_to_stop = os.eventfd(0)
        self._orphaned = False
        self._passed_over = 0
        self._idle_until = self._collect_at = 0.0
        self._collector = IdleCollector()

    def stop(self) -> None:
        """End as soon as everything in the ring is safe."""
        if self._stop_at is None:
            self._stop_at = self._clock.monotonic() + STOP_PATIENCE_S
            os.eventfd_write(self._told_to_stop, 1)

    def run(self) -> None:
        """Copy until stopped, or until the supervisor is gone and nothing comes any more."""
        while not self._finished():
            self._wait()
            self.turn()
        self._close()

    def turn(self) -> None:
        """Do once what there is to do."""
        files = self._files or self._open()
        if files is None:
            return
        now = self._clock.monotonic()
        if self._nothing_to_do(files, now):
            return
        closed = files.segments.closed
        ending = self._stop_at is not None
        self._tell(files.drain.turn(now=now, sync=ending))
        self._projection.turn(files.segments.synced_sequence, now=now, at_once=ending)
        self._reader.report_database(failing=self._projection.failing)
        self._tell_passed_over(files.drain.passed_over)
        self._look_after(files.segments, closed, now)
        if not files.drain.idle or not self._projection.level:
            self._collector.turn_ended(now)
        elif now >= self._collect_at:
            self._collect_at = now + COLLECTION_S
            self._collector.look(now)

    def _nothing_to_do(self, files: _Files, now: float) -> bool:
        """Tell whether no fact has come and all that did are in the database; then more is looked at but seldom."""
        if self._stop_at is not None or self._reader.waiting or not (files.drain.idle and self._projection.level):
            return False
        if now < self._idle_until:
            return True
        self._idle_until = now + IDLE_TURN_S
        return False

    def _look_after(self, segments: SegmentWriter, closed: int, now: float) -> None:
        """Close a segment that is old enough, and have closed ones looked after."""
        if segments.closed != closed:
            self._close_segment_at = now + 60.0 * self._settings.segment_minutes
        elif now >= self._close_segment_at:
            segments.close_segment()
            self._close_segment_at = now + 60.0 * self._settings.segment_minutes
        self._upkeep.turn(segments.closed, now=now)
        self._webhooks.turn(segments.last_sequence, now=now)

    def _open(self) -> _Files | None:
        """Open the files; a disk that fails already now is tried again."""
        try:
            segments = SegmentWriter(self._journal, rotate_octets=self._settings.segment_mb << 20)
        except OSError as error:
            if not self._failing:
                self._reader.report_disk(error.errno or EIO)
                self._tell(DiskTrouble(error.errno or EIO, str(error)))
            return None
        self._reader.report_disk(0)  # a writer before us may have died in trouble
        if self._failing:
            self._tell(DiskTrouble(0, ""))
        torn = segments.torn
        if torn is not None:
            _LOG.warning("journal.tail_cut", file=torn.path.name, octets=torn.octets, last_sequence=torn.last_sequence)
        self._close_segment_at = self._clock.monotonic() + 60.0 * self._settings.segment_minutes
        sync_interval_s = self._settings.sync_ms / 1000
        drain = Drain(self._reader, segments, on_synced=self._projection.on_synced, sync_interval_s=sync_interval_s)
        self._files = _Files(segments, drain)
        return self._files

    def _tell(self, trouble: DiskTrouble | None) -> None:
        if trouble is None:
            return
        self._failing = bool(trouble.errno)
        if self._failing:
            _LOG.error("journal.disk_failed", reason=trouble.text, waiting_octets=self._reader.state.waiting_octets)
        else:
            _LOG.info("journal.disk_working_again", records_lost=self._reader.state.records_lost)

    def _tell_passed_over(self, count: int) -> None:
        """Say so when facts came whose sequence numbers are taken: after a start that is natural, later a defect."""
        if count > self._passed_over:
            _LOG.warning("journal.records_passed_over", count=count - self._passed_over)
            self._passed_over = count

    def _wait(self) -> None:
        """Sleep a turn; to be told to stop, and the end of the supervisor, wake up."""
        ending = self._stop_at is not None
        pause = RETRY_S if self._failing else ENDING_TURN_S if ending else self._turn_s
        watched = [] if self._orphaned else [self._life]
        if not ending:
            watched.append(self._told_to_stop)
        if self._life in select.select(watched, [], [], pause)[0]:
            self._orphaned = True
            _LOG.error("supervisor.died")

    def _finished(self) -> bool:
        now = self._clock.monotonic()
        if self._stop_at is None:
            if self._orphaned and not self._brain_lives():
                self.stop()
            return False
        idle = self._files is not None and self._files.drain.idle and self._projection.level
        if not idle and now > self._stop_at:
            _LOG.error("journal.ended_unfinished", waiting_octets=self._reader.state.waiting_octets)
            return True
        return idle and not self._reader.state.waiting_octets

    def _brain_lives(self) -> bool:
        """Tell whether facts may still come: without a supervisor the brain ends its calls first."""
        try:
            with self._brain_lock.open() as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    def _close(self) -> None:
        self._upkeep.stop()
        self._webhooks.stop()
        self._projection.close()
        if self._files is not None:
            try:
                self._files.segments.close()
            except OSError as error:
                _LOG.error("journal.not_closed", reason=str(error))
        _LOG.info("journal.closed", last_sequence=self._reader.state.synced_sequence)


def main() -> NoReturn:
    """Run until the supervisor says otherwise or is gone."""
    given = inherited()
    settings = handed_settings(given.options["settings"])
    configure_logging("writer", level=settings.log.level, form=settings.log.form)
    process = WriterProcess(given.ring, given.life, settings, SystemClock())
    signal.signal(signal.SIGTERM, lambda _number, _frame: process.stop())
    process.turn()
    freeze(_YOUNG)
    given.say_ready()
    process.run()
    raise SystemExit(0)


if __name__ == "__main__":
    main()
