"""The names in a scenario's tests: each is one of the site, or the test says what it means instead."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from softswitch.core.errors import Problem
from softswitch.directory.fields import did_you_mean
from softswitch.directory.site import Site
from softswitch.simulation.scenario_script import CALLER, Case

_OF_PHONES = frozenset({"rings", "silent", "answer", "decline", "busy", "talks", "hang_up"})


def wrong_names(case: Case, site: Site) -> list[Problem]:
    """Return the names of a test that nobody has."""
    return list(_wrong(case, site))


def _wrong(case: Case, site: Site) -> Iterator[Problem]:
    if case.scenario not in site.scenarios:
        yield _unknown(case, case.line, "scenario", case.scenario, site.scenarios)
    for user in case.phones or ():
        if user not in site.users:
            yield _unknown(case, case.line, "user", user, site.users)
    outside = {number.removeprefix("+") for number in case.outside}
    for action in case.actions:
        who = action.value
        if action.kind in _OF_PHONES and not (
            who in site.users or who.removeprefix("+") in outside or (who, action.kind) == (CALLER, "hang_up")
        ):
            yield _nobody(case, action.line, who, site)
        if action.kind == "message" and who not in site.users and who not in site.groups:
            yield _unknown(case, action.line, "user or group", who, (*site.users, *site.groups))


def _unknown(case: Case, line: int, kind: str, name: str, known: Iterable[str]) -> Problem:
    names = list(known)
    some = ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
    cure = did_you_mean(name, names, f"one of {some}" if names else f"a {kind} in the site's files first")
    return Problem(f"{case.file}:{line}", f"there is no {kind} {name}", cure)


def _nobody(case: Case, line: int, who: str, site: Site) -> Problem:
    if who.removeprefix("+").isdecimal():
        return Problem(f"{case.file}:{line}", f"nobody answers {who} in this test", f'outside: ["{who}"] in the test')
    return _unknown(case, line, "user", who, site.users)
