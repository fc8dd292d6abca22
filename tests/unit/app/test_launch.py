from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from softswitch.app.launch import (
    OpenSockets,
    lock_directory,
    make_plan,
    open_sockets,
    prepare_folders,
    reachable_at,
    reserve_ring,
    worker_count,
)
from softswitch.app.worker_process import port_slice
from softswitch.core.errors import CommandError, ConfigurationError
from softswitch.runtime.addresses import PortRange
from softswitch.runtime.settings import Settings

HOST = "127.0.53.1"


def settings(directory: Path, *listen: str, workers: int = 2) -> Settings:
    dumped = Settings.model_construct().dump()
    dumped["sip"]["listen"] = list(listen) or [f"udp:{HOST}:5060", f"tcp:{HOST}:5060"]
    dumped["api"]["listen"] = f"{HOST}:8080"
    dumped["media"]["workers"] = workers
    dumped["storage"]["directory"] = str(directory)
    sections = {name: type(getattr(Settings.model_construct(), name))(**values) for name, values in dumped.items()}
    return Settings.model_construct(**sections)


def close(opened: OpenSockets) -> None:
    for descriptor in opened.descriptors():
        os.close(descriptor)


def test_the_folders_are_for_this_account_only(tmp_path: Path) -> None:
    (tmp_path / "var").mkdir(mode=0o755)
    prepare_folders(tmp_path / "var")
    assert stat.S_IMODE((tmp_path / "var").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "var" / "run").stat().st_mode) == 0o700


def test_a_folder_that_cannot_be_made_is_told_with_its_cure(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError) as caught:
        prepare_folders(tmp_path / "file" / "var")
    assert "storage.directory" in caught.value.problems[0].cure


def test_only_one_switch_runs_on_a_folder(tmp_path: Path) -> None:
    prepare_folders(tmp_path)
    lock = lock_directory(tmp_path)
    with pytest.raises(CommandError, match=f"process {os.getpid()}"):
        lock_directory(tmp_path)
    os.close(lock)
    os.close(lock_directory(tmp_path))


@pytest.mark.network
def test_the_plan_is_json_and_names_every_socket(tmp_path: Path) -> None:
    prepare_folders(tmp_path)
    chosen = settings(tmp_path)
    opened = open_sockets(chosen)
    plan = json.loads(json.dumps(make_plan(chosen, tmp_path / "softswitch.toml", opened, 9, 11)))
    assert [(line["transport"], line["host"], line["port"]) for line in plan["sip"]] == [
        ("udp", HOST, 5060),
        ("tcp", HOST, 5060),
    ]
    assert (plan["ready"], plan["ring"], plan["workers"]) == (9, 11, 2)
    assert set(plan["programs"]) == {"brain", "worker", "writer"}
    assert plan["options"]["settings"] == chosen.dump()
    assert reachable_at(opened) == [(f"{HOST}:5060", "UDP, TCP")]
    close(opened)


@pytest.mark.network
def test_a_taken_port_is_told_as_a_mistake_of_the_settings(tmp_path: Path) -> None:
    prepare_folders(tmp_path)
    opened = open_sockets(settings(tmp_path, f"udp:{HOST}:5061"))
    with pytest.raises(ConfigurationError, match=rf"sip\.listen udp:{HOST}:5061: the port is in use"):
        open_sockets(settings(tmp_path, f"udp:{HOST}:5061"))
    with pytest.raises(ConfigurationError, match=rf"api\.listen tcp:{HOST}:8080: the port is in use"):
        open_sockets(settings(tmp_path, f"udp:{HOST}:5062"))
    close(opened)


def test_all_of_the_memory_for_facts_is_there_from_the_start() -> None:
    ring = reserve_ring(1 << 20)
    try:
        found = os.fstat(ring)
        assert (found.st_size, found.st_blocks * 512) == (1 << 20, 1 << 20)
    finally:
        os.close(ring)


def test_memory_for_facts_that_is_not_there_is_told_with_its_cure() -> None:
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(ConfigurationError, match=r"journal\.ring_mb: this machine has no 4398046511104 MB") as caught:
        reserve_ring(1 << 62)
    assert "64 is the default" in caught.value.problems[0].cure
    assert len(os.listdir("/proc/self/fd")) == before


def test_there_is_a_worker_at_least(tmp_path: Path) -> None:
    assert worker_count(settings(tmp_path, workers=3)) == 3
    assert worker_count(settings(tmp_path, workers=0)) == max(1, len(os.sched_getaffinity(0)) - 1)


@pytest.mark.parametrize("ports", [PortRange(16384, 32767), PortRange(20001, 20100), PortRange(20000, 20002)])
@pytest.mark.parametrize("workers", [1, 2, 3, 7])
def test_workers_share_the_ports_in_whole_pairs(ports: PortRange, workers: int) -> None:
    slices = [port_slice(ports, number, workers) for number in range(workers)]
    pairs = [pair for part in slices for pair in part[::2]]
    assert all(pair % 2 == 0 and ports.low <= pair and pair + 1 <= ports.high for pair in pairs)
    assert len(pairs) == len(set(pairs)) == (ports.high + 1) // 2 - (ports.low + 1) // 2
    assert max(len(part) for part in slices) - min(len(part) for part in slices) <= 2
