"""Versions of scenarios: listed, put back, and found again for calls that began with them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from softswitch.cli.main import build
from softswitch.core.errors import CommandError
from softswitch.directory import scenario_history
from softswitch.directory.scenario_history import find_version, keep_versions, versions_of
from softswitch.directory.site import ScenarioText
from softswitch.directory.store import stored_site

SITE = 'users:\n  - {name: anna, extension: "101", password: rk47-dn2x-9wqe}\n'


def run(*words: str) -> str:
    done = CliRunner().invoke(build(["load", "scenario"]), words)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


def loaded(folder: Path, steps: str) -> str:
    """Load a site whose scenario has these steps; return its version."""
    (folder / "scenarios").mkdir(exist_ok=True)
    (folder / "site.yaml").write_text(SITE)
    (folder / "scenarios" / "main.yaml").write_text(f"name: main\nsteps:\n{steps}")
    (folder / "softswitch.toml").write_text(f'[storage]\ndirectory = "{folder / "var"}"\n')
    run("load", str(folder), "--config", str(folder / "softswitch.toml"))
    return current(folder)


def current(folder: Path) -> str:
    site = stored_site(folder / "var")
    assert site is not None
    return site.site.scenarios["main"].version


def test_versions_are_listed_and_an_earlier_one_is_put_back(tmp_path: Path) -> None:
    config = ("--config", str(tmp_path / "softswitch.toml"))
    first = loaded(tmp_path, "  - hang_up: {}\n")
    second = loaded(tmp_path, "  - hang_up: {reason: busy}\n")
    rows = json.loads(run("scenario", "history", "main", "--json", *config))
    assert {row["version"]: row["loaded"] for row in rows} == {first: False, second: True}
    assert "the next load takes the file again" in run("scenario", "rollback", "main", first, *config)
    assert current(tmp_path) == first
    assert second in run("scenario", "history", "main", *config)
    with pytest.raises(CommandError, match="scenario main has no version nothing"):
        run("scenario", "rollback", "main", "nothing", *config)


def test_a_version_is_found_after_it_was_replaced(tmp_path: Path) -> None:
    old = ScenarioText("main", "/s/main.yaml", "name: main\n")
    new = ScenarioText("main", "/s/main.yaml", "name: main\n# changed\n")
    keep_versions(tmp_path, [old])
    keep_versions(tmp_path, [new])
    assert find_version(tmp_path, old.version) == old
    assert {each.text for each in versions_of(tmp_path, "main")} == {old, new}
    assert find_version(tmp_path, "0123") is None


def test_of_too_many_the_oldest_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scenario_history, "MOST_KEPT", 2)
    texts = [ScenarioText("main", "/s/main.yaml", f"name: main\n# {n}\n") for n in range(6)]
    for text in texts:
        keep_versions(tmp_path, [text])
    kept = {each.text for each in versions_of(tmp_path, "main")}
    assert texts[-1] in kept
    assert len(kept) == 3
