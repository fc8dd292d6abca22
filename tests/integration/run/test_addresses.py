"""Wildcards: a socket for each local address, also for those that appear while the switch runs."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator

import pytest

from tests.integration.run.conftest import Start, UdpProbe, kill
from tests.interop.peers.namespace import Namespace
from tests.waiting import PATIENCE_S

pytestmark = pytest.mark.network
APPEARS = "10.77.0.1"


@pytest.fixture
def space() -> Iterator[Namespace]:
    found = Namespace()
    yield found
    found.close()


def probe_in(space: Namespace) -> UdpProbe:
    with space.entered():
        return UdpProbe("127.0.0.9")


def test_an_address_that_appears_is_served_and_survives_the_brain(space: Namespace, start: Start) -> None:
    switch = start(
        "127.0.0.1",
        listen=("udp:0.0.0.0:5060", "tcp:0.0.0.0:5060", "udp:[::]:5060"),
        prefix=tuple(space.command([])),
    )
    switch.until_ready()
    with probe_in(space) as probe:
        assert probe.ask("127.0.0.1", "loopback")[1] == ("127.0.0.1", 5060)
        subprocess.run(["ip", "-n", space.name, "addr", "add", f"{APPEARS}/32", "dev", "lo"], check=True)
        appeared = time.monotonic()
        probe.socket.settimeout(0.2)
        while True:
            try:
                answer, source = probe.ask(APPEARS, "appeared")
                break
            except OSError:
                assert time.monotonic() - appeared < PATIENCE_S, switch.log()
        assert answer.startswith(b"SIP/2.0 200")
        assert source == (APPEARS, 5060)
        probe.socket.settimeout(PATIENCE_S)
        kill(switch.pids()["brain"])
        probe.send(APPEARS, "after-death")
        while b"after-death" not in answer:
            answer, source = probe.receive()
        assert source == (APPEARS, 5060)


def test_a_switch_on_a_wildcard_tells_every_address(space: Namespace, start: Start) -> None:
    subprocess.run(["ip", "-n", space.name, "addr", "add", f"{APPEARS}/32", "dev", "lo"], check=True)
    switch = start("127.0.0.1", listen=("udp:0.0.0.0:5060", "tcp:0.0.0.0:5060"), prefix=tuple(space.command([])))
    switch.until_ready()
    places = [line.split() for line in switch.log().splitlines() if line.endswith("UDP, TCP")]
    assert [words[-3] for words in places] == [f"{APPEARS}:5060", "127.0.0.1:5060"]
