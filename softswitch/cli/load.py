"""``softswitch load``: check site files as a whole and put them in place of what is loaded."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final

import typer

from softswitch.api.client import SwitchClient
from softswitch.app.launch import lock_directory, prepare_folders
from softswitch.cli.check import PATHS, print_notices, summary
from softswitch.cli.options import ConfigOption
from softswitch.core.errors import CommandError, ConfigurationError
from softswitch.directory.compiled_site import compile_site
from softswitch.directory.difference import differences
from softswitch.directory.loader import LoadedSite, load_paths
from softswitch.directory.site import Site
from softswitch.directory.store import site_lock, stored_site, write_site
from softswitch.runtime.settings_file import load_settings
from softswitch.scenario.site_check import check_scenarios

_DRY: Final = "nothing was changed, a dry run"
_START_S: Final = 10.0
"""How long a switch that is just starting may take until it answers."""


def load(
    paths: Annotated[list[Path], PATHS],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only print what would change.")] = False,
    config: ConfigOption = None,
) -> None:
    """Check site files as a whole and load them; calls in progress go on.

    Example: softswitch load site.yaml --dry-run
    """
    settings = load_settings(config)
    loaded = load_paths(paths, domain=settings.sip.domain, scenarios=check_scenarios)
    print_notices(loaded)
    changes, outcome = put_in_place(loaded, settings.storage.directory, dry_run=dry_run)
    for line in changes:
        typer.echo(line)
    typer.echo(f"{summary(loaded.site)}: {outcome if changes else f'{outcome} (no difference)'}")


def put_in_place(loaded: LoadedSite, directory: Path, *, dry_run: bool) -> tuple[Sequence[str], str]:
    """Hand a site to the running switch, or write it where the next start finds it.

    Args:
        loaded: the site.
        directory: the storage directory.
        dry_run: change nothing.

    Returns:
        The difference against what is loaded, and what was done.

    Raises:
        CommandError: another load or a start is at work; or the running switch refused.
    """
    compiled = compile_site(loaded.site, loaded.paths)
    deadline_s = time.monotonic() + _START_S
    while True:
        try:
            return _through_the_switch(compiled, directory, dry_run=dry_run)
        except CommandError as error:
            if error.error_id != "not-running":
                raise
        if dry_run:
            return differences(_stored(directory), loaded.site), _DRY
        try:
            return _for_the_next_start(loaded.site, compiled, directory), "loaded, for the next softswitch run"
        except CommandError as error:
            if error.error_id != "already-running" or time.monotonic() > deadline_s:
                raise
        time.sleep(0.2)  # it holds the lock and does not answer yet: it is starting, or stopping


def _through_the_switch(compiled: bytes, directory: Path, *, dry_run: bool) -> tuple[Sequence[str], str]:
    with SwitchClient(directory) as switch:
        changes = switch.load_site(compiled, dry_run=dry_run)
    return changes, _DRY if dry_run else "loaded into the running switch"


def _for_the_next_start(site: Site, compiled: bytes, directory: Path) -> Sequence[str]:
    with _exclusive(directory):
        changes = differences(_stored(directory), site)
        write_site(directory, site, compiled)
    return changes


def _stored(directory: Path) -> Site | None:
    """Return what is loaded; a file that cannot be read is about to be replaced, so it counts as none."""
    try:
        found = stored_site(directory)
    except ConfigurationError:
        return None
    return found.site if found else None


@contextmanager
def _exclusive(directory: Path) -> Iterator[None]:
    """Keep other loads out, and keep a switch from starting in between."""
    prepare_folders(directory)
    with site_lock(directory):
        lock = lock_directory(directory)
        try:
            yield
        finally:
            os.close(lock)
