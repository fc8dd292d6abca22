"""Reports over a day that is known to the second."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from typer.testing import CliRunner

from softswitch.app.record_rows import PROJECTED, project
from softswitch.app.report_tools import Limits, Table, as_csv, as_xlsx, limits_of, run_report
from softswitch.calls.facts import ConversationEnded, ConversationStarted
from softswitch.cli.main import build
from softswitch.core.errors import CommandError
from softswitch.core.facts import Record, name_of_class
from softswitch.directory.site import Queue, make_site
from softswitch.queues.agents import facts as agents
from softswitch.queues.router import facts
from softswitch.storage.record_store import RecordStore, default_url
from softswitch.storage.reports import REPORTS

NOON_S = 1_795_348_800.0
"""2026-11-22 12:00 UTC, a Sunday."""


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Three callers: one served at once, one after 40 s and a missed offer, one who gives up after 90 s."""
    told: list[tuple[float, str, object]] = [
        (0, "", agents.AgentLoggedIn("anna", "online", restored=False)),
        (10, "", agents.StatusChosen("anna", "ready", "api")),
        (100, "c1", ConversationStarted("7001", "700", guide="queue:support")),
        (100, "c1", facts.QueueEntered(1, "support", "7001", NOON_S + 100)),
        (105, "c1", facts.QueueAnswered(1, "support", "anna", "c1.2", 5.0)),
        (105, "c1", agents.AgentWorked("anna", "serves", "serving", 0.0, "support", "call")),
        (165, "c1", facts.QueueFinished(1, "support", "anna", 60.0)),
        (165, "c1", agents.AgentWorked("anna", "wraps_up", "wrap_up", NOON_S + 180, "support", "call")),
        (165, "c1", ConversationEnded("completed", 200)),
        (180, "", agents.AgentWorked("anna", "finished", "ready", 0.0, "support", "time")),
        (200, "c2", facts.QueueEntered(2, "support", "7002", NOON_S + 200)),
        (215, "c2", facts.QueueDeclined(2, "support", "boris", "missed")),
        (240, "c2", facts.QueueAnswered(2, "support", "anna", "c2.2", 40.0)),
        (270, "c2", facts.QueueFinished(2, "support", "anna", 30.0)),
        (300, "c3", facts.QueueEntered(3, "support", "7001", NOON_S + 300)),
        (390, "c3", facts.QueueLeft(3, "support", "abandoned", 90.0, NOON_S + 300)),
    ]
    store = RecordStore(default_url(tmp_path))
    records = [Record(n, NOON_S + s, c, fact) for n, (s, c, fact) in enumerate(told, start=1)]
    store.apply(project(records), len(records))
    store.close()
    return tmp_path


def report(directory: Path, name: str) -> list[dict[str, object]]:
    table = run_report(directory, name, since="2026-11-22", until="2026-11-23")
    return [dict(zip(table.columns, row, strict=True)) for row in table.rows]


@pytest.mark.row("C-25")
def test_more_than_thirty_reports_run_and_their_columns_are_those_that_are_documented(directory: Path) -> None:
    assert len(REPORTS) >= 31
    for name, each in REPORTS.items():
        table = run_report(directory, name, since="2026-11-22", until="2026-11-23")
        assert table.columns == tuple(each.columns), name
        assert all(len(row) == len(each.columns) for row in table.rows), name
        assert table.rows or name.startswith(("callbacks", "sound")), f"{name} tells nothing of this day"
        assert not run_report(directory, name, since="2027", until="2028").rows, f"{name} has no limits"


def test_a_queue_is_told_by_its_service_level_and_how_long_callers_waited(directory: Path) -> None:
    (queue,) = report(directory, "queues")
    assert queue == {
        "queue": "support", "entered": 3, "answered": 2, "in_time": 1, "abandoned": 1, "at_once": 0, "other": 0,
        "mean_wait_s": 22.5, "longest_wait_s": 90.0, "mean_talk_s": 45.0, "service_level": 33.3,
    }  # fmt: skip
    assert [row["weekday"] for row in report(directory, "queues-by-weekday")] == ["7 Sun"]
    assert [row["hour"] for row in report(directory, "queues-by-hour")] == ["12"]
    assert [row["number"] for row in report(directory, "abandoned")] == ["7001"]


