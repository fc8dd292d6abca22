"""``softswitch check``: read site files and say what is wrong with them; change nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from softswitch.cli.options import ConfigOption
from softswitch.directory.loader import LoadedSite, load_paths
from softswitch.directory.site import Site
from softswitch.runtime.settings_file import load_settings
from softswitch.scenario.site_check import check_scenarios

PATHS = typer.Argument(metavar="PATH", help="Files, or folders with site.yaml and scenarios/.")


def check(
    paths: Annotated[list[Path], PATHS],
    config: ConfigOption = None,
) -> None:
    """Check site files and change nothing.

    Example: softswitch check site.yaml
    """
    loaded = load_paths(paths, domain=load_settings(config).sip.domain, scenarios=check_scenarios)
    print_notices(loaded)
    typer.echo(f"{summary(loaded.site)}: nothing is wrong")


def print_notices(loaded: LoadedSite) -> None:
    """Print what should be known to stderr, so that stdout stays for programs."""
    for notice in loaded.notices:
        typer.echo(f"note: {notice}", err=True)


def summary(site: Site) -> str:
    """Count what a site holds, e.g. ``3 users, 1 number, 0 trunks``."""
    counts = (("user", site.users), ("number", site.numbers), ("trunk", site.trunks))
    return ", ".join(f"{len(found)} {kind}{'' if len(found) == 1 else 's'}" for kind, found in counts)
