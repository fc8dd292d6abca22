"""Starting the journal's upkeep beside the writer, which has no time for it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from softswitch.runtime.log import get_logger

if TYPE_CHECKING:
    from softswitch.runtime.settings import Settings

FIRST_S: Final = 60.0
"""After its start a writer sees to what the one before it left undone."""
AT_LEAST_EVERY_S: Final = 3600.0

_LOG = get_logger("upkeep")


class UpkeepRunner:
    """Runs the upkeep when a segment was closed, and once an hour.

    Args:
        journal: the journal's directory.
        settings: how long segments are kept, and how logs are written.
        now: monotonic seconds.
    """

    def __init__(self, journal: Path, settings: Settings, *, now: float) -> None:
        log = settings.log
        program = [sys.executable, "-P", "-m", "softswitch.app.upkeep_process"]
        recording = settings.recording
        kept = ("form", "encrypt", "keep_days", "keep_gb")
        given = {name: getattr(recording, name) for name in kept}
        rules = json.dumps({**given, "rules": [dict(vars(rule)) for rule in recording.rules]})
        keep_days, database = str(settings.journal.keep_days), settings.storage.database
        self._command = [*program, str(journal), keep_days, log.level, log.form, database, rules]
        self._process: subprocess.Popen[bytes] | None = None
        self._next = now + FIRST_S
        self._closed = 0

    def turn(self, closed: int, *, now: float) -> None:
        """Start the upkeep where it is due and does not run.

        Args:
            closed: how many segments were closed so far.
            now: monotonic seconds.
        """
        if self._process is not None:
            if self._process.poll() is None:
                return
            self._process = None
        if closed == self._closed and now < self._next:
            return
        self._closed, self._next = closed, now + AT_LEAST_EVERY_S
        try:
            self._process = subprocess.Popen(self._command, stdin=subprocess.DEVNULL)  # noqa: S603  # our own program
        except OSError as error:
            _LOG.error("upkeep.failed", reason=str(error))

    def stop(self) -> None:
        """End it; whatever it was doing is done again the next time."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
