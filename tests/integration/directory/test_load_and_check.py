"""The commands ``load`` and ``check`` where no switch runs."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from softswitch.app.launch import lock_directory, prepare_folders
from softswitch.cli import load as load_command
from softswitch.cli.main import main
from softswitch.directory.store import read_site, site_file

SITE = 'users:\n  - {name: anna, extension: "101", password: s3cret-anna}\n'
Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run ``softswitch ARGUMENTS`` in an empty folder; gives exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("softswitch.cli.main.os.nice", lambda by: None)  # the tests' own process gives way to nobody
    Path("site.yaml").write_text(SITE)

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["softswitch", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        code = ended.value.code
        return (code if isinstance(code, int) else 0), said.out, said.err

    return run


def test_commands_that_compute_for_long_give_way_to_calls(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    gave_way: list[int] = []
    monkeypatch.setattr("softswitch.cli.main.os.nice", gave_way.append)
    command("codecs")
    assert gave_way == []
    command("check", "site.yaml")
    command("load", "site.yaml")
    assert gave_way == [5, 5]


def test_a_load_prints_the_difference_and_is_found_by_the_next_start(command: Command, tmp_path: Path) -> None:
    code, out, err = command("load", "site.yaml")
    assert (code, err) == (0, "")
    assert out == "+ user anna (101)\n1 user, 0 numbers, 0 trunks: loaded, for the next softswitch run\n"
    found = read_site(tmp_path / "var", domain="softswitch.local")
    assert found is not None
    assert found.paths == (str(tmp_path / "site.yaml"),)
    assert command("load", "site.yaml")[1].endswith("run (no difference)\n")


def test_a_dry_run_leaves_everything_as_it_is(command: Command, tmp_path: Path) -> None:
    code, out, _ = command("load", "site.yaml", "--dry-run")
    assert code == 0
    assert out == "+ user anna (101)\n1 user, 0 numbers, 0 trunks: nothing was changed, a dry run\n"
    assert not (tmp_path / "var").exists()


def test_a_mistake_ends_with_2_and_nothing_is_half_loaded(command: Command, tmp_path: Path) -> None:
    command("load", "site.yaml")
    before = site_file(tmp_path / "var").read_bytes()
    Path("more.yaml").write_text('users:\n  - {name: boris, extension: "102"}\n')
    for name in ("load", "check"):
        code, out, err = command(name, "site.yaml", "more.yaml")
        assert (code, out) == (2, "")
        assert err == (
            "softswitch: more.yaml:2: user boris: password is missing\n"
            "    write instead: password: one that nobody guesses, 12 letters and digits\n"
        )
    assert site_file(tmp_path / "var").read_bytes() == before


def test_a_check_changes_nothing(command: Command, tmp_path: Path) -> None:
    assert command("check", "site.yaml") == (0, "1 user, 0 numbers, 0 trunks: nothing is wrong\n", "")
    assert not (tmp_path / "var").exists()


def test_notices_go_to_stderr(command: Command) -> None:
    Path("site.yaml").write_text('users:\n  - {name: anna, extension: "101", password: qwerty}\n')
    code, out, err = command("check", "site.yaml")
    assert code == 0
    assert "weak" not in out
    assert err == "note: site.yaml:2: user anna: the password is weak; 12 letters and digits last\n"


def test_a_missing_path_or_a_wrong_configuration_ends_with_2(command: Command) -> None:
    assert command("load")[0] == 2
    assert command("check", "nowhere.yaml")[0] == 2
    assert command("load", "site.yaml", "--config", "nowhere.toml")[0] == 2
    assert command("load", "site.yaml", "--dry_run")[0] == 2


def test_the_configuration_says_where_to_and_for_which_domain(command: Command, tmp_path: Path) -> None:
    Path("other.toml").write_text('[sip]\ndomain = "pbx.example"\n[storage]\ndirectory = "data"\n')
    assert command("load", "site.yaml", "--config", "other.toml")[0] == 0
    assert read_site(tmp_path / "data", domain="pbx.example") is not None


def test_a_damaged_site_is_replaced_by_a_load(command: Command, tmp_path: Path) -> None:
    command("load", "site.yaml")
    site_file(tmp_path / "var").write_bytes(b"torn")
    assert command("load", "site.yaml")[1].startswith("+ user anna")
    assert read_site(tmp_path / "var", domain="softswitch.local") is not None


def test_a_load_waits_no_longer_than_a_start_may_take(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare_folders(tmp_path / "var")
    lock = lock_directory(tmp_path / "var")
    monkeypatch.setattr(load_command, "_START_S", 0.0)
    code, _, err = command("load", "site.yaml")
    os.close(lock)
    assert code == 1
    assert "a switch already runs" in err
