from __future__ import annotations

import json
import sqlite3
import subprocess
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from softswitch.core.facts import encode
from softswitch.directory.bans import SourceBanned
from softswitch.journal.segments import SegmentWriter
from tests.integration.run.conftest import PROGRAM, Running, Start
from tests.own_network import own
from tests.waiting import PATIENCE_S

pytestmark = pytest.mark.network


def command(switch: Running, *words: str) -> str:
    done = subprocess.run(
        [PROGRAM, *words, "--config", str(switch.config)],
        check=True,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    return done.stdout


def test_records_are_made_again_and_facts_are_exported_while_the_switch_runs(start: Start) -> None:
    def prepare(directory: Path) -> None:
        banned = SourceBanned("192.0.2.9", 1_796_090_000.0, "guessing")
        journal = SegmentWriter(directory / "var" / "journal")
        journal.append([encode(1, 1_796_083_200.0, "", banned)])
        journal.close()

    switch = start(own("57.1"), prepare=prepare)
    switch.until_ready()
    exported = partial(command, switch, "journal", "export", "--jsonl")
    switch.until(lambda: len(exported().splitlines()) == 2)  # the second tells of the start
    assert "all facts up to 2." in command(switch, "records", "rebuild")
    assert not (switch.directory / "var" / "softswitch.db.rebuilt").exists()
    switch.until(lambda: bool(switch.events("records.rebuilt")))
    with closing(sqlite3.connect(switch.directory / "var" / "softswitch.db")) as database:
        assert database.execute("SELECT sequence FROM projections").fetchall() == [(2,)]
    line, start_line = exported().splitlines()
    assert json.loads(start_line)["name"] == "brain.resumed"
    assert json.loads(line) == {
        "sequence": 1,
        "at": "2026-12-01T00:00:00.000Z",
        "conversation_id": "",
        "name": "source.banned",
        "fields": {"source": "192.0.2.9", "until_s": 1_796_090_000.0, "reason": "guessing", "times": 1},
    }
    assert switch.stop() == 0
