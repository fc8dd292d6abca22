"""Checks the scenarios of a site's files together with everything that they name."""

from __future__ import annotations

from collections.abc import Mapping

from softswitch.core.errors import Problem
from softswitch.directory.loader import ScenarioFindings
from softswitch.directory.references import Sections
from softswitch.directory.site import number_key
from softswitch.directory.yaml_reader import YamlTable
from softswitch.scenario.checker import Surroundings, check
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
    return ScenarioFindings(
        tuple(finding.problem for finding in findings if finding.stops),
        tuple(f"{f.problem.where}: {f.problem.what} ({f.problem.cure})" for f in findings if not f.stops),
    )
