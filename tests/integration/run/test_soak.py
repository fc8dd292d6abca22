"""Calls for a while: nothing may be left of them but their records. ``make soak`` runs it for many minutes."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from bench.sip_load import CALLER, PROGRAM, called_phone, running_switch, sipp
from tests.interop.peers.namespace import Namespace
from tests.waiting import until

pytestmark = pytest.mark.network
SOAK_S = float(os.environ.get("SOAK_S", "4"))
CALLS_A_SECOND = 40
WARM_UP = 100
TRACED = 3000
"""Calls after which the ring of their messages is full."""
MOST_GROWTH_OCTETS = 24 << 20
"""The calls' names beside their messages are kept of 20,000 calls, with less than a kilobyte each."""
ZERO_AT_REST = ("calls", "legs", "dialogs", "transactions", "ports", "timers")


def status(directory: Path) -> dict[str, int]:
    words = [PROGRAM, "status", "--json", "--config", str(directory / "softswitch.toml")]
    found: dict[str, int] = json.loads(subprocess.run(words, check=True, capture_output=True).stdout)
    return found


def until_at_rest(directory: Path) -> None:
    until(lambda: not left(directory), lambda: left(directory), pause_s=0.5)


def left(directory: Path) -> dict[str, int]:
    return {name: count for name, count in status(directory).items() if name in ZERO_AT_REST and count}


def descriptors(pids: Mapping[str, int]) -> dict[str, int]:
    return {role: len(os.listdir(f"/proc/{pid}/fd")) for role, pid in pids.items()}


def resident_octets(pids: Mapping[str, int]) -> dict[str, int]:
    """Return each process's own memory: the ring, which all of it fills in time, is shared."""
    pages = {role: Path(f"/proc/{pid}/statm").read_text().split() for role, pid in pids.items()}
    return {role: (int(found[1]) - int(found[2])) * 4096 for role, found in pages.items()}


def records(directory: Path) -> int:
    with sqlite3.connect(directory / "var" / "softswitch.db") as database:
        counted: int = database.execute("SELECT count(*) FROM conversations WHERE ended_at IS NOT NULL").fetchone()[0]
    database.close()
    return counted


def call(directory: Path, count: int) -> None:
    words = ["-m", str(count), "-r", str(CALLS_A_SECOND), "-d", "200"]
    limit_s = 120 + 2 * count // CALLS_A_SECOND
    found = sipp(directory, *words, scenario="call.xml", address=CALLER, port=5090, timeout_s=limit_s)
    assert (found["successful"], found["failed"]) == (count, 0)


@pytest.fixture
def _own_network() -> Iterator[None]:
    """The benchmarks use the same addresses; what is started from here stays in a namespace."""
    space = Namespace()
    with space.entered():
        yield
    space.close()


@pytest.mark.usefixtures("_own_network")
def test_nothing_is_left_of_calls_but_their_records() -> None:
    count = max(WARM_UP, int(SOAK_S * CALLS_A_SECOND))
    warm_up = max(WARM_UP, min(count // 2, TRACED))
    with running_switch() as (directory, pids), called_phone(directory):
        call(directory, warm_up)
        until_at_rest(directory)
        opened, resident = descriptors(pids), resident_octets(pids)
        call(directory, count)
        until_at_rest(directory)
        until(lambda: records(directory) >= warm_up + count, lambda: records(directory), pause_s=0.2)
        assert records(directory) == warm_up + count
        until(lambda: descriptors(pids) == opened, lambda: (descriptors(pids), opened), patience_s=30)
        for role, octets in resident_octets(pids).items():
            assert octets - resident[role] < MOST_GROWTH_OCTETS, role
