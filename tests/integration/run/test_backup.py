from __future__ import annotations

import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.integration.run.conftest import PROGRAM, Running, Start
from tests.integration.run.echo_caller import EchoCaller
from tests.own_network import own
from tests.waiting import PATIENCE_S

pytestmark = pytest.mark.network
TABLES = ("conversations", "legs", "segments")


def command(directory: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAM, *words], check=False, capture_output=True, text=True, timeout=PATIENCE_S, cwd=directory
    )


def records(switch: Running) -> dict[str, list[tuple[Any, ...]]]:
    with closing(sqlite3.connect(switch.directory / "var" / "softswitch.db")) as database:
        return {table: sorted(database.execute(f"SELECT * FROM {table}")) for table in TABLES}  # noqa: S608  # our own


def missing(kept: dict[str, list[tuple[Any, ...]]], switch: Running) -> dict[str, set[tuple[Any, ...]]]:
    """Return the rows that a switch has not, or not so."""
    found = records(switch)
    return {table: set(rows) - set(found[table]) for table, rows in kept.items()}


def ended(switch: Running) -> int:
    with closing(sqlite3.connect(switch.directory / "var" / "softswitch.db")) as database:
        found = database.execute("SELECT count(*) FROM conversations WHERE ended_at IS NOT NULL").fetchone()
    return int(found[0])


def uncounted(switch: Running) -> int:
    """Return how many legs lack what their ports counted, which comes a moment after the end of their conversation."""
    with closing(sqlite3.connect(switch.directory / "var" / "softswitch.db")) as database:
        found = database.execute("SELECT count(*) FROM legs WHERE packets_received IS NULL").fetchone()
    return int(found[0])


def test_the_backup_of_a_running_switch_is_a_switch_elsewhere_with_the_same_records(
    start: Start, tmp_path: Path
) -> None:
    first = start(own("58.1"))
    first.until_ready()
    with EchoCaller(first.directory, own("58.1"), own("58.2")) as caller:
        caller.call()
        caller.bye()
        caller.await_message("SIP/2.0 200")
    first.until(lambda: ended(first) == 1 and not uncounted(first))
    file = tmp_path / "backup.tar.gz"
    kept = records(first)
    with EchoCaller(first.directory, own("58.1"), own("58.5")) as talking:
        talking.call()
        first.until(lambda: len(records(first)["conversations"]) == 2)
        made = command(first.directory, "backup", str(file))
        assert (made.returncode, made.stderr) == (0, "")
        talking.bye()
    refused = command(first.directory, "restore", str(file), "--force")
    assert refused.returncode == 1
    assert "a switch already runs" in refused.stderr

    def prepare(directory: Path) -> None:
        done = command(directory, "restore", str(file))
        assert (done.returncode, done.stderr) == (0, "")

    second = start(own("58.3"), prepare=prepare)
    second.until_ready()
    second.until(lambda: ended(second) == 2)  # the call that went on is over
    assert len(kept["conversations"]) == 1
    assert missing(kept, second) == {table: set() for table in TABLES}
    again = command(second.directory, "records", "rebuild")
    assert again.returncode == 0, again.stderr
    second.until(lambda: bool(second.events("records.rebuilt")))
    assert missing(kept, second) == {table: set() for table in TABLES}
    with EchoCaller(first.directory, own("58.3"), own("58.4")) as caller:  # with the password of then
        caller.call()
        caller.bye()
        caller.await_message("SIP/2.0 200")
    assert second.stop() == 0
    assert first.stop() == 0
