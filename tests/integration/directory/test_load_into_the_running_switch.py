"""A load while the switch runs goes through it, and a hang-up signal loads the same files again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from softswitch.directory.store import read_site
from tests.waiting import PATIENCE_S, until

pytestmark = pytest.mark.network

PROGRAM = [sys.executable, "-m", "softswitch.cli.main"]
SETTINGS = """
[sip]
listen = ["udp:127.0.88.1:5060"]
[api]
listen = "127.0.88.1:8080"
[media]
workers = 1
"""
ANNA = '  - {name: anna, extension: "101", password: s3cret-anna}\n'
BORIS = '  - {name: boris, extension: "102", password: s3cret-boris}\n'


@pytest.fixture
def running(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A switch in ``tmp_path`` whose site is Anna's."""
    (tmp_path / "softswitch.toml").write_text(SETTINGS)
    (tmp_path / "site.yaml").write_text("users:\n" + ANNA)
    with (tmp_path / "log").open("w") as log:
        switch = subprocess.Popen(
            [*PROGRAM, "run", "--site", "site.yaml"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=log, text=True
        )
        try:
            until(lambda: "brain.ready" in (tmp_path / "log").read_text())
            yield switch
        finally:
            switch.send_signal(signal.SIGTERM)
            switch.communicate(timeout=PATIENCE_S)


def command(directory: Path, *arguments: str) -> tuple[int, str, str]:
    ended = subprocess.run(
        [*PROGRAM, *arguments], cwd=directory, capture_output=True, text=True, check=False, timeout=PATIENCE_S
    )
    return ended.returncode, ended.stdout, ended.stderr


def extensions(directory: Path) -> list[str]:
    found = read_site(directory / "var", domain="softswitch.local")
    assert found is not None
    return [user.extension for user in found.site.users.values()]


def test_a_load_goes_through_the_running_switch(tmp_path: Path, running: subprocess.Popen[str]) -> None:
    (tmp_path / "site.yaml").write_text("users:\n" + ANNA + BORIS)
    assert command(tmp_path, "load", "site.yaml", "--dry-run") == (
        0,
        "+ user boris (102)\n2 users, 0 numbers, 0 trunks: nothing was changed, a dry run\n",
        "",
    )
    assert extensions(tmp_path) == ["101"]
    code, out, _ = command(tmp_path, "load", "site.yaml")
    assert (code, out) == (0, "+ user boris (102)\n2 users, 0 numbers, 0 trunks: loaded into the running switch\n")
    assert extensions(tmp_path) == ["101", "102"]

    (tmp_path / "other.toml").write_text('[sip]\ndomain = "other.example"\n')
    code, _, err = command(tmp_path, "load", "site.yaml", "--config", "other.toml")
    assert code != 0
    assert "other.example" in err
    assert extensions(tmp_path) == ["101", "102"]

    (tmp_path / "site.yaml").write_text("users:\n" + BORIS)
    os.kill(running.pid, signal.SIGHUP)
    until(lambda: extensions(tmp_path) == ["102"])