def test_each_queue_is_counted_by_its_own_times_as_on_the_wallboard_unless_others_are_given(directory: Path) -> None:
    patient = Queue("support", "700", ("anna",), sla_s=45.0, short_abandon_s=100.0)
    site = make_site("example.net", queues=(patient,))

    def told(limits: Limits) -> dict[str, object]:
        table = run_report(directory, "queues", since="2026-11-22", until="2026-11-23", limits=limits)
        return dict(zip(table.columns, table.rows[0], strict=True))

    own = told(limits_of(site))
    assert (own["in_time"], own["at_once"], own["service_level"]) == (2, 1, 100.0)
    given = told(limits_of(site, sla_s=4.0, short_s=1.0))
    assert (given["in_time"], given["at_once"], given["service_level"]) == (0, 0, 0.0)


@pytest.mark.row("C-30")
def test_agents_are_told_by_calls_talk_time_statuses_and_what_they_missed(directory: Path) -> None:
    (anna,) = report(directory, "agents")
    assert (anna["agent"], anna["answered"], anna["talk_s"], anna["longest_talk_s"]) == ("anna", 2, 90.0, 60.0)
    assert {row["agent"]: (row["rung"], row["answered"], row["missed"]) for row in report(directory, "answers")} == {
        "anna": (2, 2, 0),
        "boris": (1, 0, 1),
    }
    times = {row["status"]: row["seconds"] for row in report(directory, "agent-times")}
    assert times == pytest.approx({"online": 10.0, "ready": 95.0, "serving": 60.0, "wrap_up": 15.0}, abs=0.1)
    assert [(row["agent"], row["conversation_id"]) for row in report(directory, "missed")] == [("boris", "c2")]
    assert [row["conversation_id"] for row in report(directory, "longest-waits")] == ["c3", "c2", "c1"]
    assert [row["mean_s"] for row in report(directory, "wrap-ups")] == pytest.approx([15.0], abs=0.1)


def test_a_report_that_there_is_not_and_records_that_there_are_not_are_told(directory: Path, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="There is no report nonsense; write one of: softswitch report --list"):
        run_report(directory, "nonsense", since="", until="9")
    with pytest.raises(CommandError, match="There is no report queue; write queues"):
        run_report(directory, "queue", since="", until="9")
    with pytest.raises(CommandError, match="cannot be read"):
        run_report(tmp_path / "nowhere", "queues", since="", until="9")


def test_tables_are_written_as_csv_and_as_a_workbook() -> None:
    table = Table(("who", "how many"), [("a, <b>", 3), ("c", None)])
    assert as_csv(table) == 'who,how many\r\n"a, <b>",3\r\nc,\r\n'
    with zipfile.ZipFile(io.BytesIO(as_xlsx(table))) as archive:
        assert archive.testzip() is None
        parts = [ET.fromstring(archive.read(name)) for name in archive.namelist()]
        sheet = parts[archive.namelist().index("xl/worksheets/sheet1.xml")]
    assert ["".join(cell.itertext()) for cell in sheet.iter() if cell.tag.endswith("}c")] == [
        "who", "how many", "a, <b>", "3", "c", "",
    ]  # fmt: skip


def test_the_command_lists_reports_and_makes_them(directory: Path) -> None:
    config = directory / "softswitch.toml"
    config.write_text(f'[storage]\ndirectory = "{directory}"\n')

    def softswitch(*words: str) -> str:
        result = CliRunner().invoke(
            build(["report"]), ["report", *words, "--config", str(config)], catch_exceptions=False
        )
        assert result.exit_code == 0, result.output
        return result.stdout

    assert "queues-by-day" in softswitch("--list")
    assert re.search(r"service_level +in time / \(answered \+ abandoned - at once\)", softswitch("queues", "--list"))
    assert softswitch("queues", "--format", "csv").splitlines()[1].startswith("support,3,2,1,1")
    assert '"service_level": 33.3' in softswitch("queues", "--format", "json")
    book = directory / "book.xlsx"
    softswitch("queues", "--format", "xlsx", "-o", str(book))
    assert zipfile.is_zipfile(book)
    assert softswitch("queues", "--from", "2026-11-22T13:00+01:00", "--to", "today").count("support") == 1
    assert softswitch("queues", "--from", "2026-11-22T12:10", "--to", "2026-12").strip() == "No rows."


def test_facts_of_queues_are_kept_for_the_records() -> None:
    assert name_of_class(facts.QueueEntered) in PROJECTED
    assert name_of_class(ConversationStarted) in PROJECTED
