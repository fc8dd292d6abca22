from __future__ import annotations

from pathlib import Path

from softswitch.api.token import ensure_token


def test_the_token_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    token = ensure_token(tmp_path)
    assert len(token) >= 32
    assert ensure_token(tmp_path) == token
    assert (tmp_path / "api.token").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["api.token"]


def test_every_installation_has_its_own(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    assert ensure_token(tmp_path / "a") != ensure_token(tmp_path / "b")


def test_an_empty_file_is_no_token(tmp_path: Path) -> None:
    (tmp_path / "api.token").write_text("\n")
    assert len(ensure_token(tmp_path)) >= 32
