"""``softswitch prompts`` as people use it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import soundfile
from typer.testing import CliRunner

from softswitch.cli.main import build


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "softswitch.toml"
    path.write_text(f'[storage]\ndirectory = "{tmp_path / "var"}"\n')
    return path


def run(*words: str) -> str:
    done = CliRunner().invoke(build(["prompts"]), ["prompts", *words], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_prompts_are_listed_with_their_files_and_where_they_come_from(config: Path, tmp_path: Path) -> None:
    own = tmp_path / "var" / "prompts" / "ru" / "odin.wav"
    own.parent.mkdir(parents=True)
    own.touch()
    rows = json.loads(run("list", "--language", "ru", "--json", "--config", str(config)))
    by_text = {row["text"]: row for row in rows}
    assert by_text["один"] == {"language": "ru", "text": "один", "file": "odin", "from": str(own)}
    assert by_text["рублей"]["from"] == "pack"
    assert all(row["from"] != "missing" for row in rows)


def test_a_text_is_written_as_callers_would_hear_it(config: Path, tmp_path: Path) -> None:
    output = tmp_path / "said.wav"
    said = run("say", "двадцать один оператор", str(output), "--language", "ru", "--config", str(config))
    assert "from 3 files" in said
    sound, rate_hz = soundfile.read(output)
    assert rate_hz == 8000
    assert 1.0 < len(sound) / rate_hz < 4.0
    assert 0.02 < float((sound**2).mean()) ** 0.5 < 0.3
