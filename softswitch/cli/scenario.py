"""``softswitch scenario``: try scenarios without calling in, draw them, and go back to what was loaded before."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from softswitch.cli.check import check
from softswitch.cli.load import put_in_place
from softswitch.cli.options import ConfigOption, JsonOption
from softswitch.cli.output import print_json, print_table
from softswitch.core.errors import CommandError, ConfigurationError, Problem
from softswitch.directory.loader import SCENARIOS, TESTS, LoadedSite, load_paths
from softswitch.directory.scenario_history import find_version, versions_of
from softswitch.directory.site import Site
from softswitch.directory.store import stored_site
from softswitch.runtime.settings_file import load_settings
from softswitch.scenario.drawing import mermaid, svg
from softswitch.scenario.library import scenario_of
from softswitch.scenario.schema import json_schema
from softswitch.scenario.site_check import check_scenarios
from softswitch.simulation.scenario_script import read_cases
from softswitch.simulation.scenario_test import CaseResult, run_case, steps_of

scenario = typer.Typer(help="Try scenarios without calling in, and draw them.", no_args_is_help=True)
scenario.command("check")(check)

_SITE = typer.Argument(metavar="PATH", help="A folder with site.yaml and scenarios/, or a file of one scenario in it.")


@scenario.command("test")
def run_tests(
    path: Annotated[Path, _SITE],
    only: Annotated[str, typer.Option(help="Only tests whose name holds this text.")] = "",
    coverage: Annotated[bool, typer.Option("--coverage", help="List the steps that no test reached.")] = False,
    config: ConfigOption = None,
) -> None:
    """Run the tests beside a site's scenarios (scenarios/NAME.tests.yaml) in virtual time.

    Example: softswitch scenario test /etc/softswitch/site
    """
    folder, files = _tests_of(path)
    site, found = _site(folder, config), [case for file in files for case in read_cases(file)]
    cases = [case for case in found if only.lower() in case.name.lower()]
    if not cases:
        known = "; ".join(case.name for case in found)
        raise CommandError(f"no test's name holds '{only}'; there are: {known}", status=404, error_id="no-test")
    results = [_told(run_case(case, site)) for case in cases]
    failed = sum(bool(result.problem) for result in results)
    reached = frozenset().union(*(result.reached for result in results))
    steps = steps_of(site)
    typer.echo(
        f"{len(results) - failed} passed, {failed} failed; "
        f"{sum((name, at) in reached for name, at, _ in steps)} of {len(steps)} steps reached"
    )
    for name, at, label in steps if coverage else ():
        if (name, at) not in reached:
            typer.echo(f"  not reached: {name} {at}: {label}")
    if failed:
        raise CommandError(f"{failed} of {len(results)} tests failed", status=422, error_id="tests-failed")


@scenario.command()
def history(
    name: Annotated[str, typer.Argument(help="The scenario's name.")],
    as_json: JsonOption = False,
    config: ConfigOption = None,
) -> None:
    """List the versions of a scenario that were loaded, the newest first.

    Example: softswitch scenario history main
    """
    directory = load_settings(config).storage.directory
    loaded = stored_site(directory)
    current = "" if loaded is None or name not in loaded.site.scenarios else loaded.site.scenarios[name].version
    rows = [
        {
            "version": each.text.version,
            "first_loaded_at": datetime.fromtimestamp(each.loaded_at_s, UTC).isoformat(timespec="seconds"),
            "loaded": each.text.version == current,
            "file": each.text.file,
        }
        for each in versions_of(directory, name)
    ]
    if as_json:
        print_json(rows)
        return
    cells = [[row["version"], row["first_loaded_at"], "loaded" if row["loaded"] else "", row["file"]] for row in rows]
    print_table(["version", "first loaded", "", "file"], cells, empty=f"No scenario {name} was ever loaded.")


@scenario.command()
def rollback(
    name: Annotated[str, typer.Argument(help="The scenario's name.")],
    version: Annotated[str, typer.Argument(help="One that 'softswitch scenario history NAME' lists.")],
    config: ConfigOption = None,
) -> None:
    """Put an earlier version of a scenario in place; calls in progress keep theirs. The file itself is not changed.

    Example: softswitch scenario rollback main 4f2a90c1d3be
    """
    settings = load_settings(config)
    directory = settings.storage.directory
    loaded, text = stored_site(directory), find_version(directory, version)
    if loaded is None or text is None or text.name != name:
        raise CommandError(f"scenario {name} has no version {version}", status=404, error_id="no-version")
    site = replace(loaded.site, scenarios={**loaded.site.scenarios, name: text})
    changes, outcome = put_in_place(LoadedSite(site, loaded.paths, ()), directory, dry_run=False)
    for line in changes:
        typer.echo(line)
    typer.echo(f"scenario {name}, version {version}: {outcome}; the next load takes the file again")


@scenario.command()
def draw(
    name: Annotated[str, typer.Argument(help="The scenario's name.")],
    path: Annotated[Path, typer.Option("--site", help="A folder with site.yaml and scenarios/.")] = Path(),
    output: Annotated[Path | None, typer.Option("--output", help="An .svg file; without it Mermaid on stdout.")] = None,
    coverage: Annotated[bool, typer.Option("--coverage", help="Shade what the tests reach.")] = False,
    config: ConfigOption = None,
) -> None:
    """Draw a scenario.

    Example: softswitch scenario draw main --site /etc/softswitch/site --output main.svg
    """
    site = _site(path, config)
    text = site.scenarios.get(name)
    drawn = None if text is None else scenario_of(text)
    if drawn is None:
        known = ", ".join(sorted(site.scenarios)) or "none"
        raise CommandError(f"there is no scenario {name}; there are: {known}", status=404, error_id="no-scenario")
    if output is None:
        typer.echo(mermaid(drawn), nl=False)
        return
    cases = [case for file in _tests_of(path)[1] for case in read_cases(file)] if coverage else []
    reached = frozenset().union(*(run_case(case, site).reached for case in cases))
    output.write_text(svg(drawn, {at for of, at in reached if of == name}), encoding="utf-8")
    typer.echo(f"drawn: {output}")


@scenario.command()
def schema() -> None:
    """Print the JSON Schema of scenario files, for editors: they complete keys and mark what is wrong.

    Example: softswitch scenario schema > scenario.schema.json
    """
    print_json(json_schema())


def _site(path: Path, config: Path | None) -> Site:
    return load_paths([path], domain=load_settings(config).sip.domain, scenarios=check_scenarios).site


def _tests_of(path: Path) -> tuple[Path, list[Path]]:
    """Return the folder of a site, and the test files that are meant: all of it, or those of one scenario's file."""
    folder, within = path, path.resolve()
    if within.parent.name == SCENARIOS and within.is_file():
        folder, meant = within.parents[1], within.stem.removesuffix(TESTS)
    else:
        meant = "*"
        if within.name == SCENARIOS or within.is_file():
            folder = within.parent
    files = sorted((folder / SCENARIOS).glob(f"{meant}{TESTS}.yaml"))
    if not files:
        cure = "a file NAME.tests.yaml beside the scenario NAME.yaml"
        raise ConfigurationError([Problem(str(path), "there are no tests", cure)])
    return folder, files


def _told(result: CaseResult) -> CaseResult:
    word = "FAILED" if result.problem else "passed"
    typer.echo(f"{word}  {result.case.scenario}: {result.case.name} ({result.took_s:.1f} s of virtual time)")
    if result.problem:
        typer.echo(result.problem, err=True)
    return result
