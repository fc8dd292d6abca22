from __future__ import annotations

from pathlib import Path

import pytest

from softswitch.core.state_table import StateTable, Word
from tools import draw_states


class State(Word):
    OFF = "off"
    ON = "on"


class Input(Word):
    PUSH = "somebody pushes the button"
    LOOK = "somebody looks"


TABLE = StateTable(
    "a lamp",
    {
        (State.OFF, Input.PUSH): State.ON,
        (State.ON, Input.PUSH): State.OFF,
        (State.ON, Input.LOOK): State.ON,
    },
)


def test_the_drawings_of_all_machines_are_fresh() -> None:
    pages = {
        draw_states.FOLDER / f"{draw_states.slug(table.name)}.md": draw_states.page_of(table, module)
        for table, module in draw_states.find_tables(draw_states.ROOT)
    }
    assert len(pages) >= 10
    drawn = {path: path.read_text(encoding="utf-8") for path in draw_states.FOLDER.glob("*.md")}
    assert drawn == pages, "run tools/draw_states.py and commit docs/states"


def test_a_page_shows_every_arrow_and_says_what_the_inputs_are() -> None:
    page = draw_states.page_of(TABLE, "house.lamp")
    assert "# A lamp" in page
    assert "    OFF --> ON: PUSH\n    ON --> OFF: PUSH\n    ON --> ON: LOOK\n" in page
    assert "| LOOK | somebody looks |" in page
    assert "`house.lamp`" in page


def test_a_stale_or_left_over_page_is_named_and_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(draw_states, "ROOT", tmp_path)
    monkeypatch.setattr(draw_states, "FOLDER", tmp_path / "states")
    monkeypatch.setattr(draw_states, "find_tables", lambda _: [(TABLE, "house.lamp")])
    monkeypatch.setattr("sys.argv", ["draw_states.py"])
    assert draw_states.main() == 0
    (tmp_path / "states" / "old.md").write_text("left over", encoding="utf-8")
    (tmp_path / "states" / "a-lamp.md").write_text("stale", encoding="utf-8")
    monkeypatch.setattr("sys.argv", ["draw_states.py", "--check"])
    assert draw_states.main() == 1
    told = capsys.readouterr().err
    assert "states/a-lamp.md is stale" in told
    assert "states/old.md is stale" in told
    monkeypatch.setattr("sys.argv", ["draw_states.py"])
    assert draw_states.main() == 0
    assert [path.name for path in (tmp_path / "states").iterdir()] == ["a-lamp.md"]
