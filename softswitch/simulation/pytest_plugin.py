"""What pytest learns by this package: scenarios' test files are tests, and tests in Python get a fixture.

``pytest /etc/softswitch/site`` runs every ``scenarios/NAME.tests.yaml`` below a folder with ``site.yaml``. A test in
Python asks for ``play_scenario``::

    def test_key_1_rings_anna(play_scenario):
        async def script(caller):
            await caller.call("+79161112233")
            await caller.hear("menu.ogg")
            await caller.press("1")
            await caller.rings("anna")

        play_scenario("/etc/softswitch/site", script, scenario="main", at="2026-11-23 10:00", phones=["anna"])
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from softswitch.simulation.scenario_script import Case
    from softswitch.simulation.scenario_test import CaseResult

_SUFFIX = ".tests.yaml"


def pytest_collect_file(parent: pytest.Collector, file_path: Path) -> pytest.Collector | None:
    """Take the test files beside scenarios."""
    if file_path.name.endswith(_SUFFIX) and (file_path.parents[1] / "site.yaml").is_file():
        made: pytest.Collector = ScenarioFile.from_parent(parent, path=file_path)
        return made
    return None


class ScenarioFile(pytest.File):
    """A test file of a scenario."""

    def collect(self) -> Iterable[pytest.Item]:
        """Give its tests."""
        from softswitch.simulation.scenario_script import read_cases

        for case in read_cases(self.path):
            made: ScenarioItem = ScenarioItem.from_parent(self, name=case.name)
            made.case = case
            yield made


class ScenarioItem(pytest.Item):
    """One of them."""

    case: Case

    def runtest(self) -> None:
        """Play it."""
        from softswitch.simulation.scenario_test import load_site, run_case

        result = run_case(self.case, load_site(self.path.parents[1]))
        if result.problem:
            raise AssertionError(result.problem)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: object = None) -> str:
        """Tell the line, what was heard and why each step ended; a traceback would tell nothing."""
        return str(excinfo.value)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Say where the test stands."""
        return self.path, self.case.line - 1, f"{self.case.scenario}: {self.case.name}"


@pytest.fixture
def play_scenario() -> Callable[..., CaseResult]:
    """Return a function that plays a script against a site's scenario and fails with the story of what happened."""
    from softswitch.simulation.scenario_test import play

    def run(*given: object, **named: object) -> CaseResult:
        __tracebackhide__ = True
        result = play(*given, **named)  # type: ignore[arg-type]  # handed on as it is
        if result.problem:
            pytest.fail(result.problem, pytrace=False)
        return result

    return run
