"""A journal with a missing segment, a flipped bit and a torn tail, under the real program."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from softswitch.core.facts import encode
from softswitch.directory.bans import SourceBanned
from softswitch.journal.framing import frame
from softswitch.journal.segment_file import segment_path
from softswitch.journal.segments import SegmentWriter
from tests.integration.run.conftest import PROGRAM, Running, Start
from tests.own_network import own
from tests.waiting import PATIENCE_S

pytestmark = pytest.mark.network
SEGMENTS = (range(1, 4), range(4, 7), range(7, 11))
MISSING, FLIPPED, TORN = SEGMENTS[1], 8, 10
BEGUN_S = 1_796_083_200.0
FOR_EVER_S = 9e9


def banned(sequence: int) -> bytes:
    return encode(sequence, BEGUN_S, "", SourceBanned(f"192.0.2.{sequence}", FOR_EVER_S, "guessing"))


def damage(directory: Path) -> None:
    """Write a journal, and spoil it."""
    journal = directory / "var" / "journal"
    writer = SegmentWriter(journal)
    for segment in SEGMENTS:
        writer.append([banned(sequence) for sequence in segment])
        writer.close_segment()
    writer.close()
    segment_path(journal, MISSING[0]).unlink()
    last = segment_path(journal, SEGMENTS[2][0])
    data = bytearray(last.read_bytes())
    data[data.index(banned(FLIPPED)) + 20] ^= 4
    last.write_bytes(data[: -len(frame([banned(TORN)])) // 2 + 5])


def command(switch: Running, *words: str) -> subprocess.CompletedProcess[str]:
    line = [PROGRAM, *words, "--config", str(switch.config)]
    return subprocess.run(line, check=False, capture_output=True, text=True, timeout=PATIENCE_S)


def test_the_switch_starts_says_what_is_lost_and_keeps_the_rest(start: Start) -> None:
    switch = start(own("57.5"), prepare=damage)
    switch.until_ready()
    (cut,) = switch.events("journal.tail_cut")
    assert cut["last_sequence"] == TORN - 1
    told = [(each["why"], each["first_sequence"], each["last_sequence"]) for each in switch.events("facts.missing")]
    assert ("segment missing", MISSING[0], MISSING[-1]) in told
    assert ("damaged", FLIPPED, FLIPPED) in told
    kept = {f"192.0.2.{number}" for number in (*SEGMENTS[0], 7, 9)}
    bans = json.loads(command(switch, "bans", "list", "--json").stdout)
    assert {each["source"] for each in bans} == kept
    verified = command(switch, "journal", "verify")
    assert verified.returncode == 1
    assert "segment missing: facts 4 to 6" in verified.stdout + verified.stderr
    assert "damaged: facts 8 to 8" in verified.stdout + verified.stderr
    shown = command(switch, "journal", "show").stdout
    assert shown.count("journal.gap_found") == len(told)
    assert switch.stop() == 0
    assert "Traceback" not in switch.log()
