"""The page of behaviours and the marks of the tests."""

from __future__ import annotations

from pathlib import Path

from tools.behaviours import NOT_YET, PAGE, ROOT, fill_in, find_proofs

MARKED = """
import pytest

@pytest.mark.ROW("V-1", "V-2")
def test_one(): ...

@pytest.mark.parametrize("x", [pytest.param(1, marks=pytest.mark.ROW("S-5"))])
async def test_two(x): ...

class TestIt:
    @pytest.mark.ROW("V-1")
    def test_three(self): ...

@pytest.mark.ROW("M-1", "M-2", "M-3", "M-4")
def test_too_much(): ...

def test_unmarked(): ...
""".replace("ROW", "row")  # so that whoever greps for marks does not count these


def marked(tmp_path: Path) -> Path:
    (tmp_path / "tests" / "unit").mkdir(parents=True)
    (tmp_path / "tests" / "unit" / "test_a.py").write_text(MARKED)
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios" / "main.test.yaml").write_text("rows: [S-5, S-6]\n")
    return tmp_path


def test_marks_of_functions_cases_and_scenarios_are_found(tmp_path: Path) -> None:
    proofs, problems = find_proofs(marked(tmp_path))
    assert proofs["V-1"] == ["tests/unit/test_a.py::test_one", "tests/unit/test_a.py::test_three"]
    assert proofs["S-5"] == ["tests/unit/test_a.py::test_two", "scenarios/main.test.yaml"]
    assert proofs["S-6"] == ["scenarios/main.test.yaml"]
    assert problems == ["tests/unit/test_a.py::test_too_much names 4 rows, more than 3"]


def test_only_the_last_cell_and_the_counts_are_written() -> None:
    page = (
        "<!-- counts -->\nold\n<!-- end of counts -->\n| V-1 | stated | a | b | old |\n| V-2 | stated | c |  | old |\n"
    )
    filled = fill_in(page, {"V-1": ["t::one", "t::two"]})
    assert "| V-1 | stated | a | b | `t::one`<br>`t::two` |" in filled
    assert f"| V-2 | stated | c |  | {NOT_YET} |" in filled
    assert "| V: Voximplant Kit operator workspace | 2 | 1 |" in filled
    assert "old" not in filled


def test_the_page_in_the_repository_holds_every_row_and_is_up_to_date() -> None:
    page = PAGE.read_text(encoding="utf-8")
    proofs, problems = find_proofs(ROOT)
    assert problems == []
    assert fill_in(page, proofs) == page
    rows = {letter: page.count(f"\n| {letter}-") for letter in "MICVS"}
    assert rows == {"M": 26, "I": 24, "C": 37, "V": 84, "S": 33}
