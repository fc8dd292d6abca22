"""The demo site."""

from __future__ import annotations

from pathlib import Path

from softswitch.directory.demo import demo_accounts, ensure_demo_site
from softswitch.directory.loader import load_paths
from softswitch.scenario.site_check import check_scenarios


def test_the_demo_site_is_made_once_and_can_be_loaded(tmp_path: Path) -> None:
    path = ensure_demo_site(tmp_path / "var")
    assert path == tmp_path / "var" / "demo" / "site.yaml"
    accounts = demo_accounts(path)
    assert [(extension, name) for extension, name, _ in accounts] == [
        ("101", "anna"),
        ("102", "boris"),
        ("103", "vera"),
    ]
    assert ensure_demo_site(tmp_path / "var") == path
    assert demo_accounts(path) == accounts
    loaded = load_paths([path.parent], domain="softswitch.local", scenarios=check_scenarios)
    assert loaded.notices == ()
    assert len(loaded.site.users) == 3
    number = loaded.site.number("+74950000001")
    assert number is not None
    assert (number.kind, number.target) == ("scenario", "main")
    assert "main" in loaded.site.scenarios


def test_its_passwords_are_random_and_nobody_else_reads_them(tmp_path: Path) -> None:
    first, second = ensure_demo_site(tmp_path / "a"), ensure_demo_site(tmp_path / "b")
    passwords = {password for path in (first, second) for _, _, password in demo_accounts(path)}
    assert len(passwords) == 6
    assert all(len(password) == 12 for password in passwords)
    assert first.stat().st_mode & 0o777 == 0o600
    assert first.parent.stat().st_mode & 0o777 == 0o700


def test_a_file_without_users_has_no_accounts(tmp_path: Path) -> None:
    for text in ("numbers: []", "- a", "users: x", "users: [x, {name: [y]}]"):
        path = tmp_path / "site.yaml"
        path.write_text(text)
        assert demo_accounts(path) in ([], [("", "", "")])
