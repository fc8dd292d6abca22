"""Starting the program for webhooks beside the writer, as long as the site has any."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from softswitch.core.errors import ConfigurationError
from softswitch.directory.store import site_file, stored_site
from softswitch.runtime.log import get_logger

if TYPE_CHECKING:
    from softswitch.runtime.settings import Settings

LOOK_S: Final = 2.0
_LOG = get_logger("webhooks")


class WebhookRunner:
    """Runs it where the loaded site has webhooks; it ends by itself where that has none any more.

    Args:
        directory: the storage directory.
        settings: how logs are written.
    """

    def __init__(self, directory: Path, settings: Settings) -> None:
        program = [sys.executable, "-P", "-m", "softswitch.app.webhook_process"]
        self._command = [*program, str(directory), settings.log.level, settings.log.form]
        self._directory = directory
        self._process: subprocess.Popen[bytes] | None = None
        self._next = 0.0
        self._read_at = (0, 0)
        self._wanted = False

    def turn(self, last_sequence: int, *, now: float) -> None:
        """Start it where it is wanted and does not run; calls after the last fact are told of, the first time."""
        if now < self._next:
            return
        self._next = now + LOOK_S
        self._look()
        if self._process is not None and self._process.poll() is None:
            return
        self._process = None
        if not self._wanted:
            return
        try:
            command = [*self._command, str(last_sequence)]
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL)  # noqa: S603  # our own program
        except OSError as error:
            _LOG.error("webhooks.failed", reason=str(error))

    def _look(self) -> None:
        try:
            state = site_file(self._directory).stat()
            if (state.st_mtime_ns, state.st_ino) != self._read_at:
                self._read_at = state.st_mtime_ns, state.st_ino
                loaded = stored_site(self._directory)
                self._wanted = loaded is not None and bool(loaded.site.webhooks)
        except (OSError, ConfigurationError):
            return

    def stop(self) -> None:
        """End it; what it has not delivered waits on disk."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
