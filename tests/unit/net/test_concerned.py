"""What could not be sent is told with the leg that it was for."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator

import pytest
import structlog

from softswitch.runtime.log import configure_logging
from softswitch.sip.flow import Flow
from tests.unit.net.conftest import PHONE, Heard, Make, Peers, bound_udp

pytestmark = pytest.mark.network


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    out = io.StringIO()
    configure_logging("brain", stream=out)
    yield out
    structlog.reset_defaults()


def told(log: io.StringIO, event: str) -> list[tuple[object, object]]:
    lines = [line for line in map(json.loads, log.getvalue().splitlines()) if line["event"] == event]
    return [(line.get("conversation_id"), line.get("leg")) for line in lines]


def leg_of(message: bytes) -> str:
    return message[:4].decode() if message.startswith(b"c") else ""


async def test_by_datagrams(heard: Heard, make: Make, log: io.StringIO) -> None:
    server = bound_udp()
    flow = Flow("udp", server.getsockname(), (PHONE, 5060))
    transports = await make(server, leg_of=leg_of)
    for start in (b"c1.2", b"REGISTER"):
        transports.send(flow, start + bytes(70000))
    await heard.until(lambda: len(heard.closed) == 2)
    assert told(log, "udp.send_failed") == [("c1", "c1.2"), (None, None)]


async def test_by_a_stream_that_cannot_be_opened(heard: Heard, make: Make, peers: Peers, log: io.StringIO) -> None:
    listener = peers.listener()
    remote = listener.getsockname()
    listener.close()
    transports = await make(leg_of=leg_of)
    flow = Flow("tcp", ("127.0.51.1", 0), remote, 2)
    for message in (b"c1.2", b"c7.1", b"c1.2"):
        transports.send(flow, message)
    await heard.until(lambda: heard.closed == [flow])
    assert told(log, "stream.connect_failed") == [("c1", "c1.2"), ("c7", "c7.1")]
