"""SIGHUP: the paths of the last load are read again, and a mistake changes nothing."""

from __future__ import annotations

import signal

import pytest

from softswitch.directory.compiled_site import read_compiled
from tests.integration.run.conftest import Start
from tests.own_network import own

pytestmark = pytest.mark.network
ANNA = '  - {name: anna, extension: "101", password: abcdefgh1}\n'
BORIS = '  - {name: boris, extension: "102", password: abcdefgh2}\n'


def test_sighup_reads_the_site_again_and_keeps_it_when_it_is_wrong(start: Start) -> None:
    switch = start(
        own("52.1"),
        prepare=lambda directory: (directory / "site.yaml").write_text("users:\n" + ANNA),
        words=("--site", "site.yaml"),
    )
    switch.until_ready()
    site, compiled = switch.directory / "site.yaml", switch.directory / "var" / "site.msgpack"

    site.write_text("users:\n" + ANNA + BORIS)
    switch.process.send_signal(signal.SIGHUP)
    switch.until(lambda: bool(switch.events("site.reloaded")))
    assert switch.events("site.reloaded")[0]["exit_code"] == 0
    assert set(read_compiled(compiled.read_bytes()).site.users) == {"anna", "boris"}
    assert "+ user boris (102)" in switch.log()

    site.write_text("users:\n" + ANNA + BORIS.replace("102", "101"))
    switch.process.send_signal(signal.SIGHUP)
    switch.until(lambda: len(switch.events("site.reloaded")) == 2)
    assert switch.events("site.reloaded")[1]["exit_code"] == 2
    assert f"{site}:3" in switch.log()
    assert set(read_compiled(compiled.read_bytes()).site.users) == {"anna", "boris"}
