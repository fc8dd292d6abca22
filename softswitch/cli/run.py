"""``softswitch run``: check everything, open the sockets, become the supervisor."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from softswitch import __version__
from softswitch.app.certificates import ensure_certificate
from softswitch.app.launch import OpenSockets, launch, lock_directory, prepare_folders, reachable_at
from softswitch.directory.compiled_site import CompiledSite
from softswitch.directory.demo import NUMBER, demo_accounts, ensure_demo_site
from softswitch.directory.loader import load_paths
from softswitch.directory.site import Site
from softswitch.directory.store import read_site, save_site
from softswitch.runtime.settings import Settings
from softswitch.runtime.settings_file import load_settings
from softswitch.scenario.site_check import check_scenarios

CONFIG = typer.Option("--config", metavar="FILE", help="The configuration file; softswitch.toml here if there is one.")


def run(
    config: Annotated[Path | None, CONFIG] = None,
    site: Annotated[
        list[Path] | None,
        typer.Option("--site", metavar="PATH", help="Load this file or folder first; may be given several times."),
    ] = None,
) -> None:
    """Start the switch and serve until Ctrl-C.

    Without a loaded site it starts with a demo site of three phones.

    Example: softswitch run --config softswitch.toml --site site.yaml
    """
    settings = load_settings(config)
    directory = settings.storage.directory
    prepare_folders(directory)
    lock = lock_directory(directory)
    made = ensure_certificate(settings, now=datetime.now(UTC))
    if made is not None:
        print(f"softswitch: {made} is signed by the switch itself; phones must be told to trust it", file=sys.stderr)
    found = _site(settings, site or [])
    launch(settings, config, lock, lambda opened: print(welcome(settings, opened, found), flush=True))


def _site(settings: Settings, paths: list[Path]) -> CompiledSite:
    """Load what was asked for, else take what was loaded before, else the demo."""
    directory, domain = settings.storage.directory, settings.sip.domain
    before = None if paths else read_site(directory, domain=domain)
    if before is not None:
        return before
    loaded = load_paths(paths or [ensure_demo_site(directory).parent], domain=domain, scenarios=check_scenarios)
    for notice in loaded.notices:
        print(f"softswitch: {notice}", file=sys.stderr)
    save_site(directory, loaded.site, loaded.paths)
    return CompiledSite(loaded.site, loaded.paths)


def welcome(settings: Settings, opened: OpenSockets, found: CompiledSite) -> str:
    """Tell where phones register, and as whom."""
    lines = [f"\nsoftswitch {__version__} is ready.\n"]
    for number, (address, transports) in enumerate(reachable_at(opened)):
        title = "Phones register at" if number == 0 else ""
        lines.append(f"  {title:<20}{address:<24}{transports}")
    lines.append(f"  {'Domain':<20}{settings.sip.domain}")
    lines += ["", *_accounts(settings.storage.directory, found), ""]
    lines.append("  Dial *99 for an echo test. 'softswitch status' shows what goes on. Ctrl-C stops the switch.\n")
    return "\n".join(lines)


def _accounts(directory: Path, found: CompiledSite) -> list[str]:
    demo = directory / "demo" / "site.yaml"
    if found.paths in {(str(demo.resolve()),), (str(demo.parent.resolve()),)} and demo.exists():
        rows = [("Extension", "Name", "Password"), *demo_accounts(demo)]
        lines = [f"  {extension:<12}{name:<12}{password}" for extension, name, password in rows]
        example = f"  Dial {NUMBER.removeprefix('+')} for the first example scenario: a welcome and a menu."
        return [*lines, "", example] if found.site.number(NUMBER) else lines
    return [f"  {'Extensions':<20}{_extensions(found.site)}"]


def _extensions(site: Site) -> str:
    shown = 12
    extensions = sorted(user.extension for user in site.users.values())
    more = f" and {len(extensions) - shown} more" if len(extensions) > shown else ""
    return ", ".join(extensions[:shown]) + more if extensions else "none; load a site: softswitch load PATH"
