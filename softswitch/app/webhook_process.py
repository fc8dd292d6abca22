"""The program that tells others of calls; started by the writer where the site has webhooks."""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

import httpx

import softswitch.app.journal_tools  # noqa: F401  # makes all facts known
from softswitch import __version__
from softswitch.app.processes import name_process
from softswitch.app.webhook_sender import WebhookSender
from softswitch.core.errors import ConfigurationError
from softswitch.directory.connectors import Webhook
from softswitch.directory.store import site_file, stored_site
from softswitch.runtime.clocks import SystemClock
from softswitch.runtime.log import configure_logging
from softswitch.runtime.tasks import TaskSupervisor
from softswitch.storage.webhook_spool import WebhookSpool

LOOK_S: Final = 0.25
_PRIORITY: Final = 10
_KEPT_S: Final = 30 * 86_400
LOCK: Final = "webhooks.lock"


class LoadedWebhooks:
    """The webhooks of the loaded site, read again when its file has changed."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._read_at: tuple[int, int] = (0, 0)
        self._found: Mapping[str, Webhook] = {}

    def __call__(self) -> Mapping[str, Webhook]:
        """Return them by name; the last ones that could be read."""
        with suppress(OSError, ConfigurationError):
            state = site_file(self._directory).stat()
            if (state.st_mtime_ns, state.st_ino) != self._read_at:
                loaded = stored_site(self._directory)
                self._found = {} if loaded is None else loaded.site.webhooks
                self._read_at = state.st_mtime_ns, state.st_ino
        return self._found


async def _run(directory: Path, parent: int, begin: int) -> None:
    journal = directory / "journal"
    spool = WebhookSpool(directory)
    headers = {"User-Agent": f"softswitch/{__version__}"}
    webhooks = LoadedWebhooks(directory)
    clock = SystemClock()
    async with httpx.AsyncClient(headers=headers, follow_redirects=False) as client:
        sender = WebhookSender(journal, spool, webhooks, client, clock.wall, last_sequence=begin)
        spool.drop_older(clock.wall() - _KEPT_S)
        tasks = TaskSupervisor("webhooks")
        running: dict[str, asyncio.Task[int]] = {}
        while (known := webhooks()) and os.getppid() == parent:
            spool.drop_strangers(known)
            read = sender.read()
            for name, hook in known.items():
                if name not in running or running[name].done():  # one that is slow or down delays no other
                    running[name] = tasks.start(name, sender.deliver(hook))
            await asyncio.sleep(0 if read else LOOK_S)
        await tasks.close()
    spool.close()


def main() -> None:
    """Tell of calls until the site has no webhook any more, or the writer is gone.

    The command line has the storage directory, the log's level and form, and the fact behind which the first begins.
    """
    directory, level, form, begin = sys.argv[1:]
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(_PRIORITY)
    name_process("switch-webhooks")
    configure_logging("webhooks", level=level, form=form)
    descriptor = os.open(Path(directory) / "run" / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    parent = os.getppid()
    fcntl.flock(descriptor, fcntl.LOCK_EX)  # one of an earlier writer ends first
    asyncio.run(_run(Path(directory), parent, int(begin)))


if __name__ == "__main__":
    main()
