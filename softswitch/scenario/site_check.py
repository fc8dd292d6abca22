"""Checks the scenarios of a site's files together with everything that they name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from softswitch.core.errors import Problem
from softswitch.directory.loader import ScenarioFindings
from softswitch.directory.references import Sections
from softswitch.directory.site import calendar_key, number_key
from softswitch.directory.yaml_reader import YamlTable
from softswitch.scenario.checker import Surroundings, check
from softswitch.scenario.model import Scenario
from softswitch.scenario.reader import read_scenario


def check_scenarios(trees: Mapping[str, tuple[str, YamlTable]], sections: Sections, domain: str) -> ScenarioFindings:
    """Read and check all scenarios.

    Args:
        trees: each scenario's file and table, by name.
        sections: the entries of all site files.
        domain: the switch's own SIP domain.
    """
    problems: list[Problem] = []
    scenarios = {}
    for name, (file, tree) in trees.items():
        found = read_scenario(tree, file)
        problems += found.problems
        if found.scenario is not None:
            scenarios[name] = found.scenario
    if problems:
        return ScenarioFindings(tuple(problems), ())
    around = Surroundings(
        {
            kind: frozenset(entry.text("name") for entry in sections[f"{kind}s"])
            for kind in ("user", "group", "queue", "route", "room")
        },
        frozenset(entry.text("name") for entry in sections["groups"] if not entry.entries("members")),
        frozenset(number_key(entry.text("number")) for entry in sections["numbers"]),
        domain,
        scenarios,
        frozenset(entry.text("scenario") for entry in sections["numbers"]),
    )
    findings = [finding for scenario in scenarios.values() for finding in check(scenario, around)]
    calendars, unread = _calendars(scenarios.values())
    return ScenarioFindings(
        (*(finding.problem for finding in findings if finding.stops), *unread),
        tuple(f"{f.problem.where}: {f.problem.what} ({f.problem.cure})" for f in findings if not f.stops),
        calendars,
    )


def _calendars(scenarios: Iterable[Scenario]) -> tuple[dict[str, tuple[tuple[float, float], ...]], list[Problem]]:
    """Read the calendars that scenarios go by; tell of those that cannot be read."""
    found: dict[str, tuple[tuple[float, float], ...]] = {}
    problems = []
    named = [
        (scenario, placed.line_of(key), file, zone)
        for scenario in scenarios
        for placed in scenario.walk()
        for key, (file, zone) in placed.step.calendars().items()
    ]
    for scenario, line, file, zone in named:
        from softswitch.scenario.calendars import read_calendar  # only sites with calendars pay for it

        path = Path(scenario.file).parent / file
        try:
            found[calendar_key(path, zone)] = read_calendar(path, zone, datetime.now(UTC))
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else str(error)[:120]
            what = f"when: the calendar {path} cannot be read: {why}"
            cure = "an iCalendar file (.ics), its path relative to the scenario's folder"
            problems.append(Problem(f"{scenario.file}:{line}", what, cure))
    return found, problems
